"""Keys that exports are signed with, and for nothing else; the signature is over the file's list of contents.

What is signed is `vibestream-export-v1`, a line feed, and the bytes of MANIFEST.json, which name every other file of the
export with its size and SHA-256. Its seal, by the same key, is over `vibestream-export-seal-v1`, a line feed, and the SHA-256 of
the zip up to the seal: a zip has bytes that unpack to nothing, which no list of contents could speak for. The id of a key is the thumbprint of its public key as a JWK.

Source: RFC 8032 (Ed25519), RFC 8037 (keys as JWK), RFC 7638 (thumbprints).
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
_CONTEXT: Final = b"vibestream-export-v1\n"
_SEAL_CONTEXT: Final = b"vibestream-export-seal-v1\n"


class ExportKeyMalformed(InvalidInput):
    """The text is not a key: base64url of 32 bytes."""

    code: ClassVar[str] = "export.key_malformed"

    def __init__(self) -> None:
        super().__init__("A key is 32 bytes in base64url.")


@dataclass(frozen=True, slots=True)
class ExportPublicKey:
    """A public Ed25519 key, 32 bytes."""

    raw: bytes

    @classmethod
    def parse(cls, text: str) -> ExportPublicKey:
        """Read a key from base64url.

        Raises:
            ExportKeyMalformed: it is none.
        """
        return cls(decoded(text, length=KEY_BYTES))

    @property
    def text(self) -> str:
        """The key in base64url."""
        return encoded(self.raw)

    @property
    def key_id(self) -> str:
        """The thumbprint, in base64url."""
        return encoded(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{self.text}"}}'.encode()).digest())

    def jwk(self) -> dict[str, str]:
        """Return the key as a JSON Web Key."""
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.key_id, "x": self.text}

    def has_signed(self, manifest: bytes, signature: bytes) -> bool:
        """Say whether this key signed a list of contents."""
        return self._signed(_CONTEXT + manifest, signature)

    def has_sealed(self, digest: bytes, signature: bytes) -> bool:
        """Say whether this key sealed a zip with this SHA-256."""
        return self._signed(_SEAL_CONTEXT + digest, signature)

    def _signed(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class ExportKey:
    """A private key that is never shown."""

    private: Ed25519PrivateKey

    @classmethod
    def parse(cls, text: str) -> ExportKey:
        """Read the 32 bytes of a private key from base64url.

        Raises:
            ExportKeyMalformed: they are none.
        """
        return cls(Ed25519PrivateKey.from_private_bytes(decoded(text, length=KEY_BYTES)))

    @property
    def public(self) -> ExportPublicKey:
        """The key that verifies what this one signs."""
        return ExportPublicKey(self.private.public_key().public_bytes_raw())

    def sign(self, manifest: bytes) -> bytes:
        """Return the signature of a list of contents, 64 bytes."""
        return self.private.sign(_CONTEXT + manifest)

    def seal(self, digest: bytes) -> bytes:
        """Return the seal of a zip with this SHA-256, 64 bytes."""
        return self.private.sign(_SEAL_CONTEXT + digest)


def decoded(text: str, *, length: int) -> bytes:
    """Return so many bytes from base64url, with or without padding.

    Raises:
        ExportKeyMalformed: it is something else.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != length:
        raise ExportKeyMalformed
    return raw


def encoded(raw: bytes) -> str:
    """Return bytes in base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
