"""What a claim says in public: six numbers, in the order in which the circuit has them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.listen_reward.claims.domain.reading import numbers
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field

COUNT: Final = 6

TIERS_S: Final = (30, 60, 120, 240)
"""The least lengths that a claim may name, in seconds. Few, because a length of one's own would tell one claim from another."""

_PAYOUT_DOMAIN: Final = "vibestream-payout-v1"
_PAYOUT_BYTES: Final = 31


@dataclass(frozen=True, slots=True)
class PublicSignals:
    """A claim: somebody holds a receipt under `root`, of `epoch`, of at least `min_seconds`, that `nullifier` spends.

    `song_disclosure` is zero or the receipt's song, and `payout` is bound to the proof without meaning anything to it.

    That a claim verifies is half of what must hold. Whoever pays it checks as well that the root is the final one of that
    epoch, which is closed; that `min_seconds` is one of `TIERS_S`; that `payout` is `payout_element` of what is asked for;
    and that the nullifier was never spent, by a unique constraint.
    """

    nullifier: Field
    root: Field
    epoch: Field
    min_seconds: Field
    song_disclosure: Field
    payout: Field

    def numbers(self) -> tuple[Field, Field, Field, Field, Field, Field]:
        """Return the numbers in the circuit's order: its output, then its public inputs as they are declared."""
        return (self.nullifier, self.root, self.epoch, self.min_seconds, self.song_disclosure, self.payout)

    def document(self) -> list[str]:
        """Return them as snarkjs writes `public.json`."""
        return [str(one) for one in self.numbers()]


@dataclass(frozen=True, slots=True)
class Payout:
    """Where and what a claim asks to be paid: `deployment` and `epoch` keep it from being asked for elsewhere or again."""

    deployment: str
    epoch: Field
    address: str
    currency: str
    expires_at: datetime


def read_signals(document: object) -> PublicSignals:
    """Return what a parsed `public.json` says.

    Raises:
        Malformed: it is not a list of six elements of the field, each in its one way of being written.
    """
    return PublicSignals(*(Field(one) for one in numbers(document, count=COUNT, below=ORDER)))


def payout_element(payout: Payout) -> Field:
    """Return the element that binds a claim to its payout; the instant counts in whole seconds."""
    return bound_element(
        _PAYOUT_DOMAIN,
        payout.deployment,
        str(payout.epoch),
        payout.address,
        payout.currency,
        str(int(payout.expires_at.timestamp())),
    )


def bound_element(*parts: str) -> Field:
    """Return the element that binds a proof to a list of texts, of which the first says what for: 248 bits of a SHA-256.

    Each part stands behind its length, so that no two lists are written alike.
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return Field(int.from_bytes(digest.digest()[:_PAYOUT_BYTES], "big"))
