"""How long a session lives, and what is remembered of the device that holds it."""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import SessionId, UserId

SEEN_EVERY: Final = timedelta(minutes=1)
"""How exact `last_seen_at` is: it is written at most this often."""
TOKEN_CHARACTERS: Final = 43
"""Length of 256 bits in unpadded base64url."""

_TOKEN: Final = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}", re.ASCII)
_USER_AGENT_CHARACTERS: Final = 256
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python-httpx", "Python"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class SessionMissing(Missing):
    """There is no such open session of this account."""

    code: ClassVar[str] = "session.missing"


class EnteredBy(enum.StrEnum):
    """By what a session's owner signed in."""

    PASSWORD = "password"  # noqa: S105 - names a way in
    """By it, and by the second factor of an account that has one; or by the code that proved the address."""
    PASSKEY = "passkey"
    IDENTITY = "identity"
    """By an account at another issuer, and by the second factor of an account that has one."""


class Kind(enum.StrEnum):
    """What somebody comes by."""

    BROWSER = "browser"
    PASSKEY = "passkey"
    """A browser, entered by a passkey."""
    APP = "app"
    """An app that they let in."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A session ends this long after it was last used, and in any case this long after it was opened."""

    idle: timedelta
    absolute: timedelta


ORDINARY: Final = Lifetime(idle=timedelta(days=14), absolute=timedelta(days=90))
ADMIN: Final = Lifetime(idle=timedelta(minutes=30), absolute=timedelta(hours=12))


def lifetime_of(roles: Collection[str]) -> Lifetime:
    """Return how long a session of somebody with these roles lives."""
    return ADMIN if "admin" in roles else ORDINARY


@dataclass(frozen=True, slots=True)
class Device:
    """What a session's browser said of itself, and the coarse network it came from."""

    user_agent: str
    network: str
    household: str = field(default="", compare=False)
    """The address, or the /64 of an IPv6 address: what attempts are counted by, hashed; it is not stored."""

    @property
    def label(self) -> str:
        """A few words for people, such as `Firefox on Linux`; empty when the browser is unknown."""
        browser = next((name for mark, name in _BROWSERS if mark in self.user_agent), "")
        system = next((name for mark, name in _SYSTEMS if mark in self.user_agent), "")
        return f"{browser} on {system}" if browser and system else browser or system


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open session, as its owner sees it: a browser's, or an app's."""

    session_id: SessionId
    user_id: UserId
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    device: Device
    entered_by: EnteredBy = EnteredBy.PASSWORD
    app: str = ""
    """The name of the app that somebody let in; empty: a browser."""

    @property
    def kind(self) -> Kind:
        """What its owner comes by."""
        if self.app:
            return Kind.APP
        return Kind.PASSKEY if self.entered_by is EnteredBy.PASSKEY else Kind.BROWSER


def device_of(*, user_agent: str | None, address: str | None) -> Device:
    """Return the device of a request: printable characters of its `User-Agent`, its address cut to /24 or /48."""
    printable = "".join(character for character in user_agent or "" if character.isprintable())
    return Device(printable[:_USER_AGENT_CHARACTERS], network_of(address), _within(address, 32, 64))


def network_of(address: str | None) -> str:
    """Return the network that an address is in, coarse enough not to name a household; empty when there is none."""
    return _within(address, 24, 48)


def is_token(text: str) -> bool:
    """Say whether a text has the form of a session token; anything else is not worth a query."""
    return _TOKEN.fullmatch(text) is not None


def _within(address: str | None, bits: int, bits_of_6: int) -> str:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, bits_of_6), strict=False))
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, bits), strict=False))
