"""Python and snarkjs prove and verify each other's proofs, and both refuse every signal that is another one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.circuits.peer import ask
from tests.factories import claims as factory
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.domain.proof import MODULUS
from vibestream.contexts.listen_reward.claims.service import Invalid, Keys, Prover, PublicSignals, Verifier
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER

Claim = tuple[dict[str, Any], list[str]]
HOLDING = factory.holding(before=range(1, 12), after=range(20, 31), song_disclosure=77)


@pytest.fixture(scope="session")
def by_python(prover: Prover, verifier: Verifier) -> Claim:
    proven = claims.prove_claim(prover=prover, verifier=verifier, holding=HOLDING)
    return proven.proof.document(), proven.signals.document()


@pytest.fixture(scope="session")
def by_node(compiled: Path, keys: Keys) -> Claim:
    wasm = compiled.with_suffix(".wasm")
    (made,) = ask({"task": "prove", "input": HOLDING.document(), "wasm": wasm, "zkey": keys.proving_key})
    return made["proof"], made["publicSignals"]


@pytest.fixture(params=["by_python", "by_node"])
def claim(request: pytest.FixtureRequest) -> Claim:
    made: Claim = request.getfixturevalue(request.param)
    return made


def snarkjs_says(keys: Keys, *sent: Claim) -> list[bool]:
    tasks = [
        {"task": "verify", "key": json.loads(keys.verifying_key), "proof": one, "publicSignals": all_of}
        for one, all_of in sent
    ]
    return ask(*tasks)


def test_both_accept_it_and_read_the_same_from_it(keys: Keys, verifier: Verifier, claim: Claim):
    proof, signals = claim

    assert signals == HOLDING.signals().document()
    assert claims.verify_claim(verifier=verifier, proof=proof, signals=signals) == HOLDING.signals()
    assert snarkjs_says(keys, claim) == [True]


def test_both_refuse_every_other_signal_and_its_sum_with_the_order(keys: Keys, verifier: Verifier, claim: Claim):
    proof, signals = claim
    changed = []
    for place, signal in enumerate(signals):
        for other, refusal in (
            ((int(signal) + 1) % ORDER, Invalid.NOT_PROVED),
            ((ORDER - int(signal)) % ORDER, Invalid.NOT_PROVED),
            (int(signal) + ORDER, Invalid.MALFORMED),
        ):
            sent = [*signals[:place], str(other), *signals[place + 1 :]]
            assert claims.verify_claim(verifier=verifier, proof=proof, signals=sent) is refusal
            changed.append((proof, sent))

    assert snarkjs_says(keys, *changed) == [False] * 18


def test_both_refuse_every_coordinate_that_is_another(keys: Keys, verifier: Verifier, claim: Claim):
    proof, signals = claim
    changed = []
    for name, part in [("pi_a", 0), ("pi_a", 1), ("pi_c", 0), ("pi_c", 1)]:
        sent = copy.deepcopy(proof)
        sent[name][part] = str((int(sent[name][part]) + 1) % MODULUS)
        changed.append((sent, signals))
    for part in (0, 1):
        sent = copy.deepcopy(proof)
        sent["pi_b"][part][0] = str((int(sent["pi_b"][part][0]) + 1) % MODULUS)
        changed.append((sent, signals))

    assert {claims.verify_claim(verifier=verifier, proof=one, signals=signals) for one, _ in changed} == {
        Invalid.NOT_PROVED
    }
    assert snarkjs_says(keys, *changed) == [False] * 6


def test_both_accept_the_same_claim_in_another_proof(keys: Keys, verifier: Verifier, claim: Claim):
    # (-A, -B, C) has the same pairing: a proof names nothing, whoever made it or verifies it. The nullifier does.
    proof, signals = claim
    turned = copy.deepcopy(proof)
    turned["pi_a"][1] = str(MODULUS - int(proof["pi_a"][1]))
    turned["pi_b"][1] = [str(MODULUS - int(one)) for one in proof["pi_b"][1]]

    said = claims.verify_claim(verifier=verifier, proof=turned, signals=signals)
    assert isinstance(said, PublicSignals)
    assert str(said.nullifier) == signals[0]
    assert snarkjs_says(keys, (turned, signals)) == [True]
