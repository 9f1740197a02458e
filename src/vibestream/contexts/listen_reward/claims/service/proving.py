"""Proving a claim without a browser: for native apps, scripts and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vibestream.contexts.listen_reward.claims.domain.holding import Holding, Obstacle, read_holding
from vibestream.contexts.listen_reward.claims.domain.proof import Proof
from vibestream.contexts.listen_reward.claims.domain.reading import Malformed
from vibestream.contexts.listen_reward.claims.domain.signals import PublicSignals
from vibestream.contexts.listen_reward.claims.gateway.groth16 import CircuitRefused, Prover, Verifier
from vibestream.contexts.listen_reward.claims.gateway.keys import Keys, claim_circuit
from vibestream.kernel.errors import InvalidInput

_SENTENCES: Final = {
    Obstacle.NOT_UNDER_ROOT: "The receipt does not stand under this root: take the path and the root of the closed epoch.",
    Obstacle.TOO_SHORT: "The receipt is for fewer seconds than are to be proved: choose a smaller tier.",
    Obstacle.OTHER_SONG: "The receipt is for another song: disclose that one, or 0 for none.",
}


class CannotBeProved(InvalidInput):
    """What is to be claimed is not so, therefore no proof of it exists."""

    code = "claims.cannot_be_proved"

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(_SENTENCES[obstacle])
        self.obstacle = obstacle.value


class NotAHolding(InvalidInput):
    """A document is not what a receipt is proved from."""

    code = "claims.not_a_holding"


@dataclass(frozen=True, slots=True)
class Proven:
    """A claim with its proof, verified already."""

    proof: Proof
    signals: PublicSignals


def open_prover(*, keys: Keys) -> Prover:
    """Return a prover with these keys; it takes two seconds and is kept.

    Raises:
        CircuitRefused: the key is not this circuit's.
    """
    return Prover(proving_key=keys.proving_key, circuit=claim_circuit())


def holding(*, document: object) -> Holding:
    """Return what a parsed `input.json` holds: every number as text, no member more or less.

    Raises:
        NotAHolding: it is written otherwise; the sentence says where it differs.
    """
    try:
        return read_holding(document)
    except Malformed as error:
        raise NotAHolding(str(error)) from None


def refuse_untrue(*, holding: Holding) -> None:
    """Refuse a claim that is not so, without a prover.

    Raises:
        CannotBeProved: it is not.
    """
    obstacle = holding.obstacle()
    if obstacle is not None:
        raise CannotBeProved(obstacle)


def prove_claim(*, prover: Prover, verifier: Verifier, holding: Holding) -> Proven:
    """Return a proof of the claim, in about a third of a second of processor.

    It is verified before it is returned, since the prover itself returns one of anything.

    Raises:
        CannotBeProved: the claim is not so.
        CircuitRefused: the keys, the circuit and this code do not belong together.
    """
    refuse_untrue(holding=holding)
    proof, signals = prover.prove(holding.circuit_inputs()), holding.signals()
    if not verifier.accepts(proof, signals.numbers()):
        raise CircuitRefused("The proof does not verify: keys, circuit and code do not belong together.")
    return Proven(proof, signals)
