"""A day is counted anew as a whole, belongs to one person, and goes with them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.factories.users import make_user
from vibestream.contexts.user.analytics import service
from vibestream.contexts.user.analytics.personal import PERSONAL
from vibestream.contexts.user.analytics.service import Count, Heard, Streaks
from vibestream.kernel.ids import ArtistId, TrackId, UserId, new_id
from vibestream.platform.database import Tx

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
TODAY = date(2026, 11, 24)
SONG, OTHER, ARTIST = TrackId(new_id()), TrackId(new_id()), ArtistId(new_id())


def heard(*, ago: timedelta = timedelta(), ms: int = 60_000, track: TrackId = SONG, playing: bool = False) -> Heard:
    return Heard(track, ARTIST, NOW - ago, ms, playing=playing)


async def of_this_year(tx: Tx, user_id: UserId) -> service.Listening:
    return await service.listening_of(tx, user_id=user_id, since=date(2026, 1, 1), until=date(2027, 1, 1), today=TODAY)


async def counted(tx: Tx, *listens: Heard) -> UserId:
    user_id = (await make_user(tx)).user_id
    await service.replace_all(tx, user_id=user_id, time_zone="UTC", heard=listens, due_at=LATER)
    return user_id


async def test_what_was_heard_is_told_by_day_hour_weekday_track_and_artist(tx: Tx):
    user_id = await counted(tx, heard(), heard(track=OTHER, ms=90_000), heard(ago=timedelta(days=1)))

    found = await of_this_year(tx, user_id)

    assert found.total == Count(3, 210_000)
    assert found.days == ((date(2026, 11, 23), Count(1, 60_000)), (TODAY, Count(2, 150_000)))
    assert found.months == ((date(2026, 11, 1), Count(3, 210_000)),)
    assert found.hours[12] == Count(3, 210_000)
    assert sum(one.listens for one in found.hours) == 3
    assert found.weekdays[:2] == (Count(1, 60_000), Count(2, 150_000))
    assert found.tracks == ((SONG, Count(2, 120_000)), (OTHER, Count(1, 90_000)))
    assert found.artists == ((ARTIST, Count(3, 210_000)),)
    assert found.streaks == Streaks(2, 2)
    assert await service.years_of(tx, user_id=user_id) == [2026]


async def test_counting_a_day_again_changes_nothing_and_leaves_the_others(tx: Tx):
    yesterday = heard(ago=timedelta(days=1))
    user_id = await counted(tx, heard(), yesterday)
    before = await of_this_year(tx, user_id)

    for _ in range(2):
        await service.replace_day(tx, user_id=user_id, day=TODAY, heard=[heard()], due_at=LATER)
    assert await of_this_year(tx, user_id) == before

    await service.replace_day(tx, user_id=user_id, day=TODAY, heard=[], due_at=LATER)
    assert (await of_this_year(tx, user_id)).total == Count(1, 60_000)


async def test_a_listen_of_another_day_is_refused(tx: Tx):
    user_id = await counted(tx)

    with pytest.raises(ValueError, match="another day"):
        await service.replace_day(tx, user_id=user_id, day=TODAY, heard=[heard(ago=timedelta(days=1))], due_at=LATER)


async def test_a_day_with_a_song_that_plays_is_due_again_until_it_is_over(tx: Tx):
    user_id = await counted(tx, heard(playing=True))

    assert await service.due_days(tx, now=NOW, limit=9) == []
    assert await service.due_days(tx, now=LATER, limit=9) == [(user_id, TODAY)]
    await service.replace_day(tx, user_id=user_id, day=TODAY, heard=[heard(ms=180_000)], due_at=LATER)
    assert await service.due_days(tx, now=LATER, limit=9) == []


async def test_of_whom_nothing_is_kept_no_day_is_begun(tx: Tx):
    user_id = (await make_user(tx)).user_id

    await service.replace_day(tx, user_id=user_id, day=TODAY, heard=[heard()], due_at=LATER)

    assert (await of_this_year(tx, user_id)).total == Count()
    assert await service.begin(tx, user_id=user_id) is None
    assert await service.forget(tx, user_id=user_id) is False


async def test_forgetting_leaves_no_row_of_them_and_every_row_of_others(tx: Tx):
    user_id, other = await counted(tx, heard(playing=True)), await counted(tx, heard(playing=True))

    assert await service.forget(tx, user_id=user_id) is True

    assert await rows_of(tx, user_id) == [0, 0, 0, 0]
    assert await rows_of(tx, other) == [1, 1, 1, 1]


async def test_a_copy_tells_every_day_and_erasing_ends_it(tx: Tx):
    user_id = await counted(tx, heard())
    told: list[Any] = [dict(one) for one in await PERSONAL.export(tx, user_id)]

    assert told == [
        {"time_zone": "UTC"},
        {"day": "2026-11-24", "track_id": str(SONG), "artist_id": str(ARTIST), "listens": 1, "heard_ms": 60_000},
        {"day": "2026-11-24", "hour": 12, "listens": 1, "heard_ms": 60_000},
    ]
    await PERSONAL.erase(tx, user_id)
    assert list(await PERSONAL.export(tx, user_id)) == []
    assert await rows_of(tx, user_id) == [0, 0, 0, 0]


async def rows_of(tx: Tx, user_id: UserId) -> list[int]:
    found = await tx.value(
        """
        SELECT ARRAY[(SELECT count(*) FROM users.listening_clock WHERE user_id = %(user)s),
            (SELECT count(*) FROM users.listening_track WHERE user_id = %(user)s),
            (SELECT count(*) FROM users.listening_hour WHERE user_id = %(user)s),
            (SELECT count(*) FROM users.listening_unsettled WHERE user_id = %(user)s)]
        """,
        {"user": user_id},
    )
    return list(found)
