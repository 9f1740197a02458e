"""Sealing: every transaction once, none passed over, on top of what was sealed before and nothing else.

On a server of their own: any open transaction of a server holds back what is settled, also that of another test.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import psycopg
import pytest

from tests.factories.payment import as_owner, make_liquidity, make_wallets, transfer
from tests.factories.seal import KEY, NOW, make_key, seal_all, seal_once, sealed
from vibestream.contexts.payment.ledger.service import post
from vibestream.contexts.payment.seal import service
from vibestream.contexts.payment.seal.domain import tree
from vibestream.contexts.payment.seal.domain.heads import NO_SEAL
from vibestream.contexts.payment.seal.service import Head, TreeBroken, verify_head
from vibestream.contexts.payment.seal.store.ledger import load_leaves
from vibestream.kernel.ids import AccountId
from vibestream.platform.database import Database, Isolation


@pytest.fixture
async def accounts(lone_database: Database) -> tuple[AccountId, AccountId]:
    async with lone_database.begin() as tx:
        source = await make_liquidity(tx)
        (a,) = await make_wallets(tx, 0)
        return source, a


async def move(database: Database, accounts: tuple[AccountId, AccountId], *keys: str) -> None:
    for key in keys:
        async with database.begin() as tx:
            await post(tx, posting=transfer(accounts[0], accounts[1], 5, key=key))


async def root_of_books(database: Database) -> bytes:
    """The root over all leaves, read anew."""
    async with database.begin() as tx:
        ids = await tx.values("SELECT transaction_id FROM payment.sealed ORDER BY leaf")
        return tree.root([tree.leaf_hash(leaf or b"") for leaf in await load_leaves(tx, ids)])


async def test_empty_books_are_not_sealed(lone_database: Database):
    assert await seal_once(lone_database) is None


async def test_each_seal_holds_what_came_since_the_last_and_says_so(lone_database: Database, accounts):
    await move(lone_database, accounts, "a", "b")
    first = await seal_once(lone_database)
    assert await seal_once(lone_database) is None
    await move(lone_database, accounts, "c")
    second = await seal_once(lone_database, now=NOW + timedelta(seconds=7))

    assert first is not None
    assert second is not None
    assert (first.number, first.first, first.size, first.previous, first.sealed_at) == (1, 0, 2, NO_SEAL, NOW)
    assert (second.number, second.first, second.size, second.previous) == (2, 2, 3, first.digest)
    assert second.sealed_at == NOW + timedelta(seconds=7)
    assert await sealed(lone_database) == ["a", "b", "c"]
    assert second.root == await root_of_books(lone_database) != first.root
    for head in (first, second):
        verify_head(head, key=KEY.public)
    async with lone_database.begin() as tx:
        assert await service.heads(tx, limit=9) == [second, first]
        assert await service.last_head(tx) == second
        assert await service.head(tx, number=1) == first
        with pytest.raises(service.SealMissing):
            await service.head(tx, number=3)


async def test_what_is_not_committed_yet_is_never_passed_over(lone_database: Database, accounts):
    """Somebody posts first and commits last: what came after waits, and then all are sealed."""
    source, _ = accounts
    await move(lone_database, accounts, "before")
    async with lone_database.begin() as slow:
        other = (await make_wallets(slow, 0))[0]
        await post(slow, posting=transfer(source, other, 1, key="slow"))
        await move(lone_database, accounts, "quick")
        await seal_all(lone_database)
        assert await sealed(lone_database) == ["before"], "the quick one has the higher id"
    await move(lone_database, accounts, "after")
    await seal_all(lone_database)
    assert await sealed(lone_database) == ["before", "slow", "quick", "after"]


async def test_whoever_runs_without_having_posted_holds_nothing_back_for_good(lone_database: Database, accounts):
    async with lone_database.begin() as idle:
        await idle.value("SELECT pg_current_xact_id()::text")
        await move(lone_database, accounts, "a")
        assert await seal_all(lone_database) == []
    assert [head.size for head in await seal_all(lone_database)] == [1]


async def test_many_in_one_transaction_are_sealed_over_several_seals(lone_database: Database, accounts):
    async with lone_database.begin() as tx:
        for number in range(7):
            await post(tx, posting=transfer(accounts[0], accounts[1], 1, key=f"k{number}"))
    heads = await seal_all(lone_database, most=3)

    assert [(head.first, head.size) for head in heads] == [(0, 3), (3, 6), (6, 7)]
    assert sorted(await sealed(lone_database)) == [f"k{number}" for number in range(7)]
    assert heads[-1].root == await root_of_books(lone_database)


async def test_any_sizes_of_seals_make_the_same_tree(lone_database: Database, accounts):
    """Across the borders of 256 leaves, where subtrees become complete."""
    heads: list[Head] = []
    for count in (1, 254, 1, 1, 255, 3, 520):
        async with lone_database.begin() as tx:
            for _ in range(count):
                await post(tx, posting=transfer(accounts[0], accounts[1], 1))
        heads += await seal_all(lone_database)
    async with lone_database.begin() as tx:
        hashes = await tx.values("SELECT hash FROM payment.sealed ORDER BY leaf")
        nodes = await tx.values(
            "SELECT level || ':' || place || ':' || encode(hash, 'hex') FROM payment.seal_node ORDER BY 1"
        )
    assert [head.size for head in heads] == [1, 255, 256, 257, 512, 515, 1035]
    assert [head.root for head in heads] == [tree.root(hashes[: head.size]) for head in heads]
    assert nodes == [f"8:{place}:{tree.root(hashes[256 * place : 256 * place + 256]).hex()}" for place in range(4)]


async def test_of_two_who_seal_at_once_one_does(lone_database: Database, accounts):
    await move(lone_database, accounts, "a", "b")
    made = await asyncio.gather(*(seal_once(lone_database) for _ in range(4)))

    assert [head.number for head in made if head is not None] == [1]
    assert await sealed(lone_database) == ["a", "b"]


async def test_sealers_and_posters_at_once_leave_nothing_out_and_nothing_doubled(lone_database: Database, accounts):
    async def posts(worker: int) -> None:
        for number in range(25):
            async with AsyncExitStack() as stack:
                tx = await stack.enter_async_context(lone_database.begin())
                await post(
                    tx, posting=transfer(accounts[0], (await make_wallets(tx, 0))[0], 1, key=f"{worker}:{number}")
                )
                await asyncio.sleep(0.002 * (number % 3))

    async def seals() -> None:
        for _ in range(25):
            await seal_once(lone_database, most=7)
            await asyncio.sleep(0.003)

    await asyncio.gather(*(posts(worker) for worker in range(3)), seals(), seals())
    await seal_all(lone_database)

    keys = await sealed(lone_database)
    assert sorted(keys) == sorted(f"{worker}:{number}" for worker in range(3) for number in range(25))
    async with lone_database.begin() as tx:
        (newest,) = await service.heads(tx, limit=1)
    assert (newest.size, newest.root) == (75, await root_of_books(lone_database))


async def test_a_seal_is_never_dated_before_the_last(lone_database: Database, accounts):
    await move(lone_database, accounts, "a")
    await seal_once(lone_database)
    await move(lone_database, accounts, "b")
    second = await seal_once(lone_database, now=NOW - timedelta(hours=1))
    assert second is not None
    assert second.sealed_at == NOW


async def test_another_key_goes_on_with_the_same_tree(lone_database: Database, accounts):
    await move(lone_database, accounts, "a")
    first = await seal_once(lone_database)
    await move(lone_database, accounts, "b")
    second = await seal_once(lone_database, key=make_key(2))
    assert first is not None
    assert second is not None
    assert second.previous == first.digest
    assert second.key_id == make_key(2).public.key_id != first.key_id
    verify_head(second, key=make_key(2).public)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payment.sealed SET hash = sha256('x') WHERE leaf = 1",
        "DELETE FROM payment.sealed WHERE leaf = 0",
        "UPDATE payment.seal SET root = sha256('x')",
    ],
)
async def test_nothing_is_signed_on_top_of_a_tree_that_was_changed(
    lone_database: Database, lone_owner_dsn: str, accounts, change: str
):
    await move(lone_database, accounts, "a", "b")
    await seal_all(lone_database)
    await as_owner(lone_owner_dsn, change, triggers=False)
    await move(lone_database, accounts, "c")
    with pytest.raises(TreeBroken):
        await seal_once(lone_database)


async def test_books_restored_on_another_server_are_sealed_on(lone_database: Database, lone_owner_dsn: str, accounts):
    """Ids of the old server lie far above those that the new one gives out."""
    await move(lone_database, accounts, "sealed there")
    await seal_all(lone_database)
    await move(lone_database, accounts, "waiting there")
    await as_owner(
        lone_owner_dsn,
        "UPDATE payment.seal SET settled = '9000000000'",
        "UPDATE payment.transaction SET xid = '9000000007' WHERE idempotency_key = 'waiting there'",
        triggers=False,
    )
    await move(lone_database, accounts, "new here")
    first = await seal_once(lone_database, most=1)
    await move(lone_database, accounts, "newer here")
    await seal_all(lone_database)

    assert first is not None
    assert first.size == 3
    assert await sealed(lone_database) == ["sealed there", "new here", "waiting there", "newer here"]


async def test_books_that_were_never_sealed_and_come_from_another_server_are(
    lone_database: Database, lone_owner_dsn: str, accounts
):
    await move(lone_database, accounts, "a", "b")
    await as_owner(
        lone_owner_dsn, "UPDATE payment.transaction SET xid = '9000000007' WHERE idempotency_key = 'a'", triggers=False
    )
    await seal_all(lone_database)
    assert await sealed(lone_database) == ["b", "a"]


class TestTheFunction:
    """`payment.append_seal` refuses what would leave a gap, whoever calls it."""

    CALL = (
        "SELECT payment.append_seal(%(number)s, %(first)s, %(size)s, sha256('r'), sha256('p'), now(), 'k', "
        "decode(repeat('00', 64), 'hex'), %(settled)s::xid8, %(transactions)s::uuid[], %(hashes)s::bytea[], '{}', '{}', '{}')"
    )

    async def call(self, database: Database, **changed: object) -> object:
        async with database.begin(isolation=Isolation.READ_COMMITTED) as tx:
            ids = await tx.values("SELECT id FROM payment.transaction ORDER BY xid")
            right = {
                "number": 1,
                "first": 0,
                "size": len(ids),
                "settled": "0",
                "transactions": ids,
                "hashes": [bytes(32)] * len(ids),
            }
            return await tx.value(self.CALL, {**right, **changed})

    async def test_takes_what_is_right(self, lone_database: Database, accounts):
        await move(lone_database, accounts, "a", "b")
        assert await self.call(lone_database) is True
        assert await self.call(lone_database) is False, "the number is taken"

    @pytest.mark.parametrize(
        "changed",
        [
            {"first": 1, "size": 3},
            {"size": 3},
            {"hashes": [bytes(32)]},
            {"settled": "9000000000"},
            {"transactions": ["019a0000-0000-7000-8000-000000000001"], "size": 1, "hashes": [bytes(32)]},
        ],
        ids=["gap", "size", "hashes", "unsettled", "unknown"],
    )
    async def test_refuses(self, lone_database: Database, accounts, changed: dict[str, object]):
        await move(lone_database, accounts, "a", "b")
        with pytest.raises(psycopg.errors.CheckViolation):
            await self.call(lone_database, **changed)

    async def test_refuses_to_pass_one_over(self, lone_database: Database, accounts):
        await move(lone_database, accounts, "a", "b")
        async with lone_database.begin() as tx:
            ids = await tx.values("SELECT id FROM payment.transaction ORDER BY xid")
            horizon = await tx.value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        with pytest.raises(psycopg.errors.CheckViolation, match="passed over"):
            await self.call(lone_database, settled=horizon, transactions=ids[1:], hashes=[bytes(32)], size=1)

    async def test_refuses_the_same_transaction_twice(self, lone_database: Database, accounts):
        await move(lone_database, accounts, "a")
        async with lone_database.begin() as tx:
            ids = await tx.values("SELECT id FROM payment.transaction")
        with pytest.raises(psycopg.errors.UniqueViolation):
            await self.call(lone_database, transactions=ids * 2, hashes=[bytes(32)] * 2, size=2)

    async def test_refuses_what_its_own_transaction_has_just_written(self, lone_database: Database, accounts):
        async with lone_database.begin() as tx:
            done = await post(tx, posting=transfer(accounts[0], accounts[1], 1))
            with pytest.raises(psycopg.errors.CheckViolation, match="that stand"):
                await tx.value(
                    self.CALL,
                    {
                        "number": 1,
                        "first": 0,
                        "size": 1,
                        "settled": "0",
                        "transactions": [done.transaction_id],
                        "hashes": [bytes(32)],
                    },
                )
