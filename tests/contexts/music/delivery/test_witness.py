"""What was served is written down in batches, survives a database that is away, and is forgotten after two days."""

from __future__ import annotations

from datetime import timedelta

import psycopg_pool
import pytest

from tests.factories.music import Music, make_music
from tests.factories.music_catalogue import NOON
from vibestream.contexts.music.delivery import service
from vibestream.contexts.music.delivery.domain.served import Run, Served
from vibestream.contexts.music.delivery.retention import RULES
from vibestream.contexts.music.delivery.service import Timelines, Witness
from vibestream.contexts.music.packaging.domain.asset import State
from vibestream.kernel.ids import ListenId, TrackId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.retention import keep_to
from vibestream.platform.runtime import Runtime

LISTEN = ListenId(new_id())
AT_MS = 1_772_366_400_123


def served(music: Music, *segments: int, listen_id: ListenId = LISTEN, rung: str = "aac-160") -> list[Served]:
    return [Served(listen_id, music.track_id, rung, segment, AT_MS) for segment in segments]


async def announced(tx: Tx) -> list[dict[str, list[object]]]:
    found: list[dict[str, list[object]]] = await tx.value(
        """
        SELECT coalesce(json_agg(data ORDER BY seq), '[]')
        FROM platform.outbox WHERE type = 'vibestream.music.segments_served'
        """
    )
    return found


async def test_what_was_written_is_read_back(tx: Tx):
    music = await make_music(tx, duration_ms=30_000)

    await service.record_served(tx, served=served(music, 1, 2, 8), timelines=Timelines(), now=NOON)

    assert await service.served_to(tx, listen_id=LISTEN) == [
        Run(LISTEN, music.track_id, "aac-160", 1, 2, AT_MS, AT_MS),
        Run(LISTEN, music.track_id, "aac-160", 8, 8, AT_MS, AT_MS),
    ]
    (event,) = await announced(tx)
    assert (event["from_ms"], event["until_ms"]) == ([0, 28_000], [8_000, 30_000])
    assert (event["first_at_ms"], event["last_at_ms"]) == ([AT_MS] * 2, [AT_MS] * 2)


async def test_segments_of_which_nothing_is_known_prove_nothing(tx: Tx):
    music = await make_music(tx, duration_ms=30_000)
    stray = [Served(LISTEN, TrackId(new_id()), "aac-160", 1, AT_MS)]

    await service.record_served(
        tx,
        served=[*stray, *served(music, 9), *served(music, 1, rung="aac-160.2")],
        timelines=Timelines(),
        now=NOON,
    )

    assert len(await service.served_to(tx, listen_id=LISTEN)) == 3
    assert await announced(tx) == []


async def test_many_listens_are_announced_in_few_events(tx: Tx):
    music = await make_music(tx, duration_ms=30_000)
    listens = [ListenId(new_id()) for _ in range(1_100)]

    await service.record_served(
        tx,
        served=[one for listen in listens for one in served(music, 1, listen_id=listen)],
        timelines=Timelines(),
        now=NOON,
    )

    events = await announced(tx)
    assert [len(event["listen_ids"]) for event in events] == [500, 500, 100]
    assert {str(one) for one in listens} == {one for event in events for one in event["listen_ids"]}


async def test_a_track_that_is_still_being_packaged_is_looked_up_each_time(tx: Tx):
    music = await make_music(tx, duration_ms=30_000, state=State.PLAYABLE, publish=False)
    timelines = Timelines()
    run = Run(LISTEN, music.track_id, "aac-160", 1, 1, AT_MS, AT_MS)

    assert await timelines.span(tx, run) == (0, 4_000)
    await tx.execute("UPDATE music.rendition SET segments = 0 WHERE asset_id = %s", [music.asset.asset_id])
    assert await timelines.span(tx, run) is None


async def test_what_could_not_be_written_waits_for_the_next_time(database: Database):
    async with database.begin() as tx:
        music = await make_music(tx, duration_ms=30_000)
    away = Database(database.dsn)  # not opened
    witness = Witness(away)
    witness.note(served(music, 1)[0])
    with pytest.raises(psycopg_pool.PoolClosed):
        await witness.flush()
    witness.note(served(music, 2)[0])

    async with away:
        await witness.flush()
        await witness.flush()

    async with database.begin() as tx:
        runs = await service.served_to(tx, listen_id=LISTEN)
    assert [(run.first_segment, run.last_segment) for run in runs] == [(1, 2)]


async def test_a_witness_remembers_only_so_much(tx: Tx, database: Database):
    music = await make_music(tx)
    witness = Witness(database)
    one = served(music, 1)[0]

    for _ in range(service.MOST_WAITING + 5):
        witness.note(one)

    assert len(witness._waiting) == service.MOST_WAITING


async def test_what_is_older_than_two_days_is_forgotten(database: Database, runtime: Runtime):
    async with database.begin() as tx:
        music = await make_music(tx, duration_ms=30_000)
        old, new = ListenId(new_id()), ListenId(new_id())
        for listen, age in ((old, timedelta(days=2, minutes=1)), (new, timedelta(days=1, hours=23))):
            at_ms = int((utc_now() - age).timestamp() * 1000)
            segment = Served(listen, music.track_id, "aac-160", 1, at_ms)
            await service.record_served(tx, served=[segment], timelines=Timelines(), now=NOON)

    await keep_to(runtime.database, rules=RULES, now=utc_now())

    async with database.begin() as tx:
        assert await service.served_to(tx, listen_id=old) == []
        assert len(await service.served_to(tx, listen_id=new)) == 1
