"""Closing an epoch: one root whoever goes on where somebody was killed, signed, and never changed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta

import psycopg
import pytest

from tests.factories.payment import as_owner
from tests.factories.receipts import EPOCH_KEY, TODAY, closed, listened, listener, own_receipts, settings
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.epochs import powers_of
from vibestream.contexts.listen_reward.receipts.domain.tree import ReceiptTree
from vibestream.contexts.listen_reward.receipts.invariants import INVARIANTS
from vibestream.contexts.listen_reward.receipts.service import EpochNotOver, TreeNotKept
from vibestream.flows.close_epochs import close_epoch, keep_trees
from vibestream.kernel.signing import SigningKey
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

_KILLED = """
import asyncio, os, signal, sys
from datetime import date
from functools import wraps
from tests.factories.receipts import settings
from vibestream.contexts.listen_reward.receipts import service
from vibestream.contexts.listen_reward.receipts.store import leaves as store, nodes
from vibestream.flows import close_epochs
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

module, name, when, dsn = sys.argv[1:]
owner = {"service": service, "store": store, "nodes": nodes, "flow": close_epochs}[module]
real = getattr(owner, name)

def kill(): os.kill(os.getpid(), signal.SIGKILL)

if name == "final_tree":
    def cut(*args):
        if when == "before": kill()
        real(*args); kill()
else:
    async def cut(*args, **named):
        if when == "before": kill()
        await real(*args, **named); kill()
setattr(owner, name, cut)

async def main():
    async with Database(dsn, max_size=2) as database:
        await close_epochs.close_epoch(database, settings=settings(), epoch=date(2026, 3, 1), now=utc_now())

asyncio.run(main())
"""

STEPS = [
    (module, name, when)
    for module, name in (
        ("flow", "end_leaves"), ("store", "insert_leaves"), ("store", "begin_closing"), ("service", "leaves_of"),
        ("service", "final_tree"), ("service", "finish_close"), ("store", "close_epoch"),
        ("nodes", "insert_rows"),
    )
    for when in ("before", "after")
]  # fmt: skip


async def sound(database: Database) -> list[str]:
    return [one.invariant.name for one in await check_all(database, INVARIANTS) if not one.finding.ok]


@pytest.mark.parametrize(("module", "name", "when"), STEPS)
async def test_killed_at_any_step_it_ends_at_one_root(database: Database, module: str, name: str, when: str):
    fan = await listener(database, secret=7)
    await listened(database, fan, times=3)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED, module, name, when, database.dsn,
        env={**os.environ, "VIBESTREAM_EPOCH_KEY": EPOCH_KEY}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == -signal.SIGKILL

    first, second = await closed(database), await closed(database)

    assert first == second
    assert first.leaves == 3 + 2 + 3  # of listens, of what they earned, of their artists
    async with database.begin() as tx:
        assert ReceiptTree(await receipts.leaves_of(tx, epoch=TODAY)).root() == first.root
    assert await sound(database) == []


async def test_many_who_close_at_once_publish_one_root(database: Database):
    await listened(database, await listener(database, secret=7), times=2)

    roots = await asyncio.gather(*(closed(database) for _ in range(5)))

    assert len(set(roots)) == 1
    assert await sound(database) == []


async def test_the_statement_is_signed_and_nothing_in_it_can_be_changed(database: Database):
    published = await closed(database)
    key = SigningKey.parse(EPOCH_KEY)

    assert published.signed.decode().splitlines()[:3] == ["vibestream-epoch-v1", "2026-03-01", f"{published.root:064x}"]
    assert receipts.is_signed(published, public=key.public)
    other = SigningKey.parse("_" * 42 + "8")
    assert not receipts.is_signed(published, public=other.public)


async def test_an_epoch_of_nobody_has_the_root_of_the_empty_tree(database: Database):
    published = await closed(database)

    assert (published.leaves, published.root) == (0, ReceiptTree().root())
    assert await sound(database) == []


async def test_a_day_that_is_not_over_is_closed_early_only_when_asked_and_tomorrow_never(database: Database):
    now = utc_now()
    with pytest.raises(EpochNotOver):
        await close_epoch(database, settings=settings(), epoch=now.date(), now=now)
    with pytest.raises(EpochNotOver):
        await close_epoch(database, settings=settings(), epoch=now.date() + timedelta(days=1), now=now, early=True)
    assert (await close_epoch(database, settings=settings(), epoch=now.date(), now=now, early=True)).leaves == 0


async def test_the_database_itself_refuses_another_root_and_a_second_receipt(database: Database, owner_dsn: str):
    await listened(database, await listener(database, secret=7))
    await closed(database)

    with pytest.raises(psycopg.errors.CheckViolation):
        await as_owner(owner_dsn, "UPDATE listen_reward.receipt_epoch SET leaves = leaves + 1")
    with pytest.raises(psycopg.errors.UniqueViolation):
        await as_owner(
            owner_dsn,
            """INSERT INTO listen_reward.receipt
            SELECT epoch, 9, user_id, listen_id, way, commitment, song, seconds, nonce, song
            FROM listen_reward.receipt WHERE listen_id IS NOT NULL""",
        )


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("UPDATE listen_reward.receipt SET leaf = nonce WHERE place = 0", "receipts.roots"),
        ("DELETE FROM listen_reward.receipt WHERE listen_id IS NULL", "receipts.counted"),
        ("UPDATE listen_reward.receipt SET seconds = 31 WHERE artist_id IS NOT NULL", "receipts.heard_of_artists"),
        ("UPDATE listen_reward.reward SET amount = amount + 1", "receipts.summed"),
        ("UPDATE listen_reward.receipt SET user_id = gen_random_uuid() WHERE place = 0", "receipts.one_way"),
    ],
)
async def test_the_audit_finds_what_was_changed_behind_its_back(
    database: Database, owner_dsn: str, harm: str, found: str
):
    await listened(database, await listener(database, secret=7))
    await closed(database)
    await as_owner(owner_dsn, harm)

    assert found in await sound(database)


@pytest.mark.parametrize(("number", "powers"), [(0, []), (1, [1]), (13, [8, 4, 1]), (400, [256, 128, 16])])
def test_a_number_is_written_as_powers_of_two(number: int, powers: list[int]):
    assert powers_of(number) == powers


async def test_every_path_is_looked_up_in_a_tree_that_is_kept_and_equals_the_one_that_is_rebuilt(database: Database):
    fans = [await listener(database, secret=number) for number in range(1, 4)]
    for fan in fans:
        await listened(database, fan, times=13)
    published = await closed(database)
    async with database.begin() as tx:
        rebuilt = ReceiptTree(await receipts.leaves_of(tx, epoch=TODAY))

    for fan in fans:
        own = await own_receipts(database, fan)
        assert len(own.leaves) == 13 + 3 + 13
        assert own.paths == rebuilt.paths([one.place for one in own.leaves])
        assert [path.root(one.receipt.leaf) for one, path in zip(own.leaves, own.paths, strict=True)] == [
            published.root
        ] * 29


async def test_a_tree_of_before_is_kept_by_the_next_round_and_asked_for_again_until_then(
    database: Database, owner_dsn: str
):
    fan = await listener(database, secret=7)
    await listened(database, fan, times=2)
    await closed(database)
    before = await own_receipts(database, fan)
    await as_owner(owner_dsn, "DELETE FROM listen_reward.receipt_node")

    with pytest.raises(TreeNotKept):
        await own_receipts(database, fan)
    await keep_trees(database)
    await keep_trees(database)

    assert await own_receipts(database, fan) == before
    assert await sound(database) == []


async def test_the_audit_sees_a_node_that_is_another(database: Database, owner_dsn: str):
    await listened(database, await listener(database, secret=7), times=2)
    await closed(database)

    await as_owner(
        owner_dsn,
        "UPDATE listen_reward.receipt_node SET nodes = overlay(nodes PLACING '\\x00'::bytea FROM 5) WHERE height = 3",
    )

    assert await sound(database) == ["receipts.roots"]


async def test_whoever_serves_may_add_nodes_and_change_none(database: Database):
    await listened(database, await listener(database, secret=7))
    await closed(database)

    for statement in ("UPDATE listen_reward.receipt_node SET nodes = nodes", "DELETE FROM listen_reward.receipt_node"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.begin() as tx:
                await tx.execute(statement)
