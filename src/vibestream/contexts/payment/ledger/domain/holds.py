"""Holds: money set aside on a guarded account, until it is captured, voided or expired."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import AccountId, HoldId, TransactionId
from vibestream.kernel.money import Money


class InvalidHold(InvalidInput):
    """A hold of nothing, or one that would be over before it begins."""

    code: ClassVar[str] = "ledger.invalid_hold"


class NotGuarded(Conflict):
    """An append-only account may fall below zero, so holding some of it would mean nothing."""

    code: ClassVar[str] = "ledger.not_guarded"


class HoldState(enum.StrEnum):
    """How a hold stands. All but the first are final."""

    PENDING = "pending"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Hold:
    """Money set aside. Its time is judged by the database's clock, when it is read as when it is written."""

    hold_id: HoldId
    account_id: AccountId
    amount: Money
    reason: str
    placed_at: datetime
    expires_at: datetime
    state: HoldState
    captured: Money | None
    """What was taken; the rest was given back. None unless captured."""
    captured_by: TransactionId | None
