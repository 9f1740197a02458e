"""Royalties' periodic work."""

from __future__ import annotations

from tests.factories.payment import as_owner
from tests.factories.royalties import close, holds, make_artist, make_listens, pays, person, run_month
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.royalties import jobs
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


async def test_what_has_been_pending_long_enough_is_released(database: Database, runtime: Runtime, owner_dsn: str):
    async with database.begin() as tx:
        fan, song = person(), await make_artist(tx)
        await make_listens(tx, fan, song, 1)
        await close(tx, pays(fan, 1_000))
        await run_month(tx)
    await jobs.release_royalties(runtime)
    async with database.begin() as tx:
        assert await holds(tx, AccountKind.ROYALTIES_PENDING, song.user_id) == 700

    await as_owner(
        owner_dsn, "UPDATE payment.transaction SET recorded_at = recorded_at - interval '14 days'", triggers=False
    )
    await jobs.release_royalties(runtime)
    await jobs.release_royalties(runtime)
    async with database.begin() as tx:
        assert await holds(tx, AccountKind.ROYALTIES_PENDING, song.user_id) == 0
        assert await holds(tx, AccountKind.ROYALTIES_AVAILABLE, song.user_id) == 700
