"""A week is published once, of listeners who agree, and nothing that happens afterwards changes what was told."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import heard
from tests.factories.heard import Played
from tests.factories.listen_reward import make_track
from tests.factories.listen_reward import registered as playable
from tests.factories.users import make_user
from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.listen_reward.analytics.personal import PERSONAL
from vibestream.contexts.listen_reward.analytics.service import Audience, Part, WeekTotal
from vibestream.contexts.listen_reward.insiders import service as insiders
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.flows import publish_audience
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Database, Tx

WEEK = date(2026, 11, 16)
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
OVER = MONDAY + timedelta(days=7, hours=1)


async def fans(tx: Tx, count: int, *, agreeing: bool = True) -> list[UserId]:
    people = [(await make_user(tx)).user_id for _ in range(count)]
    if agreeing:
        for one in people:
            await heard.consent(tx, one)
    return people


async def listen(tx: Tx, people: list[UserId], track: Track, *, at: datetime = MONDAY + timedelta(hours=9)) -> None:
    await heard.write(tx, [Played(one, track, at, heard_ms=90_000) for one in people])


async def told(tx: Tx, track: Track) -> Audience | None:
    return await audience.audience_of(tx, artist_id=track.artist_id, week=WEEK)


async def test_only_those_who_agree_count_and_the_artists_own_account_never_does(tx: Tx):
    owner = (await fans(tx, 1))[0]
    song = await playable(tx, make_track(owner_user_id=owner))
    await listen(tx, [*await fans(tx, 10), *await fans(tx, 30, agreeing=False), owner], song)

    assert await publish_audience.publish_week(tx, week=WEEK, now=OVER) == 1

    assert await told(tx, song) == Audience(10, (Part(song.track_id, WEEK, 10, 10, 50),))
    assert await audience.weeks_of(tx, artist_id=song.artist_id, limit=9) == [WeekTotal(WEEK, 10, 10)]


async def test_whoever_may_read_what_is_told_is_not_in_it_while_they_work_for_the_artist(tx: Tx):
    song = await playable(tx, make_track())
    editor, former, later, elsewhere = await fans(tx, 4)
    for who, artist_id, since, until in (
        (editor, song.artist_id, MONDAY - timedelta(days=9), None),
        (former, song.artist_id, MONDAY - timedelta(days=9), MONDAY),
        (later, song.artist_id, MONDAY + timedelta(days=3), None),
        (elsewhere, make_track().artist_id, MONDAY - timedelta(days=9), None),
    ):
        owner, team = song.owner_user_id, insiders.Through.TEAM
        await insiders.admit(tx, artist_id=artist_id, owner_user_id=owner, user_id=who, through=team, now=since)
        if until is not None:
            await insiders.dismiss(tx, artist_id=artist_id, user_id=who, through=team, now=until)
    await listen(tx, [*await fans(tx, 7), editor, former, later, elsewhere], song)

    assert await publish_audience.publish_week(tx, week=WEEK, now=OVER) == 1

    assert await told(tx, song) == Audience(10, (Part(song.track_id, WEEK, 10, 10, 50),))


async def test_nine_who_agree_are_nobody_however_many_do_not(tx: Tx):
    song = await playable(tx, make_track())
    await listen(tx, [*await fans(tx, 9), *await fans(tx, 20, agreeing=False)], song)

    assert await publish_audience.publish_week(tx, week=WEEK, now=OVER) == 0
    assert await told(tx, song) is None


async def test_what_was_told_stays_whoever_comes_leaves_or_is_forgotten(tx: Tx):
    """Asked before and after, the answers are the same: their difference is nobody."""
    song = await playable(tx, make_track())
    people = await fans(tx, 20)
    await listen(tx, people, song)
    await publish_audience.publish_week(tx, week=WEEK, now=OVER)
    before = await told(tx, song)

    await listen(tx, await fans(tx, 15), song)
    await heard.withdraw(tx, people[0])
    await tx.execute("UPDATE listen_reward.listen SET user_id = %s WHERE user_id = %s", [people[2], people[1]])
    assert await publish_audience.publish_week(tx, week=WEEK, now=OVER + timedelta(days=30)) == 0

    assert before == Audience(20, (Part(song.track_id, WEEK, 20, 20, 50),))
    assert await told(tx, song) == before


async def test_the_application_may_not_change_what_was_told(tx: Tx):
    grants = await tx.values(
        "SELECT privilege_type::text FROM information_schema.role_table_grants WHERE grantee = 'vibestream_app'"
        " AND table_schema = 'listen_reward' AND table_name IN ('audience_week', 'audience_total', 'audience_part')"
    )
    assert "UPDATE" not in grants
    assert "TRUNCATE" not in grants


@pytest.mark.parametrize(
    ("week", "now"),
    [(WEEK, OVER - timedelta(seconds=1)), (WEEK + timedelta(days=1), OVER + timedelta(days=9)), (WEEK, MONDAY)],
)
async def test_a_week_that_is_not_over_or_begins_on_another_day_is_refused(tx: Tx, week: date, now: datetime):
    with pytest.raises(ValueError, match="cannot be told"):
        await publish_audience.publish_week(tx, week=week, now=now)


async def test_every_week_since_the_first_listen_is_due_until_it_was_told(tx: Tx):
    assert await audience.due_weeks(tx, now=OVER) == []
    song = await playable(tx, make_track())
    await listen(tx, await fans(tx, 1), song, at=MONDAY - timedelta(days=8))
    weeks = [WEEK - timedelta(days=14), WEEK - timedelta(days=7), WEEK]

    assert await audience.due_weeks(tx, now=OVER) == weeks
    assert await audience.due_weeks(tx, now=OVER - timedelta(seconds=1)) == weeks[:2]
    await publish_audience.publish_week(tx, week=weeks[1], now=OVER)
    assert await audience.due_weeks(tx, now=OVER) == [weeks[0], weeks[2]]


async def test_two_workers_tell_a_week_once(database: Database):
    async with database.begin() as tx:
        song = await playable(tx, make_track())
        await listen(tx, await fans(tx, 12), song)

    async def publish() -> int:
        async with database.begin() as tx:
            return await publish_audience.publish_week(tx, week=WEEK, now=OVER)

    assert sorted(await asyncio.gather(publish(), publish())) == [0, 1]


async def test_listens_at_the_borders_are_of_one_week_each(tx: Tx):
    song = await playable(tx, make_track())
    people = await fans(tx, 10)
    for accepted in (MONDAY, MONDAY + timedelta(days=7) - timedelta(milliseconds=1), MONDAY + timedelta(days=7)):
        await listen(tx, people, song, at=accepted - timedelta(seconds=30))
    await publish_audience.publish_week(tx, week=WEEK, now=OVER)

    found = await told(tx, song)

    assert found is not None
    assert [(one.day, one.listens) for one in found.parts] == [(WEEK, 10), (WEEK + timedelta(days=6), 10)]


async def test_an_artists_copy_holds_their_weeks_and_their_erasure_deletes_them(tx: Tx):
    owner = (await fans(tx, 1))[0]
    mine, other = await playable(tx, make_track(owner_user_id=owner)), await playable(tx, make_track())
    people = await fans(tx, 10)
    await listen(tx, people, mine)
    await listen(tx, people, other)
    await publish_audience.publish_week(tx, week=WEEK, now=OVER)

    records = [dict(one) for one in await PERSONAL.export(tx, owner)]
    assert [(one["track_id"], one["listens"]) for one in records] == [(str(mine.track_id), 10)]
    assert [dict(one) for one in await PERSONAL.export(tx, people[0])] == []
    await PERSONAL.erase(tx, owner)
    assert (await told(tx, mine), await told(tx, other) is None) == (None, False)
    assert await publish_audience.publish_week(tx, week=WEEK, now=OVER) == 0
