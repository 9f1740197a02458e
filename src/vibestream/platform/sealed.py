"""Small secrets at rest: encrypted under a key that is derived from the deployment's secret key, one for each purpose.

What is sealed is bound to what it belongs to: moved to another row, it does not open. It carries the name of its key,
so that after the secret key is changed what the former one sealed still opens, while that is among the accepted ones.

Source: AES-256-GCM, NIST SP 800-38D, nonces of 96 random bits; HKDF with SHA-256, RFC 5869.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vibestream.kernel.errors import Unavailable
from vibestream.platform.config import Settings

_KEY: Final = 32
_NAME: Final = 8
_NONCE: Final = 12


class SealUnknown(Unavailable):
    """It was sealed by a key that this deployment does not have any more, or it was changed."""

    code = "sealed.unknown"


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens the secrets of one purpose."""

    _keys: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    """(name, key), the present one first."""

    @classmethod
    def of(cls, settings: Settings, *, purpose: str) -> Self:
        """Return the sealer of a deployment for a purpose; what is sealed for another does not open."""
        secrets_ = (settings.signing_key(), *settings.further_secrets)
        return cls(tuple(_derived(secret, purpose) for secret in secrets_))

    def seal(self, secret: bytes, *, belongs_to: bytes) -> bytes:
        """Return a secret encrypted, 36 bytes longer: the key's name, a nonce, the text, the tag."""
        name, key = self._keys[0]
        nonce = secrets.token_bytes(_NONCE)
        return name + nonce + AESGCM(key).encrypt(nonce, secret, belongs_to)

    def open(self, sealed: bytes, *, belongs_to: bytes) -> bytes:
        """Return the secret that was sealed for this owner.

        Raises:
            SealUnknown: its key is not among those of the deployment, or it is not what was sealed for this owner.
        """
        found = self.try_open(sealed, belongs_to=belongs_to)
        if found is None:
            raise SealUnknown("This cannot be read any more: the key that it was encrypted with is gone.")
        return found

    def try_open(self, sealed: bytes, *, belongs_to: bytes) -> bytes | None:
        """Return the secret that was sealed for this owner; None where `open` raises."""
        name, nonce, text = sealed[:_NAME], sealed[_NAME : _NAME + _NONCE], sealed[_NAME + _NONCE :]
        key = next((key for known, key in self._keys if known == name), None)
        if key is None:
            return None
        try:
            return AESGCM(key).decrypt(nonce, text, belongs_to)
        except (InvalidTag, ValueError):  # ValueError: too short to be anything
            return None

    @property
    def name(self) -> bytes:
        """The name of the present key, with which begins all that it seals: 8 bytes."""
        return self._keys[0][0]


def _derived(secret: bytes, purpose: str) -> tuple[bytes, bytes]:
    info = f"vibestream.sealed.v1:{purpose}".encode()
    made = HKDF(algorithm=SHA256(), length=_NAME + _KEY, salt=None, info=info).derive(secret)
    return made[:_NAME], made[_NAME:]
