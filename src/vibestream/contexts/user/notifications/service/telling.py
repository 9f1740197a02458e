"""Telling people something: it stands in their lists, their open pages hear of it, and mails are on their way.

One person or a hundred thousand: every step is one statement for some hundreds of them at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain import timing
from vibestream.contexts.user.notifications.domain.kinds import RULES, Channel, Facts, Kind, together, wants
from vibestream.contexts.user.notifications.domain.told import Notification, Telling
from vibestream.contexts.user.notifications.service.mailing import mail_notification
from vibestream.contexts.user.notifications.service.pushing import push_notification
from vibestream.contexts.user.notifications.store import fanout, pushes
from vibestream.contexts.user.notifications.store.fanout import Mailing, Recipient
from vibestream.contexts.user.notifications.store.pushes import Pushing
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform import live
from vibestream.platform.database import Tx
from vibestream.platform.jobs import Later, defer_many
from vibestream.platform.live import Announcement

TOLD = "notification.told"
"""The kind that open pages hear; it carries the unread count, and its event id is the notification's number."""
TOGETHER: Final = 500
"""People whom one statement tells; what is in memory does not grow with how many are told in all."""


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
    telling = Telling(user_id=user_id, key=key, facts=facts, count=count)
    return next(iter(await _tell(tx, kind=kind, tellings=[telling], now=now)), None)


async def tell_many(tx: Tx, *, kind: Kind, tellings: Iterable[Telling], now: datetime) -> int:
    """Tell people something, each as `tell` does, and return how much of it was new.

    Whoever is among them several times is told in that order. Two that tell the same people at once do not stop each
    other when both come in the order of ids, or with at most `TOGETHER`; else the database may have one start again.
    """
    new, rest = 0, iter(tellings)
    while some := list(islice(rest, TOGETHER)):
        for wave in _waves(sorted(some, key=lambda one: one.user_id)):
            new += len(await _tell(tx, kind=kind, tellings=wave, now=now))
    return new


def _waves(tellings: Sequence[Telling]) -> Iterator[list[Telling]]:
    """Return the first telling of each person, then the second ones, and so on."""
    waves: defaultdict[int, list[Telling]] = defaultdict(list)
    met: defaultdict[UserId, int] = defaultdict(int)
    for one in tellings:
        waves[met[one.user_id]].append(one)
        met[one.user_id] += 1
    yield from waves.values()


async def _tell(tx: Tx, *, kind: Kind, tellings: Sequence[Telling], now: datetime) -> list[UUID]:
    """Tell people, each of them once among these, and return the ids of the notifications that tell something new."""
    inboxes = await fanout.lock_inboxes(tx, user_ids=[one.user_id for one in tellings], kind=kind)
    tellings = [one for one in tellings if one.user_id in inboxes]
    by_day = RULES[kind].by_day
    keys = {one.user_id: _key(one, inboxes, by_day=by_day, now=now) for one in tellings}
    earlier = await fanout.find_earlier(tx, kind=kind, keys=keys) if by_day and tellings else {}
    fresh = [_fresh(one, inboxes, kind=kind, now=now) for one in tellings if one.user_id not in earlier]
    more = [
        _more(earlier[one.user_id], one, inboxes[one.user_id], now=now) for one in tellings if one.user_id in earlier
    ]
    new = await fanout.add(tx, told=fresh, keys=keys)
    await fanout.save_more(tx, told=more)
    fresh = [one for one in fresh if one.notification_id in new]
    await _mail(tx, told=fresh, kind=kind, inboxes=inboxes, now=now)
    await _push(tx, told=fresh, kind=kind, inboxes=inboxes, now=now)
    await _show(tx, told=[*fresh, *more], kind=kind)
    return [one.notification_id for one in (*fresh, *more)]


def _key(telling: Telling, inboxes: Mapping[UserId, Recipient], *, by_day: bool, now: datetime) -> str:
    return inboxes[telling.user_id].hours.day_of(now).isoformat() if by_day else telling.key


def _seq(recipient: Recipient, kind: Kind) -> int | None:
    return recipient.last_seq + 1 if wants(kind, Channel.IN_APP, recipient.choices) else None


def _fresh(telling: Telling, inboxes: Mapping[UserId, Recipient], *, kind: Kind, now: datetime) -> Notification:
    return Notification(
        notification_id=new_id(), user_id=telling.user_id, kind=kind, facts=telling.facts, count=telling.count,
        seq=_seq(inboxes[telling.user_id], kind), told_at=now, read_at=None,
    )  # fmt: skip


def _more(earlier: Notification, telling: Telling, recipient: Recipient, *, now: datetime) -> Notification:
    facts, count = together(earlier.facts, telling.facts), earlier.count + telling.count
    seq = _seq(recipient, earlier.kind)
    return replace(earlier, facts=facts, count=count, seq=seq, told_at=now, read_at=None)


async def _mail(
    tx: Tx, *, told: Sequence[Notification], kind: Kind, inboxes: Mapping[UserId, Recipient], now: datetime
) -> None:
    mails = [
        Mailing(new_id(), one.notification_id, _due(kind, Channel.EMAIL, inboxes[one.user_id].hours, now))
        for one in told
        if wants(kind, Channel.EMAIL, inboxes[one.user_id].choices)
    ]
    if not mails:
        return
    await fanout.add_mails(tx, mails=mails)
    later = [Later({"delivery_id": str(one.delivery_id)}, one.due_at if one.due_at > now else None) for one in mails]
    await defer_many(tx, mail_notification, later)


async def _push(
    tx: Tx, *, told: Sequence[Notification], kind: Kind, inboxes: Mapping[UserId, Recipient], now: datetime
) -> None:
    wanted = {one.user_id: one for one in told if wants(kind, Channel.PUSH, inboxes[one.user_id].choices)}
    if not wanted:
        return
    made = [
        Pushing(
            new_id(), wanted[who].notification_id, subscription_id, _due(kind, Channel.PUSH, inboxes[who].hours, now)
        )
        for who, subscription_id in await pushes.browsers_of(tx, user_ids=wanted, now=now)
    ]
    if not made:
        return
    await pushes.add(tx, pushes=made)
    later = [Later({"delivery_id": str(one.delivery_id)}, one.due_at if one.due_at > now else None) for one in made]
    await defer_many(tx, push_notification, later)


def _due(kind: Kind, channel: Channel, hours: timing.Hours, now: datetime) -> datetime:
    rule = RULES[kind]
    waits = rule.by_day or (rule.next_morning and channel is Channel.EMAIL)
    due = timing.next_morning(hours, now) if waits else now
    return due if rule.mandatory else timing.not_before(hours, due)


async def _show(tx: Tx, *, told: Sequence[Notification], kind: Kind) -> None:
    newest = {one.user_id: one.seq for one in told if one.seq is not None}
    if not newest:
        return
    await fanout.save_seqs(tx, newest=newest)
    unread = await fanout.count_unread(tx, user_ids=newest)
    said = []
    for one in told:
        if one.seq is not None:
            data = {"notification_id": one.notification_id, "kind": kind.value, "unread": unread[one.user_id]}
            said.append((f"user:{one.user_id}", Announcement.of(TOLD, data, one.seq)))
    await live.announce_many(tx, said)
