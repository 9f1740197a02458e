"""The codes that prove a new address and those that undo a change, and how often one may be asked for.

Both are derived from the deployment's key and an id, so that neither waits in a queue or stands in a table. The code of a
new address is typed by the browser that asked for it, and is short; the one that undoes is all that is asked for, from
whoever has the old mailbox, and has a hundred bits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
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
MOST_BY_ACCOUNT: Final = 5
"""So many codes an account asks for within the hour, to whichever addresses."""
MOST_TO_ADDRESS: Final = 20
"""And so many are sent to one address by all accounts together: a mailbox is not to be filled, and is not easily kept
from its owner by strangers either, who need four accounts for it."""
UNDO_GOOD_FOR: Final = timedelta(days=7)

_UNDO_CHARACTERS: Final = 20
_GROUP: Final = 5
_CODE_PURPOSE: Final = b"vibestream.user.email-change-code.v1:"
_UNDO_PURPOSE: Final = b"vibestream.user.email-undo-code.v1:"
_UNDO: Final = re.compile(rf"[A-Z2-7]{{{_UNDO_CHARACTERS}}}")
_LONGEST_TYPED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A code on its way to an address that an account may get, and the browser that asked for it."""

    change_id: UUID
    user_id: UserId
    browser_hash: bytes
    email: str
    lookup: str
    created_at: datetime
    expires_at: datetime
    tries_left: int

    def is_open(self, now: datetime) -> bool:
        """Say whether a code can still be tried."""
        return now < self.expires_at and self.tries_left > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """An address that an account had, and until when it can be put back."""

    undo_id: UUID
    user_id: UserId
    email: str
    code_hash: bytes
    made_at: datetime
    good_until: datetime
    ended_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Say whether the code can still be used."""
        return now < self.good_until and self.ended_at is None


def wait_s(asked: Sequence[datetime], *, most: int, now: datetime) -> int:
    """Return for how many seconds no further code may be asked for; 0: it may now. `asked`: of the last hour, in order."""
    if len(asked) < most:
        return 0
    return max(1, int((asked[-most] + COUNTED_FOR - now).total_seconds()))


def code_of(*, key: bytes, change_id: UUID) -> str:
    """Return the eight digits that prove a new address; not to be guessed without the deployment's key."""
    return mailed_codes.code_of(key=key, purpose=_CODE_PURPOSE, waiting=change_id)


def is_code(*, given: str, key: bytes, change_id: UUID) -> bool:
    """Say whether a person typed the code of a change; spaces and hyphens between the digits do not count."""
    return mailed_codes.is_code(given=given, key=key, purpose=_CODE_PURPOSE, waiting=change_id)


def undo_code_of(*, key: bytes, undo_id: UUID) -> str:
    """Return the code that undoes a change: twenty letters and digits in groups of five."""
    digest = hmac.digest(key, _UNDO_PURPOSE + undo_id.bytes, hashlib.sha256)
    letters = base64.b32encode(digest).decode("ascii")[:_UNDO_CHARACTERS]
    return "-".join(letters[at : at + _GROUP] for at in range(0, _UNDO_CHARACTERS, _GROUP))


def undo_hash(given: str) -> bytes | None:
    """Return what a code that undoes is known by, however it was typed; None when it cannot be one."""
    typed = given[:_LONGEST_TYPED]
    plain = "".join(typed.split()).replace("-", "").upper() if typed.isascii() else ""
    return hashlib.sha256(plain.encode("ascii")).digest() if _UNDO.fullmatch(plain) else None
