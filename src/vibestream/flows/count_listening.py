"""A listen was accepted: the listener's own figures count its day again, while they consent to that.

Asked for each time: listening what was heard on that day, consents whether it may be counted, notifications by which clock.
Each day is counted anew as a whole, so an event that comes twice, or late, changes nothing. How much of a song was heard is
known when it is over: a day with a song that still plays is counted again a little later.

Who withdraws consent, by whatever door, has what was counted and what their listens were started from deleted in the same
transaction: `flows/say_consent.py`. Consent also ends by itself, when its text becomes another: then the next event or, at
most a minute later, `forget_withdrawn` deletes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.listen_reward.events import ListenAccepted
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.user.analytics import service as analytics
from vibestream.contexts.user.analytics.service import Heard
from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.service import Purpose
from vibestream.contexts.user.notifications import service as notifications
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

SETTLES_AFTER: Final = timedelta(minutes=15)
"""When a day with a song that still plays is counted again; again and again while one does."""
_DUE: Final = 200
_PEOPLE: Final = 1_000


async def count_listens(tx: Tx, events: Sequence[ListenAccepted]) -> None:
    """Count the days of these listens again, of each listener who consents."""
    begun: dict[UserId, list[datetime]] = defaultdict(list)
    for one in await listening.heard_in(tx, listen_ids=[event.listen_id for event in events]):
        begun[one.user_id].append(one.began_at)
    for user_id in sorted(begun):
        await _count(tx, user_id, begun[user_id], now=utc_now())


async def recount(tx: Tx, *, user_id: UserId, now: datetime) -> int | None:
    """Count everything that somebody ever heard, by their clock of now, and return how many days it makes.

    None: they do not consent, and what was counted is deleted.
    """
    await analytics.begin(tx, user_id=user_id)
    if not await _consents(tx, user_id):
        await forget(tx, user_id=user_id)
        return None
    hours = await notifications.hours_of(tx, user_id=user_id)
    heard = await listening.heard_by(tx, user_id=user_id)
    return await analytics.replace_all(
        tx, user_id=user_id, time_zone=hours.time_zone, heard=_figures(heard), due_at=now + SETTLES_AFTER
    )


async def forget(tx: Tx, *, user_id: UserId) -> None:
    """Delete what was counted of somebody, and what their listens were started from."""
    await analytics.forget(tx, user_id=user_id)
    await audience.forget_surfaces_of(tx, user_id=user_id)


async def settle(tx: Tx, *, now: datetime) -> int:
    """Count the days again that are due, and return how many there were, up to two hundred."""
    due = await analytics.due_days(tx, now=now, limit=_DUE)
    for user_id, day in sorted(due):
        time_zone = await analytics.begin(tx, user_id=user_id)
        if not await _consents(tx, user_id):
            await forget(tx, user_id=user_id)
        elif time_zone is not None:
            await _count_day(tx, user_id, day, time_zone=time_zone, now=now)
    return len(due)


async def forget_withdrawn(tx: Tx, *, after: UserId | None) -> UserId | None:
    """Delete the figures of those of a thousand people who do not consent any more; return where to go on, None at the end."""
    kept = await analytics.people(tx, after=after, limit=_PEOPLE)
    for user_id in sorted(set(kept) - await consents.which_have(tx, user_ids=kept, purpose=Purpose.ANALYTICS)):
        await analytics.begin(tx, user_id=user_id)
        if not await _consents(tx, user_id):  # asked again under the lock: they may have given it anew
            await forget(tx, user_id=user_id)
    return kept[-1] if len(kept) == _PEOPLE else None


@periodic("user.settle_listening_figures", every_s=60)
async def settle_figures(runtime: Runtime) -> None:
    """Count what is due again, and delete the figures of those who withdrew their consent, in short transactions."""
    after: UserId | None = None
    while True:
        async with runtime.database.begin() as tx:
            after = await forget_withdrawn(tx, after=after)
        if after is None:
            break
    while True:
        async with runtime.database.begin() as tx:
            if await settle(tx, now=utc_now()) < _DUE:
                return


async def _count(tx: Tx, user_id: UserId, begun: Iterable[datetime], *, now: datetime) -> None:
    time_zone = await analytics.begin(tx, user_id=user_id)
    if time_zone is None and not await _consents(tx, user_id):
        return
    hours = await notifications.hours_of(tx, user_id=user_id)
    if time_zone != hours.time_zone or not await _consents(tx, user_id):
        await recount(tx, user_id=user_id, now=now)
        return
    for day in sorted({analytics.day_of(one, time_zone=time_zone) for one in begun}):
        await _count_day(tx, user_id, day, time_zone=time_zone, now=now)


async def _count_day(tx: Tx, user_id: UserId, day: date, *, time_zone: str, now: datetime) -> None:
    since, until = analytics.bounds_of(day, time_zone=time_zone)
    heard = await listening.heard_by(tx, user_id=user_id, since=since, until=until)
    await analytics.replace_day(tx, user_id=user_id, day=day, heard=_figures(heard), due_at=now + SETTLES_AFTER)


async def _consents(tx: Tx, user_id: UserId) -> bool:
    return await consents.has(tx, user_id=user_id, purpose=Purpose.ANALYTICS)


def _figures(heard: Iterable[listening.Heard]) -> list[Heard]:
    return [Heard(one.track_id, one.artist_id, one.began_at, one.heard_ms, playing=one.live) for one in heard]


# Each day is counted as a whole: order means nothing, and one that fails need not hold up the rest.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ListenAccepted, consumer="count_listening", handle_batch=count_listens, poison=Poison.SKIP),
)
