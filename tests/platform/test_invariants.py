"""Checking invariants: each on a snapshot, all of them, whatever one of them does."""

from __future__ import annotations

import psycopg
from prometheus_client import REGISTRY

from vibestream.platform.database import Database, Tx
from vibestream.platform.invariants import Finding, Invariant, check_all


def invariant(name: str, check) -> Invariant:
    return Invariant(name, f"{name} holds.", check)


async def holds(tx: Tx) -> Finding:
    return Finding(ok=True, figure="3 rows")


async def broken(tx: Tx) -> Finding:
    return Finding(ok=False, figure="1 of 3 rows", detail="row 7")


async def writes(tx: Tx) -> Finding:
    await tx.execute("DELETE FROM platform.saga")
    return Finding(ok=True, figure="none left")


async def test_reports_each_in_order_and_shows_it_in_the_metrics(database: Database):
    first, second = await check_all(database, [invariant("test.good", holds), invariant("test.bad", broken)])
    assert (first.invariant.name, first.finding) == ("test.good", Finding(ok=True, figure="3 rows"))
    assert (second.finding.ok, second.finding.detail) == (False, "row 7")
    assert 0 <= first.seconds < 10
    assert REGISTRY.get_sample_value("vibestream_invariant_holds", {"invariant": "test.good"}) == 1
    assert REGISTRY.get_sample_value("vibestream_invariant_holds", {"invariant": "test.bad"}) == 0


async def test_a_check_that_cannot_run_does_not_hold_and_does_not_stop_the_others(database: Database):
    bad, good = await check_all(database, [invariant("test.writes", writes), invariant("test.good", holds)])
    assert (bad.finding.ok, bad.finding.figure) == (False, "not checked")
    assert bad.finding.detail.startswith("ReadOnlySqlTransaction: cannot execute DELETE in a read-only transaction")
    assert good.finding.ok


async def test_a_check_sees_one_snapshot(database: Database):
    async def twice(tx: Tx) -> Finding:
        before = await tx.value("SELECT count(*) FROM platform.saga")
        async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as other:
            await other.execute(
                "INSERT INTO platform.saga (id, name, version, data, state, step, due_at, correlation_id, started_at, "
                "changed_at) VALUES (gen_random_uuid(), 'x', 1, '{}', 'completed', 0, now(), gen_random_uuid(), now(), now())"
            )
        after = await tx.value("SELECT count(*) FROM platform.saga")
        return Finding(ok=before == after, figure=f"{before} then {after}")

    (checked,) = await check_all(database, [invariant("test.snapshot", twice)])
    assert checked.finding == Finding(ok=True, figure="0 then 0")
