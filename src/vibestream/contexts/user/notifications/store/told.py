"""Notifications and the inboxes that order them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain.kinds import Facts, Kind
from vibestream.contexts.user.notifications.domain.told import Notification
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_TOLD: Final = "SELECT notification_id, user_id, kind, facts, count, seq, told_at, read_at FROM users.notification"


async def lock_inbox(tx: Tx, *, user_id: UserId) -> int | None:
    """Return the number of somebody's newest notification, their inbox locked; None when nobody has this id any more."""
    number: int | None = await tx.value(
        "INSERT INTO users.notification_inbox (user_id, last_seq) SELECT user_id, 0 FROM users.address WHERE user_id = %s"
        " ON CONFLICT (user_id) DO UPDATE SET last_seq = notification_inbox.last_seq RETURNING last_seq",
        [user_id],
    )
    return number


async def save_seq(tx: Tx, *, user_id: UserId, seq: int) -> None:
    """Note the number of the newest notification of a locked inbox."""
    await tx.execute("UPDATE users.notification_inbox SET last_seq = %s WHERE user_id = %s", [seq, user_id])


async def find(tx: Tx, *, user_id: UserId, kind: Kind, key: str) -> Notification | None:
    """Return the notification of a key."""
    return await tx.one(
        _notification, _TOLD + " WHERE user_id = %s AND kind = %s AND key = %s", [user_id, kind.value, key]
    )


async def load(tx: Tx, *, notification_id: UUID) -> Notification | None:
    """Return a notification."""
    return await tx.one(_notification, _TOLD + " WHERE notification_id = %s", [notification_id])


async def add(tx: Tx, *, told: Notification, key: str) -> None:
    """Insert a notification."""
    await tx.execute(
        "INSERT INTO users.notification (notification_id, user_id, kind, key, facts, count, seq, told_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            told.notification_id,
            told.user_id,
            told.kind.value,
            key,
            json.dumps(dict(told.facts)),
            told.count,
            told.seq,
            told.told_at,
        ],
    )


async def save_more(tx: Tx, *, told: Notification) -> None:
    """Keep a notification that tells more than before; it is unread again."""
    await tx.execute(
        "UPDATE users.notification SET facts = %s, count = %s, seq = %s, told_at = %s, read_at = NULL"
        " WHERE notification_id = %s",
        [json.dumps(dict(told.facts)), told.count, told.seq, told.told_at, told.notification_id],
    )


async def list_shown(tx: Tx, *, user_id: UserId, before: int | None, limit: int) -> list[Notification]:
    """Return somebody's list, the newest first, from below a number on."""
    return await tx.all(
        _notification,
        _TOLD
        + " WHERE user_id = %s AND seq IS NOT NULL AND (%s::bigint IS NULL OR seq < %s) ORDER BY seq DESC LIMIT %s",
        [user_id, before, before, limit],
    )


@dataclass(frozen=True, slots=True)
class Missed:
    """What an open page is told of a notification."""

    notification_id: UUID
    kind: str
    seq: int


async def list_after(tx: Tx, *, user_id: UserId, seq: int, limit: int) -> list[Missed]:
    """Return what was told to somebody after a number, the oldest first."""
    return await tx.all(
        Missed,
        "SELECT notification_id, kind, seq FROM users.notification WHERE user_id = %s AND seq > %s ORDER BY seq LIMIT %s",
        [user_id, seq, limit],
    )


async def count_unread(tx: Tx, *, user_id: UserId) -> int:
    """Return how many of somebody's list they have not read."""
    return int(
        await tx.value(
            "SELECT count(*) FROM users.notification WHERE user_id = %s AND read_at IS NULL AND seq IS NOT NULL",
            [user_id],
        )
    )


async def save_read(tx: Tx, *, user_id: UserId, notification_id: UUID, now: datetime) -> bool:
    """Note that somebody read one of theirs, and say whether it is theirs."""
    touched = await tx.execute(
        "UPDATE users.notification SET read_at = coalesce(read_at, %s)"
        " WHERE user_id = %s AND notification_id = %s AND seq IS NOT NULL",
        [now, user_id, notification_id],
    )
    return touched == 1


async def save_all_read(tx: Tx, *, user_id: UserId, up_to: int, now: datetime) -> int:
    """Note that somebody read everything up to a number, and return how many were unread."""
    return await tx.execute(
        "UPDATE users.notification SET read_at = %s WHERE user_id = %s AND seq <= %s AND read_at IS NULL",
        [now, user_id, up_to],
    )


async def drop_old(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete what was told before an instant, with its deliveries, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.notification WHERE notification_id IN"
        " (SELECT notification_id FROM users.notification WHERE told_at < %s ORDER BY told_at LIMIT %s"
        " FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


def _notification(*, kind: str, facts: Facts, **columns: Any) -> Notification:
    return Notification(kind=Kind(kind), facts=facts, **columns)
