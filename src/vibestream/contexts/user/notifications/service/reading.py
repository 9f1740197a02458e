"""Reading what one was told, and going on where an event stream broke."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain import words
from vibestream.contexts.user.notifications.domain.kinds import Kind
from vibestream.contexts.user.notifications.domain.told import Notification
from vibestream.contexts.user.notifications.domain.words import Said
from vibestream.contexts.user.notifications.service.telling import TOLD
from vibestream.contexts.user.notifications.store import told
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.live import RESYNC, Announcement

MOST_REPLAYED: Final = 50
"""Whoever missed more than this reads their list anew."""


class NotificationMissing(Missing):
    """There is no such notification of this account."""

    code: ClassVar[str] = "notification.missing"


async def notifications_of(tx: Tx, *, user_id: UserId, before: int | None, limit: int) -> list[Notification]:
    """Return somebody's list, the newest first, at most `limit`, from below the number `before` on when it is given."""
    return await told.list_shown(tx, user_id=user_id, before=before, limit=limit)


async def unread(tx: Tx, *, user_id: UserId) -> int:
    """Return how many of somebody's notifications they have not read."""
    return await told.count_unread(tx, user_id=user_id)


async def which_know(tx: Tx, *, kind: Kind, key: str, user_ids: Collection[UserId]) -> set[UserId]:
    """Return those of these people who were told a fact, for whoever tells it to many again and again."""
    return await told.which_have(tx, kind=kind, key=key, user_ids=user_ids)


async def mark_read(tx: Tx, *, user_id: UserId, notification_id: UUID, now: datetime) -> Notification:
    """Note that somebody read one of theirs, and return it; a second time changes nothing.

    Raises:
        NotificationMissing: they have no such one.
    """
    found = None
    if await told.save_read(tx, user_id=user_id, notification_id=notification_id, now=now):
        found = await told.load(tx, notification_id=notification_id)
    if found is None:
        raise NotificationMissing("There is no such notification.")
    return found


async def mark_all_read(tx: Tx, *, user_id: UserId, up_to: int, now: datetime) -> int:
    """Note that somebody read everything up to a number, and return how many they had not.

    What was told after they looked has a higher number, and stays unread.
    """
    return await told.save_all_read(tx, user_id=user_id, up_to=up_to, now=now)


def said_of(notification: Notification, *, locale: str, url: str) -> Said:
    """Return what a notification says in a language."""
    return words.say(notification.kind, notification.facts, count=notification.count, locale=locale, url=url)


async def missed_since(tx: Tx, *, user_id: UserId, event_id: int) -> list[Announcement]:
    """Return what an event stream that broke after a number has to say first, the oldest first.

    Numbers are given in the order of commits, so nothing below one that was seen is still to come. Whoever missed more
    than `MOST_REPLAYED` is told to read anew.
    """
    missed = await told.list_after(tx, user_id=user_id, seq=event_id, limit=MOST_REPLAYED + 1)
    if len(missed) > MOST_REPLAYED:
        return [Announcement.of(RESYNC, {})]
    count = await told.count_unread(tx, user_id=user_id)
    return [
        Announcement.of(TOLD, {"notification_id": one.notification_id, "kind": one.kind, "unread": count}, one.seq)
        for one in missed
    ]
