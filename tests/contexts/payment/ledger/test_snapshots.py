"""Snapshots of append-only accounts: a balance never depends on whether, or when, one was taken.

On a server of their own: any open transaction of a server holds back what is settled, also that of another test.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import psycopg
import pytest

from tests.factories.payment import balance, make_liquidity, make_wallets, transfer, until_somebody_waits, violations
from vibestream.contexts.payment.ledger import jobs, service
from vibestream.contexts.payment.ledger.service import post, post_batch
from vibestream.kernel.ids import AccountId
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


async def snap(database: Database, least_entries: int = 1) -> int:
    async with database.begin() as tx:
        return await service.take_snapshots(tx, least_entries=least_entries)


async def snapshots(database: Database) -> list[str]:
    async with database.begin() as tx:
        return await tx.values("SELECT up_to || ': ' || balance FROM payment.balance_snapshot ORDER BY up_to")


async def owed(database: Database, account: AccountId) -> int:
    async with database.begin() as tx:
        return (await balance(tx, account))[0]


async def make_accounts(database: Database) -> tuple[AccountId, AccountId]:
    async with database.begin() as tx:
        source = await make_liquidity(tx)
        (a,) = await make_wallets(tx, 0)
        return source, a


async def move(database: Database, source: AccountId, target: AccountId, minor: int) -> None:
    async with database.begin() as tx:
        await post(tx, posting=transfer(source, target, minor))


async def test_one_call_marks_and_the_next_sums_up(lone_database: Database):
    source, a = await make_accounts(lone_database)
    assert await snap(lone_database) == 0
    await move(lone_database, source, a, 5)
    assert await snap(lone_database) == 0, "marked before the entry was"
    await move(lone_database, source, a, 7)

    assert await snap(lone_database) == 1

    assert await snapshots(lone_database) == ["2: -5"]
    assert await owed(lone_database, source) == -12
    assert await snap(lone_database) == 1
    assert await snapshots(lone_database) == ["2: -5", "4: -12"]
    assert await owed(lone_database, source) == -12
    assert await snap(lone_database) == 0, "nothing new"
    assert await violations(lone_database) == {}


async def test_only_append_only_accounts_have_snapshots(lone_database: Database):
    source, a = await make_accounts(lone_database)
    await move(lone_database, source, a, 5)
    for _ in range(3):
        await snap(lone_database)
    async with lone_database.begin() as tx:
        assert await tx.values("SELECT account_id FROM payment.balance_snapshot") == [source]


async def test_an_account_gathers_enough_entries_first(lone_database: Database):
    source, a = await make_accounts(lone_database)
    for _ in range(3):
        await move(lone_database, source, a, 5)
    assert [await snap(lone_database, 4), await snap(lone_database, 4)] == [0, 0]
    await move(lone_database, source, a, 5)
    assert [await snap(lone_database, 4), await snap(lone_database, 4)] == [0, 1]
    assert await snapshots(lone_database) == ["8: -20"]


async def test_entries_that_become_visible_late_are_not_missed(lone_database: Database):
    source, a = await make_accounts(lone_database)
    _, b = await make_accounts(lone_database)
    async with lone_database.begin() as slow:
        await post(slow, posting=transfer(source, b, 1))  # has its positions, but is not visible
        await move(lone_database, source, a, 10)  # has later ones, and is
        for _ in range(3):
            assert await snap(lone_database) == 0, "the slow one may still appear below the mark"
        assert await owed(lone_database, source) == -10
    assert await owed(lone_database, source) == -11

    assert await snap(lone_database) == 1

    assert await snapshots(lone_database) == ["4: -11"]
    assert await owed(lone_database, source) == -11
    assert await violations(lone_database) == {}


async def test_an_entry_given_out_after_the_mark_is_in_the_tail(lone_database: Database):
    source, a = await make_accounts(lone_database)
    await move(lone_database, source, a, 1)
    async with lone_database.begin() as taking:
        assert await service.take_snapshots(taking, least_entries=1) == 0
        await move(lone_database, source, a, 10)  # between the mark and its commit
    assert await snap(lone_database) == 1
    assert await snapshots(lone_database) == ["2: -1"]
    assert await owed(lone_database, source) == -11


async def test_snapshots_are_right_while_many_post(lone_database: Database):
    source, _ = await make_accounts(lone_database)
    async with lone_database.begin() as tx:
        wallets = await make_wallets(tx, *[0] * 8)
    posting = True

    async def work(wallet: AccountId) -> None:
        for size in (1, 4, 9, 2, 7):
            await lone_database.run(
                lambda tx: post_batch(tx, postings=[transfer(source, wallet, 3) for _ in range(size)])  # noqa: B023
            )

    async def take() -> None:
        while posting:
            await snap(lone_database)

    taking = asyncio.create_task(take())
    await asyncio.gather(*(work(wallet) for wallet in wallets))
    posting = False
    await taking
    for _ in range(2):
        await snap(lone_database)

    assert await owed(lone_database, source) == -8 * 23 * 3
    assert (await snapshots(lone_database))[-1].endswith(f": -{8 * 23 * 3}")
    assert await violations(lone_database) == {}


async def test_two_that_take_snapshots_take_turns(lone_database: Database, lone_owner_dsn: str):
    source, a = await make_accounts(lone_database)
    await move(lone_database, source, a, 5)
    await snap(lone_database)
    async with lone_database.begin() as first:
        assert await service.take_snapshots(first, least_entries=1) == 1
        second = asyncio.create_task(snap(lone_database))
        await until_somebody_waits(lone_owner_dsn)
    assert await second == 0
    assert await snapshots(lone_database) == ["2: -5"]


async def test_a_transaction_that_wrote_before_cannot_take_any(lone_database: Database):
    source, a = await make_accounts(lone_database)
    with pytest.raises(psycopg.errors.InvalidTransactionState):
        async with lone_database.begin() as tx:
            await post(tx, posting=transfer(source, a, 1))
            await service.take_snapshots(tx)


async def test_the_job_takes_them_after_a_thousand_entries(lone_database: Database, runtime: Runtime):
    runtime = replace(runtime, database=lone_database)
    source, a = await make_accounts(lone_database)
    async with lone_database.begin() as tx:
        await post_batch(tx, postings=[transfer(source, a, 1) for _ in range(999)])
    for _ in range(2):
        await jobs.take_balance_snapshots(runtime)
    assert await snapshots(lone_database) == []
    await move(lone_database, source, a, 1)
    for _ in range(2):
        await jobs.take_balance_snapshots(runtime)
    assert await snapshots(lone_database) == ["2000: -1000"]
