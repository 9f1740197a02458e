"""Browsers that are told by web push, and pushes to them."""

# ruff: noqa: S608 - what is put into the statements is a literal below

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain.push import Browser, PushState
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_OPEN: Final = (
    " JOIN users.session s ON s.session_id = p.session_id AND s.user_id = p.user_id AND s.ended_at IS NULL"
    " AND s.expires_at > %(now)s AND s.last_seen_at + s.idle_for > %(now)s"
)
"""Only browsers that are still signed in: whoever signs out of a lent machine is not told things on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A push to one browser, and what it is sent by."""

    delivery_id: UUID
    notification_id: UUID
    subscription_id: UUID
    user_id: UserId
    due_at: datetime
    tries: int
    state: PushState
    sealed: str


@dataclass(frozen=True, slots=True)
class Pushing:
    """A push that waits for an instant."""

    delivery_id: UUID
    notification_id: UUID
    subscription_id: UUID
    due_at: datetime


async def save_browser(tx: Tx, *, user_id: UserId, browser: Browser, endpoint_hash: bytes, sealed: str) -> None:
    """Keep a browser, or what changed of it; an endpoint that is known already becomes this one's, whosever it was."""
    await tx.execute(
        "DELETE FROM users.push_subscription WHERE endpoint_hash = %s AND subscription_id <> %s",
        [endpoint_hash, browser.subscription_id],
    )
    await tx.execute(
        "INSERT INTO users.push_subscription"
        " (subscription_id, user_id, session_id, endpoint_hash, sealed, user_agent, subscribed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (subscription_id) DO UPDATE SET session_id = excluded.session_id,"
        " endpoint_hash = excluded.endpoint_hash, sealed = excluded.sealed, user_agent = excluded.user_agent,"
        " subscribed_at = excluded.subscribed_at",
        [
            browser.subscription_id,
            user_id,
            browser.session_id,
            endpoint_hash,
            sealed,
            browser.user_agent,
            browser.subscribed_at,
        ],
    )


async def lock_by_endpoint(tx: Tx, *, user_id: UserId, endpoint_hash: bytes) -> UUID | None:
    """Return which of an account's browsers has an endpoint, locked; None: none of them."""
    found: UUID | None = await tx.value(
        "SELECT subscription_id FROM users.push_subscription WHERE user_id = %s AND endpoint_hash = %s FOR UPDATE",
        [user_id, endpoint_hash],
    )
    return found


async def drop_oldest(tx: Tx, *, user_id: UserId, but: int) -> None:
    """Delete an account's browsers, but so many of the newest."""
    await tx.execute(
        "DELETE FROM users.push_subscription WHERE subscription_id IN (SELECT subscription_id FROM users.push_subscription"
        " WHERE user_id = %s ORDER BY subscribed_at DESC, subscription_id DESC OFFSET %s)",
        [user_id, but],
    )


async def list_browsers(tx: Tx, *, user_id: UserId, now: datetime) -> list[Browser]:
    """Return an account's browsers that are still signed in, the newest first."""
    return await tx.all(
        Browser,
        "SELECT p.subscription_id, p.session_id, p.user_agent, p.subscribed_at FROM users.push_subscription p"
        + _OPEN
        + " WHERE p.user_id = %(user_id)s ORDER BY p.subscribed_at DESC, p.subscription_id DESC",
        {"user_id": user_id, "now": now},
    )


async def browsers_of(tx: Tx, *, user_ids: Collection[UserId], now: datetime) -> list[tuple[UserId, UUID]]:
    """Return whose browsers are told, and which; only those that are still signed in."""
    rows = await tx.rows(
        "SELECT p.user_id, p.subscription_id FROM users.push_subscription p"
        + _OPEN
        + " WHERE p.user_id = ANY(%(people)s)",
        {"people": list(user_ids), "now": now},
    )
    return [(UserId(user_id), subscription_id) for user_id, subscription_id in rows]


async def drop_browser(tx: Tx, *, user_id: UserId, subscription_id: UUID) -> bool:
    """Delete one of an account's browsers, with what waits for it, and say whether it had this one."""
    dropped = await tx.execute(
        "DELETE FROM users.push_subscription WHERE user_id = %s AND subscription_id = %s", [user_id, subscription_id]
    )
    return dropped == 1


async def drop_signed_out(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete browsers that were not signed in any more at an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.push_subscription WHERE subscription_id IN (SELECT p.subscription_id"
        " FROM users.push_subscription p WHERE p.subscribed_at < %(before)s AND NOT EXISTS (SELECT FROM users.session s"
        " WHERE s.session_id = p.session_id AND s.user_id = p.user_id AND coalesce(s.ended_at > %(before)s, true)"
        " AND s.expires_at > %(before)s AND s.last_seen_at + s.idle_for > %(before)s) LIMIT %(most)s)",
        {"before": before, "most": most},
    )


async def add(tx: Tx, *, pushes: Sequence[Pushing]) -> None:
    """Insert pushes, each due at its instant."""
    await tx.execute(
        "INSERT INTO users.push_delivery (delivery_id, notification_id, subscription_id, due_at, state, tries)"
        " SELECT m.delivery_id, m.notification_id, m.subscription_id, m.due_at, 'waiting', 0"
        " FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[])"
        " AS m (delivery_id, notification_id, subscription_id, due_at)",
        [
            [one.delivery_id for one in pushes],
            [one.notification_id for one in pushes],
            [one.subscription_id for one in pushes],
            [one.due_at for one in pushes],
        ],
    )


async def load(tx: Tx, *, delivery_id: UUID, now: datetime) -> Push | None:
    """Return a push; None when its browser is not told any more, or not signed in."""
    return await tx.one(
        _push,
        "SELECT d.delivery_id, d.notification_id, d.subscription_id, p.user_id, d.due_at, d.tries, d.state, p.sealed"
        " FROM users.push_delivery d JOIN users.push_subscription p ON p.subscription_id = d.subscription_id"
        + _OPEN
        + " WHERE d.delivery_id = %(delivery_id)s",
        {"delivery_id": delivery_id, "now": now},
    )


async def save_try(tx: Tx, *, delivery_id: UUID, state: PushState, tries: int, now: datetime) -> bool:
    """Note what became of a push that waits, and say whether it still did."""
    changed = await tx.execute(
        "UPDATE users.push_delivery SET state = %s, tries = %s, settled_at = %s WHERE delivery_id = %s AND state = 'waiting'",
        [state.value, tries, None if state is PushState.WAITING else now, delivery_id],
    )
    return changed == 1


def _push(*, state: str, user_id: UUID, **columns: Any) -> Push:
    return Push(state=PushState(state), user_id=UserId(user_id), **columns)
