"""What one page of one partition promises: nothing lost, nothing doubled, each key in order, failures kept apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from tests.factories.bus import announce, drain, horizon_of, registered, retry_now, settled_horizon_of
from tests.factories.events import Closed, Counted, CountedAgain, Effect, closed, counted, effects, write_effects
from vibestream.kernel.errors import Conflict, Unavailable
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events import undelivered
from vibestream.platform.events.codec import encode
from vibestream.platform.events.delivery import DUPLICATES, deliver_one
from vibestream.platform.events.envelopes import Envelope
from vibestream.platform.events.outbox import partition_of, publish
from vibestream.platform.events.page import deliver_page
from vibestream.platform.events.subscriptions import Consumers, Poison, Subscription
from vibestream.platform.events.undelivered import TRIES


def counting(consumer: str = "count", poison: Poison = Poison.BLOCK_KEY) -> Subscription[Counted]:
    async def handle_batch(tx: Tx, events: Sequence[Counted]) -> None:
        await write_effects(tx, consumer, events)

    return Subscription(event=Counted, consumer=consumer, handle_batch=handle_batch, poison=poison)


def refusing(
    refused: set[tuple[str, int]], consumer: str = "count", poison: Poison = Poison.BLOCK_KEY
) -> Subscription[Counted]:
    """A consumer that refuses some events, after having written their effect."""

    async def handle(tx: Tx, event: Counted) -> None:
        await write_effects(tx, consumer, [event])
        if (event.name, event.n) in refused:
            raise Conflict(f"not {event.name} {event.n}")

    return Subscription(event=Counted, consumer=consumer, handle=handle, poison=poison)


async def states(database: Database) -> list[tuple[str, int]]:
    async with database.begin() as tx:
        rows = await tx.connection.execute("SELECT state, tries FROM platform.undelivered ORDER BY seq")
        return await rows.fetchall()


async def test_delivers_each_event_once_to_each_consumer_in_the_order_of_publishing(bus: Database):
    consumers = await registered(bus, Consumers([counting("a"), counting("b")]))
    await announce(bus, counted("k", 1), counted("k", 2))
    await announce(bus, counted("k", 3))

    await drain(bus, consumers)
    await drain(bus, consumers)

    assert [e for e in await effects(bus) if e.consumer == "a"] == [Effect("a", "k", n) for n in (1, 2, 3)]
    assert [e for e in await effects(bus) if e.consumer == "b"] == [Effect("b", "k", n) for n in (1, 2, 3)]


async def overlapping_senders(bus: Database, consumers: Consumers, read_horizon) -> int:
    """Send events from transactions that commit in the reverse of their order, draining after each commit."""
    async with AsyncExitStack() as stack:
        senders = []
        for n in range(5):
            context = bus.begin()
            tx = await context.__aenter__()
            await publish(tx, counted(f"key {n}", n))
            senders.append(context)
        for context in reversed(senders):
            await context.__aexit__(None, None, None)
            await drain(bus, consumers, horizon=await read_horizon(bus))
        await stack.aclose()
    await drain(bus, consumers, horizon=await read_horizon(bus))
    return len(await effects(bus))


async def test_loses_no_event_of_a_transaction_that_commits_after_later_ones(bus: Database):
    consumers = await registered(bus, Consumers([counting()]))
    await overlapping_senders(bus, consumers, horizon_of)
    await drain(bus, consumers)
    assert len(await effects(bus)) == 5


async def test_that_scenario_loses_events_without_the_horizon(bus: Database):
    async def no_horizon(database: Database) -> int:
        async with database.begin() as tx:
            return int(await tx.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))

    consumers = await registered(bus, Consumers([counting()]))
    assert await overlapping_senders(bus, consumers, no_horizon) < 5


async def test_keeps_a_keys_order_when_the_later_sender_has_the_older_transaction(bus: Database):
    consumers = await registered(bus, Consumers([counting()]))
    async with bus.begin() as older:
        await older.execute("INSERT INTO platform.effect (consumer, key, n) VALUES ('x', 'takes an id', 0)")
        await older.execute("DELETE FROM platform.effect")
        async with bus.begin() as younger:
            await publish(younger, counted("k", 1))
        await drain(bus, consumers, horizon=await horizon_of(bus))
        assert await effects(bus) == []
        await publish(older, counted("k", 2))

    await drain(bus, consumers)
    assert await effects(bus) == [Effect("count", "k", 1), Effect("count", "k", 2)]


async def test_pages_through_a_window_and_through_several(bus: Database):
    consumers = await registered(bus, Consumers([counting()]))
    await announce(bus, *(counted("k", n) for n in range(7)))
    horizon = await settled_horizon_of(bus)
    async with bus.begin() as tx:
        first = await deliver_page(tx, consumers=consumers, partition=partition_of("k"), horizon=horizon, limit=3)
    assert not first.at_horizon
    await announce(bus, *(counted("k", n) for n in range(7, 9)))

    await drain(bus, consumers, page=3)
    assert [effect.n for effect in await effects(bus)] == list(range(9))


async def test_an_event_that_nobody_hears_is_passed_over(bus: Database):
    consumers = await registered(bus, Consumers([counting()]))
    await announce(bus, closed("k", 1), counted("k", 2))
    await drain(bus, consumers)
    await announce(bus, closed("k", 3))
    await drain(bus, consumers)
    await announce(bus, counted("k", 4))
    await drain(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [2, 4]


async def test_a_poison_event_holds_up_its_own_key_alone_and_the_key_resumes_in_order(bus: Database):
    consumers = await registered(bus, Consumers([refusing({("k3", 5)})]))
    await announce(bus, *(counted(f"k{key}", n) for n in range(20) for key in range(10)))
    await drain(bus, consumers)
    assert len(await effects(bus)) == 200 - 15
    await announce(bus, counted("k3", 20), counted("k4", 20))
    await drain(bus, consumers)
    assert len(await effects(bus)) == 200 - 15 + 1

    for _ in range(TRIES - 2):
        await retry_now(bus, consumers)
    assert len(await effects(bus)) == 200 - 15 + 1
    await retry_now(bus, consumers)

    found = await effects(bus)
    assert len(found) == 202 - 1
    for key in range(10):
        ns = [effect.n for effect in found if effect.key == f"k{key}"]
        assert ns == [n for n in range(21) if (n < 20 or key in (3, 4)) and (key, n) != (3, 5)]
    assert await states(bus) == [("dead", TRIES)]


async def test_a_key_longer_than_one_round_of_tries_resumes_in_order(bus: Database):
    refused = {("k", 0)}
    consumers = await registered(bus, Consumers([refusing(refused)]))
    await announce(bus, *(counted("k", n) for n in range(250)))
    await drain(bus, consumers)
    refused.clear()
    await retry_now(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == list(range(250))
    assert await states(bus) == []


async def test_one_key_can_fail_again_and_again_and_still_keep_its_order(bus: Database):
    refused = {("k", 1), ("k", 3)}
    consumers = await registered(bus, Consumers([refusing(refused)]))
    await announce(bus, *(counted("k", n) for n in range(5)))
    await drain(bus, consumers)
    refused.discard(("k", 1))
    await retry_now(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [0, 1, 2]
    refused.clear()
    await retry_now(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [0, 1, 2, 3, 4]


async def test_skip_lets_the_keys_later_events_pass(bus: Database):
    consumers = await registered(bus, Consumers([refusing({("k", 1)}, poison=Poison.SKIP)]))
    await announce(bus, *(counted("k", n) for n in range(3)))
    await drain(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [0, 2]
    await announce(bus, counted("k", 3))
    await drain(bus, consumers)
    for _ in range(TRIES - 1):
        await retry_now(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [0, 2, 3]
    assert await states(bus) == [("dead", TRIES)]


async def test_a_failing_consumer_does_not_hold_up_another(bus: Database):
    consumers = await registered(bus, Consumers([refusing({("k", 0)}, "bad"), counting("good")]))
    await announce(bus, *(counted("k", n) for n in range(3)))
    await drain(bus, consumers)
    assert await effects(bus) == [Effect("good", "k", n) for n in range(3)]


async def test_what_is_not_there_now_is_tried_far_longer_than_what_is_refused(bus: Database):
    async def handle(tx: Tx, event: Counted) -> None:
        raise Unavailable("not now")

    consumers = await registered(bus, Consumers([Subscription(event=Counted, consumer="c", handle=handle)]))
    await announce(bus, counted("k", 0))
    await drain(bus, consumers)
    for _ in range(TRIES * 2):
        await retry_now(bus, consumers)
    assert await states(bus) == [("retrying", TRIES * 2 + 1)]


async def test_an_event_in_an_unheard_version_waits_for_the_release_that_hears_it(bus: Database):
    older = await registered(bus, Consumers([counting()]))
    await announce(bus, CountedAgain(occurred_at=utc_now(), name="k", n=1), counted("other", 1))
    await drain(bus, older)
    for _ in range(TRIES * 2):
        await retry_now(bus, older)
    assert await effects(bus) == [Effect("count", "other", 1)]
    assert await states(bus) == [("retrying", TRIES * 2 + 1)]

    async def handle(tx: Tx, event: CountedAgain) -> None:
        await write_effects(tx, "count", [event])

    again: Subscription[Any] = Subscription(event=CountedAgain, consumer="count", handle=handle)
    await retry_now(bus, await registered(bus, Consumers([counting(), again])))
    assert await effects(bus) == [Effect("count", "other", 1), Effect("count", "k", 1)]


async def test_an_event_in_a_version_that_nobody_hears_is_a_dead_letter_in_the_end(
    bus: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(undelivered, "TRIES_WHILE_PASSING", 3)
    consumers = await registered(bus, Consumers([counting()]))
    await announce(bus, CountedAgain(occurred_at=utc_now(), name="k", n=1), counted("k", 2))
    await drain(bus, consumers)
    await retry_now(bus, consumers)
    await retry_now(bus, consumers)
    assert await effects(bus) == [Effect("count", "k", 2)]
    assert await states(bus) == [("dead", 3)]


async def test_a_redelivered_event_is_absorbed_by_the_inbox(bus: Database):
    consumers = await registered(bus, Consumers([counting()]))
    await announce(bus, *(counted("k", n) for n in range(3)))
    await drain(bus, consumers)
    async with bus.begin() as tx:
        await tx.execute("UPDATE platform.consumer SET drained_to = 0")
    await announce(bus, counted("k", 3))
    await drain(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [0, 1, 2, 3]


async def test_a_broken_deferred_constraint_is_laid_at_its_events_door(owner_dsn: str, bus: Database):
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute(
            "ALTER TABLE platform.effect ADD CONSTRAINT once UNIQUE (key, n) DEFERRABLE INITIALLY DEFERRED"
        )

    async def handle(tx: Tx, event: Counted) -> None:
        await write_effects(tx, "c", [event, event] if event.n == 1 else [event])

    consumers = await registered(bus, Consumers([Subscription(event=Counted, consumer="c", handle=handle)]))
    await announce(bus, counted("a", 0), counted("a", 1), counted("b", 0))
    await drain(bus, consumers)
    assert set(await effects(bus)) == {Effect("c", "a", 0), Effect("c", "b", 0)}
    assert await states(bus) == [("retrying", 1)]


async def test_one_consumer_hears_two_kinds_of_a_keys_events_in_order(bus: Database):
    async def count(tx: Tx, events: Sequence[Counted]) -> None:
        await write_effects(tx, "c", events)

    async def close(tx: Tx, event: Closed) -> None:
        await write_effects(tx, "c", [event])

    consumers = await registered(
        bus,
        Consumers(
            [
                Subscription(event=Counted, consumer="c", handle_batch=count),
                Subscription(event=Closed, consumer="c", handle=close),
            ]
        ),
    )
    await announce(bus, counted("k", 0), closed("k", 1), counted("k", 2), counted("j", 0), closed("k", 3))
    await drain(bus, consumers)
    found = await effects(bus)
    assert [effect.n for effect in found if effect.key == "k"] == [0, 1, 2, 3]
    assert [effect.n for effect in found if effect.key == "j"] == [0]


async def test_a_new_consumer_catches_up_from_the_oldest_event_without_holding_up_the_others(bus: Database):
    old = await registered(bus, Consumers([counting("old")]))
    await announce(bus, *(counted("k", n) for n in range(6)))
    await drain(bus, old)
    both = await registered(bus, Consumers([counting("old"), counting("new")]))
    await announce(bus, counted("k", 6))
    horizon = await settled_horizon_of(bus)
    for turn in range(2):
        async with bus.begin() as tx:
            progress = await deliver_page(
                tx, consumers=both, partition=partition_of("k"), horizon=horizon, turn=turn, limit=2
            )
        assert progress.groups == 2
    assert [effect.n for effect in await effects(bus) if effect.consumer == "old"] == list(range(7))
    assert [effect.n for effect in await effects(bus) if effect.consumer == "new"] == [0, 1]

    await drain(bus, both, page=2)
    assert [effect.n for effect in await effects(bus) if effect.consumer == "new"] == list(range(7))
    await announce(bus, counted("k", 7))
    horizon = await settled_horizon_of(bus)
    async with bus.begin() as tx:
        progress = await deliver_page(tx, consumers=both, partition=partition_of("k"), horizon=horizon, limit=9)
    assert (progress.groups, progress.at_horizon) == (1, True)


async def test_leaves_a_consumer_alone_that_a_newer_release_registered_with_more(bus: Database):
    async def close(tx: Tx, event: Closed) -> None:
        raise AssertionError("not published here")

    newer = Consumers([counting(), Subscription(event=Closed, consumer="count", handle=close)])
    await registered(bus, newer)
    await announce(bus, counted("k", 0))
    await drain(bus, Consumers([counting()]))
    assert await effects(bus) == []
    await drain(bus, newer)
    assert await effects(bus) == [Effect("count", "k", 0)]


async def test_two_relays_that_both_hold_a_partition_do_each_page_once(bus: Database):
    consumers = await registered(bus, Consumers([counting()]))
    await announce(bus, *(counted("k", n) for n in range(300)))
    absorbed = DUPLICATES.labels("count")
    before = absorbed._value.get()
    await asyncio.gather(*(drain(bus, consumers, page=7) for _ in range(4)))
    assert [effect.n for effect in await effects(bus)] == list(range(300))
    assert absorbed._value.get() == before


async def test_a_lost_transaction_is_raised_also_when_careful(bus: Database):
    async def handle(tx: Tx, event: Counted) -> None:
        raise psycopg.errors.DeadlockDetected

    consumers = await registered(bus, Consumers([Subscription(event=Counted, consumer="c", handle=handle)]))
    await announce(bus, counted("k", 0))
    horizon = await settled_horizon_of(bus)
    with pytest.raises(psycopg.errors.DeadlockDetected):
        async with bus.begin() as tx:
            await deliver_page(tx, consumers=consumers, partition=partition_of("k"), horizon=horizon, careful=True)
    with pytest.raises(psycopg.errors.DeadlockDetected):
        async with bus.begin() as tx:
            envelope = Envelope(1, 1, new_id(), Counted.type, 1, "k", encode(counted("k", 0)), new_id())
            await deliver_one(tx, consumers=consumers, consumer="c", envelope=envelope)
    assert await states(bus) == []


async def test_two_consumers_of_different_events_share_a_page(bus: Database):
    async def close(tx: Tx, event: Closed) -> None:
        await write_effects(tx, "close", [event])

    both: list[Subscription[Any]] = [counting(), Subscription(event=Closed, consumer="close", handle=close)]
    consumers = await registered(bus, Consumers(both))
    await announce(bus, counted("k", 0))
    await announce(bus, closed("j", 1))
    await drain(bus, consumers)
    assert set(await effects(bus)) == {Effect("count", "k", 0), Effect("close", "j", 1)}
