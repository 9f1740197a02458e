"""Opening, checking, listing and ending sessions.

A token is 256 random bits. The browser holds it, the database its SHA-256: who reads the database can enter nowhere.
A token is never taken over from a request: whoever signs in gets a new one, and the one they came with is ended.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.erasure import service as erasure
from vibestream.contexts.user.events import EnteredFromNewDevice
from vibestream.contexts.user.locks import service as locks
from vibestream.contexts.user.oauth import service as oauth
from vibestream.contexts.user.sessions import domain, store
from vibestream.contexts.user.sessions.domain import Device, EnteredBy, Kind, Session, SessionMissing, device_of
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.contexts.user.ways_in.service import Round
from vibestream.kernel.ids import SessionId, UserId, new_id
from vibestream.platform import live
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

__all__ = [
    "Device",
    "EnteredBy",
    "Kind",
    "OpenedSession",
    "Session",
    "SessionMissing",
    "authenticate",
    "device_of",
    "end",
    "end_all",
    "forget_proofs",
    "open_session",
    "prove",
    "sessions_of",
    "sign_out",
]

FAN: Final = "fan"
"""The role that everybody holds without a grant."""
_FAN_ONLY: Final = frozenset({FAN})
_MOST_DEVICES: Final = 1_000


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session, and the token to give to the browser: the only time it is to be had."""

    session_id: SessionId
    token: str
    expires_at: datetime


async def open_session(
    tx: Tx,
    *,
    user_id: UserId,
    in_round: Round,
    device: Device,
    now: datetime,
    replaces: str | None = None,
    by: EnteredBy = EnteredBy.PASSWORD,
    proved: bool = True,
) -> OpenedSession:
    """Open a session with a new token, and end the one whose token the browser came with (`replaces`), whoever's it was.

    From a browser or a network that the account, once it was entered at all, was not entered from before, its owner is
    told: `EnteredFromNewDevice`. Who had asked to be erased has come back, and is not. `in_round`: the round in which its owner
    began to show that it is theirs. `proved`: what they have shown is the strongest factor of the account.

    Raises:
        Overtaken: everybody was put out of it since then.
        AccountLocked: an admin has locked it.
        AccountClosed: the account is being erased.
    """
    await locks.require_open(tx, user_id=user_id)
    await erasure.come_back(tx, user_id=user_id, now=now)
    await _announce_new(tx, user_id=user_id, device=device, now=now)
    lifetime = domain.lifetime_of(await store.roles_of(tx, user_id=user_id))
    token = secrets.token_urlsafe(32)
    session = Session(
        session_id=SessionId(new_id()),
        user_id=user_id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime.absolute,
        device=device,
        entered_by=by,
    )
    opened = await store.add_session(
        tx,
        session=session,
        token_hash=_hash(token),
        lifetime=lifetime,
        in_round=in_round,
        proved_at=now if proved else None,
    )
    if not opened:
        raise ways_in.Overtaken
    if replaces is not None and domain.is_token(replaces):  # the account first, then a session: as `end_all` does
        await store.end_by_token(tx, token_hash=_hash(replaces), now=now)
    return OpenedSession(session.session_id, token, session.expires_at)


async def authenticate(tx: Tx, *, token: str, now: datetime) -> Principal | None:
    """Return whom an open session's token stands for, with the roles they hold at this moment; None for any other text.

    One statement on a unique index; at most once a minute for each session a second one notes that it was used, which
    never waits for a lock.
    """
    if not domain.is_token(token):
        return None
    found = await store.find_open(tx, token_hash=_hash(token), now=now)
    if not found:
        return None
    session_id, user_id, display_name, locale, proved_at, due, _ = found[0]
    if due:
        await store.save_seen(tx, session_id=session_id, now=now)
    roles = frozenset(role or FAN for *_, role in found) | _FAN_ONLY
    return Principal(user_id, session_id, roles, display_name, locale, proved_at)


async def prove(tx: Tx, *, principal: Principal, now: datetime) -> OpenedSession:
    """Note that a session's owner has just shown the strongest factor they have, and return its new token.

    The former token is good for nothing from then on: who had learnt it does not share what was just shown.

    Raises:
        SessionMissing: the session has ended meanwhile.
    """
    token = secrets.token_urlsafe(32)
    expires_at = await store.save_proof(
        tx, user_id=principal.user_id, session_id=principal.session_id, token_hash=_hash(token), now=now
    )
    if expires_at is None:
        raise SessionMissing("There is no such session; it may have ended already.")
    return OpenedSession(principal.session_id, token, expires_at.astimezone(UTC))


async def forget_proofs(tx: Tx, *, user_id: UserId, but: SessionId) -> None:
    """Forget what the other sessions of an account have shown, since it has a stronger factor from now on."""
    await store.forget_proofs(tx, user_id=user_id, but=but)


async def sessions_of(tx: Tx, *, user_id: UserId, now: datetime) -> list[Session]:
    """Return an account's open sessions, those of browsers and then those of apps, the newest of each first."""
    browsers = await store.list_open(tx, user_id=user_id, now=now)
    apps = await oauth.open_grants(tx, user_id=user_id, now=now)
    return [*browsers, *(_of_app(one, user_id) for one in apps)]


async def sign_out(tx: Tx, *, principal: Principal, now: datetime) -> None:
    """End the session that somebody came by; nothing happens when it has ended already."""
    if await store.end_one(tx, user_id=principal.user_id, session_id=principal.session_id, now=now):
        await live.sessions_ended(tx, user_id=principal.user_id)
        await audit_log.record(
            tx,
            action=audit_log.Action.SIGNED_OUT,
            user_id=principal.user_id,
            actor_id=principal.user_id,
            now=now,
        )


async def end(tx: Tx, *, user_id: UserId, session_id: SessionId, now: datetime) -> None:
    """End one session of an account, a browser's or an app's.

    Raises:
        SessionMissing: the account has no such open session.
    """
    if not (
        await store.end_one(tx, user_id=user_id, session_id=session_id, now=now)
        or await oauth.end_grant(tx, user_id=user_id, grant_id=session_id, now=now)
    ):
        raise SessionMissing("There is no such session; it may have ended already.")
    await live.sessions_ended(tx, user_id=user_id)
    await audit_log.record(
        tx, action=audit_log.Action.SESSION_ENDED, user_id=user_id, actor_id=user_id, now=now, detail="one"
    )


async def end_all(tx: Tx, *, user_id: UserId, now: datetime, but: SessionId | None = None) -> int:
    """End every session of an account, but one if asked, and return how many; apps' tokens end with them, all of them.

    What the person let the apps do is forgotten: each has to ask them again. Whoever is signing in at this moment has got in
    before, and is put out; or is refused.
    """
    await ways_in.next_round(tx, user_id=user_id, now=now)
    await oauth.revoke_all(tx, user_id=user_id, now=now)
    ended = await store.end_every(tx, user_id=user_id, but=but, now=now)
    if ended:
        await live.sessions_ended(tx, user_id=user_id)
        await audit_log.record(
            tx, action=audit_log.Action.SESSION_ENDED, user_id=user_id, actor_id=user_id, now=now, detail=str(ended)
        )
    return ended


def _of_app(grant: oauth.OpenGrant, user_id: UserId) -> Session:
    return Session(
        session_id=SessionId(grant.grant_id),
        user_id=user_id,
        created_at=grant.made_at,
        last_seen_at=grant.used_at or grant.made_at,
        expires_at=grant.expires_at,
        device=Device("", ""),
        app=grant.name,
    )


async def _announce_new(tx: Tx, *, user_id: UserId, device: Device, now: datetime) -> None:
    known = {(one.label, one.network) for one in await store.list_devices(tx, user_id=user_id, most=_MOST_DEVICES)}
    if known and (device.label, device.network) not in known:
        event = EnteredFromNewDevice(occurred_at=now, user_id=user_id, device=device.label, network=device.network)
        await publish(tx, event)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
