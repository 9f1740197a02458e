"""What a player must not get away with, over HTTP and into the real database: each line of what is tried against heartbeats."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.factories.listen_reward import GENEROUS, make_track, opened, played, registered
from vibestream.contexts.listen_reward.listening import service
from vibestream.contexts.listen_reward.listening.domain import BUDGET_SLACK_MS, SETTLES_AFTER, Beat, Listen, Playing
from vibestream.contexts.listen_reward.listening.invariants import INVARIANTS
from vibestream.contexts.listen_reward.listening.service import Served
from vibestream.kernel.ids import SessionId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all


def wire(beats: Sequence[Beat]) -> dict[str, Any]:
    return {
        "beats": [
            {"seq": one.seq, "at_client_ms": one.at_ms, "position_ms": one.position_ms, "state": one.state.value}
            for one in beats
        ]
    }


async def begun(database: Database, *, seconds_ago: float, user_id: UserId | None = None) -> Listen:
    async with database.begin() as tx:
        return await opened(tx, user_id=user_id, now=utc_now() - timedelta(seconds=seconds_ago))


async def player(client_for: Any, listen: Listen) -> Any:
    return await client_for(Principal(user_id=listen.user_id, session_id=SessionId(new_id()), roles=frozenset({"fan"})))


def address(listen: Listen) -> str:
    return f"/api/v1/listens/{listen.listen_id}/heartbeats"


async def told(client: Any, listen: Listen, beats: Sequence[Beat]) -> dict[str, Any]:
    answer = await client.post(address(listen), json=wire(beats))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def nothing_counts(database: Database, listen: Listen) -> bool:
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM platform.outbox WHERE type LIKE '%%listen_accepted'") == 0
        row = await service.load_listen(tx, listen_id=listen.listen_id, user_id=listen.user_id)
    assert row.accepted_at is None
    assert all(one.finding.ok for one in await check_all(database, INVARIANTS))
    return True


async def test_out_of_order_is_put_in_order_or_waits_and_is_never_taken_twice(client_for: Any, database: Database):
    listen = await begun(database, seconds_ago=31)
    client, beats = await player(client_for, listen), played(until_s=30)

    early = await told(client, listen, beats[3:])
    shuffled = await told(client, listen, [beats[2], beats[0], beats[1], beats[0]])
    again = await told(client, listen, list(reversed(beats)))

    assert (early["accepted_through_seq"], early["heard_ms"]) == (0, 0)
    assert (shuffled["accepted_through_seq"], shuffled["heard_ms"]) == (3, 20_000)
    assert (again["state"], again["heard_ms"]) == ("accepted", 30_000)
    async with database.begin() as tx:
        stored = await tx.values(
            "SELECT seq FROM listen_reward.heartbeat WHERE listen_id = %s ORDER BY seq", [listen.listen_id]
        )
    assert stored == [1, 2, 3, 4]


async def test_one_number_told_in_two_ways_counts_in_one(client_for: Any, database: Database):
    listen = await begun(database, seconds_ago=31)
    client = await player(client_for, listen)
    first = Beat(1, 0, 0, Playing.PLAYING)

    answer = await told(
        client, listen, [first, Beat(2, 10_000, 10_000, Playing.PLAYING), Beat(2, 10_000, 90_000, Playing.PLAYING)]
    )

    assert (answer["accepted_through_seq"], answer["heard_ms"]) == (2, 10_000)
    assert await nothing_counts(database, listen)


async def test_one_listen_from_two_places_at_once_hears_no_more_than_time_passed(client_for: Any, database: Database):
    passed_s = 21
    listen = await begun(database, seconds_ago=passed_s)
    here, there = [await player(client_for, listen) for _ in range(2)]
    streams = [played(until_s=20, every_s=1), played(from_s=60, until_s=80, every_s=1, at_s=0)]

    posts = [
        client.post(address(listen), json=wire([stream[number]]))
        for number in range(20)
        for client, stream in ((here, streams[0]), (there, streams[1]))
    ]
    answers = await asyncio.gather(*posts)
    for client, stream in ((there, streams[1]), (here, streams[0])):
        answers.append(await client.post(address(listen), json=wire(stream)))

    assert {one.status_code for one in answers} == {200}
    # Whoever is first with a number is believed in it; jumping between the two is no playing, and soon refused.
    assert max(one.json()["heard_ms"] for one in answers) <= passed_s * 1_000 + BUDGET_SLACK_MS
    assert await nothing_counts(database, listen)


async def test_one_listener_in_two_places_at_once_has_one_live_listen(client_for: Any, database: Database):
    user_id = UserId(new_id())
    first = await begun(database, seconds_ago=31, user_id=user_id)
    client = await player(client_for, first)
    await told(client, first, played(until_s=10))

    # Another place opens a listen when the first has heard ten seconds: from then on the first hears nothing.
    async with database.begin() as tx:
        track = await registered(tx, make_track())
        second = await service.open_listen(
            tx, user_id=user_id, track_id=track.track_id, player_id="b", policy=GENEROUS,
            now=utc_now() - timedelta(seconds=20),
        )  # fmt: skip
    went_on = await told(client, first, played(until_s=30))

    assert (went_on["live"], went_on["state"]) == (False, "refused")
    assert went_on["reason"] == "from_the_future"
    assert went_on["heard_ms"] <= 20_000
    async with database.begin() as tx:
        live = await tx.values("SELECT listen_id FROM listen_reward.listen WHERE user_id = %s AND live", [user_id])
    assert live == [second.listen_id]
    assert await nothing_counts(database, first)


@pytest.mark.parametrize("ahead_ms", [5_500, 60_000, 86_000_000])
async def test_the_future_is_refused_for_good(client_for: Any, database: Database, ahead_ms: int):
    listen = await begun(database, seconds_ago=1)
    client = await player(client_for, listen)

    refused = await told(client, listen, [Beat(1, 1_000 + ahead_ms, 0, Playing.PLAYING)])
    later = await told(client, listen, [Beat(2, 1_000, 1_000, Playing.PLAYING)])

    assert (refused["state"], refused["reason"]) == ("refused", "from_the_future")
    assert (later["state"], later["accepted_through_seq"]) == ("refused", 1)
    assert await nothing_counts(database, listen)


@pytest.mark.parametrize("speed", [1.5, 2, 10])
async def test_faster_than_time_is_credited_nothing_and_refused(client_for: Any, database: Database, speed: float):
    listen = await begun(database, seconds_ago=31)
    client = await player(client_for, listen)
    beats = [Beat(n + 1, n * 2_000, round(n * 2_000 * speed), Playing.PLAYING) for n in range(16)]

    answers = [await told(client, listen, [one]) for one in beats]

    assert (answers[-1]["state"], answers[-1]["reason"]) == ("refused", "faster_than_time")
    assert max(one["heard_ms"] for one in answers) <= 2_000
    assert await nothing_counts(database, listen)


async def test_jumping_to_the_end_and_staying_there_is_credited_nothing(client_for: Any, database: Database):
    listen = await begun(database, seconds_ago=31)
    client = await player(client_for, listen)
    beats = [Beat(n + 1, n * 2_000, 180_000 if n else 0, Playing.PLAYING) for n in range(16)]

    answer = await told(client, listen, beats)

    assert (answer["state"], answer["heard_ms"]) == ("open", 0)
    assert await nothing_counts(database, listen)


async def test_segments_that_were_never_served_were_not_heard(client_for: Any, database: Database):
    started = utc_now() - timedelta(seconds=31)
    async with database.begin() as tx:
        track = await registered(tx, make_track())
        listen = await service.open_listen(
            tx, user_id=UserId(new_id()), track_id=track.track_id, player_id="a", policy=GENEROUS, now=started
        )
        await service.grant_evidence(
            tx, listen_id=listen.listen_id, track_id=track.track_id, attributed=True, now=started
        )
        # What was fetched is another part of the song, and ten seconds of what is told to be heard.
        spans = [(90_000, 180_000), (0, 10_000)]
        served = [Served(listen.listen_id, track.track_id, start, stop) for start, stop in spans]
        await service.note_served(tx, served=served, now=started)
    client = await player(client_for, listen)

    answer = await told(client, listen, played(until_s=30))

    assert (answer["state"], answer["heard_ms"]) == ("open", 30_000)
    assert await nothing_counts(database, listen)
    assert await settles_as_closed(database, client, listen)


async def settles_as_closed(database: Database, client: Any, listen: Listen) -> bool:
    """Once it was left and nothing late came, it is over, and what was told of it earned nothing."""
    assert (await client.post(f"/api/v1/listens/{listen.listen_id}/close")).status_code == 200
    later: datetime = utc_now() + SETTLES_AFTER + timedelta(seconds=1)
    async with database.begin() as tx:
        await service.sweep(tx, now=later)
        state = (await service.load_listen(tx, listen_id=listen.listen_id, user_id=listen.user_id)).state.value
    assert state == "closed"
    return await nothing_counts(database, listen)


@pytest.mark.parametrize(
    "odd",
    [
        {"seq": 0}, {"seq": -1}, {"seq": 1.0}, {"seq": "1"}, {"seq": 10**30}, {"seq": True}, {"at_client_ms": -1},
        {"at_client_ms": 86_400_001}, {"at_client_ms": 0.5}, {"position_ms": -1}, {"position_ms": 1e3}, {"position_ms": None},
        {"state": "dreaming"}, {"state": 1}, {"muted": "no"}, {"listen_id": "x"},
    ],
)  # fmt: skip
async def test_what_is_no_heartbeat_is_invalid_and_takes_its_whole_request_with_it(
    client_for: Any, database: Database, odd: dict[str, object]
):
    listen = await begun(database, seconds_ago=31)
    client = await player(client_for, listen)
    good = wire(played(until_s=10))["beats"]

    answer = await client.post(address(listen), json={"beats": [good[0], good[1] | odd]})

    assert answer.status_code == 422
    assert (await told(client, listen, played(until_s=0)))["accepted_through_seq"] == 1
    assert await nothing_counts(database, listen)


@pytest.mark.parametrize("beats", [[], None, {}, "x", [None], [[]]])
async def test_no_heartbeats_are_invalid(client_for: Any, database: Database, beats: object):
    listen = await begun(database, seconds_ago=31)
    client = await player(client_for, listen)

    assert (await client.post(address(listen), json={"beats": beats})).status_code == 422
    many = {"beats": wire([Beat(n + 1, n, n, Playing.PLAYING) for n in range(601)])["beats"]}
    assert (await client.post(address(listen), json=many)).status_code == 422
