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

Source: RFC 8032 (Ed25519), RFC 7638 and RFC 8037 (the id of a key is its thumbprint).
"""

from __future__ import annotations

import base64
import enum
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vibestream.contexts.listen_reward.receipts.domain.field import Field, field
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import ArtistId

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


class EpochKeyMalformed(InvalidInput):
    """The text is not a private key: base64url of 32 bytes, without padding."""

    code: ClassVar[str] = "receipts.key_malformed"


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


@dataclass(frozen=True, slots=True)
class EpochKey:
    """The private Ed25519 key that epochs are signed with. It signs nothing else."""

    private: Ed25519PrivateKey

    @classmethod
    def parse(cls, text: str) -> EpochKey:
        """Read 32 bytes of base64url.

        Raises:
            EpochKeyMalformed: they are none.
        """
        try:
            raw = base64.urlsafe_b64decode(text + "=")
            return cls(Ed25519PrivateKey.from_private_bytes(raw))
        except ValueError:
            raise EpochKeyMalformed("A key is 32 bytes in base64url, 43 characters.") from None

    @property
    def public(self) -> str:
        """The public key in base64url."""
        return _b64(self.private.public_key().public_bytes_raw())

    @property
    def key_id(self) -> str:
        """The thumbprint of the public key."""
        return thumbprint(self.public)

    def sign(self, text: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return self.private.sign(text)


def thumbprint(public: str) -> str:
    """Return the id of a public key that is given in base64url."""
    return _b64(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}'.encode()).digest())


def is_signed(closed: Closed, *, public: str) -> bool:
    """Return whether a statement was signed with this key; the key is given in base64url."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(public + "="))
        key.verify(closed.signature, closed.signed)
    except (ValueError, InvalidSignature):
        return False
    return closed.key_id == thumbprint(public)


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
