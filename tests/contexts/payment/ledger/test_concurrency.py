"""Many sessions at once: nothing is spent twice, nobody waits for ever, one key stands for one transaction."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.factories.payment import (
    balance,
    entries,
    make_hold,
    make_liquidity,
    make_posting,
    make_wallets,
    transfer,
    until_somebody_waits,
    violations,
)
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import (
    HoldResolved,
    InsufficientFunds,
    KeyReused,
    Outcome,
    Posted,
    Posting,
    Status,
    capture_hold,
    post,
    post_batch,
    void_hold,
)
from vibestream.kernel.ids import AccountId, TransactionId, UserId, new_id
from vibestream.kernel.money import VIBE
from vibestream.platform.database import Database, Isolation, Tx, as_app_role

SESSIONS = 16


@pytest.fixture
async def crowd(owner_dsn: str) -> AsyncIterator[Database]:
    """A pool with a connection for each session."""
    async with Database(as_app_role(owner_dsn), min_size=SESSIONS, max_size=SESSIONS) as database:
        yield database


async def outcome_of(database: Database, posting: Posting) -> str:
    try:
        posted = await database.run(lambda tx: post(tx, posting=posting))
    except (InsufficientFunds, KeyReused) as refused:
        return refused.code
    return "replayed" if posted.replayed else "posted"


async def test_sixteen_sessions_spend_a_thousand_by_hundreds_exactly_ten_times(crowd: Database):
    async with crowd.begin() as tx:
        a, b = await make_wallets(tx, 1_000, 0)

    said = await asyncio.gather(*(outcome_of(crowd, transfer(a, b, 100)) for _ in range(SESSIONS)))

    assert sorted(said) == ["ledger.insufficient_funds"] * 6 + ["posted"] * 10
    async with crowd.begin() as tx:
        assert (await balance(tx, a), await balance(tx, b)) == ((0, 0), (1_000, 0))
    assert await violations(crowd) == {}


async def test_holds_and_spending_at_once_never_exceed_what_is_there(crowd: Database):
    async with crowd.begin() as tx:
        a, b = await make_wallets(tx, 1_000, 0)

    async def hold() -> str:
        try:
            await crowd.run(lambda tx: make_hold(tx, a, 100))
        except InsufficientFunds as refused:
            return refused.code
        return "held"

    spending = (outcome_of(crowd, transfer(a, b, 100)) for _ in range(8))
    said = await asyncio.gather(*spending, *(hold() for _ in range(8)))

    async with crowd.begin() as tx:
        available, held = await balance(tx, a)
    assert (available, held) == (0, 100 * said.count("held"))
    assert said.count("ledger.insufficient_funds") == 6
    assert await violations(crowd) == {}


async def test_random_multi_account_postings_do_not_deadlock(crowd: Database):
    async with crowd.begin() as tx:
        wallets = await make_wallets(tx, *[1_000] * 8)
    chance = random.Random(7)

    def random_posting() -> Posting:
        chosen = chance.sample(wallets, chance.randint(3, 6))
        amounts = [chance.randint(-60, 60) or 1 for _ in chosen[1:]]
        rest = -sum(amounts)
        return make_posting(*zip(chosen[1:], amounts, strict=True), *([(chosen[0], rest)] if rest else []))

    async def work() -> None:
        for _ in range(25):
            batch = [random_posting() for _ in range(chance.choice([1, 1, 1, 5]))]
            async with crowd.begin() as tx:  # begin, not run: nothing would try again for us
                await post_batch(tx, postings=batch)

    await asyncio.gather(*(work() for _ in range(SESSIONS)))

    async with crowd.begin() as tx:
        assert sum([(await balance(tx, wallet))[0] for wallet in wallets]) == 8_000
    assert await violations(crowd) == {}


async def test_one_key_in_many_sessions_is_one_transaction(crowd: Database):
    async with crowd.begin() as tx:
        a, b = await make_wallets(tx, 1_000, 0)
        before = await entries(tx)

    said = await asyncio.gather(*(outcome_of(crowd, transfer(a, b, 100, key="k")) for _ in range(SESSIONS)))

    assert sorted(said) == ["posted"] + ["replayed"] * 15
    async with crowd.begin() as tx:
        assert (await balance(tx, a), await entries(tx)) == ((900, 0), before + 2)


async def test_one_key_for_different_requests_is_one_transaction_and_refusals(crowd: Database):
    async with crowd.begin() as tx:
        wallets = await make_wallets(tx, *[1_000] * 8)

    said = await asyncio.gather(
        *(outcome_of(crowd, transfer(a, b, 100, key="k")) for a, b in zip(wallets[::2], wallets[1::2], strict=True))
    )

    assert sorted(said) == ["ledger.key_reused"] * 3 + ["posted"]
    assert await violations(crowd) == {}


async def test_one_key_on_append_only_accounts_is_one_transaction(crowd: Database):
    """Nothing is locked there that would make the second wait for the first before it looks the key up."""
    async with crowd.begin() as tx:
        issued = await service.open_account(tx, name=service.issuance(currency=VIBE))
        stock = await make_liquidity(tx)

    said = await asyncio.gather(*(outcome_of(crowd, transfer(issued, stock, 7, key="k")) for _ in range(SESSIONS)))

    assert sorted(said) == ["posted"] + ["replayed"] * 15
    async with crowd.begin() as tx:
        assert (await balance(tx, stock), await entries(tx)) == ((7, 0), 2)


async def test_whoever_loses_a_race_for_a_key_is_told_to_run_again(crowd: Database, owner_dsn: str):
    async with crowd.begin() as tx:
        issued = await service.open_account(tx, name=service.issuance(currency=VIBE))
        stock = await make_liquidity(tx)
    posting = transfer(issued, stock, 7, key="k")

    async with crowd.begin() as first:
        winner = await post(first, posting=posting)
        second = asyncio.create_task(_post_alone(crowd, transfer(issued, stock, 7, key="k")))
        await until_somebody_waits(owner_dsn)
    with pytest.raises(psycopg.errors.SerializationFailure):
        await second
    again = await crowd.run(lambda tx: post(tx, posting=transfer(issued, stock, 7, key="k")))
    assert again == Posted(winner.transaction_id, replayed=True)


async def test_a_key_is_free_again_when_the_first_session_gives_up(crowd: Database, owner_dsn: str):
    async with crowd.begin() as tx:
        a, b = await make_wallets(tx, 1_000, 0)
    mine = transfer(a, b, 100, key="k")
    with pytest.raises(ZeroDivisionError):
        async with crowd.begin() as first:
            await post(first, posting=transfer(a, b, 100, key="k"))
            second = asyncio.create_task(_post_alone(crowd, mine))
            await until_somebody_waits(owner_dsn)
            raise ZeroDivisionError
    assert await second == Posted(mine.transaction_id, replayed=False)


async def test_a_snapshot_that_is_too_old_is_told_to_run_again(crowd: Database):
    async with crowd.begin() as tx:
        a, b = await make_wallets(tx, 1_000, 0)
    with pytest.raises(psycopg.errors.SerializationFailure):
        async with crowd.begin(isolation=Isolation.REPEATABLE_READ) as old:
            await balance(old, a)
            async with crowd.begin() as tx:
                await post(tx, posting=transfer(a, b, 900))
            await post(old, posting=transfer(a, b, 900))
    async with crowd.begin() as tx:
        assert await balance(tx, a) == (100, 0)


async def test_append_only_accounts_keep_nobody_waiting(crowd: Database):
    async with crowd.begin() as tx:
        source = await make_liquidity(tx)
        wallets = await make_wallets(tx, *[0] * 4)
    async with crowd.begin() as slow:
        await post(slow, posting=transfer(source, wallets[0], 5))
        for wallet in wallets[1:]:
            assert await asyncio.wait_for(outcome_of(crowd, transfer(source, wallet, 5)), 5) == "posted"


async def test_a_hold_is_resolved_once_whoever_tries(crowd: Database):
    async with crowd.begin() as tx:
        a, b = await make_wallets(tx, 1_000, 0)
        made = await make_hold(tx, a, 500)

    async def attempt(number: int) -> str:
        try:
            if number % 2:
                await crowd.run(lambda tx: void_hold(tx, hold_id=made))
                return "voided"
            await crowd.run(lambda tx: capture_hold(tx, hold_id=made, posting=transfer(a, b, 500)))
        except HoldResolved:
            return "too late"
        return "captured"

    said = await asyncio.gather(*(attempt(number) for number in range(SESSIONS)))

    async with crowd.begin() as tx:
        at_a, at_b = await balance(tx, a), await balance(tx, b)
    if "captured" in said:
        assert (said.count("captured"), said.count("voided"), at_a, at_b) == (1, 0, (500, 0), (500, 0))
    else:
        assert (said.count("voided"), at_a, at_b) == (8, (1_000, 0), (0, 0))
    assert await violations(crowd) == {}


async def test_one_key_places_one_hold(crowd: Database):
    async with crowd.begin() as tx:
        a, _ = await make_wallets(tx, 1_000, 0)
    made = await asyncio.gather(*(crowd.run(lambda tx: make_hold(tx, a, 300, key="k")) for _ in range(8)))
    assert len(set(made)) == 1
    async with crowd.begin() as tx:
        assert await balance(tx, a) == (700, 300)


async def test_one_key_on_two_accounts_places_one_hold(crowd: Database, owner_dsn: str):
    async with crowd.begin() as tx:
        a, b = await make_wallets(tx, 1_000, 1_000)
    async with crowd.begin() as first:
        await make_hold(first, a, 300, key="k")
        second = asyncio.create_task(_hold_alone(crowd, b))
        await until_somebody_waits(owner_dsn)
    with pytest.raises(psycopg.errors.SerializationFailure):
        await second
    with pytest.raises(KeyReused):
        await crowd.run(lambda tx: make_hold(tx, b, 300, key="k"))
    async with crowd.begin() as tx:
        assert await balance(tx, b) == (1_000, 0)


async def test_an_account_is_opened_once_whoever_tries(crowd: Database):
    names = [service.wallet(user_id=UserId(new_id()), currency=VIBE) for _ in range(6)]

    async def open_all(offset: int) -> dict[str, AccountId]:
        mine = [*names[offset % 6 :], *names[: offset % 6]]
        async with crowd.begin() as tx:
            return {str(name): opened for name, opened in zip(mine, await _opened(tx, mine), strict=True)}

    opened = await asyncio.gather(*(open_all(offset) for offset in range(SESSIONS)))
    assert all(one == opened[0] for one in opened)
    async with crowd.begin() as tx:
        assert await tx.value("SELECT count(*) FROM payment.balance") == 6
    assert await violations(crowd) == {}


async def test_sessions_that_open_the_same_accounts_in_different_orders_do_not_deadlock(
    crowd: Database, owner_dsn: str
):
    a, m, b = (service.wallet(user_id=UserId(new_id()), currency=VIBE) for _ in range(3))

    async def open_in_order(*names: service.AccountName) -> list[AccountId]:
        async with crowd.begin() as tx:
            return await _opened(tx, list(names))

    async with crowd.begin() as first:
        await _opened(first, [m])
        forth, back = asyncio.create_task(open_in_order(a, m, b)), asyncio.create_task(open_in_order(b, m, a))
        await until_somebody_waits(owner_dsn, sessions=2)

    assert (await forth)[::-1] == await back


async def test_batches_in_many_sessions_pay_each_fact_once(crowd: Database):
    async with crowd.begin() as tx:
        source = await make_liquidity(tx)
        wallets = await make_wallets(tx, *[0] * 10)
    facts = [(f"fact:{number}", wallets[number % 10]) for number in range(100)]

    async def work(seed: int) -> list[Outcome]:
        chance = random.Random(seed)
        mine = chance.sample(facts, 60)
        batch = [transfer(source, wallet, 3, key=key, transaction_id=TransactionId(new_id())) for key, wallet in mine]
        return await crowd.run(lambda tx: post_batch(tx, postings=batch))

    outcomes = [one for batch in await asyncio.gather(*(work(seed) for seed in range(SESSIONS))) for one in batch]

    posted = [one for one in outcomes if one.status is Status.POSTED]
    assert {one.status for one in outcomes} == {Status.POSTED, Status.REPLAYED}
    async with crowd.begin() as tx:
        total = sum([(await balance(tx, wallet))[0] for wallet in wallets])
    assert total == 3 * len(posted) == 3 * len({one.transaction_id for one in outcomes})
    assert await violations(crowd) == {}


async def _opened(tx: Tx, names: list[service.AccountName]) -> list[AccountId]:
    return await service.open_accounts(tx, names=names)


async def _post_alone(database: Database, posting: Posting) -> Posted:
    async with database.begin() as tx:
        return await post(tx, posting=posting)


async def _hold_alone(database: Database, account: AccountId) -> None:
    async with database.begin() as tx:
        await make_hold(tx, account, 300, key="k")
