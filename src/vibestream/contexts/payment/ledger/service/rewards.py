"""Reward pools: an epoch's budget as an account that may not fall below zero, and what is paid from it.

Because the pool is guarded, the sum of what is paid can never exceed what it was funded with, whoever asks for what.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from vibestream.contexts.payment.events import RewardPaid
from vibestream.contexts.payment.ledger.domain import accounts
from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.contexts.payment.ledger.domain.postings import Leg, Outcome, Posted, Posting, Status
from vibestream.contexts.payment.ledger.domain.rewards import Reward, RewardOutcome, RewardStatus, require_points
from vibestream.contexts.payment.ledger.service.posting import open_accounts, post, post_batch
from vibestream.contexts.payment.ledger.store import accounts as account_store
from vibestream.contexts.payment.ledger.store import books as book_store
from vibestream.kernel.ids import AccountId, TransactionId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

_STATUS: Final = {
    Status.POSTED: RewardStatus.PAID,
    Status.REPLAYED: RewardStatus.ALREADY_PAID,
    Status.INSUFFICIENT_FUNDS: RewardStatus.POOL_EXHAUSTED,
    Status.KEY_REUSED: RewardStatus.CONTRADICTED,
    Status.OUT_OF_RANGE: RewardStatus.WALLET_FULL,
}


async def fund_pool(tx: Tx, *, epoch: date, amount: Money) -> Posted:
    """Issue an epoch's reward budget into its pool, once: repeating it with the same amount changes nothing.

    Raises:
        InvalidReward: the amount is not a positive one of VIBE.
        KeyReused: the epoch was funded with another amount.
    """
    require_points(amount)
    source, pool = await open_accounts(tx, names=[accounts.issuance(currency=VIBE), accounts.reward_pool(epoch=epoch)])
    return await post(tx, posting=funding(epoch=epoch, amount=amount, issuance=source, pool=pool))


def funding(*, epoch: date, amount: Money, issuance: AccountId, pool: AccountId) -> Posting:
    """Return the posting that issues an epoch's budget into its pool: one fact for each epoch."""
    return Posting(
        transaction_id=TransactionId(new_id()),
        key=f"reward_pool:{epoch.isoformat()}",
        kind="pool_funding",
        legs=(Leg(issuance, -amount), Leg(pool, amount)),
        details={"epoch": epoch.isoformat()},
    )


async def pay_rewards(tx: Tx, *, rewards: Sequence[Reward], now: datetime) -> list[RewardOutcome]:
    """Pay rewards from their epochs' pools, each at most once, and return what became of each, in order.

    One that cannot be paid does not hold up the others. Wallets are opened on first use. Each reward that was paid by
    this call is announced as `RewardPaid`. `now` is when that is said to have happened.
    """
    wallets, pools = await _accounts_of(tx, rewards)
    payable = [reward for reward in rewards if reward.epoch in pools]
    postings = [_posting(reward, pools[reward.epoch], wallets[_wallet(reward)]) for reward in payable]
    outcomes = iter(await post_batch(tx, postings=postings))
    answers = [
        _answer(reward, next(outcomes))
        if reward.epoch in pools
        else RewardOutcome(reward.reward_id, RewardStatus.POOL_NOT_FUNDED, None)
        for reward in rewards
    ]
    paid = [
        RewardPaid(
            occurred_at=now,
            reward_id=reward.reward_id,
            user_id=reward.user_id,
            epoch=reward.epoch,
            amount=reward.amount,
            transaction_id=answer.transaction_id,
        )
        for reward, answer in zip(rewards, answers, strict=True)
        if answer.status is RewardStatus.PAID and answer.transaction_id is not None
    ]
    if paid:
        await publish(tx, *paid)
    return answers


async def paid_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what was paid in rewards from each epoch's pool, counted from the entries; pools that paid none are left out."""
    paid = await book_store.list_rewards_paid(tx)
    return {date.fromisoformat(subject): Money(minor, VIBE) for subject, minor in paid.items()}


async def _accounts_of(tx: Tx, rewards: Sequence[Reward]) -> tuple[dict[AccountName, AccountId], dict[date, AccountId]]:
    pools = {reward.epoch: accounts.reward_pool(epoch=reward.epoch) for reward in rewards}
    names = {_wallet(reward) for reward in rewards}
    found = await account_store.find_accounts(tx, [*names, *pools.values()])
    missing = [name for name in names if name not in found]
    if missing:
        found |= zip(missing, await open_accounts(tx, names=missing), strict=True)
    return found, {epoch: found[name] for epoch, name in pools.items() if name in found}


def _wallet(reward: Reward) -> AccountName:
    return accounts.wallet(user_id=reward.user_id, currency=VIBE)


def _posting(reward: Reward, pool: AccountId, wallet: AccountId) -> Posting:
    return Posting(
        transaction_id=TransactionId(new_id()),
        key=reward.key,
        kind="reward",
        legs=(Leg(pool, -reward.amount), Leg(wallet, reward.amount)),
        details={"reward_id": str(reward.reward_id), "epoch": reward.epoch.isoformat()},
    )


def _answer(reward: Reward, outcome: Outcome) -> RewardOutcome:
    return RewardOutcome(reward.reward_id, _STATUS[outcome.status], outcome.transaction_id)
