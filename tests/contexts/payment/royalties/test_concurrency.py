"""Two at once, and cut off in the middle: one run, one recoupment, nothing half done."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from tests.factories.payment import make_posting, violations
from tests.factories.royalties import (
    MONTH,
    NEXT,
    Artist,
    close,
    holds,
    make_artist,
    make_listens,
    pays,
    person,
    run_month,
    usd,
)
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.invariants import INVARIANTS
from vibestream.contexts.payment.royalties.service import RunView
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import USD
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

LATER = datetime(2027, 1, 2, tzinfo=UTC)


async def months(database: Database, *closed: date) -> Artist:
    async with database.begin() as tx:
        fan, song = person(), await make_artist(tx)
        for month in closed:
            await make_listens(tx, fan, song, 2, at=datetime(month.year, month.month, 9, tzinfo=UTC))
            await close(tx, pays(fan, 1_000), month=month, now=LATER)
    return song


async def in_order(database: Database) -> None:
    assert await violations(database) == {}
    assert [one.invariant.name for one in await check_all(database, INVARIANTS) if not one.finding.ok] == []


async def test_two_who_run_a_month_at_once_get_the_same_run(database: Database):
    song = await months(database, MONTH)

    async def run() -> RunView:
        return await database.run(lambda tx: run_month(tx, now=LATER))

    first, second, third = await asyncio.gather(run(), run(), run())
    assert first.run_id == second.run_id == third.run_id
    async with database.begin() as tx:
        assert await holds(tx, AccountKind.ROYALTIES_PENDING, song.user_id) == 700
    await in_order(database)


async def test_two_months_run_at_once_recoup_an_advance_once(database: Database):
    song = await months(database, MONTH, NEXT)
    async with database.begin() as tx:
        await service.grant_advance(
            tx, advance_id=new_id(), payee_id=song.user_id, amount=usd(900), note="x", granted_by=person()
        )

    async def run(month: date) -> RunView:
        return await database.run(lambda tx: run_month(tx, month=month, now=LATER))

    await asyncio.gather(run(MONTH), run(NEXT))
    async with database.begin() as tx:
        assert await holds(tx, AccountKind.ADVANCES, song.user_id) == 0
        assert await holds(tx, AccountKind.ROYALTIES_PENDING, song.user_id) == 500
    await in_order(database)


async def test_two_who_release_at_once_release_once(database: Database):
    song = await months(database, MONTH)
    async with database.begin() as tx:
        await run_month(tx, now=LATER)

    async def release() -> int:
        return await database.run(lambda tx: service.release_due(tx, now=datetime(2030, 1, 1, tzinfo=UTC)))

    await asyncio.gather(*(release() for _ in range(4)))
    async with database.begin() as tx:
        assert await holds(tx, AccountKind.ROYALTIES_AVAILABLE, song.user_id) == 700
        assert await tx.value("SELECT count(*) FROM payment.transaction WHERE kind = 'royalty_release'") == 1
    await in_order(database)


class PowerCut(Exception):
    pass


async def test_a_run_that_is_cut_off_leaves_nothing_and_is_made_again(database: Database):
    await months(database, MONTH)
    with pytest.raises(PowerCut):
        async with database.begin() as tx:
            await run_month(tx, now=LATER)
            raise PowerCut
    async with database.begin() as tx:
        assert await service.list_runs(tx) == []
        assert await holds(tx, AccountKind.ROYALTY_POOL, "2026-11") == 700
        assert (await run_month(tx, now=LATER)).number == 1
    await in_order(database)


async def test_a_reversal_takes_what_a_payee_is_spending_at_that_moment_as_a_debt(database: Database):
    song = await months(database, MONTH)
    async with database.begin() as tx:
        run = await run_month(tx, now=LATER)
    async with database.begin() as tx:
        await service.release_due(tx, now=datetime(2030, 1, 1, tzinfo=UTC))
        await service.ask_reversal(tx, run_id=run.run_id, asked_by=person(), reason="x")
        available, bank = await ledger.open_accounts(
            tx,
            names=[
                AccountName(AccountKind.ROYALTIES_AVAILABLE, str(song.user_id), USD),
                AccountName(AccountKind.PAYOUT_IN_TRANSIT, str(song.user_id), USD),
            ],
        )

    async def approve() -> None:
        async with database.begin() as tx:
            await service.approve_reversal(tx, run_id=run.run_id, approved_by=person())

    async with database.begin() as paying:
        await ledger.post(paying, posting=make_posting((available, usd(-650)), (bank, usd(650))))
        approving = asyncio.create_task(approve())
        await asyncio.sleep(0.3)
        assert not approving.done()
    await approving
    async with database.begin() as tx:
        for kind, left in (("ROYALTIES_PENDING", 0), ("ROYALTIES_AVAILABLE", 0), ("PAYEE_DEBT", -650)):
            assert await holds(tx, AccountKind[kind], song.user_id) == left
    await in_order(database)
