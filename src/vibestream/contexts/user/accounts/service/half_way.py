"""What a browser keeps, and what is kept of it, between the two steps of signing in.

It has a secret in a cookie and no session; the secret is good for ten minutes and five tries, for this browser, and as long as
the password stays what it was and nobody puts everybody out of the account.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from vibestream.contexts.user import mailed_codes
from vibestream.contexts.user.accounts import store
from vibestream.contexts.user.accounts.store import SecondStepRow
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.contexts.user.ways_in.service import Overtaken, Round
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx

SECOND_STEP_COOKIE: Final = "second-step"
"""The purpose of the cookie in which the browser keeps its secret between the two steps."""
SECOND_STEP_GOOD_FOR: Final = timedelta(minutes=10)
_TRIES: Final = 5
_NO_PASSWORD: Final = ""
_CODE: Final = b"vibestream.user.sign-in-code.v1:"


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The second factor is wanted. The browser keeps `browser_token` in an HttpOnly cookie.

    `guarded`: passwords are being guessed at many accounts; it says nothing of whether the password was right.
    """

    browser_token: str
    expires_at: datetime
    guarded: bool = False


async def begin_second_step(
    tx: Tx, *, user_id: UserId, in_round: Round, password_hash: str | None, now: datetime
) -> SecondStep:
    """Note that a browser has shown the first factor, and return what it must keep.

    `password_hash`: the account's, whichever factor was shown; None when it has none. `in_round`: the account's, when it
    was shown.
    """
    return await _begin(
        tx,
        SecondStepRow(
            step_id=new_id(), user_id=user_id, password_print=_print(password_hash), round=in_round, guarded=False
        ),
        now=now,
    )


async def begin_guarded(
    tx: Tx, *, user_id: UserId | None, in_round: Round, password_hash: str | None, now: datetime
) -> tuple[UUID, SecondStep]:
    """Note that a browser has shown a password during an attack; return the step's id, and what the browser must keep.

    `user_id` None: it was wrong, or nobody has the address. The browser gets the same, and no code is right.
    """
    row = SecondStepRow(
        step_id=new_id(), user_id=user_id, password_print=_print(password_hash), round=in_round, guarded=True
    )
    return row.step_id, await _begin(tx, row, now=now)


async def still_counts(tx: Tx, *, step: SecondStepRow, user_id: UserId) -> bool:
    """Say whether what was shown first still counts: neither is the password another, nor was everybody put out since."""
    stored = await passwords.hash_of(tx, user_id=user_id)
    try:
        same = await ways_in.begin(tx, user_id=user_id) == step.round
    except Overtaken:  # there is no such account any more
        return False
    return same and _print(stored) == step.password_print


def sign_in_code(*, key: bytes, step_id: UUID) -> str:
    """Return the code that is mailed for a guarded step."""
    return mailed_codes.code_of(key=key, purpose=_CODE, waiting=step_id)


def is_sign_in_code(*, given: str, key: bytes, step_id: UUID) -> bool:
    """Say whether a person typed the code that was mailed for a guarded step."""
    return mailed_codes.is_code(given=given, key=key, purpose=_CODE, waiting=step_id)


def browser_hash(browser_token: str) -> bytes:
    """Return what a browser's secret is kept as."""
    return _hash(browser_token)


async def _begin(tx: Tx, row: SecondStepRow, *, now: datetime) -> SecondStep:
    token, expires_at = secrets.token_urlsafe(32), now + SECOND_STEP_GOOD_FOR
    await store.add_second_step(
        tx, browser_hash=_hash(token), step=row, tries_left=_TRIES, now=now, expires_at=expires_at
    )
    return SecondStep(token, expires_at, row.guarded)


def _print(password_hash: str | None) -> bytes:
    return _hash(password_hash or _NO_PASSWORD)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
