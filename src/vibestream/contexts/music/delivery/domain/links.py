"""Signed, expiring addresses of one asset: `{expires}.{key id}.{grant}.{signature}` before the asset's prefix.

    expires    Unix seconds, always a whole hour, so that everybody who asks within an hour gets the same address
    key id     which secret signed it, so that secrets can be changed while addresses are in use
    grant      `p`                     anybody, while the asset is public
               `l` + listen, track     the same, and what is served counts as that track served to that listen
               `o` + account           that account alone, signed in, public or not
               after `p` or `l`, digits: no better than so many kbit/s, and nothing lossless; without them, everything
    signature  HMAC-SHA256 over all of these and the prefix, in base64url without padding

The grant is opaque to players and caches. A cache in front of us leaves the whole token out of its key.

Source: RFC 2104 (HMAC), RFC 4648 section 5 (base64url).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Self
from uuid import UUID

from vibestream.kernel.errors import Forbidden
from vibestream.kernel.ids import ListenId, TrackId, UserId

BUCKET_S: Final = 3_600
"""Expiry is rounded up to this, so that an address is the same for all who ask in the same hour."""
PUBLIC_TTL_S: Final = 6 * 3_600
"""A public address lives at least this long: longer than anybody leaves a song paused and comes back."""
OWNER_TTL_S: Final = 3_600
"""An owner's address lives at least this long."""
LONGEST_LIFE_S: Final = PUBLIC_TTL_S + BUCKET_S
"""No address lives longer."""

_TOKEN: Final = re.compile(
    r"(?P<expires>[1-9][0-9]{9})\.(?P<key_id>[a-z2-7]{8})\.(?P<grant>(?:p|l[A-Za-z0-9_-]{44})(?:[1-9][0-9]{1,3})?|o[A-Za-z0-9_-]{44})\.(?P<signature>[A-Za-z0-9_-]{43})"
)


class LinkForged(Forbidden):
    """No key of ours signed this address: it was altered, is for another asset, or its key was retired."""

    code: ClassVar[str] = "delivery.link_forged"

    def __init__(self) -> None:
        super().__init__("This address was not issued for this file. Ask for playback again.")


class LinkExpired(Forbidden):
    """The address was genuine and its time is over."""

    code: ClassVar[str] = "delivery.link_expired"

    def __init__(self) -> None:
        super().__init__("This address has expired. Ask for playback again.")


@dataclass(frozen=True, slots=True)
class ToAnybody:
    """Whoever has the address, while the asset is public."""

    most_kbps: int | None = None
    """The best lossy quality it opens, 10 to 9999 kbit/s, and nothing lossless; None: everything."""


@dataclass(frozen=True, slots=True)
class ToListen:
    """Whoever has the address, while the asset is public; what is served counts as this track for this listen."""

    listen_id: ListenId
    track_id: TrackId
    most_kbps: int | None = None
    """As of an address for anybody."""


@dataclass(frozen=True, slots=True)
class ToOwner:
    """One signed-in account, public or not, while it has a part in the music of the track's artist."""

    user_id: UserId
    track_id: TrackId


Grant = ToAnybody | ToListen | ToOwner


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One secret and the name it goes by in addresses."""

    key_id: str
    secret: bytes

    @classmethod
    def derive(cls, deployment_secret: bytes) -> Self:
        """Derive the key of this purpose from a secret of the deployment.

        The name is a fingerprint of the secret: nobody has to invent names, and two secrets never share one.
        """
        secret = hmac.digest(deployment_secret, b"vibestream delivery link v1", hashlib.sha256)
        fingerprint = hmac.digest(secret, b"key id", hashlib.sha256)[:5]
        return cls(base64.b32encode(fingerprint).decode().lower(), secret)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key that signs, and every key whose signature is believed."""

    current: SigningKey
    believed: Mapping[str, SigningKey]

    @classmethod
    def of(cls, current: bytes, *others: bytes) -> Self:
        """Make one of the deployment's secret and of those that were, or will be, its secret."""
        signing = SigningKey.derive(current)
        keys = [signing, *(SigningKey.derive(secret) for secret in others)]
        return cls(signing, {key.key_id: key for key in keys})


def expiry(*, now_s: int, ttl_s: int) -> int:
    """Return when an address that must live for `ttl_s` expires: the next whole hour after that."""
    return -(-(now_s + ttl_s) // BUCKET_S) * BUCKET_S


def sign(keyring: Keyring, *, prefix: str, grant: Grant, expires: int) -> str:
    """Return the token that opens whatever lies below a prefix."""
    text = _grant_text(grant)
    signature = _signature(keyring.current, prefix=prefix, grant=text, expires=str(expires))
    return f"{expires}.{keyring.current.key_id}.{text}.{signature.decode()}"


def verify(keyring: Keyring, token: str, *, prefix: str, now_s: int) -> Grant:
    """Return what a token grants below a prefix.

    Raises:
        LinkForged: no believed key signed this token for this prefix.
        LinkExpired: one did, and its time is over.
    """
    parts = _TOKEN.fullmatch(token)
    key = None if parts is None else keyring.believed.get(parts["key_id"])
    if parts is None or key is None:
        raise LinkForged
    expected = _signature(key, prefix=prefix, grant=parts["grant"], expires=parts["expires"])
    if not hmac.compare_digest(expected, parts["signature"].encode()):
        raise LinkForged
    if now_s >= int(parts["expires"]):
        raise LinkExpired
    return _grant(parts["grant"])


def _signature(key: SigningKey, *, prefix: str, grant: str, expires: str) -> bytes:
    # A line feed occurs in none of the fields, so no two sets of fields give one message.
    message = f"{expires}\n{key.key_id}\n{grant}\n{prefix}".encode()
    return base64.urlsafe_b64encode(hmac.digest(key.secret, message, hashlib.sha256)).rstrip(b"=")


def _grant_text(grant: Grant) -> str:
    if isinstance(grant, ToOwner):
        return "o" + _short(grant.user_id) + _short(grant.track_id)
    most = "" if grant.most_kbps is None else str(grant.most_kbps)
    if isinstance(grant, ToListen):
        return "l" + _short(grant.listen_id) + _short(grant.track_id) + most
    return "p" + most


def _grant(text: str) -> Grant:
    match text[0]:
        case "l":
            return ToListen(ListenId(_long(text[1:23])), TrackId(_long(text[23:45])), _most(text[45:]))
        case "o":
            return ToOwner(UserId(_long(text[1:23])), TrackId(_long(text[23:45])))
        case _:
            return ToAnybody(_most(text[1:]))


def _most(digits: str) -> int | None:
    return int(digits) if digits else None


def _short(identifier: UUID) -> str:
    return base64.urlsafe_b64encode(identifier.bytes).rstrip(b"=").decode()


def _long(text: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(text + "=="))
