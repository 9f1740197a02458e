"""Verifying a claim: one function, for whatever anybody sends."""

from __future__ import annotations

import enum

from vibestream.contexts.listen_reward.claims.domain.proof import read_proof
from vibestream.contexts.listen_reward.claims.domain.reading import Malformed
from vibestream.contexts.listen_reward.claims.domain.signals import PublicSignals, read_signals
from vibestream.contexts.listen_reward.claims.gateway.groth16 import Verifier
from vibestream.contexts.listen_reward.claims.gateway.keys import Keys


class Invalid(enum.StrEnum):
    """Why something is not a valid claim."""

    MALFORMED = "malformed"
    """A proof or signals that are not written as such: also numbers that are not reduced, so a nullifier has one form."""
    NOT_PROVED = "not_proved"
    """Well written, and not a proof of these signals under this key."""


def open_verifier(*, keys: Keys) -> Verifier:
    """Return a verifier under these keys; make one for a process and keep it."""
    return Verifier(keys.verifying_key)


def verify_claim(*, verifier: Verifier, proof: object, signals: object) -> PublicSignals | Invalid:
    """Return what a claim says when it is proved, or why it is not. Never raises, whatever is sent.

    `proof` and `signals` are parsed JSON, as snarkjs writes `proof.json` and `public.json`. Takes about a millisecond of
    processor; what is malformed is refused before that. See `PublicSignals` for what must be checked beside.
    """
    try:
        read, said = read_proof(proof), read_signals(signals)
    except Malformed:
        return Invalid.MALFORMED
    return said if verifier.accepts(read, said.numbers()) else Invalid.NOT_PROVED
