"""What is signed of an export: its list of contents, and then the whole file.

What is signed is `vibestream-export-v1`, a line feed, and the bytes of MANIFEST.json, which name every other file of the
export with its size and SHA-256. Its seal, by the same key, is over `vibestream-export-seal-v1`, a line feed, and the SHA-256
of the zip up to the seal: a zip has bytes that unpack to nothing, which no list of contents could speak for.
"""

from __future__ import annotations

from typing import Final

from vibestream.kernel.signing import PublicKey, SigningKey

_CONTENTS: Final = b"vibestream-export-v1\n"
_SEAL: Final = b"vibestream-export-seal-v1\n"


def sign_contents(key: SigningKey, manifest: bytes) -> bytes:
    """Return the signature of a list of contents, 64 bytes."""
    return key.sign(_CONTENTS + manifest)


def has_signed_contents(key: PublicKey, manifest: bytes, signature: bytes) -> bool:
    """Say whether this key signed a list of contents."""
    return key.has_signed(_CONTENTS + manifest, signature)


def seal(key: SigningKey, digest: bytes) -> bytes:
    """Return the seal of a zip with this SHA-256, 64 bytes."""
    return key.sign(_SEAL + digest)


def has_sealed(key: PublicKey, digest: bytes, signature: bytes) -> bool:
    """Say whether this key sealed a zip with this SHA-256."""
    return key.has_signed(_SEAL + digest, signature)
