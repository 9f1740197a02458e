"""Invoices: what is asked for one period, the attempts to pay it, and what of it can be given back."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from vibestream.contexts.payment.subscriptions.domain.plans import Terms
from vibestream.contexts.payment.subscriptions.domain.proration import unused
from vibestream.kernel.ids import PaymentId, SubscriptionId
from vibestream.kernel.money import Money
from vibestream.kernel.time import Period

InvoiceId = NewType("InvoiceId", UUID)


class InvoiceKind(enum.StrEnum):
    """What an invoice is for."""

    FIRST = "first"
    RENEWAL = "renewal"
    CHANGE = "change"


class InvoiceState(enum.StrEnum):
    """How an invoice stands. All but the first are final."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"


class AttemptState(enum.StrEnum):
    """How an attempt to pay an invoice stands."""

    OPEN = "open"
    TAKEN = "taken"
    """It paid the invoice."""
    KEPT_FOR_PAYER = "kept_for_payer"
    """Its money came when nobody waited for it any more, and went to its payer's wallet."""
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What is asked for one period."""

    invoice_id: InvoiceId
    subscription_id: SubscriptionId
    kind: InvoiceKind
    terms: Terms
    worth: Money
    """What the period is worth; `charge` of it is to be paid."""
    credit: Money
    """What is not asked for, being the unused rest of the invoice that it follows, or too little to be charged."""
    state: InvoiceState
    covers: Period | None
    """None for a first one, or a change to another cycle, until it is paid: their time begins then."""
    basis_end: datetime | None
    """Of a change: the end of the period it was reckoned on."""
    follows: InvoiceId | None
    made_at: datetime
    paid_at: datetime | None

    @property
    def charge(self) -> Money:
        """What is to be paid."""
        return self.worth - self.credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One payment for an invoice."""

    payment_id: PaymentId
    invoice_id: InvoiceId
    number: int
    state: AttemptState
    keeps_method: bool
    """Whether the payer agreed that its method is kept for renewals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidPart:
    """What one payment paid towards what is left of a subscription."""

    payment_id: PaymentId
    invoice_id: InvoiceId
    left: Money
    """What of it is still with us."""


def refundable(current: Invoice, *, parts: Sequence[PaidPart], at: datetime) -> list[tuple[PaidPart, Money]]:
    """Return how much of each payment the unused rest of a subscription is, the newest payment first.

    The rest of a period that was reached by a change may exceed what the change cost: it is then given back from the
    payment before, whose unused rest had become the credit.

    Args:
        current: the invoice that was paid last.
        parts: its payment, then that of the invoice it follows, and so on.
        at: when.
    """
    if current.covers is None:
        return []
    rest = unused(current.worth, period=current.covers, at=at)
    found: list[tuple[PaidPart, Money]] = []
    for part in parts:
        given = min(rest, part.left)
        if given.minor > 0:
            found.append((part, given))
            rest -= given
    return found
