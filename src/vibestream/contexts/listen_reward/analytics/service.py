"""Artists' audiences: cutting a week once it is over, and telling what was published. The public interface of this capability.

Only the listens are this context's. Whose of them may count, consents say: `flows/publish_audience.py` asks them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar

from vibestream.contexts.listen_reward.analytics import store
from vibestream.contexts.listen_reward.analytics.domain import (
    FEWEST,
    WEEK,
    Audience,
    Listened,
    Part,
    bounds_of,
    cut,
    is_over,
    week_of,
)
from vibestream.contexts.listen_reward.analytics.domain.splits import UNKNOWN, Kind, Piece, Surface, split
from vibestream.contexts.listen_reward.analytics.store import splits
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import ArtistId, ListenId, UserId
from vibestream.platform.database import Tx

__all__ = ["FEWEST", "UNKNOWN", "Audience", "Kind", "Listened", "Part", "Piece", "Surface", "WeekTotal"]


class ListenUnknown(Missing):
    """There is no such listen of this account."""

    code: ClassVar[str] = "analytics.listen_unknown"


@dataclass(frozen=True, slots=True)
class WeekTotal:
    """A published week of an artist, by its Monday: the sum of its parts' listens, and its listeners, at least."""

    week: date
    listens: int
    listeners: int


async def due_weeks(tx: Tx, *, now: datetime) -> list[date]:
    """Return the weeks that are over and of which artists were not told, the first first."""
    first = await store.first_accepted(tx)
    if first is None:
        return []
    published, weeks, week = await store.list_published(tx), [], week_of(first.astimezone(UTC).date())
    while is_over(week, now=now):
        if week not in published:
            weeks.append(week)
        week += WEEK
    return weeks


async def open_week(tx: Tx, *, week: date, now: datetime) -> bool:
    """Take a week to tell artists of it in this transaction, and return whether it is this one that does.

    Once it is committed the week is closed for good: what changes afterwards changes nothing that was told, because the
    difference would be whoever changed.

    Raises:
        ValueError: the week is not over, or does not begin on a Monday.
    """
    if week != week_of(week) or not is_over(week, now=now):
        raise ValueError(f"the week of {week} cannot be told of at {now}")
    return await store.insert_week(tx, week, now=now)


async def artists_heard(tx: Tx, *, week: date) -> list[ArtistId]:
    """Return the artists who were listened to in a week, by id."""
    return await store.list_artists(tx, week)


async def listened(tx: Tx, *, artist_id: ArtistId, week: date) -> list[Listened]:
    """Return what others than the artist's own account heard of an artist in a week; nobody is shown this."""
    return await store.list_listened(tx, artist_id, week)


async def publish(
    tx: Tx, *, artist_id: ArtistId, week: date, heard: Sequence[Listened], countries: Mapping[UserId, str] | None = None
) -> bool:
    """Cut an artist's week, once in each way, and keep what may be told of it; return whether anything may.

    `countries` are those of the listeners' clocks, of those who have one.
    """
    audience = cut(heard)
    if audience is not None:
        await store.insert_audience(tx, artist_id, week, audience)
        await splits.insert_pieces(tx, artist_id, week, split(heard, countries=countries or {}))
    return audience is not None


async def note_surface(tx: Tx, *, listen_id: ListenId, user_id: UserId, surface: Surface) -> None:
    """Keep what a listen of an account was started from, until its week is told of. Said again, it stays as it was.

    Whether they consent to that, the caller has asked.

    Raises:
        ListenUnknown: there is no such listen of this account.
    """
    if not await splits.insert_surface(tx, listen_id, surface, user_id=user_id):
        raise ListenUnknown("There is no such listen.")


async def forget_surfaces(tx: Tx, *, week: date) -> int:
    """Forget what the listens up to the end of a week were started from; return of how many."""
    return await splits.delete_surfaces(tx, until=bounds_of(week)[1])


async def forget_surfaces_of(tx: Tx, *, user_id: UserId) -> None:
    """Forget what an account's listens were started from."""
    await splits.delete_surfaces_of(tx, user_id)


async def pieces_of(tx: Tx, *, artist_id: ArtistId, week: date) -> list[Piece]:
    """Return what was published of an artist's week beside its parts."""
    return await splits.list_pieces(tx, artist_id, week)


async def weeks_of(tx: Tx, *, artist_id: ArtistId, limit: int) -> list[WeekTotal]:
    """Return the last weeks of which anything may be told to an artist, the last first."""
    return [WeekTotal(*one) for one in await store.list_totals(tx, artist_id, weeks=limit)]


async def audience_of(tx: Tx, *, artist_id: ArtistId, week: date) -> Audience | None:
    """Return what was published of an artist's week."""
    return await store.load_audience(tx, artist_id, week)
