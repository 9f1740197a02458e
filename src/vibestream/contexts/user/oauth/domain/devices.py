"""Devices without a browser: the code that people type in elsewhere, and what a device that asks is told.

Source: RFC 8628, 3.2, 3.5 and 6.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from vibestream.contexts.user.oauth.domain.errors import (
    AccessDenied,
    AuthorizationPending,
    DeviceCodeExpired,
    InvalidGrant,
    SlowDown,
)

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowel, so that no word comes out, and nothing that is read as something else: 20 letters."""
CHARACTERS: Final = 8
"""25,600,000,000 codes, each good for ten minutes: at ten tries in ten minutes nobody finds one."""
DEVICE_FOR: Final = timedelta(minutes=10)
INTERVAL_S: Final = 5
"""Seconds that a device waits between two questions; asked sooner, each time five more."""
_LONGEST_INTERVAL_S: Final = 600
_BETWEEN: Final = re.compile(r"[\s._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A device that asked, and what became of it. Decided without a grant: the person said no."""

    client_id: UUID
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    interval_s: int
    polled_at: datetime | None
    decided_at: datetime | None
    grant_id: UUID | None
    used_at: datetime | None


def read_code(typed: str) -> str | None:
    """Return a code as it is stored from what somebody typed, with or without a dash, in any case; None: it is no code."""
    code = _BETWEEN.sub("", typed).upper()
    return code if typed.isascii() and len(code) == CHARACTERS and set(code) <= set(ALPHABET) else None


def shown(code: str) -> str:
    """Return a code as it is shown: two groups of four."""
    return f"{code[:4]}-{code[4:]}"


def slower(interval_s: int) -> int:
    """Return how long a device has to wait from now on that asked too soon."""
    return min(interval_s + INTERVAL_S, _LONGEST_INTERVAL_S)


def granted(waiting: Waiting, now: datetime) -> UUID:
    """Return the grant that a device's question is answered with.

    Raises:
        SlowDown: it asked again too soon.
        AuthorizationPending: nobody has decided yet.
        AccessDenied: the person said no.
        DeviceCodeExpired: nobody decided in time, or the device did not come to fetch it.
        InvalidGrant: it has been answered already.
    """
    if waiting.used_at is not None:
        raise InvalidGrant("This device code was used before.")
    if waiting.expires_at <= now:
        raise DeviceCodeExpired("This device code has expired. Ask for another one.")
    if waiting.polled_at is not None and now - waiting.polled_at < timedelta(seconds=waiting.interval_s):
        raise SlowDown("Ask less often: wait five seconds more than before.")
    if waiting.decided_at is None:
        raise AuthorizationPending("Nobody has decided yet.")
    if waiting.grant_id is None:
        raise AccessDenied("The person did not agree.")
    return waiting.grant_id
