"""Seals: signed heads of the tree, each bound to the one before, and the keys that sign them.

What is signed, version 1, is text in ASCII, each line ended by one line feed:

    vibestream-ledger-seal-v1
    <number of the seal, from 1>
    <leaves sealed before it>
    <leaves in the tree>
    <root of the tree, hexadecimal>
    <SHA-256 of the signed text of the seal before, hexadecimal; 64 zeros for the first>
    <instant of sealing, UTC, such as 2026-11-24T12:00:00.000000Z>
    <id of the key>

The id of a key is the thumbprint of its public key as a JWK, so that it cannot be given to another one.

Source: RFC 8032 (Ed25519), RFC 8037 (keys as JWK), RFC 7638 (thumbprints).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vibestream.kernel.errors import InvalidInput

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
NO_SEAL: Final = bytes(32)
"""What the first seal says of the one before it."""
_SIGNED: Final = "vibestream-ledger-seal-v1"


class KeyMalformed(InvalidInput):
    """The text is not a key: base64url of 32 bytes, without padding."""

    code: ClassVar[str] = "seal.key_malformed"


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
class PublicKey:
    """A public Ed25519 key, 32 bytes."""

    raw: bytes

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read a key from base64url.

        Raises:
            KeyMalformed: it is none.
        """
        return cls(decode_key(text))

    @property
    def text(self) -> str:
        """The key in base64url."""
        return _b64(self.raw)

    @property
    def key_id(self) -> str:
        """The thumbprint: base64url of the SHA-256 of the key's required members as JSON, in order."""
        return _b64(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{self.text}"}}'.encode()).digest())

    def jwk(self) -> dict[str, str]:
        """Return the key as a JSON Web Key."""
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.key_id, "x": self.text}


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


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A private key, 32 bytes, that is never shown."""

    private: Ed25519PrivateKey

    @classmethod
    def parse(cls, text: str) -> SealingKey:
        """Read the 32 bytes of a private key from base64url.

        Raises:
            KeyMalformed: they are none.
        """
        return cls(Ed25519PrivateKey.from_private_bytes(decode_key(text)))

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this one signs."""
        return PublicKey(self.private.public_key().public_bytes_raw())

    def sign(self, signed: bytes) -> bytes:
        """Return the signature of a head's signed text."""
        return self.private.sign(signed)


def verify_head(head: Head, *, key: PublicKey) -> None:
    """Check that a head was signed by a key, and is bounded as heads are.

    Raises:
        KeyUnknown: it names another key.
        SignatureInvalid: it was not signed by this key as it is.
    """
    if head.key_id != key.key_id:
        raise KeyUnknown(key_id=head.key_id)
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(head.signature, head.signed)
    except InvalidSignature:
        raise SignatureInvalid(f"The signature of seal {head.number} is wrong.") from None


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


def decode_key(text: str) -> bytes:
    """Return the 32 bytes of a key in base64url, with or without padding.

    Raises:
        KeyMalformed: it is something else.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise KeyMalformed("A key is 32 bytes in base64url.")
    return raw


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
