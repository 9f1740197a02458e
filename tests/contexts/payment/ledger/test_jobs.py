"""The ledger's periodic work."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.factories.payment import make_hold, make_wallets
from vibestream.contexts.payment.ledger import jobs
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


async def test_holds_whose_time_is_over_are_resolved(database: Database, runtime: Runtime):
    async with database.begin() as tx:
        for account in await make_wallets(tx, 10, 10, 10):
            await make_hold(tx, account, 4, lasts=timedelta(milliseconds=300))
            await make_hold(tx, account, 5)
    await asyncio.sleep(0.3)

    await jobs.expire_holds(runtime)

    async with database.begin() as tx:
        assert await tx.values("SELECT DISTINCT held FROM payment.balance") == [5]
        assert await tx.values("SELECT state || ' ' || count(*) FROM payment.hold GROUP BY state ORDER BY 1") == [
            "expired 3", "pending 3",
        ]  # fmt: skip
