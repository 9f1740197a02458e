"""The table of sessions. A session is open while it was not ended and neither of its two periods has passed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.sessions.domain import SEEN_EVERY, Device, EnteredBy, Lifetime, Session
from vibestream.contexts.user.ways_in.domain import Round
from vibestream.kernel.ids import SessionId, UserId
from vibestream.platform.database import Tx


async def add_session(
    tx: Tx,
    *,
    session: Session,
    token_hash: bytes,
    lifetime: Lifetime,
    in_round: Round,
    proved_at: datetime | None,
) -> bool:
    """Insert an open session, whose owner has just shown what the account asks for, and say whether that still counts.

    It does in the round of the account in which they began to show it. The account's row is locked: whoever begins the
    next round waits until this transaction ends, and then finds the session; whoever has begun it makes this one wait,
    and compare with what they have written.
    """
    touched = await tx.execute(
        "INSERT INTO users.session (session_id, user_id, token_hash, created_at, last_seen_at, idle_for, expires_at,"
        " user_agent, network, proved_at, entered_by)"
        " SELECT %s, a.user_id, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM users.account a"
        " WHERE a.user_id = %s AND a.round = %s FOR SHARE OF a",
        [
            session.session_id,
            token_hash,
            session.created_at,
            session.last_seen_at,
            lifetime.idle,
            session.expires_at,
            session.device.user_agent,
            session.device.network,
            proved_at,
            session.entered_by.value,
            session.user_id,
            in_round,
        ],
    )
    return touched == 1


async def list_devices(tx: Tx, *, user_id: UserId, most: int) -> list[Device]:
    """Return from where an account was entered, as far back as sessions are kept."""
    return await tx.all(
        Device,
        "SELECT user_agent, network FROM users.session WHERE user_id = %s GROUP BY user_agent, network LIMIT %s",
        [user_id, most],
    )


async def find_open(
    tx: Tx, *, token_hash: bytes, now: datetime
) -> list[tuple[SessionId, UserId, str, str, datetime | None, bool, str | None]]:
    """Return what the open session with this token stands for: a row for each role that was granted, one for none.

    (session_id, user_id, display_name, locale, proved_at, due, role): `due` says that SEEN_EVERY has passed since `last_seen_at`.
    It is on every request's way, hence one statement without an aggregate, one instant as its parameter, and columns in
    the form that is cheapest to read; measured by bench/session_check.py.
    """
    cursor = await tx.connection.execute(
        "SELECT s.session_id, s.user_id, p.display_name, p.locale, s.proved_at,"
        " s.last_seen_at + interval '1 minute' <= %(now)s, g.role"
        " FROM users.session s JOIN users.fan_profile p USING (user_id) LEFT JOIN users.role_grant g USING (user_id)"
        " WHERE s.token_hash = %(token_hash)s AND s.ended_at IS NULL"
        " AND %(now)s < least(s.expires_at, s.last_seen_at + s.idle_for)",
        {"token_hash": token_hash, "now": now},
        binary=True,
    )
    return await cursor.fetchall()


async def save_seen(tx: Tx, *, session_id: UUID, now: datetime) -> None:
    """Note that a session was used, unless another request is noting it just now."""
    await tx.execute(
        "UPDATE users.session SET last_seen_at = %s WHERE session_id = (SELECT session_id FROM users.session"
        " WHERE session_id = %s AND last_seen_at <= %s FOR UPDATE SKIP LOCKED)",
        [now, session_id, now - SEEN_EVERY],
    )


async def save_proof(
    tx: Tx, *, user_id: UserId, session_id: SessionId, token_hash: bytes, now: datetime
) -> datetime | None:
    """Give an open session another token and note the proof, and return when it expires; None when it is not open."""
    found = await tx.value(
        "UPDATE users.session SET token_hash = %s, proved_at = %s WHERE session_id = %s AND user_id = %s"
        " AND ended_at IS NULL RETURNING expires_at",
        [token_hash, now, session_id, user_id],
    )
    return found if isinstance(found, datetime) else None


async def forget_proofs(tx: Tx, *, user_id: UserId, but: SessionId) -> None:
    """Take the proofs of an account's open sessions back, but one's."""
    await tx.execute(
        "UPDATE users.session SET proved_at = NULL WHERE user_id = %s AND ended_at IS NULL AND session_id <> %s",
        [user_id, but],
    )


async def list_open(tx: Tx, *, user_id: UserId, now: datetime) -> list[Session]:
    """Return an account's open sessions, the newest first."""
    return await tx.all(
        _session,
        "SELECT session_id, user_id, created_at, last_seen_at, expires_at, user_agent, network, entered_by FROM users.session"
        " WHERE user_id = %s AND ended_at IS NULL AND expires_at > %s AND last_seen_at + idle_for > %s"
        " ORDER BY created_at DESC, session_id DESC",
        [user_id, now, now],
    )


async def end_one(tx: Tx, *, user_id: UserId, session_id: SessionId, now: datetime) -> bool:
    """End one session of an account, and say whether it was open."""
    touched = await tx.execute(
        "UPDATE users.session SET ended_at = %s WHERE session_id = %s AND user_id = %s AND ended_at IS NULL",
        [now, session_id, user_id],
    )
    return touched == 1


async def end_by_token(tx: Tx, *, token_hash: bytes, now: datetime) -> None:
    """End the session with this token, if there is one."""
    await tx.execute(
        "UPDATE users.session SET ended_at = %s WHERE token_hash = %s AND ended_at IS NULL", [now, token_hash]
    )


async def end_every(tx: Tx, *, user_id: UserId, but: SessionId | None, now: datetime) -> int:
    """End an account's sessions, but one if asked, and return how many."""
    return await tx.execute(
        "UPDATE users.session SET ended_at = %s"
        " WHERE user_id = %s AND ended_at IS NULL AND session_id IS DISTINCT FROM %s::uuid",
        [now, user_id, but],
    )


async def roles_of(tx: Tx, *, user_id: UserId) -> list[str]:
    """Return the roles that were granted to an account."""
    return list(await tx.value("SELECT ARRAY(SELECT role FROM users.role_grant WHERE user_id = %s)", [user_id]))


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete sessions whose absolute period passed before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.session WHERE session_id IN (SELECT session_id FROM users.session"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the sessions that are kept of a person, without their tokens."""
    return await tx.values(
        "SELECT to_jsonb(t) - '{token_hash}'::text[] FROM users.session t WHERE t.user_id = %s ORDER BY t.created_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete every session of a person, open or not."""
    await tx.execute("DELETE FROM users.session WHERE user_id = %s", [user_id])


def _session(*, user_agent: str, network: str, entered_by: str, **columns: Any) -> Session:
    return Session(**columns, device=Device(user_agent, network), entered_by=EnteredBy(entered_by))
