"""What waits shows in the metrics, and what is gone does not."""

from __future__ import annotations

from prometheus_client import REGISTRY

from tests.factories.bus import announce, registered
from tests.factories.events import Counted, counted
from tests.factories.job_process import quick
from tests.factories.orders import begin_order
from vibestream.platform.backlog import probe
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.relay import relaying
from vibestream.platform.events.subscriptions import Consumers, Subscription
from vibestream.platform.jobs import defer


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"vibestream_{name}", labels)


async def test_what_waits_shows_in_the_metrics(database: Database):
    async def handle(tx: Tx, event: Counted) -> None:
        raise AssertionError("not delivered here")

    await registered(database, Consumers([Subscription(event=Counted, consumer="slow", handle=handle)]))
    await announce(database, counted("a", 1), counted("b", 1))
    await begin_order(database)
    async with database.begin() as tx:
        await defer(tx, quick, n=1)
        await probe(tx)
    assert value("outbox_pending", consumer="slow") == 2
    assert 0 < (value("outbox_oldest_pending_seconds", consumer="slow") or 0) < 60
    assert value("events_retrying", consumer="slow") == 0
    assert value("dead_letters_waiting", consumer="slow") == 0
    assert value("outbox_held_back_seconds") == 0
    assert value("outbox_partitions_held") == 0
    assert value("queue_jobs", queue="test", state="waiting") == 1
    assert value("queue_jobs", queue="sagas", state="waiting") == 1
    assert value("sagas_unfinished", saga="test.order", state="forward") == 1
    assert value("saga_stuck", saga="test.order") == 0

    async with database.begin() as tx:
        await tx.execute("DELETE FROM platform.consumer")
        await tx.execute("DELETE FROM platform.saga")
        await tx.execute("DELETE FROM jobs.procrastinate_jobs")
        await probe(tx)
    assert value("outbox_pending", consumer="slow") is None
    assert value("queue_jobs", queue="test", state="waiting") is None
    assert value("saga_stuck", saga="test.order") is None


async def test_shows_how_many_partitions_are_served(database: Database):
    async with relaying(database, Consumers([])):
        held = 0.0
        while held < 8:
            async with database.begin() as tx:
                await probe(tx)
            held = value("outbox_partitions_held") or 0
    assert held == 8
