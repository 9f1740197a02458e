"""A receipt: what is hashed when a listen was accepted, and the two numbers by which its owner is known and it is spent.

    commitment = Poseidon(TAG_IDENTITY, secret)
    leaf       = Poseidon(TAG_RECEIPT, commitment, song, seconds, epoch, nonce)
    nullifier  = Poseidon(TAG_NULLIFIER, secret, leaf)

The secret is made and kept by the listener. The nonce is made by the server, and told to that listener alone: without it
nobody can try out whose leaf it is, so leaves may be published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from vibestream.contexts.listen_reward.receipts.domain.field import Field, field
from vibestream.contexts.listen_reward.receipts.domain.poseidon import poseidon
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import TrackId

TAG_IDENTITY: Final = Field(8462101)
TAG_NULLIFIER: Final = Field(8462102)
TAG_RECEIPT: Final = Field(8462103)
"""What each hash is for. Any three numbers would do; they are the circuit's as well (`circuits/src/receipt.circom`)."""

MOST_SECONDS: Final = 2**16 - 1
"""The circuit compares numbers of 16 bits: eighteen hours."""

_NONCE_BITS: Final = 248
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()


class ImpossibleReceipt(InvalidInput):
    """A receipt's song, seconds or nonce is not one that the circuit can prove anything of."""

    code = "receipts.impossible_receipt"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One accepted listen: whose, of what, how long, when.

    `song` is not zero, because zero hides the song in a claim; `seconds` fit 16 bits; `nonce` fits 248 and is random.
    """

    commitment: Field
    song: Field
    seconds: int
    epoch: Field
    nonce: Field

    def __post_init__(self) -> None:
        if self.song == 0:
            raise ImpossibleReceipt("A receipt's song is not zero.")
        if not 0 <= self.seconds <= MOST_SECONDS:
            raise ImpossibleReceipt(f"A receipt is for 0 to {MOST_SECONDS} seconds.")
        if self.nonce >> _NONCE_BITS:
            raise ImpossibleReceipt(f"A receipt's nonce has at most {_NONCE_BITS} bits.")

    @property
    def leaf(self) -> Field:
        """The leaf that stands in the epoch's tree."""
        return poseidon(TAG_RECEIPT, self.commitment, self.song, Field(self.seconds), self.epoch, self.nonce)


def identity_commitment(secret: Field) -> Field:
    """Return what a listener with this secret is known by; nobody finds the secret from it.

    The secret must hold at least 248 random bits: one that is made from a password can be guessed.
    """
    return poseidon(TAG_IDENTITY, secret)


def nullifier(secret: Field, leaf: Field) -> Field:
    """Return the number that spends a receipt: one for each leaf and secret, whichever place the leaf stands at."""
    return poseidon(TAG_NULLIFIER, secret, leaf)


def song_element(track_id: TrackId) -> Field:
    """Return the element that stands for a track: its identifier's 128 bits."""
    return field(track_id.int)


def epoch_element(epoch: date) -> Field:
    """Return the element that stands for an epoch: its day, counted from 1970-01-01.

    Raises:
        NotAFieldElement: it is before that day.
    """
    return field(epoch.toordinal() - _FIRST_DAY)
