"""Money that the payer's bank takes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vibestream.contexts.payment.checkout.domain.events.happened import Happened
from vibestream.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened(Happened):
    """The payer's bank took some back while it looks into it."""

    type: ClassVar[str] = "dispute_opened"

    dispute_ref: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDecided(Happened):
    """The bank has decided: won, and the money is back; or lost."""

    type: ClassVar[str] = "dispute_decided"

    dispute_ref: str
    won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFeeKnown(Happened):
    """The gateway says what the dispute costs in all, whoever wins."""

    type: ClassVar[str] = "dispute_fee_known"

    dispute_ref: str
    fee: Money
    added: Money
