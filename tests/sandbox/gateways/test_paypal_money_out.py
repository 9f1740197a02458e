"""PayPal's payouts, disputes and books."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.paypal_client import PayPal, capture_of

PAYOUTS = "/v1/payments/payouts"
DAY_S = 86_400


def pay_out(paypal: PayPal, batch: str, *receivers: str, value: str = "5.00", currency: str = "USD") -> httpx.Response:
    items = [
        {
            "recipient_type": "EMAIL",
            "amount": {"currency": currency, "value": value},
            "receiver": receiver,
            "sender_item_id": f"item-{at}",
            "note": "Royalties",
        }
        for at, receiver in enumerate(receivers)
    ]
    header = {"sender_batch_id": batch, "email_subject": "Royalties"}
    return paypal.post(PAYOUTS, {"sender_batch_header": header, "items": items}, key=batch)


def batch_of(paypal: PayPal, answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return paypal.get(f"{PAYOUTS}/{answer.json()['batch_header']['payout_batch_id']}").json()


def lines_of(gateways: Sandbox, item: Any) -> list[tuple[str, int, int]]:
    return [
        (line["kind"], line["amount"], line["fee"])
        for line in gateways.book("paypal")
        if line["object"] == item["payout_item_id"]
    ]


def test_each_item_ends_as_its_address_says(gateways: Sandbox, paypal: PayPal):
    names = ("artist", "unclaimed", "returned", "blocked", "held", "failed")
    made = pay_out(paypal, "batch-1", *(f"{name}@example.org" for name in names))
    assert made.json()["batch_header"]["batch_status"] == "PENDING"

    batch = batch_of(paypal, made)

    items = batch["items"]
    assert [one["transaction_status"] for one in items] == [
        "SUCCESS",
        "UNCLAIMED",
        "RETURNED",
        "BLOCKED",
        "ONHOLD",
        "FAILED",
    ]
    assert (batch["batch_header"]["batch_status"], batch["batch_header"]["amount"]) == (
        "SUCCESS",
        {"currency": "USD", "value": "30.00"},
    )
    left = [("payout", -500, 25)]
    assert [lines_of(gateways, one) for one in items] == [
        left,
        left,
        [("payout_return", 500, -25), *left],
        [],
        left,
        [],
    ]
    assert items[0]["payout_item"]["sender_item_id"] == "item-0"
    assert items[1]["errors"]["name"] == "RECEIVER_UNREGISTERED"


def test_what_nobody_claims_comes_back_after_30_days_and_can_be_cancelled_before(gateways: Sandbox, paypal: PayPal):
    one, other = batch_of(paypal, pay_out(paypal, "batch-2", "unclaimed1@x.org", "unclaimed2@x.org"))["items"]
    path = f"/v1/payments/payouts-item/{one['payout_item_id']}"

    cancelled = paypal.post(f"{path}/cancel").json()

    assert cancelled["transaction_status"] == "RETURNED"
    assert paypal.post(f"{path}/cancel").status_code == 400
    gateways.advance(29 * DAY_S)
    other_path = f"/v1/payments/payouts-item/{other['payout_item_id']}"
    assert paypal.get(other_path).json()["transaction_status"] == "UNCLAIMED"
    gateways.advance(DAY_S + 1)
    assert paypal.get(other_path).json()["transaction_status"] == "RETURNED"
    assert lines_of(gateways, other) == [("payout_return", 500, -25), ("payout", -500, 25)]


def test_a_batch_id_is_used_once_in_30_days(gateways: Sandbox, paypal: PayPal):
    first = pay_out(paypal, "batch-3", "a@example.org")

    replayed = pay_out(paypal, "batch-3", "a@example.org")
    header = {"sender_batch_id": "batch-3"}
    item = {"recipient_type": "EMAIL", "receiver": "a@x.org", "amount": {"currency": "USD", "value": "9.00"}}
    again = paypal.post(PAYOUTS, {"sender_batch_header": header, "items": [item]}, key="another-request-id")

    assert replayed.json() == first.json()
    assert (again.status_code, again.json()["name"]) == (400, "USER_BUSINESS_ERROR")
    assert again.json()["links"][0]["href"].endswith(first.json()["batch_header"]["payout_batch_id"])
    gateways.advance(30 * DAY_S + 1)
    assert paypal.post(PAYOUTS, {"sender_batch_header": header, "items": [item]}, key="third").status_code == 201


def test_payouts_that_are_wrong_or_not_covered_are_refused(gateways: Sandbox, paypal: PayPal):
    assert pay_out(paypal, "batch-4", "a@x.org", value="0").status_code == 422
    assert pay_out(paypal, "batch-5", "a@x.org", value="1.001").status_code == 422
    assert pay_out(paypal, "batch-6", "a@x.org", value="1.000", currency="KWD").status_code == 422
    assert pay_out(paypal, "batch-7").status_code == 400
    gateways.fault("paypal", "insufficient_balance", on="payout")
    assert pay_out(paypal, "batch-8", "a@x.org").json()["name"] == "INSUFFICIENT_FUNDS"
    assert pay_out(paypal, "batch-8", "a@x.org").status_code == 201


def test_an_item_that_was_paid_can_come_back(gateways: Sandbox, paypal: PayPal):
    (item,) = batch_of(paypal, pay_out(paypal, "batch-9", "artist@x.org"))["items"]

    gateways.payout("paypal", item=item["payout_item_id"], state="RETURNED")

    assert lines_of(gateways, item) == [("payout_return", 500, -25), ("payout", -500, 25)]


@pytest.mark.parametrize(
    ("outcome", "code", "amounts"),
    [("won", "RESOLVED_SELLER_FAVOUR", [1000, -1000]), ("lost", "RESOLVED_BUYER_FAVOUR", [-1000])],
)
def test_a_dispute_holds_its_amount_until_it_is_won(
    gateways: Sandbox, paypal: PayPal, outcome: str, code: str, amounts: list[int]
):
    order = paypal.paid("10.00", key=f"dispute-{outcome}")
    capture = capture_of(order)

    dispute = gateways.dispute("paypal", order=order["id"])
    open_ = paypal.get(f"/v1/customer/disputes/{dispute['dispute_id']}").json()
    refund = paypal.post(f"/v2/payments/captures/{capture['id']}/refund", key=f"dispute-{outcome}:r")
    gateways.dispute("paypal", dispute=dispute["dispute_id"], outcome=outcome)

    assert (open_["status"], open_["dispute_amount"]["value"]) == ("WAITING_FOR_SELLER_RESPONSE", "10.00")
    assert open_["disputed_transactions"][0]["seller_transaction_id"] == capture["id"]
    assert refund.json()["details"][0]["issue"] == "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK"
    found = paypal.get("/v1/customer/disputes", disputed_transaction_id=capture["id"]).json()["items"]
    assert [one["dispute_outcome"]["outcome_code"] for one in found] == [code]
    lines = [line["amount"] for line in gateways.book("paypal") if line["object"] == dispute["dispute_id"]]
    assert lines == amounts


def test_a_claim_that_is_accepted_is_lost(gateways: Sandbox, paypal: PayPal):
    order = paypal.paid("10.00", key="accepted")
    dispute = gateways.dispute("paypal", capture=capture_of(order)["id"], amount=400, reason="OTHER")

    answer = paypal.post(f"/v1/customer/disputes/{dispute['dispute_id']}/accept-claim", {"note": "Sorry"})

    assert answer.status_code == 200
    found = paypal.get(f"/v1/customer/disputes/{dispute['dispute_id']}").json()
    assert (found["status"], found["dispute_outcome"]["amount_refunded"]["value"]) == ("RESOLVED", "4.00")
    assert paypal.post(f"/v1/customer/disputes/{dispute['dispute_id']}/accept-claim").status_code == 422


def search(paypal: PayPal, **query: Any) -> httpx.Response:
    now = datetime.now(UTC)
    period = {
        "start_date": (now - timedelta(days=1)).isoformat(timespec="seconds"),
        "end_date": (now + timedelta(minutes=1)).isoformat(timespec="seconds"),
    }
    return paypal.get("/v1/reporting/transactions", **(period | {"fields": "all"} | query))


def test_the_books_are_searched_by_period_and_page(gateways: Sandbox, paypal: PayPal):
    capture = capture_of(paypal.paid("10.00", key="search", custom_id="ours-s", invoice_id="inv-s"))
    made = paypal.post(f"/v2/payments/captures/{capture['id']}/refund", {"custom_id": "ours-r"}, key="search:r").json()

    (info,) = [
        one["transaction_info"] for one in search(paypal, transaction_id=capture["id"]).json()["transaction_details"]
    ]
    (back,) = [
        one["transaction_info"] for one in search(paypal, transaction_id=made["id"]).json()["transaction_details"]
    ]

    assert info["transaction_event_code"] == "T0006"
    assert info["transaction_amount"] == {"currency_code": "USD", "value": "10.00"}
    assert info["fee_amount"] == {"currency_code": "USD", "value": "-0.84"}
    assert (info["custom_field"], info["invoice_id"]) == ("ours-s", "inv-s")
    assert (back["transaction_event_code"], back["transaction_amount"]["value"]) == ("T1107", "-10.00")
    assert (back["paypal_reference_id"], back["custom_field"]) == (capture["id"], "ours-r")
    pages = [search(paypal, page_size=1, page=at).json() for at in (1, 2)]
    assert pages[0]["total_pages"] == pages[0]["total_items"] >= 2
    assert pages[0]["transaction_details"] != pages[1]["transaction_details"]


def test_the_search_lags_behind_when_it_is_told_to(gateways: Sandbox, paypal: PayPal):
    capture = capture_of(paypal.paid("10.00", key="lag"))
    gateways.control("paypal/settle", {"lag_s": 3600})

    hidden = search(paypal, transaction_id=capture["id"]).json()
    gateways.control("paypal/settle", {"lag_s": 0})

    assert hidden["total_items"] == 0
    assert search(paypal, transaction_id=capture["id"]).json()["total_items"] == 1


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "yesterday"},
        {"end_date": "2099-01-01T00:00:00Z"},
        {"start_date": "2099-01-01T00:00:00Z"},
        {"page_size": 0},
        {"page_size": 501},
        {"page": "x"},
    ],
)
def test_a_search_that_is_wrong_is_refused(paypal: PayPal, query: dict[str, Any]):
    assert search(paypal, **query).status_code == 400


def test_a_line_of_a_moved_clock_stays_in_the_books_when_the_clock_is_set_back(gateways: Sandbox, paypal: PayPal):
    gateways.advance(30)
    capture = capture_of(paypal.paid("10.00", key="moved"))
    gateways.control("clock", {"offset_s": 0})

    assert search(paypal, transaction_id=capture["id"]).json()["total_items"] == 1
