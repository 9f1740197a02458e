"""Personal access tokens: for programs of one's own, made by hand, good for some of what one may do oneself.

They do not renew themselves and are shown once. What wants a fresh proof is closed to them, as it is to apps.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.oauth.domain import proof
from vibestream.contexts.user.oauth.domain.errors import ExpiryInvalid, TokenMissing, TokensLimited
from vibestream.contexts.user.oauth.domain.scopes import PERSONAL_SCOPES, chosen_scopes
from vibestream.contexts.user.oauth.domain.values import PersonalToken
from vibestream.contexts.user.oauth.store import personal_tokens as store
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.ids import SessionId, UserId, new_id
from vibestream.kernel.text import one_line
from vibestream.platform.database import Tx

MOST_TOKENS: Final = 25
NAME_CHARACTERS: Final = 60
EXPIRY_DAYS: Final = (7, 30, 90, 365)
"""After how many days a token may expire. There is none that lives for ever."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new token, and its text: the only time that it is to be had."""

    token: PersonalToken
    secret: str


async def make(
    tx: Tx, *, user_id: UserId, by: SessionId, name: str, scopes: Collection[str], days: int, now: datetime
) -> Made:
    """Make a token of a person who is signed in by a session, and has just shown that it is them.

    Raises:
        TextInvalid: the name.
        ScopesInvalid: none, or one that is not offered.
        ExpiryInvalid: a number of days that is not offered.
        TokensLimited: they have twenty-five.
        Overtaken: the session has ended at this moment.
    """
    await ways_in.require_signed_in(tx, user_id=user_id, session_id=by)
    if days not in EXPIRY_DAYS:
        raise ExpiryInvalid("Choose after how many days it expires.")
    token = PersonalToken(
        token_id=new_id(),
        user_id=user_id,
        name=one_line(name, field="name", most=NAME_CHARACTERS),
        scopes=chosen_scopes(scopes, offered=PERSONAL_SCOPES),
        made_at=now,
        expires_at=now + timedelta(days=days),
        used_at=None,
    )
    secret = proof.PERSONAL + secrets.token_urlsafe(32)
    if not await store.add_token(tx, token=token, token_hash=proof.hash_of(secret), most=MOST_TOKENS):
        raise TokensLimited(f"You have {MOST_TOKENS} tokens. Revoke one first.")
    await _log(tx, audit_log.Action.TOKEN_MADE, token.token_id, user_id, now)
    return Made(token, secret)


async def tokens_of(tx: Tx, *, user_id: UserId, now: datetime) -> list[PersonalToken]:
    """Return somebody's tokens that are good for something, the newest first."""
    return await store.list_tokens(tx, user_id=user_id, now=now)


async def revoke_token(tx: Tx, *, user_id: UserId, token_id: UUID, now: datetime) -> None:
    """Revoke one of somebody's tokens: it is good for nothing from then on.

    Raises:
        TokenMissing: the account has no such token.
    """
    if not await store.revoke_tokens(tx, user_id=user_id, token_id=token_id, now=now):
        raise TokenMissing("There is no such token; it may have expired already.")
    await _log(tx, audit_log.Action.TOKEN_REVOKED, token_id, user_id, now)


async def _log(tx: Tx, action: audit_log.Action, token_id: UUID, user_id: UserId, now: datetime) -> None:
    await audit_log.record(tx, action=action, user_id=user_id, actor_id=user_id, now=now, detail=str(token_id))
