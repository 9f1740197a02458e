"""What the payment context announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from vibestream.kernel.events import Event
from vibestream.kernel.ids import RewardId, TransactionId, UserId
from vibestream.kernel.money import Money


@dataclass(frozen=True, kw_only=True)
class RewardPaid(Event):
    """A reward stands in its owner's wallet. Announced once per reward, however often it was asked for."""

    type: ClassVar[str] = "vibestream.payment.reward_paid"

    reward_id: RewardId
    user_id: UserId
    epoch: date
    amount: Money
    transaction_id: TransactionId

    @property
    def key(self) -> str:
        """Order the news of one wallet."""
        return str(self.user_id)
