"""What the holder of a receipt knows, and what must hold for a proof to be possible."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.listen_reward.claims.domain.reading import Malformed, members, number, numbers
from vibestream.contexts.listen_reward.claims.domain.signals import PublicSignals
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import (
    MOST_SECONDS,
    ImpossibleReceipt,
    Receipt,
    identity_commitment,
    nullifier,
)
from vibestream.contexts.listen_reward.receipts.domain.tree import DEPTH, Path

_PRIVATE: Final = ("secret", "songId", "nonce")
_PUBLIC: Final = ("root", "epoch", "songDisclosure", "payout")
_SECONDS: Final = ("seconds", "minSeconds")
_MEMBERS: Final = frozenset({*_PRIVATE, *_PUBLIC, *_SECONDS, "leafIndex", "siblings"})


class Obstacle(enum.StrEnum):
    """Why no proof of a claim can exist."""

    NOT_UNDER_ROOT = "not_under_root"
    TOO_SHORT = "too_short"
    OTHER_SONG = "other_song"


@dataclass(frozen=True, slots=True)
class Holding:
    """A listener's secret, their receipt with its path, and what they want to claim with it."""

    secret: Field
    receipt: Receipt
    path: Path
    root: Field
    min_seconds: Field
    song_disclosure: Field
    payout: Field

    def signals(self) -> PublicSignals:
        """Return what the claim will say in public."""
        return PublicSignals(
            nullifier=nullifier(self.secret, self.receipt.leaf),
            root=self.root,
            epoch=self.receipt.epoch,
            min_seconds=self.min_seconds,
            song_disclosure=self.song_disclosure,
            payout=self.payout,
        )

    def obstacle(self) -> Obstacle | None:
        """Return why the circuit would refuse it, None when it will not. The circuit does not rely on this."""
        if self.path.root(self.receipt.leaf) != self.root:
            return Obstacle.NOT_UNDER_ROOT
        if self.receipt.seconds < self.min_seconds:
            return Obstacle.TOO_SHORT
        if self.song_disclosure not in {0, self.receipt.song}:
            return Obstacle.OTHER_SONG
        return None

    def circuit_inputs(self) -> dict[str, int | list[int]]:
        """Return the circuit's inputs by the names that it has for them."""
        return {
            "secret": self.secret,
            "songId": self.receipt.song,
            "seconds": self.receipt.seconds,
            "nonce": self.receipt.nonce,
            "leafIndex": self.path.index,
            "siblings": list(self.path.siblings),
            "root": self.root,
            "epoch": self.receipt.epoch,
            "minSeconds": self.min_seconds,
            "songDisclosure": self.song_disclosure,
            "payout": self.payout,
        }

    def document(self) -> dict[str, str | list[str]]:
        """Return it as the `input.json` that snarkjs and `vibestream prove` take: every number as text."""
        return {
            name: [str(one) for one in value] if isinstance(value, list) else str(value)
            for name, value in self.circuit_inputs().items()
        }


def read_holding(document: object) -> Holding:
    """Return what a parsed `input.json` holds.

    Raises:
        Malformed: members or numbers are other than those of a claim.
    """
    found = members(document, names=_MEMBERS)
    elements = {name: Field(number(found[name], below=ORDER)) for name in (*_PRIVATE, *_PUBLIC)}
    seconds = {name: number(found[name], below=MOST_SECONDS + 1) for name in _SECONDS}
    siblings = numbers(found["siblings"], count=DEPTH, below=ORDER)
    try:
        receipt = Receipt(
            commitment=identity_commitment(elements["secret"]),
            song=elements["songId"],
            seconds=seconds["seconds"],
            epoch=elements["epoch"],
            nonce=elements["nonce"],
        )
    except ImpossibleReceipt as error:
        raise Malformed(str(error)) from None
    return Holding(
        secret=elements["secret"],
        receipt=receipt,
        path=Path(number(found["leafIndex"], below=1 << DEPTH), tuple(Field(one) for one in siblings)),
        root=elements["root"],
        min_seconds=Field(seconds["minSeconds"]),
        song_disclosure=elements["songDisclosure"],
        payout=elements["payout"],
    )
