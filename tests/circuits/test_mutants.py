"""The search for holes finds one wherever a single statement stops constraining: none of them is there in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.circuits import holes
from tests.circuits.mutants import Edit, compile_edited, unconstrained_statements
from tests.circuits.peer import ask
from tests.circuits.system import ORDER, read_names, read_system, read_witness
from tests.factories import claims as factory
from vibestream.contexts.listen_reward.receipts.domain.tree import ReceiptTree

DEPTH = 3
STATEMENTS = dict(unconstrained_statements())
EXPECTED = {(6, ORDER - 4242)}
"""What test_soundness.py finds in the whole circuit, and why it is none."""


NOTHING: tuple[set[int], set[tuple[int, int]], set[str]] = (set(), EXPECTED, set())


def found_in(*edits: Edit, room: Path) -> tuple[set[int], set[tuple[int, int]], set[str]]:
    """Return the free wires, the loose ones and the inputs in no constraint of an edited circuit, for a true claim."""
    r1cs = compile_edited(*edits, room=room, depth=DEPTH)
    mine = factory.receipt()
    tree = ReceiptTree([5, mine.leaf, 6], depth=DEPTH)  # type: ignore[list-item]  # elements small enough to be written
    inputs = {
        **factory.holding().document(),
        "root": str(tree.root()),
        "siblings": [str(one) for one in tree.path(1).siblings],
    }
    path = room / "true.wtns"
    assert ask({"task": "calculate", "input": inputs, "wasm": r1cs.with_suffix(".wasm"), "witness": path}) == [None]
    system, witness = read_system(r1cs), read_witness(path)
    assert system.violated(witness) == []
    unused = {f"main.{name}" for name in inputs if name != "siblings"} - read_names(r1cs.with_suffix(".sym")).keys()
    return holes.free_wires(system), holes.loose_wires(system, witness), unused


def test_nothing_is_found_in_the_circuit_as_it_is(tmp_path: Path):
    assert found_in(room=tmp_path) == NOTHING


def test_every_statement_is_among_them():
    assert len(STATEMENTS) == 39
    assert [name for name in STATEMENTS if "===" in name] == [
        "claim.circom:49 root === tree.root;",
        "claim.circom:61 songDisclosure * (songDisclosure - songId) === 0;",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("edit", STATEMENTS.values(), ids=list(STATEMENTS))
def test_a_hole_is_found_where_a_statement_no_longer_constrains(edit: Edit, tmp_path: Path):
    assert found_in(edit, room=tmp_path) != NOTHING
