"""Every import contract catches the violation planted for it, and the code as it stands keeps them all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "tools" / "importlinter.ini"

SKELETON = {
    "": ["app", "worker", "cli", "sandbox", "web", "flows", "platform", "kernel"],
    "contexts.music.catalogue": ["routes", "service", "store", "domain", "jobs"],
    "contexts.music.uploads": ["routes", "service", "store", "domain"],
    "contexts.payment.ledger": ["routes", "service", "store", "domain", "invariants", "gateway"],
}


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """A package with the real floors and two contexts in which every file is empty."""
    package = tmp_path / "vibestream"
    for folder, modules in SKELETON.items():
        parts = package.joinpath(*filter(None, folder.split(".")))
        parts.mkdir(parents=True, exist_ok=True)
        for module in modules:
            (parts / f"{module}.py").touch()
    for name in ("music", "payment"):
        (package / "contexts" / name / "events.py").touch()
    for place in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        (place / "__init__.py").touch()
    shutil.copy(CONTRACTS, tmp_path / "importlinter.ini")
    return package


def lint(folder: Path) -> tuple[int, str]:
    # The package must be found before the editable install's.
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
    ran = subprocess.run(
        [sys.executable, "-c", program, "--config", "importlinter.ini", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_the_bare_skeleton_keeps_every_contract(skeleton: Path):
    code, said = lint(skeleton.parent)

    assert (code, "0 broken" in said) == (0, True), said


@pytest.mark.parametrize(
    ("contract", "importer", "imported"),
    [
        ("Floors", "kernel", "platform"),
        ("Floors", "platform", "contexts.payment.ledger.service"),
        ("Floors", "contexts.payment.ledger.service", "flows"),
        ("Floors", "web", "sandbox"),
        ("Floors", "worker", "app"),
        ("Contexts never import each other", "contexts.music.catalogue.service", "contexts.payment.ledger.service"),
        ("Contexts never import each other", "contexts.payment.ledger.service", "contexts.music.events"),
        ("Inside a capability", "contexts.payment.ledger.store", "contexts.payment.ledger.service"),
        ("Inside a capability", "contexts.music.catalogue.domain", "contexts.music.catalogue.store"),
        ("Pure code", "contexts.music.catalogue.domain", "platform"),
        ("Pure code", "contexts.music.events", "psycopg"),
        ("From outside, a context is", "flows", "contexts.payment.ledger.store"),
        ("From outside, a context is", "web", "contexts.music.catalogue.routes"),
        ("From outside, a context is", "cli", "contexts.payment.ledger.gateway"),
        ("The driver is used by platform alone", "contexts.music.catalogue.service", "psycopg"),
        ("The driver is used by platform alone", "web", "sqlalchemy"),
    ],
)
def test_a_planted_violation_breaks_its_contract(skeleton: Path, contract: str, importer: str, imported: str):
    external = imported in {"psycopg", "sqlalchemy", "httpx", "fastapi"}
    statement = f"import {imported}" if external else f"import vibestream.{imported}"
    skeleton.joinpath(*importer.split(".")).with_suffix(".py").write_text(statement + "\n")

    code, said = lint(skeleton.parent)

    assert code == 1, said
    assert any(line.startswith(contract) and line.rstrip().endswith("BROKEN") for line in said.splitlines()), said


@pytest.mark.parametrize("stray", ["helpers.py", "contexts/music/catalogue/helpers.py"])
def test_a_file_that_belongs_to_no_floor_breaks_the_build(skeleton: Path, stray: str):
    (skeleton / stray).touch()

    assert lint(skeleton.parent)[0] == 1


def test_two_capabilities_that_import_each_other_are_a_cycle(skeleton: Path):
    for one, other in (("catalogue", "uploads"), ("uploads", "catalogue")):
        path = skeleton / "contexts" / "music" / one / "service.py"
        path.write_text(f"import vibestream.contexts.music.{other}.service\n")

    code, said = lint(skeleton.parent)

    assert code == 1
    assert "No cycles BROKEN" in said
