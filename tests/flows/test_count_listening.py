"""Accepted listens become their listener's own figures: with consent only, each once, and gone with the consent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import heard
from tests.factories.bus import announce, drain, registered
from tests.factories.heard import Played
from tests.factories.listen_reward import make_track
from tests.factories.listen_reward import registered as playable
from tests.factories.users import make_user
from vibestream.contexts.listen_reward.events import ListenAccepted
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.contexts.user.analytics import service as analytics
from vibestream.contexts.user.analytics import store
from vibestream.contexts.user.analytics.service import Count
from vibestream.contexts.user.notifications import service as notifications
from vibestream.flows import count_listening
from vibestream.kernel.ids import ListenId, UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.subscriptions import Consumers

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONSUMERS = Consumers(count_listening.SUBSCRIPTIONS)


def accepted(listen_id: ListenId, one: Played) -> ListenAccepted:
    return ListenAccepted(
        occurred_at=one.began_at + timedelta(seconds=30),
        listen_id=listen_id,
        user_id=one.user_id,
        track_id=one.track.track_id,
        artist_id=one.track.artist_id,
        owner_user_id=one.track.owner_user_id,
        heard_ms=30_000,
    )


async def written(tx: Tx, played: Sequence[Played]) -> list[ListenAccepted]:
    return [accepted(key, one) for key, one in zip(await heard.write(tx, played), played, strict=True)]


async def listener(tx: Tx, *, consenting: bool = True, zone: str = "UTC") -> UserId:
    user_id = (await make_user(tx)).user_id
    if consenting:
        await heard.consent(tx, user_id)
    if zone != "UTC":
        await notifications.choose_hours(tx, user_id=user_id, time_zone=zone, quiet_from="", quiet_until="")
    return user_id


async def kept(tx: Tx, user_id: UserId) -> list[object]:
    """Everything that is kept of somebody, to be compared."""
    return [dict(one) for one in await store.records_of(tx, user_id)]


async def total(tx: Tx, user_id: UserId) -> Count:
    found = await analytics.listening_of(
        tx,
        user_id=user_id,
        since=NOW.date() - timedelta(days=900),
        until=NOW.date() + timedelta(days=2),
        today=NOW.date(),
    )
    return found.total


async def test_over_the_bus_each_listen_is_counted_once_and_only_of_those_who_consent(database: Database):
    await registered(database, CONSUMERS)
    async with database.begin() as tx:
        song = await playable(tx, make_track())
        fan, private = await listener(tx), await listener(tx, consenting=False)
        events = await written(tx, [Played(fan, song, NOW), Played(private, song, NOW), Played(fan, song, NOW)])
    await announce(database, *events)
    await drain(database, CONSUMERS)

    async with database.begin() as tx:
        await count_listening.count_listens(tx, events)  # as after a crash that lost the note that it was done
        assert await total(tx, fan) == Count(2, 120_000)
        assert await kept(tx, private) == []


async def test_what_was_heard_after_it_counted_is_counted_when_the_song_is_over(tx: Tx):
    song = await playable(tx, make_track())
    fan = await listener(tx)
    (event,) = await written(tx, [Played(fan, song, NOW, heard_ms=30_000, live=True)])
    await count_listening.count_listens(tx, [event])
    assert await total(tx, fan) == Count(1, 30_000)

    await tx.execute(
        "UPDATE listen_reward.listen SET heard = '{[0,170000)}', live = false, ended_at = now() WHERE listen_id = %s",
        [event.listen_id],
    )
    assert await count_listening.settle(tx, now=utc_now() + count_listening.SETTLES_AFTER) == 1
    assert await total(tx, fan) == Count(1, 170_000)
    assert await count_listening.settle(tx, now=utc_now() + timedelta(days=9)) == 0


async def test_the_day_is_that_of_the_listeners_zone_and_a_new_zone_moves_every_day(tx: Tx):
    song = await playable(tx, make_track())
    fan = await listener(tx, zone="Europe/Madrid")
    old = await written(tx, [Played(fan, song, datetime(2026, 11, 1, 23, 30, tzinfo=UTC))])
    await count_listening.count_listens(tx, old)
    assert [one["day"] for one in await store.records_of(tx, fan) if "hour" in one] == ["2026-11-02"]

    await notifications.choose_hours(tx, user_id=fan, time_zone="America/Lima", quiet_from="", quiet_until="")
    new = await written(tx, [Played(fan, song, datetime(2026, 11, 24, 3, 0, tzinfo=UTC))])
    await count_listening.count_listens(tx, new)

    hours = [(one["day"], one["hour"]) for one in await store.records_of(tx, fan) if "hour" in one]
    assert hours == [("2026-11-01", 18), ("2026-11-23", 22)]


async def test_giving_consent_counts_what_was_heard_before_and_withdrawing_it_deletes_everything(tx: Tx):
    song = await playable(tx, make_track())
    fan = await listener(tx, consenting=False)
    await written(tx, [Played(fan, song, NOW - timedelta(days=day)) for day in range(3)])
    assert await count_listening.recount(tx, user_id=fan, now=NOW) is None

    await heard.consent(tx, fan)
    assert await count_listening.recount(tx, user_id=fan, now=NOW) == 3
    await heard.withdraw(tx, fan)
    assert await count_listening.forget_withdrawn(tx, after=None) is None

    assert await kept(tx, fan) == []


@pytest.mark.parametrize("how", ["an event", "the schedule", "a rebuild"])
async def test_whatever_comes_after_a_withdrawal_deletes_and_counts_nothing(tx: Tx, how: str):
    song = await playable(tx, make_track())
    fan, other = await listener(tx), await listener(tx)
    events = await written(tx, [Played(fan, song, NOW, live=True), Played(other, song, NOW)])
    await count_listening.count_listens(tx, events)
    await heard.withdraw(tx, fan)

    match how:
        case "an event":
            await count_listening.count_listens(tx, events)
        case "the schedule":
            await count_listening.settle(tx, now=utc_now() + count_listening.SETTLES_AFTER)
        case _:
            await count_listening.recount(tx, user_id=fan, now=NOW)

    assert await kept(tx, fan) == []
    assert await total(tx, other) == Count(1, 60_000)


@pytest.mark.parametrize("seed", range(5))
async def test_a_world_of_listens_in_any_order_with_repeats_is_what_a_rebuild_makes(tx: Tx, seed: int):
    chance = random.Random(seed)
    zone = chance.choice(["UTC", "Europe/Madrid", "Asia/Kathmandu", "America/St_Johns"])
    songs = [await playable(tx, make_track()) for _ in range(4)]
    fan = await listener(tx, zone=zone)
    events = await written(tx, [_some_listen(chance, fan, songs) for _ in range(60)])
    told = [*events, *chance.sample(events, 20)]
    chance.shuffle(told)
    for at in range(0, len(told), 7):
        await count_listening.count_listens(tx, told[at : at + 7])
    counted = await kept(tx, fan)

    assert await count_listening.recount(tx, user_id=fan, now=NOW) is not None
    assert await kept(tx, fan) == counted
    assert (await total(tx, fan)).listens == 60


async def test_a_withdrawal_beside_a_count_that_is_under_way_leaves_nothing(database: Database):
    """The count has asked for consent already when it is withdrawn; forgetting waits for it and takes what it wrote."""
    async with database.begin() as tx:
        song = await playable(tx, make_track())
        fan = await listener(tx)
        events = await written(tx, [Played(fan, song, NOW)])

    async def withdrawn() -> None:
        async with database.begin() as tx:
            await heard.withdraw(tx, fan)
        async with database.begin() as tx:
            await analytics.forget(tx, user_id=fan)

    async with database.begin() as tx:
        await count_listening.count_listens(tx, events)
        other = asyncio.create_task(withdrawn())
        _, waiting = await asyncio.wait([other], timeout=0.3)
        assert waiting == {other}
    await other

    async with database.begin() as tx:
        assert await kept(tx, fan) == []


def _some_listen(chance: random.Random, fan: UserId, songs: Sequence[Track]) -> Played:
    ago = timedelta(seconds=chance.randrange(86_400 * 6))
    return Played(fan, chance.choice(songs), NOW - ago, heard_ms=chance.randrange(30_000, 180_000))
