"""The relay as it runs: alone, beside others, killed in the middle, and through whatever the database does."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.factories.bus import announce, until
from tests.factories.events import Counted, counted, effects, write_effects
from tests.factories.relay_process import CONSUMERS
from vibestream.platform.database import Database, Tx
from vibestream.platform.events import bell, partition, undelivered
from vibestream.platform.events.invariants import INVARIANTS
from vibestream.platform.events.outbox import PARTITIONS, partition_of
from vibestream.platform.events.relay import LOCK_SPACE, Relay, relaying
from vibestream.platform.events.subscriptions import Consumers, Subscription
from vibestream.platform.invariants import check_all

ROOT = Path(__file__).parents[3]


async def relay_process(database: Database, page: int = 20) -> subprocess.Popen[bytes]:
    """Start a relay in a process of its own and wait until it works."""
    command = [sys.executable, "-m", "tests.factories.relay_process", database.dsn, str(page)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as output:
        assert await asyncio.to_thread(output.readline) == b"ready\n"
    return process


async def arrived(database: Database, number: int) -> bool:
    async with database.begin() as tx:
        return bool(await tx.value("SELECT count(*) >= %s FROM platform.effect", [number]))


async def assert_once_and_in_order(database: Database, sent: dict[str, int]) -> None:
    found = await effects(database)
    assert len(found) == sum(sent.values())
    for key, number in sent.items():
        assert [effect.n for effect in found if effect.key == key] == list(range(number))
    assert [checked.finding.ok for checked in await check_all(database, INVARIANTS)] == [True, True]


async def held_by(database: Database) -> dict[int, int]:
    """Return how many partitions each connection holds."""
    async with database.begin() as tx:
        rows = await tx.connection.execute(
            "SELECT pid, count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s::bigint::oid AND objid < 100 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY pid",
            [LOCK_SPACE],
        )
        return dict(await rows.fetchall())


async def test_delivers_while_it_runs_and_not_after_it_has_stopped(bus: Database):
    async with bell.hung(bus), relaying(bus, CONSUMERS):
        await announce(bus, counted("k", 0))
        await until(lambda: arrived(bus, 1))
        await announce(bus, counted("k", 1))
        await until(lambda: arrived(bus, 2))
    await announce(bus, counted("k", 2))
    await asyncio.sleep(0.4)
    assert [effect.n for effect in await effects(bus)] == [0, 1]


async def test_needs_no_bell(bus: Database):
    async with relaying(bus, CONSUMERS):
        await announce(bus, counted("k", 0))
        await until(lambda: arrived(bus, 1), timeout_s=5)


async def test_an_event_held_back_by_an_open_transaction_follows_as_soon_as_that_ends(bus: Database):
    async with bell.hung(bus), relaying(bus, CONSUMERS):
        async with bus.begin() as long:
            await long.execute("SELECT pg_current_xact_id()")
            await announce(bus, counted("k", 0))
            await asyncio.sleep(0.3)
            assert await effects(bus) == []
        await until(lambda: arrived(bus, 1), timeout_s=5)


async def test_a_failing_event_is_tried_again_dies_and_its_key_resumes(bus: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(undelivered, "_FIRST_PAUSE_S", 0.01)

    async def handle(tx: Tx, event: Counted) -> None:
        if event.n == 1:
            raise ValueError("poison")
        await write_effects(tx, "c", [event])

    consumers = Consumers([Subscription(event=Counted, consumer="c", handle=handle)])
    async with relaying(bus, consumers):
        await announce(bus, *(counted("k", n) for n in range(4)))
        await until(lambda: arrived(bus, 3))
    assert [effect.n for effect in await effects(bus)] == [0, 2, 3]
    async with bus.begin() as tx:
        assert await tx.value("SELECT string_agg(state, ',') FROM platform.undelivered") == "dead"


async def test_a_transaction_that_is_lost_is_done_again(bus: Database):
    losses = 3

    async def handle(tx: Tx, event: Counted) -> None:
        nonlocal losses
        await write_effects(tx, "count", [event])
        if losses:
            losses -= 1
            raise psycopg.errors.SerializationFailure

    async with relaying(bus, Consumers([Subscription(event=Counted, consumer="count", handle=handle)])):
        await announce(bus, counted("k", 0), counted("k", 1))
        await until(lambda: arrived(bus, 2))
    await assert_once_and_in_order(bus, {"k": 2})


async def test_goes_on_after_all_its_connections_were_cut(owner_dsn: str, bus: Database):
    async with relaying(bus, CONSUMERS):
        await announce(bus, counted("k", 0))
        await until(lambda: arrived(bus, 1))
        async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await asyncio.sleep(0.1)
        async with Database(bus.dsn) as sender:
            await announce(sender, counted("k", 1))
            await until(lambda: arrived(sender, 2))


async def test_stops_in_the_middle_of_a_long_drain(bus: Database):
    started = asyncio.Event()

    async def handle(tx: Tx, event: Counted) -> None:
        started.set()
        await asyncio.sleep(0.01)
        await write_effects(tx, "count", [event])

    consumers = Consumers([Subscription(event=Counted, consumer="count", handle=handle)])
    await announce(bus, *(counted("k", n) for n in range(2000)))
    async with relaying(bus, consumers, page=10):
        await started.wait()
    done = len(await effects(bus))
    assert 0 < done < 2000
    assert done % 10 == 0


async def test_stops_while_it_tries_a_long_key_again(bus: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(undelivered, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(partition, "AT_ONCE", 5)
    failures = 3  # all at once, all at once in a savepoint, alone

    async def handle(tx: Tx, event: Counted) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise ValueError("not yet")
        await asyncio.sleep(0.01)
        await write_effects(tx, "count", [event])

    consumers = Consumers([Subscription(event=Counted, consumer="count", handle=handle)])
    await announce(bus, *(counted("k", n) for n in range(80)))
    async with relaying(bus, consumers):
        await until(lambda: arrived(bus, 1))
    done = len(await effects(bus))
    assert 0 < done < 80
    async with relaying(bus, consumers):
        await until(lambda: arrived(bus, 80))
    await assert_once_and_in_order(bus, {"k": 80})


async def test_relays_share_the_partitions_and_take_over_from_each_other(bus: Database):
    async def shares(*expected: int) -> bool:
        return sorted((await held_by(bus)).values()) == sorted(expected)

    first, second = Relay(bus, CONSUMERS), Relay(bus, CONSUMERS)
    running = [asyncio.create_task(first.run())]
    await until(lambda: shares(PARTITIONS))
    running.append(asyncio.create_task(second.run()))
    await until(lambda: shares(PARTITIONS // 2, PARTITIONS // 2))
    first.stop()
    await until(lambda: shares(PARTITIONS))
    third = Relay(bus, CONSUMERS)
    running.append(asyncio.create_task(third.run()))
    await until(lambda: shares(PARTITIONS // 2, PARTITIONS // 2))
    third.stop()
    await until(lambda: shares(PARTITIONS))
    second.stop()
    await asyncio.gather(*running)
    await until(shares)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [6, pytest.param(40, marks=pytest.mark.slow)])
async def test_killed_again_and_again_in_the_middle_each_effect_comes_once_and_in_order(bus: Database, kills: int):
    """Two relays at a time, one of them killed every few dozen milliseconds of work, while senders go on."""
    chance = random.Random(20261124)
    sent: dict[str, int] = {}
    stop = asyncio.Event()

    async def send() -> None:
        while not stop.is_set():
            key = f"key {chance.randrange(30)}"
            first, number = sent.get(key, 0), chance.randrange(1, 8)
            await announce(bus, *(counted(key, n) for n in range(first, first + number)))
            sent[key] = first + number
            await asyncio.sleep(0.001)

    async def hammer() -> None:
        survivor = await relay_process(bus)
        for _ in range(kills):
            victim = await relay_process(bus)
            await asyncio.sleep(chance.uniform(0, 0.4))
            victim, survivor = (victim, survivor) if chance.random() < 0.5 else (survivor, victim)
            victim.kill()
            victim.wait()
        survivor.kill()
        survivor.wait()

    sending = asyncio.create_task(send())
    await hammer()
    stop.set()
    await sending
    total = sum(sent.values())
    async with relaying(bus, CONSUMERS):
        await until(lambda: arrived(bus, total))
    await assert_once_and_in_order(bus, sent)


async def test_a_process_asked_to_stop_does_so_soon_and_cleanly(bus: Database):
    process = await relay_process(bus)
    process.terminate()
    assert await asyncio.to_thread(process.wait, 5) == 0


def test_keys_of_these_tests_lie_in_many_partitions():
    assert len({partition_of(f"key {n}") for n in range(30)}) == PARTITIONS
