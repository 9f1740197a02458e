"""Epochs of receipts: what they sum to at the close, and the statement that is signed when they are closed.

What a listener earned in an epoch is written as powers of two: 13 listens become receipts of 8, 4 and 1 units. Each of them is
claimed alone, so what a claim tells is its power of two, which many have, and not the number, which may be one person's own.

Beside them stands, for each listener and artist, one receipt of all seconds that were heard of that artist in the epoch. It earns
nothing; it is what a proof of fandom is made from.

What is signed, version 1, is text in ASCII, each line ended by one line feed:

    vibestream-epoch-v1
    <epoch, such as 2026-11-24>
    <root of its tree, hexadecimal>
    <leaves in the tree>
    <what one unit is worth, in the smallest unit of VIBE>
    <instant until which claims are taken, UTC, such as 2027-02-22T12:00:00Z>
    <id of the key>

The keys are those of `kernel.signing`; one that signs epochs signs nothing else.
"""

from __future__ import annotations

import base64
import enum
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from vibestream.contexts.listen_reward.receipts.domain.field import Field, field
from vibestream.kernel.ids import ArtistId
from vibestream.kernel.signing import PublicKey

SUMMARY_SONG: Final = Field(2**128)
"""What a summary has for a song: no track has it, because an identifier has 128 bits."""

_ARTISTS: Final = 2**129
"""What an artist's identifier is added to, so that no artist is a track or the summary's song."""

UNITS: Final = tuple(2**power for power in range(16))
"""The tiers of summaries. Those below 2^16 are what the circuit can compare."""

LISTEN_LEAVES: Final = 2**20 // 3
"""Receipts of listens that an epoch takes: a third of its tree. A number has no more ones in binary than it counts, so another
third is enough for the summaries; and nobody heard more artists than listens, so the last is for what was heard of each."""

_SIGNED: Final = "vibestream-epoch-v1"


class State(enum.StrEnum):
    """What an epoch of receipts is in. It never goes back."""

    OPEN = "open"
    CLOSING = "closing"
    """No leaf is added any more; the root is being computed."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed epoch as it is published."""

    epoch: date
    root: Field
    leaves: int
    per_listen: int
    claimable_until: datetime
    key_id: str
    signature: bytes = b""

    @property
    def signed(self) -> bytes:
        """The text that is signed."""
        until = self.claimable_until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        root = f"{self.root:064x}"
        lines = (_SIGNED, self.epoch.isoformat(), root, self.leaves, self.per_listen, until, self.key_id)
        return "".join(f"{line}\n" for line in lines).encode()


def is_signed(closed: Closed, *, public: PublicKey) -> bool:
    """Return whether a statement was signed with this key."""
    return closed.key_id == public.key_id and public.has_signed(closed.signed, closed.signature)


def artist_element(artist_id: ArtistId) -> Field:
    """Return the element that stands for an artist, in place of a song, in a receipt of what was heard of them."""
    return field(_ARTISTS + artist_id.int)


def powers_of(number: int) -> list[int]:
    """Return the powers of two that sum to a number, each once, the largest first.

    Raises:
        ValueError: it is negative, or larger than the tiers can say.
    """
    if not 0 <= number < 2 * UNITS[-1]:
        raise ValueError(f"Summaries say at most {2 * UNITS[-1] - 1} units, not {number}.")
    return [units for units in reversed(UNITS) if number & units]


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
