"""Working the saga of an order by hand: start it, run its jobs whatever their time, see what it came to."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from tests.factories.till import ORDER, Order, Till
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime
from vibestream.platform.sagas import Standing, State, find, start
from vibestream.platform.sagas.engine import step


async def begin_order(database: Database, *, decline: bool = False) -> UUID:
    """Start the saga of an order over 5."""
    order_id = new_id()
    async with database.begin() as tx:
        return await start(tx, ORDER, Order(order_id, 5, decline), now=utc_now(), saga_id=order_id)


async def run_jobs(runtime: Runtime, *, most: int = 1000) -> None:
    """Run waiting turns until there are none, as a worker would: a job is gone only after it returned."""
    for _ in range(most):
        async with runtime.database.begin() as tx:
            cursor = await tx.connection.execute(
                "SELECT id, args FROM jobs.procrastinate_jobs WHERE task_name = 'platform.saga_step' ORDER BY id LIMIT 1"
            )
            found = await cursor.fetchone()
        if found is None:
            return
        await step(runtime, **found[1])
        async with runtime.database.begin() as tx:
            await tx.execute("DELETE FROM jobs.procrastinate_jobs WHERE id = %s", [found[0]])


async def standing(database: Database, saga_id: UUID) -> Standing:
    """Return where a saga stands."""
    async with database.begin() as tx:
        found = await find(tx, saga_id=saga_id)
    assert found is not None
    return found


async def assert_settled(database: Database, till: Till, *, orders: int) -> tuple[int, int]:
    """Check that every order is wholly done or wholly undone, each effect once; return how many are done and undone."""
    async with database.begin() as tx:
        cursor = await tx.connection.execute("SELECT id::text, state FROM platform.saga")
        states: dict[str, str] = dict(await cursor.fetchall())
        cursor = await tx.connection.execute("SELECT consumer, key, n FROM platform.effect")
        effects = Counter(await cursor.fetchall())
    assert len(states) == orders
    for order_id, state in states.items():
        done = State(state) is State.COMPLETED
        assert State(state).finished
        assert effects.pop(("reserved", order_id, 5)) == 1
        assert effects.pop(("reserved", order_id, -5), 0) == (0 if done else 1)
        assert effects.pop(("handed over", order_id, 5), 0) == (1 if done else 0)
        charged = till.book.get(f"{order_id}:charge") == "done"
        refunded = till.book.get(f"{order_id}:charge:undo") == "done"
        assert (charged, refunded) == (True, False) if done else charged == refunded
        assert not done or till.book[f"{order_id}:note"] == "done"
    assert effects == Counter()
    completed = sum(State(state) is State.COMPLETED for state in states.values())
    return completed, orders - completed
