"""Proving without browser or Node: true claims verify, untrue ones cannot be proved, by this code or around it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contexts.listen_reward.claims import oracle
from tests.factories import claims as factory
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import (
    CannotBeProved,
    CircuitRefused,
    Holding,
    Keys,
    NotAHolding,
    Prover,
    PublicSignals,
    Verifier,
)
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import identity_commitment

INPUT: dict[str, Any] = json.loads((Path(__file__).parent / "input.json").read_text())


@pytest.mark.parametrize(
    "holding",
    [
        factory.holding(),
        factory.holding(min_seconds=180, song_disclosure=77),
        factory.holding(factory.receipt(seconds=2**16 - 1), min_seconds=2**16 - 1, before=(), after=()),
        factory.holding(before=range(1, 40), after=range(50, 90), min_seconds=0, payout=ORDER - 1),
    ],
    ids=["hidden song", "named song at the very length", "alone with the longest", "in a crowd"],
)
def test_a_true_claim_is_proved_and_verifies(keys: Keys, prover: Prover, verifier: Verifier, holding: Holding):
    proven = claims.prove_claim(prover=prover, verifier=verifier, holding=holding)
    proof, signals = proven.proof.document(), proven.signals.document()

    assert claims.verify_claim(verifier=verifier, proof=proof, signals=signals) == holding.signals()
    assert oracle.holds(keys.verifying_key, proof, signals)


def test_two_proofs_of_one_receipt_differ_and_spend_the_same(prover: Prover, verifier: Verifier):
    first, second = (
        claims.prove_claim(prover=prover, verifier=verifier, holding=factory.holding(payout=payout))
        for payout in (1, 2)
    )

    assert first.proof != second.proof
    assert first.signals.nullifier == second.signals.nullifier


UNTRUE: dict[str, tuple[dict[str, int | list[int]], dict[str, Any]]] = {
    # What is changed in the circuit's inputs, and what in the signals that are then claimed.
    "too short": ({"minSeconds": 181}, {"min_seconds": 181}),
    "a length below zero": ({"minSeconds": ORDER - 1}, {"min_seconds": ORDER - 1}),
    "a length beyond the range": ({"minSeconds": 2**16}, {"min_seconds": 2**16}),
    "another root": ({"root": 5}, {"root": 5}),
    "another epoch": ({"epoch": 20782}, {"epoch": 20782}),
    "another song": ({"songDisclosure": 78}, {"song_disclosure": 78}),
    "an index above the tree": ({"leafIndex": 1 + 2**20}, {}),
    "an index beside": ({"leafIndex": 2}, {}),
    "more seconds than the receipt has": ({"seconds": 240, "minSeconds": 240}, {"min_seconds": 240}),
    "another nonce": ({"nonce": 1000}, {}),
    "another listener's receipt": ({"secret": 54321}, {}),
}


@pytest.mark.parametrize("change", UNTRUE.values(), ids=list(UNTRUE))
def test_nothing_untrue_can_be_proved_even_around_our_checks(
    prover: Prover, verifier: Verifier, change: tuple[dict[str, Any], dict[str, Any]]
):
    inputs, said = change
    holding = factory.holding()
    proof = prover.prove({**holding.circuit_inputs(), **inputs})
    signals = replace(holding.signals(), **said)

    assert claims.verify_claim(verifier=verifier, proof=proof.document(), signals=signals.document()) is (
        claims.Invalid.NOT_PROVED
    )


def test_the_same_detour_with_true_inputs_does_verify(prover: Prover, verifier: Verifier):
    # Or the test above would pass for a prover that always fails.
    holding = factory.holding()
    proof = prover.prove(holding.circuit_inputs())

    said = claims.verify_claim(verifier=verifier, proof=proof.document(), signals=holding.signals().document())
    assert isinstance(said, PublicSignals)


@pytest.mark.parametrize(
    ("holding", "obstacle"),
    [
        (factory.holding(min_seconds=181), "too_short"),
        (factory.holding(song_disclosure=78), "other_song"),
        (replace(factory.holding(), root=Field(5)), "not_under_root"),
        (
            replace(factory.holding(), receipt=replace(factory.receipt(), commitment=identity_commitment(Field(3)))),
            "not_under_root",
        ),
    ],
)
def test_what_cannot_be_proved_is_said_in_a_sentence(
    prover: Prover, verifier: Verifier, holding: Holding, obstacle: str
):
    with pytest.raises(CannotBeProved) as refused:
        claims.prove_claim(prover=prover, verifier=verifier, holding=holding)
    assert refused.value.obstacle == obstacle


@pytest.mark.parametrize("change", [{"surprise": 1}, {"siblings": [1, 2]}])
def test_inputs_that_the_circuit_does_not_have_are_refused(prover: Prover, change: dict[str, Any]):
    with pytest.raises(CircuitRefused):
        prover.prove({**factory.holding().circuit_inputs(), **change})


def test_a_key_that_is_no_key_is_refused_and_standard_output_is_given_back(
    keys: Keys, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    broken = tmp_path / "claim.zkey"
    broken.write_bytes(keys.proving_key.read_bytes()[:1000])
    with pytest.raises(CircuitRefused):
        claims.open_prover(keys=replace(keys, folder=tmp_path))

    print("still here", flush=True)
    assert capfd.readouterr().out == "still here\n"


def test_a_holding_is_read_as_it_is_written():
    holding = claims.holding(document=INPUT)

    assert holding == factory.holding()
    assert holding.document() == INPUT


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": "65536"},
        {"minSeconds": "65536"},
        {"leafIndex": str(2**20)},
        {"songId": "0"},
        {"nonce": str(2**248)},
        {"secret": str(ORDER)},
        {"secret": 12345},
        {"siblings": INPUT["siblings"][:19]},
        {"siblings": "1"},
        {"root": None},
        {"surprise": "1"},
    ],
    ids=repr,
)
def test_what_is_no_holding_is_refused_in_a_sentence(change: dict[str, Any]):
    with pytest.raises(NotAHolding):
        claims.holding(document={**INPUT, **change})
