"""Nothing in the circuit is left to whoever proves: each wire follows from the inputs, and each is held by constraints."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.circuits import holes
from tests.circuits.peer import ask
from tests.circuits.system import ORDER, System, read_names, read_witness, write_witness
from tests.factories import claims as factory
from tools import build_circuits

SONG_DISCLOSURE, PAYOUT = 5, 6


def test_the_circuit_is_as_small_as_it_is_known_to_be_and_compiles_to_what_is_committed(
    compiled: Path, system: System, capsys: pytest.CaptureFixture[str]
):
    assert build_circuits.count_constraints(compiled) == len(system.constraints) == 5736
    assert (system.wires, system.outputs, system.public_inputs, system.private_inputs) == (5761, 1, 5, 25)

    build_circuits.check()
    assert capsys.readouterr().out == "claim: 5736 constraints, 5 digests as committed.\n"


def test_a_true_claim_breaks_no_constraint_by_our_reading_and_by_snarkjs(
    compiled: Path, system: System, witness: list[int]
):
    assert system.violated(witness) == []
    assert witness[1:7] == list(factory.holding().signals().numbers())
    assert ask({"task": "check", "r1cs": compiled, "witness": compiled.with_suffix(".wtns")}) == [True]


def test_the_inputs_determine_every_wire(system: System):
    assert holes.free_wires(system) == set()


def test_no_wire_can_be_changed_alone(system: System, witness: list[int]):
    # A payout's square is that of its negative: another payout of the same claim, which its holder may name as well. What a
    # proof was made for is held by the proof; see `test_no_signal_can_be_another`.
    assert holes.loose_wires(system, witness) == {(PAYOUT, ORDER - 4242)}


def test_every_wire_of_a_claim_in_a_crowd_is_held_as_well(compiled: Path, system: System, tmp_path: Path):
    # Another path, the longest length, a disclosed song: bits of 0 where the other claim has 1, and the reverse.
    mine = factory.receipt(seconds=2**16 - 1)
    holding = factory.holding(mine, before=range(1, 38), after=range(50, 60), min_seconds=0, song_disclosure=77)
    path = tmp_path / "crowd.wtns"
    wasm = compiled.with_suffix(".wasm")
    assert ask({"task": "calculate", "input": holding.document(), "wasm": wasm, "witness": path}) == [None]

    # Besides the payout: whoever may tell the song may keep it.
    assert holes.loose_wires(system, read_witness(path)) == {(SONG_DISCLOSURE, 0), (PAYOUT, ORDER - 4242)}


def test_snarkjs_refuses_the_same_changes(compiled: Path, system: System, witness: list[int], tmp_path: Path):
    chosen = [*range(1, 32), *random.Random(5).sample(range(32, system.wires), 25)]
    tasks: list[dict[str, Any]] = []
    for wire in chosen:
        changed = [*witness]
        changed[wire] = (changed[wire] + 1) % ORDER
        assert system.violated(changed)
        path = write_witness(tmp_path / f"{wire}.wtns", changed)
        tasks.append({"task": "check", "r1cs": compiled, "witness": path})
    assert ask(*tasks) == [False] * len(tasks)


def test_every_public_signal_and_input_has_the_place_that_is_expected_of_it(compiled: Path):
    names = read_names(compiled.with_suffix(".sym"))
    public = ["nullifier", "root", "epoch", "minSeconds", "songDisclosure", "payout"]
    private = ["secret", "songId", "seconds", "nonce", "leafIndex", *(f"siblings[{one}]" for one in range(20))]

    assert [names[f"main.{name}"] for name in [*public, *private]] == list(range(1, 32))
