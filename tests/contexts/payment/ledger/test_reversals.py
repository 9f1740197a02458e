"""Reversals: a mistake stays in the books, and so does its mirror image."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from tests.factories.payment import (
    POST_SQL,
    balance,
    entries,
    make_liquidity,
    make_posting,
    make_wallet,
    make_wallets,
    raw_post,
    transfer,
    until_somebody_waits,
    violations,
)
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import (
    AlreadyReversed,
    InsufficientFunds,
    KeyReused,
    ReversalOfReversal,
    Status,
    UnknownTransaction,
    post,
    post_batch,
    reverse,
)
from vibestream.kernel.ids import TransactionId, new_id
from vibestream.kernel.money import VIBE
from vibestream.platform.database import Database, Tx


async def test_undoes_a_transaction_leg_by_leg(tx: Tx):
    sender = await make_wallet(tx, 100)
    b, c = await make_wallets(tx, 0, 0)
    a = sender.account_id
    done = await post(tx, posting=make_posting((a, -100), (b, 60), (c, 40)))

    undone = await reverse(tx, transaction_id=done.transaction_id, key="k", reason="wrong people")

    assert [await balance(tx, one) for one in (a, b, c)] == [(100, 0), (0, 0), (0, 0)]
    found = await service.transaction_of_person(tx, user_id=sender.user_id, transaction_id=undone.transaction_id)
    assert (found.kind, found.reverses, found.details) == ("reversal", done.transaction_id, {"reason": "wrong people"})


async def test_reversing_twice_under_one_key_is_reversing_once(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    done = await post(tx, posting=transfer(a, b, 100))
    first = await reverse(tx, transaction_id=done.transaction_id, key="k", reason="r")
    again = await reverse(tx, transaction_id=done.transaction_id, key="k", reason="r")
    assert (again.transaction_id, again.replayed) == (first.transaction_id, True)
    assert await balance(tx, a) == (100, 0)


async def test_a_transaction_is_reversed_at_most_once(tx: Tx):
    a, b = await make_wallets(tx, 100, 100)
    done = await post(tx, posting=transfer(a, b, 100))
    await reverse(tx, transaction_id=done.transaction_id, key="k", reason="r")
    with pytest.raises(AlreadyReversed):
        await reverse(tx, transaction_id=done.transaction_id, key="another", reason="r")
    assert await balance(tx, a) == (100, 0)


async def test_a_transaction_is_reversed_at_most_once_within_a_batch(tx: Tx):
    a, b = await make_wallets(tx, 100, 100)
    done = (await post(tx, posting=transfer(a, b, 100))).transaction_id
    mirrors = [transfer(b, a, 100, reverses=done), transfer(b, a, 100, reverses=done)]
    with pytest.raises(psycopg.errors.CheckViolation):  # transfer() names the giver first: not the original's order
        async with tx.savepoint():
            await post_batch(tx, postings=mirrors)
    mirrors = [make_posting((a, 100), (b, -100), reverses=done) for _ in range(2)]
    outcomes = await post_batch(tx, postings=mirrors)
    assert [one.status for one in outcomes] == [Status.POSTED, Status.ALREADY_REVERSED]


async def test_two_sessions_reverse_a_transaction_at_most_once(database: Database):
    async with database.begin() as tx:
        a, b = await make_wallets(tx, 100, 1_000)
        done = await post(tx, posting=transfer(a, b, 100))

    async def attempt(number: int) -> str:
        try:
            await database.run(lambda tx: reverse(tx, transaction_id=done.transaction_id, key=f"k{number}", reason="r"))
        except AlreadyReversed as error:
            return error.code
        return "reversed"

    said = await asyncio.gather(*(attempt(number) for number in range(8)))

    assert sorted(said) == ["ledger.already_reversed"] * 7 + ["reversed"]
    async with database.begin() as tx:
        assert (await balance(tx, a), await balance(tx, b)) == ((100, 0), (1_000, 0))
    assert await violations(database) == {}


async def test_two_sessions_reverse_what_only_append_only_accounts_saw_at_most_once(database: Database, owner_dsn: str):
    """Nothing but the original itself is there to make the second wait."""
    async with database.begin() as tx:
        issued = await service.open_account(tx, name=service.issuance(currency=VIBE))
        stock = await make_liquidity(tx)
        done = await post(tx, posting=transfer(issued, stock, 100))

    async def second() -> None:
        async with database.begin() as tx:
            await reverse(tx, transaction_id=done.transaction_id, key="second", reason="r")

    async with database.begin() as tx:
        await reverse(tx, transaction_id=done.transaction_id, key="first", reason="r")
        waiting = asyncio.create_task(second())
        await until_somebody_waits(owner_dsn)
    with pytest.raises(AlreadyReversed):
        await waiting


async def test_a_posting_with_the_same_legs_is_not_the_reversal(tx: Tx):
    a, b = await make_wallets(tx, 100, 100)
    done = await post(tx, posting=transfer(a, b, 50))
    by_hand = make_posting((a, 50), (b, -50), key="k", kind="reversal", details={"reason": "r"})
    await post(tx, posting=by_hand)
    with pytest.raises(KeyReused):
        await reverse(tx, transaction_id=done.transaction_id, key="k", reason="r")


async def test_a_reversal_is_final(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    done = await post(tx, posting=transfer(a, b, 100))
    undone = await reverse(tx, transaction_id=done.transaction_id, key="k", reason="r")
    with pytest.raises(ReversalOfReversal):
        await reverse(tx, transaction_id=undone.transaction_id, key="k2", reason="r")


async def test_what_was_spent_meanwhile_cannot_be_taken_back(tx: Tx):
    a, b, c = await make_wallets(tx, 100, 0, 0)
    done = await post(tx, posting=transfer(a, b, 100))
    await post(tx, posting=transfer(b, c, 1))
    before = await entries(tx)
    with pytest.raises(InsufficientFunds) as refused:
        await reverse(tx, transaction_id=done.transaction_id, key="k", reason="r")
    assert refused.value.account_id == b
    assert await entries(tx) == before


async def test_there_is_nothing_to_reverse(tx: Tx):
    with pytest.raises(UnknownTransaction):
        await reverse(tx, transaction_id=TransactionId(new_id()), key="k", reason="r")
    a, b = await make_wallets(tx, 100, 0)
    with pytest.raises(UnknownTransaction):
        await post(tx, posting=transfer(a, b, 1, reverses=TransactionId(new_id())))


async def test_a_key_that_stands_for_something_else_reverses_nothing(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    done = await post(tx, posting=transfer(a, b, 50, key="k"))
    with pytest.raises(KeyReused):
        await reverse(tx, transaction_id=done.transaction_id, key="k", reason="r")


@pytest.mark.parametrize("legs", [(99, -99), (-100, 100)])
async def test_a_reversal_is_the_mirror_of_its_original(tx: Tx, legs: tuple[int, int]):
    a, b = await make_wallets(tx, 200, 200)
    done = await post(tx, posting=transfer(a, b, 100))
    with pytest.raises(psycopg.errors.CheckViolation):
        await tx.execute(POST_SQL, raw_post((a, legs[0]), (b, legs[1]), reversals=[done.transaction_id]))
