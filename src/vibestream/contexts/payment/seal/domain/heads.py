"""Seals: signed heads of the tree, each bound to the one before.

What is signed, version 1, is text in ASCII, each line ended by one line feed:

    vibestream-ledger-seal-v1
    <number of the seal, from 1>
    <leaves sealed before it>
    <leaves in the tree>
    <root of the tree, hexadecimal>
    <SHA-256 of the signed text of the seal before, hexadecimal; 64 zeros for the first>
    <instant of sealing, UTC, such as 2026-11-24T12:00:00.000000Z>
    <id of the key>

The keys are those of `kernel.signing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.signing import PublicKey

NO_SEAL: Final = bytes(32)
"""What the first seal says of the one before it."""
_SIGNED: Final = "vibestream-ledger-seal-v1"


class SignatureInvalid(InvalidInput):
    """The head was not signed by this key, or something in it was changed afterwards."""

    code: ClassVar[str] = "seal.signature_invalid"


class KeyUnknown(InvalidInput):
    """The head names a key that is not among those trusted."""

    code: ClassVar[str] = "seal.key_unknown"

    def __init__(self, *, key_id: str) -> None:
        super().__init__(f"No key {key_id} is trusted here.")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class Head:
    """One seal: a head of the tree with its signature."""

    number: int
    first: int
    """Leaves that earlier seals hold: the number of the first leaf of this one."""
    size: int
    """Leaves in the tree."""
    root: bytes
    previous: bytes
    """The digest of the seal before."""
    sealed_at: datetime
    key_id: str
    signature: bytes = b""

    @property
    def signed(self) -> bytes:
        """The text that is signed."""
        at = self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
        lines = (
            _SIGNED, self.number, self.first, self.size, self.root.hex(), self.previous.hex(), f"{at}Z", self.key_id,
        )  # fmt: skip
        return "".join(f"{line}\n" for line in lines).encode()

    @property
    def digest(self) -> bytes:
        """What the next seal says of this one."""
        return sha256(self.signed).digest()


def verify_head(head: Head, *, key: PublicKey) -> None:
    """Check that a head was signed by a key, and is bounded as heads are.

    Raises:
        KeyUnknown: it names another key.
        SignatureInvalid: it was not signed by this key as it is.
    """
    if head.key_id != key.key_id:
        raise KeyUnknown(key_id=head.key_id)
    if not key.has_signed(head.signed, head.signature):
        raise SignatureInvalid(f"The signature of seal {head.number} is wrong.")


def trusted_key(keys: Mapping[str, PublicKey], key_id: str) -> PublicKey:
    """Return the trusted key of this id.

    Raises:
        KeyUnknown: none has it.
    """
    if key_id not in keys:
        raise KeyUnknown(key_id=key_id)
    return keys[key_id]


def by_id(keys: Iterable[PublicKey]) -> dict[str, PublicKey]:
    """Return keys by their ids."""
    return {key.key_id: key for key in keys}
