"""The circuit, compiled once a session from the committed sources, with a witness of a true claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.circuits.peer import ask
from tests.circuits.system import System, read_system, read_witness
from tests.factories import claims as factory
from tests.factories.claim_tools import keys, prover, verifier
from tools import build_circuits

__all__ = ["compiled", "keys", "packages", "prover", "system", "verifier", "witness"]


@pytest.fixture(scope="session", autouse=True)
def packages() -> None:
    """The locked packages of Node, which every test here needs: each may be the first that runs in a clone."""
    build_circuits.install()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `.r1cs`, with the `.wasm` and the `.sym` beside it."""
    return build_circuits.compile_circuit(
        build_circuits.CIRCUITS / "src" / "claim.circom", tmp_path_factory.mktemp("circuit")
    )


@pytest.fixture(scope="session")
def system(compiled: Path) -> System:
    return read_system(compiled)


@pytest.fixture(scope="session")
def witness(compiled: Path) -> list[int]:
    path = compiled.with_suffix(".wtns")
    refusal = ask(
        {
            "task": "calculate",
            "input": factory.holding().document(),
            "wasm": compiled.with_suffix(".wasm"),
            "witness": path,
        }
    )
    assert refusal == [None]
    return read_witness(path)
