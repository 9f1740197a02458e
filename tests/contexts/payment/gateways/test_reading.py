"""Objects of the gateways, read without one: every state that their definitions have, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from vibestream.contexts.payment.gateways.domain.port import (
    BookLineKind,
    DisputeState,
    MoveState,
    ProviderState,
)
from vibestream.contexts.payment.gateways.gateway.certainty import AnswerBroken
from vibestream.contexts.payment.gateways.gateway.coinbase import reading as coinbase
from vibestream.contexts.payment.gateways.gateway.paypal import reading as paypal
from vibestream.contexts.payment.gateways.gateway.stripe import reading as stripe
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import USD, Currency, Money

OURS = "0192f4a5-6d1c-7c3e-9a55-6f0c2f7f1b10"
BROKEN = (AnswerBroken, InvalidInput)
"""What `believed` takes for no answer."""


def session(status: str = "open", **more: Any) -> dict[str, Any]:
    return {
        "id": "cs_1",
        "status": status,
        "amount_total": 1234,
        "currency": "usd",
        "metadata": {"payment_id": OURS},
    } | more


def intent(status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "status": status,
        "amount": 1234,
        "amount_received": 0,
        "currency": "usd",
        "metadata": {},
    } | more


@pytest.mark.parametrize(
    ("stage", "status", "state"),
    [
        ("open", None, ProviderState.OPEN),
        ("expired", None, ProviderState.CANCELLED),
        ("complete", None, ProviderState.PROCESSING),
        ("open", "requires_payment_method", ProviderState.OPEN),
        ("expired", "requires_payment_method", ProviderState.CANCELLED),
        ("complete", "requires_payment_method", ProviderState.FAILED),
        ("open", "requires_action", ProviderState.OPEN),
        ("complete", "processing", ProviderState.PROCESSING),
        ("complete", "requires_capture", ProviderState.AUTHORISED),
        ("complete", "succeeded", ProviderState.CAPTURED),
        ("expired", "canceled", ProviderState.CANCELLED),
    ],
)
def test_stripes_session_and_intent_together_say_how_a_payment_stands(
    stage: str, status: str | None, state: ProviderState
):
    made = stripe.payment_of(session(stage), None if status is None else intent(status))

    assert (made.state, made.payment_ref, str(made.payment_id)) == (state, "cs_1", OURS)


def test_an_intent_alone_fails_for_good_only_when_its_payer_was_away():
    declined = {"last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds"}}
    away = stripe.payment_of(None, intent("requires_payment_method", metadata={"kind": "off_session"}, **declined))
    here = stripe.payment_of(None, intent("requires_payment_method", **declined))

    assert (away.state, away.failure) == (ProviderState.FAILED, "insufficient_funds")
    assert (here.state, here.payment_ref, here.payment_id) == (ProviderState.OPEN, "pi_1", None)


def test_a_fee_is_in_the_currency_that_stripe_settles_in_and_unknown_while_it_is():
    charge = {"balance_transaction": {"fee": 66, "currency": "eur"}, "payment_method_details": {"type": "sepa_debit"}}
    settled = stripe.payment_of(None, intent("succeeded", amount_received=1234, latest_charge=charge))
    unsettled = stripe.payment_of(
        None, intent("succeeded", amount_received=1234, latest_charge={"balance_transaction": None})
    )

    assert settled.fee == Money(66, Currency.of("EUR"))
    assert (unsettled.fee, unsettled.method_fingerprint) == (None, None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (session("odd"), None),
        (session(), intent("odd")),
        (session(amount_total=999), intent("succeeded")),
        (session(currency="eur"), intent("succeeded")),
        (session(amount_total=None), None),
        (session(id="a/b"), None),
        (None, intent("succeeded", amount_received="1234")),
        (None, intent("succeeded", amount=12.5)),
        (None, None),
    ],
)
def test_what_stripe_cannot_have_meant_is_broken(first: Any, second: Any):
    with pytest.raises(BROKEN):
        stripe.payment_of(first, second)


@pytest.mark.parametrize(
    ("status", "state"),
    [("won", DisputeState.WON), ("warning_closed", DisputeState.WON), ("lost", DisputeState.LOST),
     ("needs_response", DisputeState.OPEN), ("under_review", DisputeState.OPEN), ("of_next_year", DisputeState.OPEN)],
)  # fmt: skip
def test_a_dispute_of_stripes_is_open_until_it_says_otherwise(status: str, state: DisputeState):
    lines = [{"fee": 1500, "currency": "usd"}, {"fee": -1500, "currency": "usd"}]
    thing = {"id": "dp_1", "amount": 1234, "currency": "usd", "status": status, "reason": "fraudulent"}

    dispute = stripe.dispute_of(thing | {"balance_transactions": lines}, payment_ref="cs_1")

    assert (dispute.state, dispute.fee) == (state, Money(0, USD))
    assert stripe.dispute_of(thing, payment_ref="cs_1").fee is None


@pytest.mark.parametrize(
    ("kind", "source", "expected"),
    [
        ("charge", {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}, (BookLineKind.CHARGE, "pi_1")),
        ("payment", {"object": "charge", "id": "py_1"}, (BookLineKind.CHARGE, "py_1")),
        ("refund", {"object": "refund", "id": "re_1"}, (BookLineKind.REFUND, "re_1")),
        ("adjustment", {"object": "dispute", "id": "dp_1"}, (BookLineKind.DISPUTE, "dp_1")),
        ("adjustment", None, (BookLineKind.OTHER, "txn_1")),
        ("transfer", {"object": "transfer", "id": "tr_1"}, (BookLineKind.PAYOUT, "tr_1")),
        (
            "transfer_refund",
            {"object": "transfer_reversal", "id": "trr_1", "transfer": "tr_1"},
            (BookLineKind.PAYOUT_RETURN, "tr_1"),
        ),
        ("payout", "po_1", (BookLineKind.SETTLEMENT, "po_1")),
        ("stripe_fee", None, (BookLineKind.OTHER, "txn_1")),
    ],
)
def test_each_line_of_stripes_books_is_about_one_object(kind: str, source: Any, expected: tuple[BookLineKind, str]):
    line = {"id": "txn_1", "type": kind, "source": source, "amount": -5, "fee": 3, "currency": "usd", "created": 1}

    read = stripe.book_line_of(line)

    assert (read.kind, read.object_ref) == expected
    assert (read.amount, read.fee, read.at.timestamp()) == (Money(-5, USD), Money(3, USD), 1)


def order(status: str = "CREATED", captures: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    unit = {"amount": {"value": "12.34", "currency_code": "USD"}, "custom_id": OURS}
    return {
        "id": "ORDER1",
        "status": status,
        "purchase_units": [unit | {"payments": {"captures": captures or []}}],
    } | more


def capture(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "CAP1", "status": status, "amount": {"value": "12.34", "currency_code": "USD"}} | more


@pytest.mark.parametrize(
    ("status", "captures", "state", "captured"),
    [
        ("CREATED", [], ProviderState.OPEN, 0),
        ("SAVED", [], ProviderState.OPEN, 0),
        ("PAYER_ACTION_REQUIRED", [], ProviderState.OPEN, 0),
        ("APPROVED", [], ProviderState.AUTHORISED, 0),
        ("VOIDED", [], ProviderState.CANCELLED, 0),
        ("COMPLETED", [capture("COMPLETED")], ProviderState.CAPTURED, 1234),
        ("COMPLETED", [capture("PARTIALLY_REFUNDED")], ProviderState.CAPTURED, 1234),
        ("COMPLETED", [capture("REFUNDED")], ProviderState.CAPTURED, 1234),
        ("COMPLETED", [capture("PENDING")], ProviderState.PROCESSING, 0),
        ("COMPLETED", [capture("DECLINED")], ProviderState.FAILED, 0),
        ("COMPLETED", [capture("FAILED")], ProviderState.FAILED, 0),
    ],
)
def test_paypals_order_and_captures_say_how_a_payment_stands(
    status: str, captures: list[Any], state: ProviderState, captured: int
):
    made = paypal.payment_of(order(status, captures))

    assert (made.state, made.captured, made.fee) == (state, Money(captured, USD), None)
    assert (made.failure is not None) == (state is ProviderState.FAILED)


@pytest.mark.parametrize(
    "odd",
    [
        order("ODD"),
        order("COMPLETED"),
        order("COMPLETED", [capture("ODD")]),
        order("COMPLETED", [capture("COMPLETED") | {"amount": {"value": "12.34", "currency_code": "EUR"}}]),
        order("COMPLETED", [capture("COMPLETED") | {"amount": {"value": 12.34, "currency_code": "USD"}}]),
        order() | {"purchase_units": []},
        order() | {"purchase_units": None},
        order() | {"id": "../x"},
    ],
)
def test_what_paypal_cannot_have_meant_is_broken(odd: Any):
    with pytest.raises(BROKEN):
        paypal.payment_of(odd)


def test_a_vaulted_wallet_is_kept_only_once_it_is_vaulted():
    def wallet(status: str | None) -> dict[str, Any]:
        return {"paypal": {"account_id": "PAYER1", "attributes": {"vault": {"id": "v1", "status": status}}}}

    kept = [
        paypal.payment_of(order(payment_source=wallet(word))).method_ref
        for word in ("VAULTED", "CREATED", None, "APPROVED")
    ]

    assert kept == ["v1", "v1", "v1", None]
    assert paypal.payment_of(order(payment_source=wallet("VAULTED"))).method_fingerprint == "PAYER1"
    assert paypal.payment_of(order(payer={"payer_id": "PAYER2"})).method_fingerprint == "PAYER2"


def test_paypals_fee_is_known_when_every_capture_says_it():
    fee = {"seller_receivable_breakdown": {"paypal_fee": {"value": "0.92", "currency_code": "USD"}}}

    assert paypal.payment_of(order("COMPLETED", [capture("COMPLETED", **fee)])).fee == Money(92, USD)
    two = [capture("COMPLETED", **fee), capture("COMPLETED", **fee)]
    assert paypal.payment_of(order("COMPLETED", two)).fee == Money(184, USD)
    assert paypal.payment_of(order("COMPLETED", [capture("COMPLETED", **fee), capture("COMPLETED")])).fee is None


@pytest.mark.parametrize(
    ("status", "outcome", "state"),
    [
        ("OPEN", None, DisputeState.OPEN),
        ("UNDER_REVIEW", None, DisputeState.OPEN),
        ("RESOLVED", "RESOLVED_BUYER_FAVOUR", DisputeState.LOST),
        ("RESOLVED", "ACCEPTED", DisputeState.LOST),
        ("RESOLVED", "RESOLVED_SELLER_FAVOUR", DisputeState.WON),
        ("RESOLVED", "RESOLVED_WITH_PAYOUT", DisputeState.WON),
        ("RESOLVED", "CANCELED_BY_BUYER", DisputeState.WON),
    ],
)
def test_a_dispute_of_paypals_is_open_until_it_is_resolved(status: str, outcome: str | None, state: DisputeState):
    thing = {
        "dispute_id": "PP-D-1",
        "status": status,
        "dispute_amount": {"value": "5.00", "currency_code": "USD"},
        "dispute_outcome": {"outcome_code": outcome},
    }

    assert paypal.dispute_of(thing, payment_ref="ORDER1").state is state


@pytest.mark.parametrize(
    ("batch", "state"),
    [("PENDING", MoveState.PENDING), ("PROCESSING", MoveState.PENDING), ("SUCCESS", MoveState.PENDING),
     ("DENIED", MoveState.FAILED), ("CANCELED", MoveState.FAILED)],
)  # fmt: skip
def test_a_batch_whose_item_is_not_listed_yet_is_under_way_or_denied(batch: str, state: MoveState):
    header = {"payout_batch_id": "B1", "batch_status": batch, "amount": {"value": "20.00", "currency": "USD"}}

    read = paypal.payout_of({"batch_header": header})

    assert (read.state, read.amount, read.payout_id, read.failure) == (
        state, Money(2000, USD), None, batch if state is MoveState.FAILED else None,
    )  # fmt: skip
    with pytest.raises(AnswerBroken):
        paypal.payout_of({"batch_header": header | {"batch_status": "ODD"}})


@pytest.mark.parametrize(
    ("code", "value", "kind", "subject"),
    [
        ("T0006", "12.34", BookLineKind.CHARGE, "capture:T1"),
        ("T0000", "-12.34", BookLineKind.OTHER, "T1"),
        ("T1107", "-5.00", BookLineKind.REFUND, "T1"),
        ("T1201", "-5.00", BookLineKind.DISPUTE, "REF1"),
        ("T0001", "-20.00", BookLineKind.PAYOUT, "T1"),
        ("T1114", "20.00", BookLineKind.PAYOUT_RETURN, "REF1"),
        ("T0400", "-99.00", BookLineKind.SETTLEMENT, "T1"),
        ("T9999", "1.00", BookLineKind.OTHER, "T1"),
    ],
)
def test_each_transaction_of_paypals_is_about_one_object(code: str, value: str, kind: BookLineKind, subject: str):
    info = {
        "transaction_id": "T1",
        "paypal_reference_id": "REF1",
        "transaction_event_code": code,
        "transaction_status": "S",
        "transaction_initiation_date": "2026-11-24T08:00:00+0000",
        "transaction_amount": {"value": value, "currency_code": "USD"},
        "fee_amount": {"value": "-0.92", "currency_code": "USD"},
        "custom_field": OURS,
    }

    read = paypal.book_line_of({"transaction_info": info})

    assert read is not None
    assert (read.kind, read.object_ref, read.fee, read.amount.decimal) == (kind, subject, Money(92, USD), value)
    for status in ("P", "D", None):
        assert paypal.book_line_of({"transaction_info": info | {"transaction_status": status}}) is None


def checkout(status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "c1",
        "status": status,
        "amount": "12.50",
        "currency": "USDC",
        "metadata": {"payment_id": OURS},
    } | more


def test_coinbases_checkout_says_how_a_payment_stands():
    states = {
        "ACTIVE": ProviderState.OPEN,
        "PROCESSING": ProviderState.PROCESSING,
        "COMPLETED": ProviderState.CAPTURED,
        "REFUNDED": ProviderState.CAPTURED,
        "PARTIALLY_REFUNDED": ProviderState.CAPTURED,
        "DEACTIVATED": ProviderState.CANCELLED,
        "EXPIRED": ProviderState.CANCELLED,
        "FAILED": ProviderState.FAILED,
    }

    assert {word: coinbase.payment_of(checkout(word)).state for word in states} == states
    for odd in (
        checkout("ODD"),
        checkout("COMPLETED", settlement={"totalAmount": "12.50", "currency": "USD"}),
        checkout("COMPLETED", settlement={"totalAmount": "1e3", "currency": "USDC"}),
        checkout("COMPLETED", refunds=[{"id": "r", "status": "ODD", "amount": "1.00", "currency": "USDC"}]),
    ):
        with pytest.raises(BROKEN):
            coinbase.payment_of(odd)


def test_what_coinbase_settled_is_what_was_captured():
    settled = coinbase.payment_of(
        checkout("COMPLETED", settlement={"totalAmount": "12.49", "feeAmount": "0.12", "currency": "USDC"})
    )
    unsettled = coinbase.payment_of(checkout("COMPLETED"))

    assert (settled.captured.decimal, settled.fee and settled.fee.decimal) == ("12.490000", "0.120000")
    assert (unsettled.captured.decimal, unsettled.fee) == ("12.500000", None)


@pytest.mark.parametrize("key", ["refund:1", "a", "k" * 100, "x_y-z:0"])
def test_our_key_comes_back_from_where_each_gateway_keeps_it(key: str):
    reason = coinbase.keyed("Because [of] this " * 20, key)

    assert coinbase.key_in(reason) == key
    assert coinbase.key_in("Customer requested refund") is None
    assert coinbase.key_in("[refund:1] was it") is None
    assert ":" not in paypal.theirs(key)
    refund = {"id": "R", "status": "COMPLETED", "amount": {"value": "1.00", "currency_code": "USD"}}
    assert paypal.refund_of(refund | {"custom_id": paypal.theirs(key)}, payment_ref="O").key == key
    assert paypal.refund_of(refund, payment_ref="O").key is None
