"""Announcements, from a transaction to the streams of those they concern."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
import structlog

from vibestream.platform.database import Database
from vibestream.platform.live import (
    BACKLOG,
    CHANNEL,
    MAX_BYTES,
    MOST_STREAMS,
    RESYNC,
    Announcement,
    AnnouncementTooLarge,
    LiveHub,
    Subscription,
    announce,
    announce_many,
)
from vibestream.platform.tasks import cancel_and_wait


@pytest.fixture
async def hub(database: Database) -> AsyncIterator[LiveHub]:
    hub = LiveHub(database)
    task = asyncio.create_task(hub.run())
    async with asyncio.timeout(10):
        await hub.listening.wait()
    yield hub
    await cancel_and_wait(task)


async def next_of(subscription: Subscription) -> Announcement:
    async with asyncio.timeout(5):
        return await subscription.waiting.get()


async def test_what_was_announced_reaches_its_topic_once_committed(hub, database):
    with hub.subscribed("user:ana") as ana, hub.subscribed("user:ben") as ben:
        async with database.begin() as tx:
            await announce(tx, topic="user:ana", kind="packaging.progress", data={"done": 1})
            await announce(tx, topic="user:ana", kind="packaging.progress", data={"done": 2})
            await asyncio.sleep(0.05)
            assert ana.waiting.empty()
        assert await next_of(ana) == Announcement("packaging.progress", '{"done":1}')
        assert await next_of(ana) == Announcement("packaging.progress", '{"done":2}')
        assert ben.waiting.empty()


async def test_what_was_rolled_back_was_never_said(hub, database):
    with hub.subscribed("user:ana") as ana:
        with pytest.raises(ZeroDivisionError):
            async with database.begin() as tx:
                await announce(tx, topic="user:ana", kind="lost", data={})
                raise ZeroDivisionError
        async with database.begin() as tx:
            await announce(tx, topic="user:ana", kind="kept", data={})
        assert (await next_of(ana)).kind == "kept"


async def test_every_stream_of_a_topic_hears_it(hub, database):
    with hub.subscribed("user:ana", "session:1") as one, hub.subscribed("user:ana", "session:2") as two:
        async with database.begin() as tx:
            await announce(tx, topic="user:ana", kind="both", data={})
            await announce(tx, topic="session:2", kind="second", data={})
        assert [(await next_of(one)).kind, (await next_of(two)).kind, (await next_of(two)).kind] == [
            "both",
            "both",
            "second",
        ]
        assert one.waiting.empty()


async def test_data_is_written_on_one_line_whatever_it_holds(hub, database):
    data = {
        "text": "two\nlines\r\u2028 é 🎵",
        "id": UUID("01936f2e-0000-7000-8000-000000000000"),
        "at": datetime(2026, 11, 24, 9, tzinfo=UTC),
    }
    with hub.subscribed("user:ana") as ana:
        async with database.begin() as tx:
            await announce(tx, topic="user:ana", kind="test", data=data)
        said = (await next_of(ana)).data
    assert said.isascii()
    assert not {"\n", "\r"} & set(said)
    assert json.loads(said) == {
        "text": "two\nlines\r\u2028 é 🎵",
        "id": "01936f2e-0000-7000-8000-000000000000",
        "at": "2026-11-24 09:00:00+00:00",
    }


@pytest.mark.parametrize("kind", ["", "Packaging", "a..b", ".a", "a.", "a b", "a\nb", "a\n", "data: x"])
async def test_a_kind_is_words_and_dots(tx, kind):
    with pytest.raises(ValueError, match="not a kind"):
        await announce(tx, topic="user:ana", kind=kind, data={})


async def test_what_no_notification_can_carry_is_a_defect(tx):
    await announce(tx, topic="t", kind="k", data={"text": "x" * (MAX_BYTES - 40)})
    with pytest.raises(AnnouncementTooLarge):
        await announce(tx, topic="t", kind="k", data={"text": "x" * MAX_BYTES})
    with pytest.raises(AnnouncementTooLarge):
        await announce(tx, topic="t", kind="k", data={"text": "é" * 1_400})  # escaped twice: 7 bytes each


async def test_a_reader_who_falls_behind_is_dropped_and_the_others_are_not(hub, database):
    with hub.subscribed("user:ana") as slow, hub.subscribed("user:ana") as quick:
        async with database.begin() as tx:
            for number in range(BACKLOG + 1):
                await announce(tx, topic="user:ana", kind="test", data={"number": number})
        heard = [json.loads((await next_of(quick)).data)["number"] for _ in range(BACKLOG)]
        assert heard == list(range(BACKLOG))
        async with asyncio.timeout(5):
            await slow.ended.wait()
        assert slow.reason == "slow_reader"


async def test_one_stream_too_many_ends_the_oldest(hub):
    from contextlib import ExitStack

    with ExitStack() as stack:
        streams = [stack.enter_context(hub.subscribed("user:ana")) for _ in range(MOST_STREAMS)]
        assert not any(stream.ended.is_set() for stream in streams)
        stack.enter_context(hub.subscribed("user:ana"))
        assert [stream.reason for stream in streams] == ["too_many"] + [""] * (MOST_STREAMS - 1)


async def test_a_lost_connection_is_made_anew_and_everybody_told_to_read_again(hub, database, owner_dsn):
    with hub.subscribed("user:ana") as ana:
        async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
            killed = await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
            assert killed.rowcount == 1
        assert await next_of(ana) == Announcement(RESYNC, "{}")
        async with database.begin() as tx:
            await announce(tx, topic="user:ana", kind="after", data={})
        assert (await next_of(ana)).kind == "after"


async def test_a_foreign_notification_on_the_channel_is_passed_over(hub, database, owner_dsn):
    with hub.subscribed("user:ana") as ana, structlog.testing.capture_logs() as lines:
        async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
            for payload in ("", "not json", "[]", '["user:ana"]', "{}"):
                await owner.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
        async with database.begin() as tx:
            await announce(tx, topic="user:ana", kind="after", data={})
        assert (await next_of(ana)).kind == "after"
    assert [line["event"] for line in lines] == ["live.malformed"] * 5


async def test_a_process_that_goes_ends_its_streams(hub):
    with hub.subscribed("user:ana") as ana, hub.subscribed("user:ben") as ben:
        hub.close("server_going")
        assert (ana.reason, ben.reason) == ("server_going", "server_going")
        assert ana.ended.is_set()
        assert ben.ended.is_set()
    with hub.subscribed("user:ana") as late:
        assert (late.reason, late.ended.is_set()) == ("server_going", True)


async def test_what_was_announced_to_many_reaches_each_their_own_in_its_order(hub, database):
    with hub.subscribed("user:ana") as ana, hub.subscribed("user:ben") as ben:
        async with database.begin() as tx:
            await announce_many(tx, [])
            said = [
                (f"user:{who}", Announcement("told", '"x"', n)) for n in range(BACKLOG) for who in ("ana", "ben", "eva")
            ]
            await announce_many(tx, said)
        for reader in (ana, ben):
            assert [(await next_of(reader)).event_id for _ in range(BACKLOG)] == list(range(BACKLOG))
            assert reader.waiting.empty()


async def test_many_are_as_few_notifications_as_hold_them(database):
    async with database.dedicated() as connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        async with database.begin() as tx:
            # Written, each is 12 bytes longer than its data; with brackets and a comma two of 3,948 are 7,899 bytes.
            await announce_many(tx, [("t", Announcement("k", letter * 3_936)) for letter in "abcd"])
            await announce_many(tx, [("t", Announcement("k", letter * 3_937)) for letter in "efg"])
            with pytest.raises(AnnouncementTooLarge):
                await announce_many(tx, [("t", Announcement("k", "x" * MAX_BYTES))])
        heard = [one.payload async for one in connection.notifies(timeout=1)]
    assert [len(json.loads(one)) for one in heard] == [2, 2, 1, 1, 1]
    assert max(map(len, heard)) <= MAX_BYTES
