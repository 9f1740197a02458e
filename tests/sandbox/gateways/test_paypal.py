"""The stand-in of PayPal: orders, captures, refunds, its books."""

from __future__ import annotations

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.paypal_client import PayPal, capture_of


def test_an_order_is_approved_on_its_page_captured_and_stands_in_the_books(gateways: Sandbox, paypal: PayPal):
    order = paypal.order("10.00", key="pp1", custom_id="ours-1")
    assert order["status"] == "PAYER_ACTION_REQUIRED"
    early = paypal.post(f"/v2/checkout/orders/{order['id']}/capture", key="pp1:early")
    assert (early.status_code, early.json()["details"][0]["issue"]) == (422, "ORDER_NOT_APPROVED")

    back = paypal.approve(order)

    assert back.startswith(f"http://localhost:1/back?token={order['id']}&PayerID=")
    done = paypal.post(f"/v2/checkout/orders/{order['id']}/capture", key="pp1:capture")
    assert (done.status_code, done.json()["status"]) == (201, "COMPLETED")
    capture = paypal.get(f"/v2/payments/captures/{capture_of(done.json())['id']}").json()
    assert capture["status"] == "COMPLETED"
    assert capture["custom_id"] == "ours-1"
    assert capture["seller_receivable_breakdown"] == {
        "gross_amount": {"currency_code": "USD", "value": "10.00"},
        "paypal_fee": {"currency_code": "USD", "value": "0.84"},
        "net_amount": {"currency_code": "USD", "value": "9.16"},
    }
    (line,) = [line for line in gateways.book("paypal") if line["object"] == order["id"]]
    assert (line["kind"], line["amount"], line["fee"], line["currency"], line["ours"]) == (
        "charge",
        1000,
        84,
        "USD",
        "ours-1",
    )
