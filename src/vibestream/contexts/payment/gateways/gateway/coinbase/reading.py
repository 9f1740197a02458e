"""What Coinbase's checkouts say, in the port's words. Pure: from JSON to values.

Source: docs.cdp.coinbase.com/api-reference/business-api/rest-api/checkouts (checkouts-spec.yaml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from typing import Any, Final

from vibestream.contexts.payment.gateways.domain.amounts import from_decimal
from vibestream.contexts.payment.gateways.domain.port import (
    BookLine,
    BookLineKind,
    MoveState,
    ProviderPayment,
    ProviderRefund,
    ProviderState,
)
from vibestream.contexts.payment.gateways.gateway.certainty import AnswerBroken
from vibestream.contexts.payment.gateways.gateway.fields import (
    at,
    instant,
    items,
    maybe_text,
    payment_id,
    reference,
    text,
)
from vibestream.kernel.money import Money

_STATES: Final = {
    "ACTIVE": ProviderState.OPEN,
    "PROCESSING": ProviderState.PROCESSING,
    "COMPLETED": ProviderState.CAPTURED,
    "REFUNDED": ProviderState.CAPTURED,
    "PARTIALLY_REFUNDED": ProviderState.CAPTURED,
    "DEACTIVATED": ProviderState.CANCELLED,
    "EXPIRED": ProviderState.CANCELLED,
    "FAILED": ProviderState.FAILED,
}
_REFUND_STATES: Final = {
    "PENDING": MoveState.PENDING,
    "PROCESSING": MoveState.PENDING,
    "COMPLETED": MoveState.SUCCEEDED,
    "FAILED": MoveState.FAILED,
}
PAID: Final = ("COMPLETED", "REFUNDED", "PARTIALLY_REFUNDED")
_KEYED: Final = re.compile(r"\[([A-Za-z0-9:_-]{1,100})\]$")
_LONGEST_REASON: Final = 100


def payment_of(checkout: Any) -> ProviderPayment:
    """Return a payment from its checkout."""
    status = text(checkout, "status")
    if status not in _STATES:
        raise AnswerBroken(f"an unknown status {status[:40]!r}")
    state, ref = _STATES[status], reference(checkout, "id")
    asked = from_decimal(at(checkout, "amount"), at(checkout, "currency"))
    received = _settled(checkout, "totalAmount")
    nothing = Money.zero(asked.currency)
    if received is not None and received.currency != asked.currency:
        raise AnswerBroken("settled in another currency than was asked for")
    returned = tuple(refund_of(one, payment_ref=ref) for one in items(checkout, "refunds"))
    paid = state is ProviderState.CAPTURED
    return ProviderPayment(
        payment_ref=ref,
        payment_id=payment_id(checkout, "metadata", "payment_id"),
        state=state,
        amount=asked,
        captured=(received or asked) if paid else nothing,
        refunded=reduce(
            lambda left, right: left + right,
            (one.amount for one in returned if one.state is MoveState.SUCCEEDED),
            nothing,
        ),
        fee=_settled(checkout, "feeAmount") if paid else None,
        redirect_url=maybe_text(checkout, "url") if state is ProviderState.OPEN else None,
        failure=status if state is ProviderState.FAILED else None,
        refunds=returned,
    )


def refund_of(refund: Any, *, payment_ref: str) -> ProviderRefund:
    """Return a refund."""
    status = text(refund, "status")
    if status not in _REFUND_STATES:
        raise AnswerBroken(f"an unknown status {status[:40]!r}")
    return ProviderRefund(
        refund_ref=reference(refund, "id"),
        payment_ref=payment_ref,
        amount=from_decimal(at(refund, "amount"), at(refund, "currency")),
        state=_REFUND_STATES[status],
        key=key_in(maybe_text(refund, "reason")),
    )


def book_lines_of(checkout: Any) -> Iterator[BookLine]:
    """Yield what a paid checkout moved: its payment at the instant of its creation, its refunds at that of their end.

    Coinbase keeps no instant of the payment, and every other one of a checkout changes with it; checkouts live a day, so a
    payment stands in the books at most a day before it was made.
    """
    payment = payment_of(checkout)
    zero = Money.zero(payment.amount.currency)
    yield BookLine(
        line_ref=payment.payment_ref,
        kind=BookLineKind.CHARGE,
        object_ref=payment.payment_ref,
        amount=payment.captured,
        fee=payment.fee or zero,
        at=instant(checkout, "createdAt"),
        payment_id=payment.payment_id,
    )
    for refund, read in zip(items(checkout, "refunds"), payment.refunds, strict=True):
        if read.state is MoveState.SUCCEEDED:
            yield BookLine(
                line_ref=read.refund_ref,
                kind=BookLineKind.REFUND,
                object_ref=read.refund_ref,
                amount=-read.amount,
                fee=zero,
                at=instant(refund, "completedAt" if at(refund, "completedAt") else "createdAt"),
                payment_id=payment.payment_id,
            )


def keyed(reason: str, key: str) -> str:
    """Return a refund's reason with our key at its end: the only place of a refund that Coinbase gives back to us."""
    return f"{reason[:_LONGEST_REASON]} [{key}]"


def key_in(reason: str | None) -> str | None:
    """Return our key in the reason of a refund; None in one that was not made by us."""
    found = _KEYED.search(reason or "")
    return None if found is None else found[1]


def _settled(checkout: Any, part: str) -> Money | None:
    settlement = at(checkout, "settlement")
    if at(settlement, part) is None:
        return None
    return from_decimal(at(settlement, part), at(settlement, "currency"))
