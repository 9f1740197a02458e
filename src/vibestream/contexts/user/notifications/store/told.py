"""Notifications and the inboxes that order them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain.kinds import Facts, Kind
from vibestream.contexts.user.notifications.domain.told import Notification
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_TOLD: Final = (
    "SELECT notification_id, user_id, kind, CASE WHEN facts ? 'artist_id' THEN facts || jsonb_build_object('artist',"
    " coalesce((SELECT artist.name FROM users.artist_profile artist"
    " WHERE artist.artist_id = (facts ->> 'artist_id')::uuid AND NOT artist.hidden), '')) ELSE facts END AS facts, count, seq, told_at, read_at FROM users.notification"
)
"""An artist's name is looked up here, as it is now: what is kept names nobody, and says nothing of whoever was forgotten."""


async def load(tx: Tx, *, notification_id: UUID) -> Notification | None:
    """Return a notification."""
    return await tx.one(as_notification, _TOLD + " WHERE notification_id = %s", [notification_id])


async def load_all(tx: Tx, *, notification_ids: Collection[UUID]) -> list[Notification]:
    """Return notifications, the oldest first."""
    return await tx.all(
        as_notification,
        _TOLD + " WHERE notification_id = ANY(%s) ORDER BY told_at, notification_id",
        [list(notification_ids)],
    )


async def list_shown(tx: Tx, *, user_id: UserId, before: int | None, limit: int) -> list[Notification]:
    """Return somebody's list, the newest first, from below a number on."""
    return await tx.all(
        as_notification,
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


async def which_have(tx: Tx, *, kind: Kind, key: str, user_ids: Collection[UserId]) -> set[UserId]:
    """Return those of these people who were told a fact."""
    found = await tx.values(
        "SELECT user_id FROM users.notification WHERE user_id = ANY(%s) AND kind = %s AND key = %s",
        [list(user_ids), kind.value, key],
    )
    return {UserId(one) for one in found}


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


def as_notification(*, kind: str, facts: Facts, **columns: Any) -> Notification:
    """Return a row of the table."""
    return Notification(kind=Kind(kind), facts=facts, **columns)
