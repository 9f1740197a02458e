"""The states of a payment, which may follow which, and the words that belong to them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import ClassVar, Final

from vibestream.kernel.errors import Conflict


class Purpose(enum.StrEnum):
    """What a payment is for."""

    WALLET_TOP_UP = "wallet_top_up"
    SUBSCRIPTION = "subscription"
    SHARE_PURCHASE = "share_purchase"
    CAMPAIGN_PURCHASE = "campaign_purchase"
    TIP = "tip"


class PaymentState(enum.StrEnum):
    """How a payment stands."""

    CREATED = "created"
    """Nothing stands at a gateway: not asked yet, asked in vain, or held back until somebody has reviewed it."""
    PENDING = "pending"
    """A gateway was asked, or waits for the payer."""
    AUTHORISED = "authorised"
    """The payer has agreed and the money is set aside; it is not ours."""
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    """A dispute is open, or was lost."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """Something was asked of a gateway and its answer was lost, or does not fit: found out by asking, never assumed."""


class Screening(enum.StrEnum):
    """What fraud said of a payment before it went on."""

    ALLOW = "allow"
    STEP_UP = "step_up"
    REVIEW = "review"
    BLOCK = "block"


class Act(enum.StrEnum):
    """What is asked of a gateway."""

    OPEN = "open"
    CHARGE = "charge"
    CAPTURE = "capture"
    CANCEL = "cancel"
    REFUND = "refund"


class RefundState(enum.StrEnum):
    """How a refund stands."""

    ASKED = "asked"
    """Wanted by us; the gateway may or may not have been asked."""
    LOST = "lost"
    """The gateway was asked and its answer was lost."""
    SENT = "sent"
    """The gateway has accepted it."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It was refused, or came back later: the payer has nothing of it."""


class DisputeStanding(enum.StrEnum):
    """How a dispute stands, from our side."""

    OPEN = "open"
    LOST = "lost"
    WON = "won"


class ImpossibleTransition(Conflict):
    """An event that cannot follow: a defect of whoever decided it, refused before it is recorded."""

    code: ClassVar[str] = "checkout.impossible_transition"

    def __init__(self, *, before: PaymentState, after: PaymentState) -> None:
        super().__init__(f"A payment that is {before} does not become {after}.")
        self.before = before
        self.after = after


_S = PaymentState
_ARRIVED: Final = frozenset({_S.CAPTURED, _S.PARTIALLY_REFUNDED, _S.REFUNDED, _S.DISPUTED})

TRANSITIONS: Final[Mapping[PaymentState, frozenset[PaymentState]]] = {
    _S.CREATED: frozenset({_S.PENDING, _S.FAILED, _S.CANCELLED}),
    # Back to created: the gateway certainly did nothing, so the next one of the route may be asked.
    _S.PENDING: frozenset({_S.CREATED, _S.AUTHORISED, _S.CAPTURED, _S.FAILED, _S.CANCELLED, _S.UNKNOWN}),
    _S.AUTHORISED: frozenset({_S.CAPTURED, _S.FAILED, _S.CANCELLED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset({_S.CREATED, _S.PENDING, _S.AUTHORISED, _S.CAPTURED, _S.FAILED, _S.CANCELLED}),
    # Money can arrive after all: a transfer of coins that was begun in time, a cancellation that came too late.
    _S.FAILED: frozenset({_S.CAPTURED, _S.UNKNOWN}),
    _S.CANCELLED: frozenset({_S.CAPTURED, _S.UNKNOWN}),
    _S.CAPTURED: _ARRIVED - {_S.CAPTURED},
    _S.PARTIALLY_REFUNDED: _ARRIVED - {_S.PARTIALLY_REFUNDED},
    _S.REFUNDED: _ARRIVED - {_S.REFUNDED},
    _S.DISPUTED: _ARRIVED - {_S.DISPUTED},
}
"""What may follow each state. Staying as it is may always."""

ARRIVED: Final = _ARRIVED
"""The states of a payment whose money came."""
ENDED: Final = frozenset({_S.FAILED, _S.CANCELLED})
"""The states of a payment that will not happen."""


def require_transition(before: PaymentState, after: PaymentState) -> None:
    """Check that a state may follow another.

    Raises:
        ImpossibleTransition: it may not.
    """
    if after is not before and after not in TRANSITIONS[before]:
        raise ImpossibleTransition(before=before, after=after)
