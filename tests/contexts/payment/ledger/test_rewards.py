"""Rewards: each is paid once, and all of an epoch's together never exceed its pool."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from tests.factories.payment import (
    EPOCH,
    LARGEST,
    NOW,
    balance,
    make_liquidity,
    make_reward,
    make_wallet,
    transfer,
    vibe,
    violations,
)
from vibestream.contexts.payment.events import RewardPaid
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import (
    InvalidReward,
    KeyReused,
    Reward,
    RewardOutcome,
    RewardStatus,
    fund_pool,
    pay_rewards,
    post,
)
from vibestream.kernel.money import USD, VIBE, Money
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.codec import decode

OTHER_EPOCH = date(2026, 11, 25)


async def pool_of(tx: Tx, epoch: date = EPOCH) -> int:
    account = await service.open_account(tx, name=service.reward_pool(epoch=epoch))
    return (await balance(tx, account))[0]


async def wallet_of(tx: Tx, reward: Reward) -> int:
    found = await service.balances_of_person(tx, user_id=reward.user_id)
    return sum(one.posted.minor for one in found)


async def announced(tx: Tx) -> list[Any]:
    rows = await tx.values("SELECT data::text FROM platform.outbox WHERE type = %s ORDER BY seq", [RewardPaid.type])
    return [decode(RewardPaid, data) for data in rows]


async def test_a_pool_is_funded_from_issuance_once(tx: Tx):
    issued = await service.open_account(tx, name=service.issuance(currency=VIBE))
    was = (await balance(tx, issued))[0]

    first = await fund_pool(tx, epoch=EPOCH, amount=vibe(1_000))
    again = await fund_pool(tx, epoch=EPOCH, amount=vibe(1_000))

    assert (again.transaction_id, again.replayed) == (first.transaction_id, True)
    assert (await pool_of(tx), (await balance(tx, issued))[0]) == (1_000, was - 1_000)


async def test_a_pool_is_not_funded_with_another_amount(tx: Tx):
    await fund_pool(tx, epoch=EPOCH, amount=vibe(1_000))
    with pytest.raises(KeyReused):
        await fund_pool(tx, epoch=EPOCH, amount=vibe(1_001))
    assert await pool_of(tx) == 1_000


@pytest.mark.parametrize("amount", [vibe(0), vibe(-5), Money(10, USD)])
async def test_a_budget_is_a_positive_amount_of_vibe(tx: Tx, amount: Money):
    with pytest.raises(InvalidReward):
        await fund_pool(tx, epoch=EPOCH, amount=amount)


async def test_pays_into_wallets_that_are_opened_on_first_use(tx: Tx):
    await fund_pool(tx, epoch=EPOCH, amount=vibe(100))
    ana, ben = make_reward(minor=40), make_reward(minor=50)

    outcomes = await pay_rewards(tx, rewards=[ana, ben], now=NOW)

    assert [one.status for one in outcomes] == [RewardStatus.PAID, RewardStatus.PAID]
    assert [one.reward_id for one in outcomes] == [ana.reward_id, ben.reward_id]
    assert (await wallet_of(tx, ana), await wallet_of(tx, ben), await pool_of(tx)) == (40, 50, 10)


async def test_each_payment_is_announced_once_with_its_facts(tx: Tx):
    await fund_pool(tx, epoch=EPOCH, amount=vibe(100))
    paid, refused = make_reward(minor=40), make_reward(minor=61)

    first, _ = await pay_rewards(tx, rewards=[paid, refused], now=NOW)
    await pay_rewards(tx, rewards=[paid, refused], now=NOW)

    (event,) = await announced(tx)
    assert first.transaction_id is not None
    assert event == RewardPaid(
        event_id=event.event_id,
        occurred_at=NOW,
        reward_id=paid.reward_id,
        user_id=paid.user_id,
        epoch=EPOCH,
        amount=vibe(40),
        transaction_id=first.transaction_id,
    )
    assert event.key == str(paid.user_id)


async def test_a_reward_is_paid_once_however_often_it_is_asked_for(tx: Tx):
    await fund_pool(tx, epoch=EPOCH, amount=vibe(100))
    reward = make_reward(minor=40)

    outcomes = await pay_rewards(tx, rewards=[reward, reward], now=NOW)
    outcomes += await pay_rewards(tx, rewards=[reward], now=NOW)

    assert [one.status for one in outcomes] == [
        RewardStatus.PAID, RewardStatus.ALREADY_PAID, RewardStatus.ALREADY_PAID,
    ]  # fmt: skip
    assert len({one.transaction_id for one in outcomes}) == 1
    assert await wallet_of(tx, reward) == 40


@pytest.mark.parametrize("change", [{"minor": 41}, {"user_id": None}], ids=str)
async def test_a_reward_that_contradicts_the_one_that_was_paid_is_not_paid(tx: Tx, change: dict[str, Any]):
    await fund_pool(tx, epoch=EPOCH, amount=vibe(100))
    paid = make_reward(minor=40)
    await pay_rewards(tx, rewards=[paid], now=NOW)
    other = make_reward(**{"minor": 40, "user_id": paid.user_id, "reward_id": paid.reward_id, **change})

    (outcome,) = await pay_rewards(tx, rewards=[other], now=NOW)

    assert outcome.status is RewardStatus.CONTRADICTED
    assert (await wallet_of(tx, paid), await pool_of(tx)) == (40, 60)


async def test_the_pool_is_never_overpaid_and_smaller_rewards_still_fit(tx: Tx):
    await fund_pool(tx, epoch=EPOCH, amount=vibe(100))
    rewards = [make_reward(minor=minor) for minor in (60, 50, 40, 1)]

    outcomes = await pay_rewards(tx, rewards=rewards, now=NOW)

    assert [one.status for one in outcomes] == [
        RewardStatus.PAID, RewardStatus.POOL_EXHAUSTED, RewardStatus.PAID, RewardStatus.POOL_EXHAUSTED,
    ]  # fmt: skip
    assert [await wallet_of(tx, reward) for reward in rewards] == [60, 0, 40, 0]
    assert await pool_of(tx) == 0


async def test_each_epoch_pays_from_its_own_pool(tx: Tx):
    await fund_pool(tx, epoch=EPOCH, amount=vibe(100))
    await fund_pool(tx, epoch=OTHER_EPOCH, amount=vibe(10))

    outcomes = await pay_rewards(tx, rewards=[make_reward(minor=40), make_reward(minor=40, epoch=OTHER_EPOCH)], now=NOW)

    assert [one.status for one in outcomes] == [RewardStatus.PAID, RewardStatus.POOL_EXHAUSTED]
    assert (await pool_of(tx), await pool_of(tx, OTHER_EPOCH)) == (60, 10)


async def test_a_reward_waits_for_its_pool(tx: Tx):
    early, fine = make_reward(epoch=OTHER_EPOCH), make_reward()
    await fund_pool(tx, epoch=EPOCH, amount=vibe(100))

    outcomes = await pay_rewards(tx, rewards=[early, fine], now=NOW)
    assert outcomes[0] == RewardOutcome(early.reward_id, RewardStatus.POOL_NOT_FUNDED, None)
    assert outcomes[1].status is RewardStatus.PAID

    await fund_pool(tx, epoch=OTHER_EPOCH, amount=vibe(100))
    (outcome,) = await pay_rewards(tx, rewards=[early], now=NOW)
    assert outcome.status is RewardStatus.PAID


async def test_a_wallet_that_cannot_hold_more_does_not_hold_up_others(tx: Tx):
    await fund_pool(tx, epoch=EPOCH, amount=vibe(100))
    full = await make_wallet(tx)
    await post(tx, posting=transfer(await make_liquidity(tx), full.account_id, LARGEST))

    outcomes = await pay_rewards(tx, rewards=[make_reward(user_id=full.user_id), make_reward()], now=NOW)

    assert [one.status for one in outcomes] == [RewardStatus.WALLET_FULL, RewardStatus.PAID]


async def test_no_rewards_are_no_work(tx: Tx):
    assert await pay_rewards(tx, rewards=[], now=NOW) == []
    assert await announced(tx) == []


async def test_many_sessions_pay_the_same_rewards_once_and_never_too_much(database: Database):
    async with database.begin() as tx:
        await fund_pool(tx, epoch=EPOCH, amount=vibe(1_000))
    rewards = [make_reward(minor=100) for _ in range(15)]

    async def pay(offset: int) -> None:
        mine = [*rewards[offset:], *rewards[:offset]]
        await database.run(lambda tx: pay_rewards(tx, rewards=mine, now=NOW))

    await asyncio.gather(*(pay(offset) for offset in range(8)))

    async with database.begin() as tx:
        wallets = [await wallet_of(tx, reward) for reward in rewards]
        events = await announced(tx)
        assert await pool_of(tx) == 0
    assert sorted(wallets) == [0] * 5 + [100] * 10
    paid = {reward.reward_id for reward, minor in zip(rewards, wallets, strict=True) if minor}
    assert sorted(event.reward_id for event in events) == sorted(paid)
    assert await violations(database) == {}
