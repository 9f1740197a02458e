"""Ed25519 keys as the house keeps, names and publishes them: 32 bytes in base64url, named by their thumbprint as a JWK.

What is signed is each capability's business; it begins with a line that says what it is for, so that no signature speaks for
two things. A key is named by what it is, so that its name cannot be given to another one.

Source: RFC 8032 (Ed25519), RFC 8037 (keys as JWK), RFC 7638 (thumbprints), RFC 4648, 5 (base64url).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vibestream.kernel.errors import InvalidInput

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


class KeyMalformed(InvalidInput):
    """The text is not a key or a signature of one: base64url of so many bytes, with or without padding."""

    code: ClassVar[str] = "signing.key_malformed"

    def __init__(self, *, length: int = KEY_BYTES) -> None:
        super().__init__(f"This has to be {length} bytes in base64url.")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, 32 bytes."""

    raw: bytes

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read a key from base64url.

        Raises:
            KeyMalformed: it is none.
        """
        return cls(from_base64url(text, length=KEY_BYTES))

    @property
    def text(self) -> str:
        """The key in base64url."""
        return to_base64url(self.raw)

    @property
    def key_id(self) -> str:
        """The thumbprint: base64url of the SHA-256 of the key's required members as JSON, in order."""
        return to_base64url(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{self.text}"}}'.encode()).digest())

    def jwk(self) -> dict[str, str]:
        """Return the key as a JSON Web Key."""
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.key_id, "x": self.text}

    def has_signed(self, signed: bytes, signature: bytes) -> bool:
        """Say whether this is the signature of these bytes by the key's other half."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, signed)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, which is never shown."""

    private: Ed25519PrivateKey

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Read the 32 bytes of a private key from base64url.

        Raises:
            KeyMalformed: they are none.
        """
        return cls(Ed25519PrivateKey.from_private_bytes(from_base64url(text, length=KEY_BYTES)))

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this one signs."""
        return PublicKey(self.private.public_key().public_bytes_raw())

    def sign(self, signed: bytes) -> bytes:
        """Return the signature of these bytes, 64 bytes."""
        return self.private.sign(signed)


def from_base64url(text: str, *, length: int) -> bytes:
    """Return so many bytes from base64url, with or without padding.

    Raises:
        KeyMalformed: it is something else.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != length:
        raise KeyMalformed(length=length)
    return raw


def to_base64url(raw: bytes) -> str:
    """Return bytes in base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
