"""The contract that snarkjs writes for the key, compiled by solc and run by py-evm, judges proofs as Python does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.circuits.chain import TYPES, Verify, deployed, points
from tests.factories import claims as factory
from tools import build_circuits
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.domain.proof import MODULUS
from vibestream.contexts.listen_reward.claims.service import Keys, Proven, Prover, Verifier
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER


@pytest.fixture(scope="session")
def verify(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Verify:
    return deployed(keys, tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="session")
def proven(prover: Prover, verifier: Verifier) -> Proven:
    return claims.prove_claim(prover=prover, verifier=verifier, holding=factory.holding(song_disclosure=77))


def test_the_chain_accepts_what_python_proved(verify: Verify, proven: Proven):
    assert verify(points(proven.proof), proven.signals.numbers())


@pytest.mark.parametrize("place", range(6))
def test_the_chain_refuses_every_other_signal_and_its_sum_with_the_order(verify: Verify, proven: Proven, place: int):
    for change in (1, ORDER):
        signals: list[int] = [*proven.signals.numbers()]
        signals[place] += change
        assert not verify(points(proven.proof), signals)


@pytest.mark.parametrize("place", range(8))
def test_the_chain_refuses_every_other_coordinate(verify: Verify, proven: Proven, place: int):
    for change in (1, MODULUS):
        changed = points(proven.proof)
        changed[place] += change
        assert not verify(changed, proven.signals.numbers())


def test_the_chain_accepts_the_same_claim_in_another_proof(verify: Verify, proven: Proven):
    # As Python and snarkjs do: a contract that pays must remember nullifiers.
    changed = points(proven.proof)
    for place in (1, 4, 5):
        changed[place] = MODULUS - changed[place]

    assert verify(changed, proven.signals.numbers())


def test_other_arguments_than_a_proof_and_six_signals_are_no_call(keys: Keys, tmp_path: Path):
    source = build_circuits.export_verifier(keys.proving_key, tmp_path)
    abi: list[dict[str, Any]] = json.loads(source.with_suffix(".abi").read_text())

    assert [(one["name"], [given["type"] for given in one["inputs"]]) for one in abi] == [("verifyProof", [*TYPES])]
