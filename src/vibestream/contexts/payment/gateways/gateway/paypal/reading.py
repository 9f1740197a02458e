"""What PayPal's objects say, in the port's words. Pure: from JSON to values.

Source: PayPal's definitions of Orders v2 (2.13), Payments v2 (2.5), Payouts v1 (1.9), Disputes v1 (1.10) and Transaction
Search v1 (1.9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Final, TypeVar

from vibestream.contexts.payment.gateways.domain.amounts import from_decimal
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

BY_CAPTURE: Final = "capture:"
"""Before the id of a capture, where an order's is not known: PayPal's ids do not say of what they are."""

_ORDER_STATES: Final = {
    "CREATED": ProviderState.OPEN,
    "SAVED": ProviderState.OPEN,
    "PAYER_ACTION_REQUIRED": ProviderState.OPEN,
    "APPROVED": ProviderState.AUTHORISED,
    "VOIDED": ProviderState.CANCELLED,
}
"""An approved order waits for our capture, as an authorised payment does; nothing is reserved for it."""
CAPTURED: Final = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
_REFUND_STATES: Final = {
    "COMPLETED": MoveState.SUCCEEDED,
    "PENDING": MoveState.PENDING,
    "FAILED": MoveState.FAILED,
    "CANCELLED": MoveState.FAILED,
}
_PAYOUT_STATES: Final = {
    "SUCCESS": MoveState.SUCCEEDED,
    "PENDING": MoveState.PENDING,
    "NEW": MoveState.PENDING,
    "ONHOLD": MoveState.PENDING,
    "UNCLAIMED": MoveState.PENDING,
    "FAILED": MoveState.FAILED,
    "BLOCKED": MoveState.FAILED,
    "DENIED": MoveState.FAILED,
    "RETURNED": MoveState.RETURNED,
    "REFUNDED": MoveState.RETURNED,
    "REVERSED": MoveState.RETURNED,
    "CANCELED": MoveState.RETURNED,
}
_BATCH_STATES: Final = {
    "DENIED": MoveState.FAILED,
    "CANCELED": MoveState.FAILED,
    "PENDING": MoveState.PENDING,
    "NEW": MoveState.PENDING,
    "PROCESSING": MoveState.PENDING,
    "SUCCESS": MoveState.PENDING,
}
"""While its one item is not listed yet: a batch that is done says nothing of its item."""
_SELLER_LOST: Final = frozenset({"RESOLVED_BUYER_FAVOUR", "ACCEPTED"})
_BOOK_KINDS: Final = {
    "T0001": BookLineKind.PAYOUT,
    "T1107": BookLineKind.REFUND,
    "T1106": BookLineKind.DISPUTE,
    "T1110": BookLineKind.DISPUTE,
    "T1111": BookLineKind.DISPUTE,
    "T1201": BookLineKind.DISPUTE,
    "T1202": BookLineKind.DISPUTE,
    "T1114": BookLineKind.PAYOUT_RETURN,
    "T1115": BookLineKind.PAYOUT_RETURN,
    "T1116": BookLineKind.PAYOUT_RETURN,
}
_BOOK_FAMILIES: Final = {"T00": BookLineKind.CHARGE, "T04": BookLineKind.SETTLEMENT}
"""Source: developer.paypal.com/docs/transaction-search/transaction-event-codes."""
_MOVED: Final = frozenset({"S", "V", "F"})
"""Statuses of transactions that did move money: successful, later reversed, later refunded in part. Not D(enied), P(ending)."""


def payment_of(order: Any, *, disputes: Iterable[Any] = ()) -> ProviderPayment:
    """Return a payment from its order."""
    unit = at(order, "purchase_units", 0)
    asked = money(at(unit, "amount"))
    ref = reference(order, "id")
    captures = list(items(unit, "payments", "captures"))
    done = [capture for capture in captures if text(capture, "status") in CAPTURED]
    nothing = Money.zero(asked.currency)
    returned = tuple(refund_of(one, payment_ref=ref) for one in items(unit, "payments", "refunds"))
    state = _state(order, captures)
    wallet = at(order, "payment_source", "paypal")
    return ProviderPayment(
        payment_ref=ref,
        payment_id=payment_id(unit, "custom_id"),
        state=state,
        amount=asked,
        captured=_sum((money(at(capture, "amount")) for capture in done), nothing),
        refunded=_sum((one.amount for one in returned if one.state is MoveState.SUCCEEDED), nothing),
        fee=_fee(done),
        redirect_url=_payers_page(order) if state is ProviderState.OPEN else None,
        method_ref=_kept_method(wallet),
        method_fingerprint=maybe_text(wallet, "account_id") or maybe_text(order, "payer", "payer_id"),
        failure=_failure(captures) if state is ProviderState.FAILED else None,
        refunds=returned,
        disputes=tuple(dispute_of(one, payment_ref=ref) for one in disputes),
        risk=_risk(wallet, captures),
    )


def refund_of(refund: Any, *, payment_ref: str) -> ProviderRefund:
    """Return a refund."""
    return ProviderRefund(
        refund_ref=reference(refund, "id"),
        payment_ref=payment_ref,
        amount=money(at(refund, "amount")),
        state=_known(_REFUND_STATES, text(refund, "status")),
        key=_own_key(maybe_text(refund, "custom_id")),
    )


def dispute_of(dispute: Any, *, payment_ref: str) -> ProviderDispute:
    """Return a dispute. PayPal does not say what it charges for one."""
    state = DisputeState.OPEN
    if text(dispute, "status") == "RESOLVED":
        outcome = maybe_text(dispute, "dispute_outcome", "outcome_code")
        state = DisputeState.LOST if outcome in _SELLER_LOST else DisputeState.WON
    return ProviderDispute(
        dispute_ref=reference(dispute, "dispute_id"),
        payment_ref=payment_ref,
        amount=money(at(dispute, "dispute_amount")),
        fee=None,
        state=state,
        reason=maybe_text(dispute, "reason") or "UNKNOWN",
    )


def payout_of(batch: Any) -> ProviderPayout:
    """Return a payout from its batch of one item; right after it was sent, the item may not be listed yet."""
    header, item = at(batch, "batch_header"), at(batch, "items", 0)
    if item is None:
        status = text(header, "batch_status")
        return ProviderPayout(
            payout_ref=reference(header, "payout_batch_id"),
            payout_id=None,
            amount=_currency(at(header, "amount")),
            fee=None,
            state=_known(_BATCH_STATES, status),
            failure=status if _BATCH_STATES[status] is MoveState.FAILED else None,
        )
    status = text(item, "transaction_status")
    state = _known(_PAYOUT_STATES, status)
    fee = at(item, "payout_item_fee")
    kept = None if fee is None else _currency(fee)
    if kept is not None and state is MoveState.RETURNED:
        kept = Money.zero(kept.currency)  # what comes back comes with its fee, although the item goes on to name it
    return ProviderPayout(
        payout_ref=reference(header, "payout_batch_id"),
        payout_id=payout_id(item, "payout_item", "sender_item_id"),
        amount=_currency(at(item, "payout_item", "amount")),
        fee=kept,
        state=state,
        failure=None
        if state in (MoveState.SUCCEEDED, MoveState.PENDING)
        else maybe_text(item, "errors", "name") or status,
    )


_OF_PAYOUTS: Final = (BookLineKind.PAYOUT, BookLineKind.PAYOUT_RETURN)


def book_line_of(detail: Any) -> BookLine | None:
    """Return a line of PayPal's books from a transaction; None for one that moved nothing (yet)."""
    info = at(detail, "transaction_info")
    if maybe_text(info, "transaction_status") not in _MOVED:
        return None
    ref, code = reference(info, "transaction_id"), text(info, "transaction_event_code")
    amount, fee = money(at(info, "transaction_amount")), at(info, "fee_amount")
    kind = _BOOK_KINDS.get(code) or _BOOK_FAMILIES.get(code[:3], BookLineKind.OTHER)
    if kind is BookLineKind.CHARGE and amount.minor < 0:
        kind = BookLineKind.OTHER  # we paid somebody
    return BookLine(
        line_ref=ref,
        kind=kind,
        object_ref=_book_object(kind, info, ref),
        amount=amount,
        fee=Money.zero(amount.currency) if fee is None else -money(fee),
        at=instant(info, "transaction_initiation_date"),
        payment_id=payment_id(info, "custom_field") if kind not in _OF_PAYOUTS else None,
        payout_id=payout_id(info, "custom_field") if kind in _OF_PAYOUTS else None,
    )


def money(amount: Any) -> Money:
    """Return an amount of Orders, Payments, Disputes or Transaction Search."""
    return from_decimal(at(amount, "value"), at(amount, "currency_code"))


def theirs(key: str) -> str:
    """Return our key in the alphabet of `custom_id`, which has no colon. Source: Payments v2, refund.custom_id."""
    return key.replace(":", ".")


def _own_key(custom_id: str | None) -> str | None:
    return None if custom_id is None else custom_id.replace(".", ":")


def _currency(amount: Any) -> Money:
    """Return an amount of Payouts, which calls its currency otherwise."""
    return from_decimal(at(amount, "value"), at(amount, "currency"))


def _state(order: Any, captures: list[Any]) -> ProviderState:
    status = text(order, "status")
    if status != "COMPLETED":
        return _known(_ORDER_STATES, status)
    said = {text(capture, "status") for capture in captures}
    if said & CAPTURED:
        return ProviderState.CAPTURED
    if "PENDING" in said:
        return ProviderState.PROCESSING
    if said and said <= {"DECLINED", "FAILED"}:
        return ProviderState.FAILED
    raise AnswerBroken("a completed order without a capture that we know")


def _fee(done: list[Any]) -> Money | None:
    fees = [at(capture, "seller_receivable_breakdown", "paypal_fee") for capture in done]
    if not fees or None in fees:
        return None
    first, *others = (money(fee) for fee in fees)
    return _sum(others, first)


def _payers_page(order: Any) -> str | None:
    links = {at(link, "rel"): maybe_text(link, "href") for link in items(order, "links")}
    return links.get("payer-action") or links.get("approve")


def _kept_method(wallet: Any) -> str | None:
    vault = at(wallet, "attributes", "vault")
    return maybe_text(vault, "id") if maybe_text(vault, "status") in (None, "VAULTED", "CREATED") else None


def _failure(captures: list[Any]) -> str:
    last = captures[-1]
    return maybe_text(last, "status_details", "reason") or text(last, "status")


def _risk(wallet: Any, captures: list[Any]) -> Mapping[str, str]:
    found = {
        "account_status": maybe_text(wallet, "account_status"),
        "seller_protection": maybe_text(captures, -1, "seller_protection", "status"),
    }
    return {word: said for word, said in found.items() if said is not None}


def _book_object(kind: BookLineKind, info: Any, ref: str) -> str:
    if kind is BookLineKind.CHARGE:
        return BY_CAPTURE + ref
    if kind in (BookLineKind.DISPUTE, BookLineKind.PAYOUT_RETURN):
        return maybe_text(info, "paypal_reference_id") or ref
    return ref


def _known(states: Mapping[str, S], word: str) -> S:
    if word not in states:
        raise AnswerBroken(f"an unknown status {word[:40]!r}")
    return states[word]


def _sum(amounts: Iterable[Money], start: Money) -> Money:
    return reduce(lambda left, right: left + right, amounts, start)
