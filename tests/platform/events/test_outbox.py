"""Announcing: with the transaction or not at all, and with what led to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from tests.factories.bus import announce, drain, registered
from tests.factories.events import Closed, Counted, closed, counted
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database, Tx
from vibestream.platform.events import bell
from vibestream.platform.events.outbox import PARTITIONS, caused_by, partition_of, publish
from vibestream.platform.events.subscriptions import Consumers, Subscription


@dataclass(frozen=True)
class Row:
    event_id: UUID
    source: str
    type: str
    version: int
    key: str
    partition: int
    correlation_id: UUID
    causation_id: UUID | None


async def rows(tx: Tx) -> list[Row]:
    return await tx.all(
        Row,
        "SELECT event_id, source, type, version, key, partition, correlation_id, causation_id FROM platform.outbox "
        "ORDER BY seq",
    )


async def test_writes_the_columns_of_a_cloud_event(tx: Tx):
    one, two = counted("a", 1), closed("b", 2)
    await publish(tx, one, two)
    assert await rows(tx) == [
        Row(one.event_id, "/vibestream/test", "vibestream.test.counted", 1, "a", 3, one.event_id, None),
        Row(two.event_id, "/vibestream/test", "vibestream.test.closed", 1, "b", 1, two.event_id, None),
    ]


async def test_partitions_are_the_same_on_every_machine():
    assert [partition_of(key) for key in ("a", "b", "c", "", "ü")] == [3, 1, 7, 0, 5]
    assert {partition_of(str(n)) for n in range(100)} == set(range(PARTITIONS))


async def test_nothing_is_announced_when_the_transaction_is_rolled_back(database: Database):
    with pytest.raises(ZeroDivisionError):
        async with database.begin() as tx:
            await publish(tx, counted("a", 1))
            raise ZeroDivisionError
    async with database.begin() as tx:
        assert await rows(tx) == []


async def test_the_same_event_is_not_announced_twice(tx: Tx):
    event = counted("a", 1)
    await publish(tx, event)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await publish(tx, event)


async def test_announcing_nothing_is_nothing(tx: Tx):
    await publish(tx)
    assert await rows(tx) == []


async def test_the_application_cannot_change_what_was_announced(tx: Tx):
    await publish(tx, counted("a", 1))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await tx.execute("UPDATE platform.outbox SET data = '{}'")


async def test_events_carry_what_led_to_them(tx: Tx):
    first, cause = new_id(), new_id()
    with caused_by(correlation_id=first, causation_id=cause):
        await publish(tx, counted("a", 1))
    await publish(tx, counted("a", 2))
    one, two = await rows(tx)
    assert (one.correlation_id, one.causation_id) == (first, cause)
    assert (two.correlation_id, two.causation_id) == (two.event_id, None)


async def test_what_a_handler_announces_is_caused_by_what_it_handled(database: Database):
    async def handle(tx: Tx, event: Counted) -> None:
        await publish(tx, closed(event.name, event.n))

    async def handle_batch(tx: Tx, events) -> None:
        await publish(tx, closed("batch", 0))

    consumers = await registered(
        database,
        Consumers(
            [
                Subscription(event=Counted, consumer="one", handle=handle),
                Subscription(event=Counted, consumer="many", handle_batch=handle_batch),
            ]
        ),
    )
    event = counted("a", 1)
    await announce(database, event)
    await drain(database, consumers)
    async with database.begin() as tx:
        found = {row.key: row for row in await rows(tx) if row.type == Closed.type}
    assert (found["a"].correlation_id, found["a"].causation_id) == (event.event_id, event.event_id)
    assert (found["batch"].correlation_id, found["batch"].causation_id) == (found["batch"].event_id, None)


async def test_many_rings_are_few_notifications_and_none_is_forgotten(database: Database):
    async with bell.hung(database), database.dedicated() as listener:
        await listener.execute("LISTEN vibestream_outbox")
        await asyncio.gather(*(announce(database, counted("a", n)) for n in range(50)))
        heard = [n async for n in listener.notifies(timeout=0.5)]
        assert 1 <= len(heard) < 50
        await announce(database, counted("a", 50))
        assert len([n async for n in listener.notifies(timeout=5, stop_after=1)]) == 1


async def test_the_bell_comes_back_after_a_broken_connection(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bell, "_AFTER_ERROR_S", 0.01)
    async with database.dedicated() as listener:
        await listener.execute("LISTEN vibestream_outbox")
        await database.close()
        async with bell.hung(database):
            bell.ring()
            await asyncio.sleep(0.05)
            async with Database(database.dsn) as again:
                monkeypatch.setattr(database, "_pool", again._pool)
                bell.ring()
                assert len([n async for n in listener.notifies(timeout=5, stop_after=1)]) == 1
    bell.ring()
