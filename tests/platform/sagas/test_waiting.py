"""A step whose time has not come: it is taken at its instant, once, and waiting is no failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tests.factories.orders import run_jobs, standing
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime
from vibestream.platform.sagas import Local, NotYet, Saga, State, declare, start


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when, and how often it was asked."""

    until: datetime


_asked: list[datetime] = []


async def _wait(tx: Tx, data: Wait) -> Wait:
    await tx.execute("UPDATE platform.saga SET error = 'kept' WHERE name = 'test.waiting'")
    _asked.append(data.until)
    if len(_asked) < 3:
        raise NotYet(until=data.until)
    return data


WAITING: Final = declare(Saga(name="test.waiting", data=Wait, steps=(Local(name="wait", do=_wait),)))


async def test_a_step_waits_for_its_time_and_counts_no_failure(shop: Runtime):
    until = utc_now() + timedelta(days=7)
    _asked.clear()
    async with shop.database.begin() as tx:
        saga_id = await start(tx, WAITING, Wait(until), now=utc_now())
    await run_jobs(shop, most=1)
    waits = await standing(shop.database, saga_id)
    assert (waits.state, waits.step, waits.tries, waits.error) == (State.FORWARD, 0, 0, "")
    assert waits.due_at == until
    async with shop.database.begin() as tx:
        scheduled = await tx.values("SELECT scheduled_at FROM jobs.procrastinate_jobs")
    assert scheduled == [until]
    await run_jobs(shop)
    assert (await standing(shop.database, saga_id)).state is State.COMPLETED
    assert len(_asked) == 3
