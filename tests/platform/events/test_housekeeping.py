"""Retention, registration, figures and the invariant, each against planted trouble."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from psycopg import sql

from tests.factories.bus import announce, drain, registered, retry_now, settled_horizon_of
from tests.factories.events import Counted, counted, effects, write_effects
from vibestream.kernel.time import utc_now
from vibestream.platform import retention
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.figures import bus_figures
from vibestream.platform.events.invariants import INVARIANTS
from vibestream.platform.events.outbox import publish
from vibestream.platform.events.registration import register, renumber
from vibestream.platform.events.subscriptions import Consumers, Subscription
from vibestream.platform.invariants import check_all
from vibestream.platform.retention import keep_to
from vibestream.platform.retention_rules import rules_of


def counting(consumer: str = "count") -> Consumers:
    async def handle_batch(tx: Tx, events) -> None:
        if any(event.name == "bad" for event in events):
            raise ValueError("bad")
        await write_effects(tx, consumer, events)

    return Consumers([Subscription(event=Counted, consumer=consumer, handle_batch=handle_batch)])


async def prune(database: Database, *, keep: timedelta) -> int:
    """Keep to the rules as they are for so long, and return how many events that deleted."""
    return (await keep_to(database, rules=rules_of(events_kept=keep), now=utc_now()))["platform.events"]


async def count(database: Database, table: str) -> int:
    async with database.begin() as tx:
        cursor = await tx.connection.execute(sql.SQL("SELECT count(*) FROM platform.{}").format(sql.Identifier(table)))
        return int((await cursor.fetchall())[0][0])


async def age(owner_dsn: str, table: str, column: str, days: int) -> None:
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute(
            sql.SQL("UPDATE platform.{table} SET {column} = {column} - make_interval(days => %s)").format(
                table=sql.Identifier(table), column=sql.Identifier(column)
            ),
            [days],
        )


async def test_prunes_what_is_old_and_settled_and_its_inbox_rows_later(owner_dsn: str, bus: Database, monkeypatch):
    monkeypatch.setattr(retention, "MOST", 2)
    consumers = await registered(bus, counting())
    await announce(bus, *(counted("k", n) for n in range(5)))
    await drain(bus, consumers)
    await age(owner_dsn, "outbox", "recorded_at", 8)
    await age(owner_dsn, "inbox", "delivered_at", 7)
    await announce(bus, counted("k", 5))
    await drain(bus, consumers)

    assert await prune(bus, keep=timedelta(days=7)) == 5
    assert (await count(bus, "outbox"), await count(bus, "inbox")) == (1, 6)
    await age(owner_dsn, "inbox", "delivered_at", 1)
    assert await prune(bus, keep=timedelta(days=7)) == 0
    assert await count(bus, "inbox") == 1


async def test_keeps_an_old_event_that_a_consumer_has_not_reached(owner_dsn: str, bus: Database):
    fast, slow = await registered(bus, counting("fast")), await registered(bus, counting("slow"))
    await announce(bus, counted("k", 0))
    await drain(bus, fast)
    await age(owner_dsn, "outbox", "recorded_at", 30)
    assert await prune(bus, keep=timedelta(days=7)) == 0
    await drain(bus, slow)
    assert await prune(bus, keep=timedelta(days=7)) == 1


async def test_an_inbox_row_outlives_its_event_whatever_its_age(owner_dsn: str, bus: Database):
    consumers = await registered(bus, counting())
    await announce(bus, counted("k", 0))
    await drain(bus, consumers)
    await age(owner_dsn, "inbox", "delivered_at", 100)
    await prune(bus, keep=timedelta(days=7))
    assert await count(bus, "inbox") == 1


async def test_discarded_letters_are_forgotten_and_dead_ones_are_not(owner_dsn: str, bus: Database):
    consumers = await registered(bus, counting())
    await announce(bus, counted("bad", 0), counted("bad", 1))
    await drain(bus, consumers)
    async with bus.begin() as tx:
        await tx.execute(
            "UPDATE platform.undelivered SET settled_at = now() - interval '1 year', "
            "state = CASE WHEN tries = 1 THEN 'dead' ELSE 'discarded' END"
        )
    await prune(bus, keep=timedelta(days=7))
    async with bus.begin() as tx:
        assert await tx.value("SELECT string_agg(state, ',') FROM platform.undelivered") == "dead"


async def test_registering_again_changes_nothing_but_what_is_heard(bus: Database):
    consumers = await registered(bus, counting())
    await announce(bus, counted("k", 0))
    await drain(bus, consumers)
    await registered(bus, consumers)
    await drain(bus, consumers)
    assert len(await effects(bus)) == 1


async def test_a_database_restored_in_another_cluster_goes_on_where_it_was(owner_dsn: str, bus: Database):
    consumers = await registered(bus, counting())
    await announce(bus, counted("k", 0), counted("k", 1))
    await drain(bus, consumers)
    await announce(bus, counted("k", 2))
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute("UPDATE platform.outbox SET xid = xid + 1000000")
        await owner.execute("UPDATE platform.inbox SET xid = xid + 1000000")
        await owner.execute("UPDATE platform.consumer SET drained_to = drained_to + 1000000 WHERE drained_to > 0")
    await announce(bus, counted("k", 3))
    await drain(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [0, 1]

    async with bus.begin() as tx:
        assert await renumber(tx)
        assert not await renumber(tx)
    await drain(bus, consumers)
    await announce(bus, counted("k", 4))
    await drain(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [0, 1, 2, 3, 4]
    assert [checked.finding.ok for checked in await check_all(bus, INVARIANTS)] == [True, True]


async def test_a_restored_database_without_events_goes_on_as_well(bus: Database):
    consumers = await registered(bus, counting())
    async with bus.begin() as tx:
        await tx.execute("UPDATE platform.consumer SET drained_to = 1000000000, window_to = 1000000005, after_seq = 0")
    async with bus.begin() as tx:
        assert await renumber(tx)
        await register(tx, consumers=consumers)
    await announce(bus, counted("k", 0))
    await drain(bus, consumers)
    assert [effect.n for effect in await effects(bus)] == [0]


async def test_a_database_in_its_own_cluster_is_not_renumbered(bus: Database):
    consumers = await registered(bus, counting())
    await announce(bus, counted("k", 0))
    async with bus.begin() as tx:
        assert not await renumber(tx)
    await drain(bus, consumers)
    async with bus.begin() as tx:
        assert not await renumber(tx)


async def test_figures_count_what_waits_what_is_tried_again_and_what_is_dead(bus: Database):
    consumers = await registered(bus, counting())
    async with bus.begin() as tx:
        assert (await bus_figures(tx)).consumers[0].waiting == 0
    await announce(bus, counted("bad", 0), counted("bad", 1), counted("k", 0))
    async with bus.begin() as tx:
        (before,) = (await bus_figures(tx)).consumers
    assert (before.name, before.waiting, before.retrying, before.dead_letters) == ("count", 3, 0, 0)
    assert 0 < before.oldest_waiting_s < 60
    await drain(bus, consumers)
    async with bus.begin() as tx:
        await tx.execute("UPDATE platform.undelivered SET state = 'dead', settled_at = now() WHERE tries = 1")
        figures = await bus_figures(tx)
    (after,) = figures.consumers
    assert (after.waiting, after.oldest_waiting_s, after.retrying, after.dead_letters) == (0, 0, 1, 1)
    assert figures.horizon_stall_s == 0


async def test_figures_show_events_that_an_open_transaction_holds_back(bus: Database):
    await registered(bus, counting())
    async with bus.begin() as long:
        await long.execute("SELECT pg_current_xact_id()")
        await announce(bus, counted("k", 0))
        async with bus.begin() as tx:
            assert 0 < (await bus_figures(tx)).horizon_stall_s < 60


async def test_the_invariant_finds_an_event_that_was_passed_over(owner_dsn: str, bus: Database):
    consumers = await registered(bus, counting())
    await announce(bus, counted("k", 0))
    async with bus.begin() as tx:
        await tx.execute("UPDATE platform.consumer SET drained_to = %s", [await settled_horizon_of(bus) + 1])
    await drain(bus, consumers)
    assert [checked.finding.ok for checked in await check_all(bus, INVARIANTS)] == [True, True]
    await age(owner_dsn, "outbox", "recorded_at", 1)
    delivered, in_order = await check_all(bus, INVARIANTS)
    assert (delivered.finding.ok, in_order.finding.ok) == (False, True)
    assert delivered.finding.figure == "1 deliveries due, some missed, 0 dead letters"
    assert delivered.finding.detail.startswith("count misses vibestream.test.counted")


async def test_the_invariant_finds_an_event_that_waits_behind_nothing_or_is_overdue(bus: Database):
    consumers = await registered(bus, counting())
    await announce(bus, counted("bad", 0), counted("bad", 1))
    await drain(bus, consumers)
    assert (await check_all(bus, INVARIANTS))[0].finding.ok
    async with bus.begin() as tx:
        await tx.execute("UPDATE platform.undelivered SET next_try_at = now() - interval '2 minutes' WHERE tries = 1")
    assert not (await check_all(bus, INVARIANTS))[0].finding.ok
    async with bus.begin() as tx:
        await tx.execute("DELETE FROM platform.undelivered WHERE tries = 1")
    assert not (await check_all(bus, INVARIANTS))[0].finding.ok


async def test_the_invariant_finds_events_taken_in_the_wrong_order(bus: Database):
    await registered(bus, counting())
    async with bus.begin() as tx:
        for seq, xid, position in ((1, 10, 3), (2, 9, 2), (5, 8, 1)):
            await tx.execute(
                "INSERT INTO platform.inbox (consumer, event_id, seq, xid, key, position) OVERRIDING SYSTEM VALUE "
                "VALUES ('count', gen_random_uuid(), %s, %s, 'k', %s)",
                [seq, xid, position],
            )
    assert (await check_all(bus, INVARIANTS))[1].finding.ok
    async with bus.begin() as tx:
        await tx.execute(
            "INSERT INTO platform.inbox (consumer, event_id, seq, xid, key, position) OVERRIDING SYSTEM VALUE "
            "VALUES ('count', gen_random_uuid(), 4, 7, 'k', 4)"
        )
    finding = (await check_all(bus, INVARIANTS))[1].finding
    assert (finding.ok, finding.figure) == (False, "4 deliveries, some out of order")
    assert finding.detail == "count took event 4 of k too late"


async def test_poison_that_is_still_waiting_is_no_violation(bus: Database):
    consumers = await registered(bus, counting())
    async with bus.begin() as tx:
        await publish(tx, counted("bad", 0))
    await drain(bus, consumers)
    await retry_now(bus, consumers)
    assert [checked.finding.ok for checked in await check_all(bus, INVARIANTS)] == [True, True]
