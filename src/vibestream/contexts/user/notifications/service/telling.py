"""Telling somebody something: it stands in their list, their open pages hear of it, and a mail is on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.notifications.domain import timing
from vibestream.contexts.user.notifications.domain.kinds import RULES, Channel, Facts, Kind, together, wants
from vibestream.contexts.user.notifications.domain.told import Notification
from vibestream.contexts.user.notifications.service.mailing import mail_notification
from vibestream.contexts.user.notifications.store import choices, deliveries, told
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform import live
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer

TOLD = "notification.told"
"""The kind that open pages hear; it carries the unread count, and its event id is the notification's number."""


async def tell(
    tx: Tx, *, user_id: UserId, kind: Kind, key: str, facts: Facts, now: datetime, count: int = 1
) -> UUID | None:
    """Tell somebody something, and return the notification's id; None when nothing new was told.

    The same `key` again, of the same person and kind, tells nothing. A kind that is told by the day takes `key` for
    nothing: the day that it is for the person is its key, and what comes later that day is added to it, unread again;
    there the caller must tell each fact once. Whoever has no account any more is told nothing. Notifications of one
    person are numbered in the order in which they commit.

    Args:
        tx: the transaction of what it tells, or of the consumer that heard of it.
        user_id: whom.
        kind: what.
        key: of the fact, such as its event's id.
        facts: what the kind's sentences name.
        now: when.
        count: how many facts these are.
    """
    last = await told.lock_inbox(tx, user_id=user_id)
    if last is None:
        return None
    hours = await choices.load_hours(tx, user_id=user_id)
    by_day = RULES[kind].by_day
    key = hours.day_of(now).isoformat() if by_day else key
    earlier = await told.find(tx, user_id=user_id, kind=kind, key=key)
    if earlier is not None and not by_day:
        return None
    chosen = await choices.load_choices(tx, user_id=user_id)
    seq = last + 1 if wants(kind, Channel.IN_APP, chosen) else None
    if earlier is None:
        notification_id = new_id()
        fresh = Notification(
            notification_id=notification_id, user_id=user_id, kind=kind, facts=facts, count=count, seq=seq,
            told_at=now, read_at=None,
        )  # fmt: skip
        await told.add(tx, told=fresh, key=key)
        if wants(kind, Channel.EMAIL, chosen):
            await _mail(tx, notification_id=notification_id, kind=kind, hours=hours, now=now)
    else:
        notification_id = earlier.notification_id
        merged = together(earlier.facts, facts)
        more = replace(earlier, facts=merged, count=earlier.count + count, seq=seq, told_at=now, read_at=None)
        await told.save_more(tx, told=more)
    if seq is not None:
        await told.save_seq(tx, user_id=user_id, seq=seq)
        await _show(tx, user_id=user_id, notification_id=notification_id, kind=kind, seq=seq)
    return notification_id


async def _mail(tx: Tx, *, notification_id: UUID, kind: Kind, hours: timing.Hours, now: datetime) -> None:
    rule = RULES[kind]
    due = timing.next_morning(hours, now) if rule.by_day else now
    due = due if rule.mandatory else timing.not_before(hours, due)
    delivery_id = new_id()
    await deliveries.add(tx, delivery_id=delivery_id, notification_id=notification_id, due_at=due)
    await defer(tx, mail_notification, run_at=due if due > now else None, delivery_id=str(delivery_id))


async def _show(tx: Tx, *, user_id: UserId, notification_id: UUID, kind: Kind, seq: int) -> None:
    unread = await told.count_unread(tx, user_id=user_id)
    data = {"notification_id": notification_id, "kind": kind.value, "unread": unread}
    await live.announce(tx, topic=f"user:{user_id}", kind=TOLD, data=data, event_id=seq)
