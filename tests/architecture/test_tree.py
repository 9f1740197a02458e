"""The root holds what belongs there, and tests are honest."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTED = subprocess.run(
    ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
)
FILES = [Path(name) for name in LISTED.stdout.splitlines() if (ROOT / name).is_file()]
ALLOWED = {
    *("README.md", "README.es.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "NOTICE"),
    *("Makefile", "pyproject.toml", ".gitignore", ".dockerignore"),
    *(
        "requirements.lock.txt",
        "requirements-dev.lock.txt",
        "requirements-build.lock.txt",
        "requirements-bootstrap.lock.txt",
    ),
}


def test_the_root_holds_only_what_a_newcomer_expects_there():
    assert {path.name for path in FILES if len(path.parts) == 1} <= ALLOWED


def test_no_lock_file_records_where_a_package_was_fetched_from():
    locks = [path for path in FILES if path.name == "package-lock.json" or path.name.endswith("lock.txt")]

    assert len(locks) >= 4
    for lock in locks:
        assert not re.search(r'"resolved"|--(extra-)?index-url|--find-links', (ROOT / lock).read_text()), lock


def _tests() -> list[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    files = [path for path in FILES if path.parts[0] == "tests" and path.name.startswith("test_")]
    return [
        (path, node)
        for path in files
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]


@pytest.mark.parametrize("word", ["unittest.mock", "MagicMock", "monkeypatch.setattr"])
def test_nothing_real_is_replaced_by_a_mock(word: str):
    mine = Path(__file__).relative_to(ROOT)

    assert [path for path in FILES if path.suffix == ".py" and path != mine and word in (ROOT / path).read_text()] == []


def test_every_test_can_fail():
    found = _tests()

    assert len(found) > 50
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path, node in found
        if not re.search(r"Assert\(|raises|expect|assert_|check|warns|run_state_machine", ast.dump(node))
    ]
    assert silent == []
