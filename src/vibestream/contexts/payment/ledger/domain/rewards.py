"""Rewards: what is paid from an epoch's pool into wallets."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import RewardId, TransactionId, UserId
from vibestream.kernel.money import VIBE, Money


class InvalidReward(InvalidInput):
    """A reward, or a budget, that is not a positive amount of VIBE."""

    code: ClassVar[str] = "ledger.invalid_reward"


def require_points(amount: Money) -> None:
    """Check that an amount is a positive one of VIBE.

    Raises:
        InvalidReward: it is not.
    """
    if amount.currency != VIBE or amount.minor <= 0:
        raise InvalidReward(f"Rewards are positive amounts of VIBE, not {amount}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """A reward that somebody is owed.

    Raises:
        InvalidReward: the amount is not a positive one of VIBE.
    """

    reward_id: RewardId
    user_id: UserId
    epoch: date
    amount: Money

    def __post_init__(self) -> None:
        require_points(self.amount)

    @property
    def key(self) -> str:
        """The idempotency key: a reward is paid once, whoever asks how often."""
        return f"reward:{self.reward_id}"


class RewardStatus(enum.StrEnum):
    """What became of a reward. Only the first two left something in the books."""

    PAID = "paid"
    ALREADY_PAID = "already_paid"
    POOL_NOT_FUNDED = "pool_not_funded"
    """The epoch has no pool yet: fund it and ask again."""
    POOL_EXHAUSTED = "pool_exhausted"
    """The epoch's pool has less left than the reward."""
    CONTRADICTED = "contradicted"
    """The same reward was paid before to somebody else or in another amount."""
    WALLET_FULL = "wallet_full"
    """The wallet would hold more than the ledger can count."""


@dataclass(frozen=True, slots=True)
class RewardOutcome:
    """What became of one reward."""

    reward_id: RewardId
    status: RewardStatus
    transaction_id: TransactionId | None
    """The transaction under the reward's key, if there is one."""
