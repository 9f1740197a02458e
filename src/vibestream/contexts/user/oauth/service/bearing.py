"""Whom a bearer token stands for, at the edge.

Source: RFC 6750, 2.1 and 3.
"""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.oauth.domain import proof
from vibestream.contexts.user.oauth.domain.scopes import ROLES
from vibestream.contexts.user.oauth.store import grants as store
from vibestream.contexts.user.oauth.store import personal_tokens
from vibestream.kernel.ids import SessionId
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx


async def authenticate(tx: Tx, *, token: str, now: datetime) -> Principal | None:
    """Return whom an access token stands for, an app's or a personal one, and what it may; None when that is nothing.

    Such a principal has no session (the id of the grant or token stands there, and no session has it) and has shown no proof, so
    that what wants a fresh one is closed to it; of the person's roles it has those of fans and artists only.
    """
    if proof.is_secret(token, proof.PERSONAL):
        return await _by_personal(tx, token, now)
    if not proof.is_secret(token, proof.ACCESS):
        return None
    held = await store.find_access(tx, token_hash=proof.hash_of(token), now=now)
    if held is None:
        return None
    if held.due:
        await store.save_used(tx, grant_id=held.grant_id, now=now)
    return Principal(
        user_id=held.user_id,
        session_id=SessionId(held.grant_id),
        roles=frozenset({"fan", *held.roles}) & ROLES,
        display_name=held.display_name,
        locale=held.locale,
        scopes=frozenset(held.scopes),
    )


async def _by_personal(tx: Tx, token: str, now: datetime) -> Principal | None:
    borne = await personal_tokens.find_token(tx, token_hash=proof.hash_of(token), now=now)
    if borne is None:
        return None
    if borne.due:
        await personal_tokens.save_used(tx, token_id=borne.token_id, now=now)
    return Principal(
        user_id=borne.user_id,
        session_id=SessionId(borne.token_id),
        roles=frozenset({"fan", *borne.roles}) & ROLES,
        display_name=borne.display_name,
        locale=borne.locale,
        scopes=frozenset(borne.scopes),
    )
