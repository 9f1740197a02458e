"""What an issuer says of somebody, and what is kept of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from vibestream.kernel.ids import SessionId, UserId

REQUEST_GOOD_FOR: Final = timedelta(minutes=10)
WAITING_GOOD_FOR: Final = timedelta(minutes=30)
"""Long enough to sign up with a mailed code before connecting."""
MOST: Final = 10
_LABEL: Final = 254
_NAME: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Who somebody is at an issuer, as it has told us and we believe it.

    `email_verified`: the issuer vouches that the address is theirs, and is one whose word counts for it. `name` is a wish.
    """

    provider: str
    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""

    @property
    def label(self) -> str:
        """What its owner knows it by: the address, else the name, else the subject."""
        return (printable(self.email) or printable(self.name) or self.subject)[:_LABEL]

    def packed(self) -> bytes:
        """Return it as bytes."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpacked(cls, packed: bytes) -> Claimed:
        """Return what was packed."""
        return cls(**json.loads(packed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An account at another issuer that signs its owner in."""

    identity_id: UUID
    user_id: UserId
    provider: str
    issuer: str
    subject: str
    label: str
    linked_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a browser that comes back was sent for, and until when it may.

    `user_id`, `session_id`: who is signed in and is to show there that it is them; then `carried` is what they had asked for,
    sealed. None: it is to sign in, or to connect an account there.
    """

    linking: bool
    onward: str
    expires_at: datetime
    user_id: UserId | None = None
    session_id: SessionId | None = None
    carried: bytes | None = None

    @property
    def asked_at(self) -> datetime:
        """When the browser was sent."""
        return self.expires_at - REQUEST_GOOD_FOR


@dataclass(frozen=True, slots=True)
class Proofs:
    """What belongs to one state: the nonce that the token must hold, and the verifier that redeems the code.

    Both are derived from the state by the deployment's key, and stored nowhere: whoever reads the database can redeem
    nothing, and whoever learns the state without the key knows neither.
    """

    nonce: str
    verifier: str

    @classmethod
    def of(cls, state: str, *, key: bytes) -> Proofs:
        """Return the proofs of a state."""
        return cls(_derived(state, key, b"nonce"), _derived(state, key, b"verifier"))

    @property
    def challenge(self) -> str:
        """The verifier's SHA-256 in base64url. Source: RFC 7636, 4.2."""
        return _base64url(hashlib.sha256(self.verifier.encode()).digest())


def printable(text: str) -> str:
    """Return a text without what cannot be shown, as it may come from anybody."""
    return "".join(character for character in text if character.isprintable()).strip()


def name_of(claimed: Claimed) -> str:
    """Return the name to suggest: what the issuer says, else what stands before the address's @; may be empty."""
    return (printable(claimed.name) or printable(claimed.email).partition("@")[0])[:_NAME].strip()


def hash_of(secret: str) -> bytes:
    """Return what is stored of a browser's secret or a state."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _derived(state: str, key: bytes, purpose: bytes) -> str:
    message = b"vibestream.user.identity." + purpose + b".v1:" + state.encode("utf-8", "replace")
    return _base64url(hmac.digest(key, message, hashlib.sha256))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
