"""The stand-in of PayPal: orders, captures, refunds, authorizations, and what it refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.paypal_client import PayPal, capture_of, order_body
from tests.sandbox.gateways.receiver import receiving

ORDERS = "/v2/checkout/orders"


def issue_of(answer: httpx.Response) -> tuple[int, str | None]:
    details = answer.json()["details"]
    return answer.status_code, details[0]["issue"] if details else None


def refund(paypal: PayPal, capture: Any, value: str | None = None, *, key: str | None = None) -> httpx.Response:
    body = {} if value is None else {"amount": {"currency_code": "USD", "value": value}}
    return paypal.post(f"/v2/payments/captures/{capture['id']}/refund", body, key=key)


def test_an_order_is_approved_on_its_page_captured_and_stands_in_the_books(gateways: Sandbox, paypal: PayPal):
    order = paypal.order("10.00", key="pp1", custom_id="ours-1")
    assert order["status"] == "PAYER_ACTION_REQUIRED"
    assert issue_of(paypal.post(f"{ORDERS}/{order['id']}/capture", key="pp1:early")) == (422, "ORDER_NOT_APPROVED")

    back = paypal.approve(order)

    assert back.startswith(f"http://localhost:1/back?token={order['id']}&PayerID=")
    assert paypal.get(f"{ORDERS}/{order['id']}").json()["status"] == "APPROVED"
    done = paypal.post(f"{ORDERS}/{order['id']}/capture", key="pp1:capture")
    assert (done.status_code, done.json()["status"]) == (201, "COMPLETED")
    capture = paypal.get(f"/v2/payments/captures/{capture_of(done.json())['id']}").json()
    assert capture["status"] == "COMPLETED"
    assert capture["custom_id"] == "ours-1"
    assert capture["supplementary_data"]["related_ids"] == {"order_id": order["id"]}
    assert capture["seller_receivable_breakdown"] == {
        "gross_amount": {"currency_code": "USD", "value": "10.00"},
        "paypal_fee": {"currency_code": "USD", "value": "0.84"},
        "net_amount": {"currency_code": "USD", "value": "9.16"},
    }
    (line,) = [line for line in gateways.book("paypal") if line["object"] == order["id"]]
    assert (line["kind"], line["amount"], line["fee"], line["currency"]) == ("charge", 1000, 84, "USD")
    assert line["ours"] == "ours-1"


def test_the_same_request_id_gives_the_first_answer_and_another_one_does_it_again(gateways: Sandbox, paypal: PayPal):
    first, again = (paypal.post(ORDERS, order_body("10.00"), key="pp2") for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    paypal.approve(first.json())
    path = f"{ORDERS}/{first.json()['id']}/capture"

    made, replayed, other = (paypal.post(path, key=key) for key in ("pp2:c", "pp2:c", "pp2:other"))

    assert (made.status_code, replayed.status_code) == (201, 200)
    assert made.json() == replayed.json()
    assert issue_of(other) == (422, "ORDER_ALREADY_CAPTURED")
    assert len([line for line in gateways.book("paypal") if line["object"] == first.json()["id"]]) == 1


def test_without_a_request_id_a_refund_is_simply_done_again(gateways: Sandbox, paypal: PayPal):
    capture = capture_of(paypal.paid("10.00", key="pp3"))

    first, second = refund(paypal, capture, "1.00"), refund(paypal, capture, "1.00")
    same, replayed = refund(paypal, capture, "2.00", key="pp3:r"), refund(paypal, capture, "2.00", key="pp3:r")

    assert first.json()["id"] != second.json()["id"]
    assert (same.status_code, replayed.status_code, same.json()["id"]) == (201, 200, replayed.json()["id"])
    found = paypal.get(f"/v2/payments/captures/{capture['id']}").json()
    assert found["status"] == "PARTIALLY_REFUNDED"
    refs = {first.json()["id"], second.json()["id"], same.json()["id"]}
    lines = sorted(line["amount"] for line in gateways.book("paypal") if line["object"] in refs)
    assert lines == [-200, -100, -100]


def test_refunds_never_exceed_the_capture(paypal: PayPal):
    capture = capture_of(paypal.paid("10.00", key="pp4"))

    assert issue_of(refund(paypal, capture, "10.01")) == (422, "REFUND_AMOUNT_EXCEEDED")
    assert issue_of(refund(paypal, capture, "0.00")) == (422, "CANNOT_BE_ZERO_OR_NEGATIVE")
    assert issue_of(refund(paypal, capture, "-1.00")) == (422, "CANNOT_BE_ZERO_OR_NEGATIVE")
    assert issue_of(refund(paypal, capture, "1.001")) == (422, "DECIMAL_PRECISION")
    euros = {"amount": {"currency_code": "EUR", "value": "1.00"}}
    path = f"/v2/payments/captures/{capture['id']}/refund"
    assert issue_of(paypal.post(path, euros)) == (422, "REFUND_CAPTURE_CURRENCY_MISMATCH")
    assert refund(paypal, capture, "4.00").json()["amount"]["value"] == "4.00"
    whole = refund(paypal, capture)
    assert (
        whole.json()["amount"]["value"],
        whole.json()["seller_payable_breakdown"]["total_refunded_amount"]["value"],
    ) == (
        "6.00",
        "10.00",
    )
    assert issue_of(refund(paypal, capture)) == (422, "CAPTURE_FULLY_REFUNDED")
    assert paypal.get(f"/v2/payments/captures/{capture['id']}").json()["status"] == "REFUNDED"


@pytest.mark.parametrize(
    ("value", "currency", "issue"),
    [
        ("0", "USD", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("-1.00", "USD", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("1.005", "USD", "DECIMAL_PRECISION"),
        ("10.50", "JPY", "DECIMALS_NOT_SUPPORTED"),
        ("1.000", "KWD", "CURRENCY_NOT_SUPPORTED"),
        ("1.00", "XXX", "CURRENCY_NOT_SUPPORTED"),
        (f"{2**53}", "USD", "MAX_VALUE_EXCEEDED"),
    ],
)
def test_an_amount_that_paypal_cannot_express_is_refused(paypal: PayPal, value: str, currency: str, issue: str):
    assert issue_of(paypal.post(ORDERS, order_body(value, currency=currency), key=f"{value}{currency}")) == (422, issue)


def test_yen_have_no_decimals(paypal: PayPal):
    capture = capture_of(paypal.paid("1050", key="yen", currency="JPY"))

    assert capture["amount"] == {"currency_code": "JPY", "value": "1050"}
    assert capture["seller_receivable_breakdown"]["paypal_fee"] == {"currency_code": "JPY", "value": "77"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"intent": "CAPTUR", "purchase_units": []}', 400),
        (b'{"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": 10}}]}', 400),
        (b"[]", 400),
    ],
)
def test_a_body_that_is_wrong_says_where(paypal: PayPal, body: bytes, status: int):
    headers = {"content-type": "application/json", "paypal-request-id": "wrong"}

    answer = paypal.http.post(ORDERS, content=body, headers=headers)

    assert (answer.status_code, answer.json()["name"]) == (status, "INVALID_REQUEST")
    form = paypal.http.post(ORDERS, content=body, headers={"content-type": "text/plain"})
    assert form.status_code == 415


def test_a_wallet_needs_a_request_id(paypal: PayPal):
    assert issue_of(paypal.post(ORDERS, order_body("1.00"))) == (400, "PAYPAL_REQUEST_ID_REQUIRED")


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer A21AAwrong", "Basic dTpw"])
def test_without_a_token_nothing_is_answered(gateways: Sandbox, given: str):
    answer = gateways.client.get(f"{gateways.address}/paypal{ORDERS}/X", headers={"authorization": given})

    assert (answer.status_code, answer.json()["name"]) == (401, "AUTHENTICATION_FAILURE")


def test_a_token_is_for_the_client_alone_and_can_be_forgotten(gateways: Sandbox, paypal: PayPal):
    path, right = (
        f"{gateways.address}/paypal/v1/oauth2/token",
        (gateways.keys.paypal_client_id, gateways.keys.paypal_client_secret),
    )

    wrong = gateways.client.post(path, auth=(right[0], "x"), data={"grant_type": "client_credentials"})
    grant = gateways.client.post(path, auth=right, data={"grant_type": "password"})
    assert (wrong.status_code, grant.status_code) == (401, 400)
    assert paypal.get("/v1/customer/disputes").status_code == 200
    gateways.control("paypal/settle", {"tokens": "forget"})
    assert paypal.get("/v1/customer/disputes").status_code == 401


def test_a_declined_payer_can_be_followed_by_another(paypal: PayPal):
    order = paypal.order("10.00", key="pp5")
    paypal.approve(order, "declined@example.org")
    path = f"{ORDERS}/{order['id']}/capture"

    declined = paypal.post(path, key="pp5:c")

    assert issue_of(declined) == (422, "INSTRUMENT_DECLINED")
    assert declined.json()["links"][0]["rel"] == "redirect"
    assert paypal.gateways.click(declined.json()["links"][0]["href"], "approve", email="other@example.org")
    assert paypal.post(path, key="pp5:c").status_code == 201


def test_one_invoice_is_paid_once(paypal: PayPal):
    paypal.paid("10.00", key="pp6", invoice_id="inv-6")
    second = paypal.order("10.00", key="pp7", invoice_id="inv-6")
    paypal.approve(second)

    assert issue_of(paypal.post(f"{ORDERS}/{second['id']}/capture", key="pp7:c")) == (422, "DUPLICATE_INVOICE_ID")


def test_a_pending_capture_is_in_the_books_when_its_review_ends(gateways: Sandbox, paypal: PayPal):
    order = paypal.paid("10.00", key="pp8", email="pending@example.org")
    capture = capture_of(order)
    assert (capture["status"], capture["status_details"]) == ("PENDING", {"reason": "PENDING_REVIEW"})
    assert [line for line in gateways.book("paypal") if line["object"] == order["id"]] == []
    assert issue_of(refund(paypal, capture)) == (422, "REFUND_NOT_ALLOWED")

    gateways.settle("paypal")

    assert paypal.get(f"/v2/payments/captures/{capture['id']}").json()["status"] == "COMPLETED"
    assert [line["amount"] for line in gateways.book("paypal") if line["object"] == order["id"]] == [1000]


def test_a_pending_capture_can_be_denied(gateways: Sandbox, paypal: PayPal):
    order = paypal.paid("10.00", key="pp9", email="pending@example.org")

    gateways.control("paypal/deny", {"order": order["id"]})

    found = paypal.get(f"{ORDERS}/{order['id']}").json()
    assert capture_of(found)["status"] == "DECLINED"
    assert [line for line in gateways.book("paypal") if line["object"] == order["id"]] == []


def test_what_was_authorised_is_captured_in_parts_or_given_up(gateways: Sandbox, paypal: PayPal):
    order = paypal.order("10.00", key="pp10", intent="AUTHORIZE")
    paypal.approve(order)
    assert issue_of(paypal.post(f"{ORDERS}/{order['id']}/capture", key="x")) == (422, "ACTION_DOES_NOT_MATCH_INTENT")
    done = paypal.post(f"{ORDERS}/{order['id']}/authorize", key="pp10:a").json()
    held = done["purchase_units"][0]["payments"]["authorizations"][0]
    path = f"/v2/payments/authorizations/{held['id']}"
    four = {"amount": {"currency_code": "USD", "value": "4.00"}}
    assert issue_of(paypal.post(f"{path}/capture", {"amount": {"currency_code": "USD", "value": "10.01"}}))[1] == (
        "MAX_CAPTURE_AMOUNT_EXCEEDED"
    )

    part = paypal.post(f"{path}/capture", four, key="pp10:c1")

    assert (part.status_code, part.json()["amount"]["value"]) == (201, "4.00")
    assert paypal.get(path).json()["status"] == "PARTIALLY_CAPTURED"
    rest = paypal.post(f"{path}/capture", key="pp10:c2").json()
    assert rest["amount"]["value"] == "6.00"
    assert issue_of(paypal.post(f"{path}/capture", key="pp10:c3")) == (422, "AUTHORIZATION_ALREADY_CAPTURED")
    assert issue_of(paypal.post(f"{path}/void")) == (422, "CANNOT_BE_VOIDED")
    assert sorted(line["amount"] for line in gateways.book("paypal") if line["object"] == order["id"]) == [400, 600]
    whole = paypal.get(f"{ORDERS}/{order['id']}").json()["purchase_units"][0]["payments"]
    assert [one["id"] for one in whole["captures"]] == [part.json()["id"], rest["id"]]


def test_a_voided_authorisation_is_over(paypal: PayPal):
    order = paypal.order("10.00", key="pp11", intent="AUTHORIZE")
    paypal.approve(order)
    done = paypal.post(f"{ORDERS}/{order['id']}/authorize", key="pp11:a").json()
    path = f"/v2/payments/authorizations/{done['purchase_units'][0]['payments']['authorizations'][0]['id']}"

    assert paypal.post(f"{path}/void", whole=False).status_code == 204
    assert paypal.get(path).json()["status"] == "VOIDED"
    assert issue_of(paypal.post(f"{path}/capture")) == (422, "AUTHORIZATION_VOIDED")
    assert issue_of(paypal.post(f"{path}/void")) == (422, "PREVIOUSLY_VOIDED")


def test_a_stored_wallet_pays_again_without_its_owner(gateways: Sandbox, paypal: PayPal):
    body = order_body("10.00")
    body["payment_source"]["paypal"]["attributes"] = {
        "vault": {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT"}
    }
    order = paypal.post(ORDERS, body, key="pp12").json()
    paypal.approve(order)
    done = paypal.post(f"{ORDERS}/{order['id']}/capture", key="pp12:c").json()
    vault = done["payment_source"]["paypal"]["attributes"]["vault"]
    assert vault["status"] == "VAULTED"
    again = {
        "intent": "CAPTURE",
        "purchase_units": [{"amount": {"currency_code": "USD", "value": "7.00"}}],
        "payment_source": {"paypal": {"vault_id": vault["id"]}},
    }

    charged = paypal.post(ORDERS, again, key="pp12:again")

    assert (charged.status_code, charged.json()["status"]) == (201, "COMPLETED")
    assert capture_of(charged.json())["amount"]["value"] == "7.00"
    again["payment_source"] = {"paypal": {"vault_id": "none"}}
    assert issue_of(paypal.post(ORDERS, again, key="pp12:none")) == (422, "INVALID_RESOURCE_ID")


def test_an_order_that_nobody_completes_is_gone_after_three_hours(gateways: Sandbox, paypal: PayPal):
    waiting, approved, paid = (paypal.order("10.00", key=f"gone{at}") for at in range(3))
    paypal.approve(approved)
    paypal.approve(paid)
    paypal.post(f"{ORDERS}/{paid['id']}/capture", key="gone:c")

    with receiving() as receiver:
        gateways.webhooks_to(receiver.address)
        gateways.advance(3 * 3600 + 1)
        gateways.all_delivered()

    assert [paypal.get(f"{ORDERS}/{one['id']}").status_code for one in (waiting, approved, paid)] == [404, 404, 200]
    assert paypal.post(f"{ORDERS}/{approved['id']}/capture", key="gone:late").status_code == 404
    reversals = [one for one in receiver.received if one.type == "CHECKOUT.PAYMENT-APPROVAL.REVERSED"]
    told = [one.json["resource"]["order_id"] for one in reversals]
    assert [told.count(one["id"]) for one in (waiting, approved, paid)] == [0, 1, 0]


def test_the_payer_can_go_back(paypal: PayPal):
    order = paypal.order("10.00", key="pp13")
    page = next(link["href"] for link in order["links"] if link["rel"] == "payer-action")

    assert paypal.gateways.click(page, "cancel") == f"http://localhost:1/cancelled?token={order['id']}"
    assert paypal.get(f"{ORDERS}/{order['id']}").json()["status"] == "PAYER_ACTION_REQUIRED"


@pytest.mark.parametrize(
    ("email", "states"), [("echeck@example.org", ["PENDING", "COMPLETED"]), ("refundfails@x.org", ["FAILED"] * 2)]
)
def test_a_refund_may_wait_or_fail(gateways: Sandbox, paypal: PayPal, email: str, states: list[str]):
    capture = capture_of(paypal.paid("10.00", key=email, email=email))
    made = refund(paypal, capture, "3.00").json()
    before = [made["status"]]

    gateways.settle("paypal")

    after = paypal.get(f"/v2/payments/refunds/{made['id']}").json()["status"]
    assert [*before, after] == states
    lines = [line["amount"] for line in gateways.book("paypal") if line["object"] == made["id"]]
    assert lines == ([-300] if after == "COMPLETED" else [])
