"""Acting: what has to be done next about a payment as it stands, so that whoever comes along can go on with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vibestream.contexts.payment.checkout.domain.payment import Attempt, Payment, Refund
from vibestream.contexts.payment.checkout.domain.states import Act, DisputeStanding, PaymentState, RefundState

KEY_GOOD_FOR: Final = timedelta(hours=5)
"""How long a gateway surely knows a key again. PayPal's orders forget first, after six hours; asking to charge a stored
method under a forgotten key would charge it twice.

Source: PayPal, checkout_orders_v2.json, PayPal-Request-Id; docs.stripe.com/api/idempotent_requests (24 hours).
"""
_SOON: Final = timedelta(seconds=10)
_SELDOM: Final = timedelta(hours=6)
_MOST_DOUBLINGS: Final = 12
_FEE_LOOKS: Final = 28
"""A fee that the gateway has not named after as many looks, over four days, is left to reconciliation."""


@dataclass(frozen=True, slots=True)
class Assess:
    """Have fraud look at it: before a gateway is chosen, and again before what is set aside is taken."""


@dataclass(frozen=True, slots=True)
class Try:
    """Choose a gateway and ask it to take the money."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Ask the same gateway with the same key what it made of an attempt."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Look:
    """Fetch it from its gateway."""


@dataclass(frozen=True, slots=True)
class Capture:
    """Have what is set aside captured."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Have it given up."""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Have some of it refunded."""

    refund: Refund


Step = Assess | Try | AskAgain | Look | Capture | Cancel | GiveBack


def next_step(payment: Payment, *, now: datetime) -> Step | None:  # noqa: PLR0911 - one line a step
    """Return what can be done about a payment at once; None when it is somebody else's turn, or nobody's."""
    if payment.ended or payment.held_back:
        return None
    if payment.state is PaymentState.CREATED:
        return Try() if payment.verdict is not None else Assess()
    attempt = payment.attempt
    if attempt is not None and payment.payment_ref is None:
        return AskAgain(attempt) if may_ask_again(attempt, now=now) else None
    if payment.state is PaymentState.UNKNOWN:
        return Look()
    if payment.arrived:
        return next((GiveBack(one) for one in payment.refunds.values() if _wanted(one)), None)
    if payment.cancel_key is not None:
        return Cancel()
    if payment.to_be_rescreened:
        return Assess()
    if payment.state is PaymentState.AUTHORISED and not payment.in_review:
        return Capture()
    return None


def may_ask_again(attempt: Attempt, *, now: datetime) -> bool:
    """Say whether asking once more under the attempt's key can do no harm.

    Opening a payment moves nothing until its payer confirms it, whatever the key's age. A charge moves money.
    """
    return attempt.act is not Act.CHARGE or now - attempt.at < KEY_GOOD_FOR


def look_again_after(payment: Payment, *, looks: int) -> timedelta | None:
    """Return after what time somebody has to look at a payment again; None when nothing about it is open.

    Args:
        payment: as it stands.
        looks: how often it was looked at since something last happened to it; each time the pause doubles.
    """
    if payment.ended or payment.held_back:
        return None
    if payment.arrived and not _open_matters(payment, looks):
        return None
    pause: timedelta = min(_SOON * 2 ** min(looks, _MOST_DOUBLINGS), _SELDOM)
    return pause


def _open_matters(payment: Payment, looks: int) -> bool:
    refunds = any(one.state not in {RefundState.SUCCEEDED, RefundState.FAILED} for one in payment.refunds.values())
    disputes = any(one.standing is DisputeStanding.OPEN for one in payment.disputes.values())
    return refunds or disputes or (payment.fee is None and looks < _FEE_LOOKS)


def _wanted(refund: Refund) -> bool:
    return refund.state in {RefundState.ASKED, RefundState.LOST}
