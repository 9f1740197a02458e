"""What Stripe's objects say, in the port's words. Pure: from plain dictionaries to values.

Source: docs.stripe.com/api: checkout/sessions/object, payment_intents/object, charges/object, refunds/object,
disputes/object, transfers/object, balance_transactions/object.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any, Final, TypeVar

from vibestream.contexts.payment.gateways.domain.amounts import from_stripe
from vibestream.contexts.payment.gateways.domain.port import (
    BookLine,
    BookLineKind,
    DisputeState,
    MoveState,
    ProviderDispute,
    ProviderPayment,
    ProviderPayout,
    ProviderRefund,
    ProviderState,
)
from vibestream.contexts.payment.gateways.gateway.certainty import AnswerBroken
from vibestream.contexts.payment.gateways.gateway.fields import (
    at,
    boolean,
    instant,
    items,
    maybe_text,
    payment_id,
    payout_id,
    reference,
    text,
)
from vibestream.kernel.money import Money

S = TypeVar("S")

OFF_SESSION: Final = "off_session"
"""What the metadata of a charge without its payer says: a decline of it is final, one on Stripe's page is not."""

_INTENT_STATES: Final = {
    "requires_confirmation": ProviderState.OPEN,
    "requires_action": ProviderState.OPEN,
    "processing": ProviderState.PROCESSING,
    "requires_capture": ProviderState.AUTHORISED,
    "succeeded": ProviderState.CAPTURED,
    "canceled": ProviderState.CANCELLED,
}
_REFUND_STATES: Final = {
    "pending": MoveState.PENDING,
    "requires_action": MoveState.PENDING,
    "succeeded": MoveState.SUCCEEDED,
    "failed": MoveState.FAILED,
    "canceled": MoveState.FAILED,
}
_DISPUTE_STATES: Final = {
    "won": DisputeState.WON,
    "warning_closed": DisputeState.WON,
    "prevented": DisputeState.WON,
    "lost": DisputeState.LOST,
}
"""Everything else is open: needs_response, under_review and their warnings."""
_BOOK_KINDS: Final = {
    "charge": BookLineKind.CHARGE,
    "payment": BookLineKind.CHARGE,
    "refund": BookLineKind.REFUND,
    "payment_refund": BookLineKind.REFUND,
    "refund_failure": BookLineKind.REFUND,
    "payment_failure_refund": BookLineKind.REFUND,
    "adjustment": BookLineKind.DISPUTE,
    "transfer": BookLineKind.PAYOUT,
    "transfer_refund": BookLineKind.PAYOUT_RETURN,
    "transfer_cancel": BookLineKind.PAYOUT_RETURN,
    "transfer_failure": BookLineKind.PAYOUT_RETURN,
    "payout": BookLineKind.SETTLEMENT,
    "payout_cancel": BookLineKind.SETTLEMENT,
    "payout_failure": BookLineKind.SETTLEMENT,
}
"""Source: docs.stripe.com/reports/balance-transaction-types. An adjustment that is no dispute's is OTHER."""
_RISK: Final = ("network_status", "reason", "risk_level", "risk_score", "type")


def payment_of(
    session: dict[str, Any] | None,
    intent: dict[str, Any] | None,
    *,
    refunds: Iterable[dict[str, Any]] = (),
    disputes: Iterable[dict[str, Any]] = (),
    warnings: Iterable[dict[str, Any]] = (),
) -> ProviderPayment:
    """Return a payment from its Checkout Session, its PaymentIntent, or both.

    The intent comes with its charge, and that one with its balance transaction.
    """
    asked = from_stripe(at(intent, "amount"), at(intent, "currency")) if intent else _asked(session)
    if session is not None and _asked(session) != asked:
        raise AnswerBroken("the session and its payment intent have different amounts")
    ref = reference(session or intent, "id")
    returned = tuple(refund_of(refund, payment_ref=ref) for refund in refunds)
    charge = at(intent, "latest_charge")
    received = (
        Money.zero(asked.currency)
        if intent is None
        else from_stripe(at(intent, "amount_received"), at(intent, "currency"))
    )
    return ProviderPayment(
        payment_ref=ref,
        payment_id=payment_id(session or intent, "metadata", "payment_id"),
        state=_state(session, intent),
        amount=asked,
        captured=received,
        refunded=_sum((one.amount for one in returned if one.state is MoveState.SUCCEEDED), Money.zero(asked.currency)),
        fee=_fee(charge),
        redirect_url=maybe_text(session, "url"),
        method_ref=_kept_method(intent),
        method_fingerprint=_fingerprint(charge),
        failure=maybe_text(intent, "last_payment_error", "decline_code")
        or maybe_text(intent, "last_payment_error", "code"),
        refunds=returned,
        disputes=tuple(dispute_of(dispute, payment_ref=ref) for dispute in disputes),
        fraud_warnings=tuple(reference(warning, "id") for warning in warnings),
        risk={word: str(at(charge, "outcome", word)) for word in _RISK if at(charge, "outcome", word) is not None},
    )


def refund_of(refund: dict[str, Any], *, payment_ref: str) -> ProviderRefund:
    """Return a refund."""
    return ProviderRefund(
        refund_ref=reference(refund, "id"),
        payment_ref=payment_ref,
        amount=from_stripe(at(refund, "amount"), at(refund, "currency")),
        state=_known(_REFUND_STATES, text(refund, "status")),
        key=maybe_text(refund, "metadata", "key"),
        fraud=maybe_text(refund, "reason") == "fraudulent",
    )


def dispute_of(dispute: dict[str, Any], *, payment_ref: str) -> ProviderDispute:
    """Return a dispute; its fee is what Stripe has charged for it so far."""
    fees = [from_stripe(at(line, "fee"), at(line, "currency")) for line in items(dispute, "balance_transactions")]
    amount = from_stripe(at(dispute, "amount"), at(dispute, "currency"))
    return ProviderDispute(
        dispute_ref=reference(dispute, "id"),
        payment_ref=payment_ref,
        amount=amount,
        fee=_sum(fees[1:], fees[0]) if fees else None,
        state=_DISPUTE_STATES.get(text(dispute, "status"), DisputeState.OPEN),
        reason=text(dispute, "reason"),
    )


def payout_of(transfer: dict[str, Any]) -> ProviderPayout:
    """Return a payout from its transfer. A transfer is done when it exists; one that was reversed whole came back."""
    partly = at(transfer, "amount_reversed") not in (0, None)
    returned = boolean(transfer, "reversed")
    return ProviderPayout(
        payout_ref=reference(transfer, "id"),
        payout_id=payout_id(transfer, "metadata", "payout_id"),
        amount=from_stripe(at(transfer, "amount"), at(transfer, "currency")),
        fee=None,
        state=MoveState.RETURNED if returned else MoveState.SUCCEEDED,
        failure="reversed" if returned else "partly_reversed" if partly else None,
    )


def book_line_of(line: dict[str, Any]) -> BookLine:
    """Return a line of Stripe's books from a balance transaction whose source is expanded."""
    source = at(line, "source")
    kind = _BOOK_KINDS.get(text(line, "type"), BookLineKind.OTHER)
    if kind is BookLineKind.DISPUTE and at(source, "object") != "dispute":
        kind = BookLineKind.OTHER
    return BookLine(
        line_ref=reference(line, "id"),
        kind=kind,
        object_ref=_object_ref(kind, source) or reference(line, "id"),
        amount=from_stripe(at(line, "amount"), at(line, "currency")),
        fee=from_stripe(at(line, "fee"), at(line, "currency")),
        at=instant(line, "created"),
        payment_id=payment_id(source, "metadata", "payment_id"),
    )


def id_of(expandable: object) -> str | None:
    """Return the id of what is an id, or an object, by whether it was expanded; None for nothing."""
    match expandable:
        case None:
            return None
        case str():
            return expandable
        case _:
            return text(expandable, "id")


def _object_ref(kind: BookLineKind, source: object) -> str | None:
    """Return the id that a line is about: a charge stands for its payment intent, a reversal for its transfer."""
    if kind is BookLineKind.CHARGE:
        return id_of(at(source, "payment_intent")) or id_of(source)
    if kind is BookLineKind.PAYOUT_RETURN:
        return id_of(at(source, "transfer")) or id_of(source)
    return id_of(source)


def _asked(session: dict[str, Any] | None) -> Money:
    return from_stripe(at(session, "amount_total"), at(session, "currency"))


def _state(session: dict[str, Any] | None, intent: dict[str, Any] | None) -> ProviderState:
    stage = None if session is None else text(session, "status")
    status = None if intent is None else text(intent, "status")
    if status in _INTENT_STATES:
        return _INTENT_STATES[status]
    if status == "requires_payment_method":
        if stage == "complete" or (stage is None and at(intent, "metadata", "kind") == OFF_SESSION):
            return ProviderState.FAILED
        return ProviderState.CANCELLED if stage == "expired" else ProviderState.OPEN
    if status is None and stage is not None:
        stages = {"open": ProviderState.OPEN, "complete": ProviderState.PROCESSING, "expired": ProviderState.CANCELLED}
        return _known(stages, stage)
    raise AnswerBroken(f"an unknown status {status!r}")


def _fee(charge: object) -> Money | None:
    line = at(charge, "balance_transaction")
    return from_stripe(at(line, "fee"), at(line, "currency")) if isinstance(line, dict) else None


def _kept_method(intent: dict[str, Any] | None) -> str | None:
    """Return the customer and the method of a payment that keeps it; both are needed to charge it again."""
    if at(intent, "setup_future_usage") != OFF_SESSION or at(intent, "status") not in ("requires_capture", "succeeded"):
        return None
    customer, method = id_of(at(intent, "customer")), id_of(at(intent, "payment_method"))
    return f"{customer}:{method}" if customer and method else None


def _fingerprint(charge: object) -> str | None:
    details = at(charge, "payment_method_details")
    kind = maybe_text(details, "type")
    return None if kind is None else maybe_text(details, kind, "fingerprint")


def _known(states: dict[str, S], word: str) -> S:
    if word not in states:
        raise AnswerBroken(f"an unknown status {word[:40]!r}")
    return states[word]


def _sum(amounts: Iterable[Money], start: Money) -> Money:
    return reduce(lambda left, right: left + right, amounts, start)
