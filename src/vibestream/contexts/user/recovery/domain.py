"""The codes that reset passwords, and how often one may be asked for.

A code is derived from the deployment's key and the reset's id, so that it is stored nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from vibestream.contexts.user import mailed_codes
from vibestream.kernel.ids import UserId

CODE_GOOD_FOR: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
COUNTED_FOR: Final = timedelta(hours=1)
MOST_FROM_NETWORK: Final = 3
"""So many resets of one address may be asked for from one network within the hour."""
MOST_FROM_ANYWHERE: Final = 20
"""And so many altogether: enough that strangers elsewhere do not easily use up what the owner needs, and few enough that
20 resets with 5 tries each guess one of 10**8 codes in an hour with a chance of one in a million."""

_CODE_PURPOSE: Final = b"vibestream.user.password-reset-code.v1:"
_ADDRESS_PURPOSE: Final = b"vibestream.user.password-reset-address.v1:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """One mailed code, and the browser that asked for it. Without `user_id` nobody has the address, and no code is right."""

    reset_id: UUID
    user_id: UserId | None
    browser_hash: bytes
    created_at: datetime
    expires_at: datetime
    tries_left: int

    def is_open(self, now: datetime) -> bool:
        """Say whether a code can still be tried."""
        return now < self.expires_at and self.tries_left > 0


@dataclass(frozen=True, slots=True)
class Asked:
    """When a reset of one address was asked for, and from which network."""

    at: datetime
    network: str


def wait_s(asked: Sequence[Asked], *, network: str, now: datetime) -> int:
    """Return for how many seconds no further reset of an address may be asked for from a network; 0: it may now.

    `asked`: what was asked for within the last hour, oldest first.
    """
    near = [one.at for one in asked if one.network == network]
    waits = [
        times[-most] + COUNTED_FOR - now
        for times, most in ((near, MOST_FROM_NETWORK), ([one.at for one in asked], MOST_FROM_ANYWHERE))
        if len(times) >= most
    ]
    return max((max(1, int(wait.total_seconds())) for wait in waits), default=0)


def code_of(*, key: bytes, reset_id: UUID) -> str:
    """Return the eight digits that a reset wants; not to be guessed without the deployment's key."""
    return mailed_codes.code_of(key=key, purpose=_CODE_PURPOSE, waiting=reset_id)


def is_code(*, given: str, key: bytes, reset_id: UUID) -> bool:
    """Say whether a person typed the code of a reset; spaces and hyphens between the digits do not count."""
    return mailed_codes.is_code(given=given, key=key, purpose=_CODE_PURPOSE, waiting=reset_id)


def address_hash(*, key: bytes, lookup: str) -> bytes:
    """Return what an address is counted by: it cannot be turned back, nor be tried out without the key."""
    return hmac.digest(key, _ADDRESS_PURPOSE + lookup.encode(), hashlib.sha256)
