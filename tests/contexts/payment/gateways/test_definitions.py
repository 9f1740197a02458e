"""Every body that goes to PayPal is as PayPal's own definition has it.

The definitions are PayPal's (github.com/paypal/paypal-rest-api-specifications) and not kept here; VIBESTREAM_TEST_DEFINITIONS names a
folder that holds them as `paypal-openapi`. Stripe's parameters are typed by its SDK, so mypy checks them, and the sandbox does at
each request of the other tests.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError

from vibestream.contexts.payment.gateways.domain.port import ChargeRequest, CheckoutRequest, PayoutRequest
from vibestream.contexts.payment.gateways.gateway.paypal import orders, payouts
from vibestream.kernel.ids import PaymentId, PayoutId, new_id
from vibestream.kernel.money import Currency, Money

FOLDER = os.environ.get("VIBESTREAM_TEST_DEFINITIONS")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="VIBESTREAM_TEST_DEFINITIONS names no folder of the providers' own definitions"
)
HOST = "https://api-m.paypal.com"


@dataclass
class Request:
    """A request as openapi-core looks at it."""

    path: str
    sent: Any
    method: str = "post"
    host_url: str = HOST
    content_type: str = "application/json"
    parameters: RequestParameters = field(
        default_factory=lambda: RequestParameters(
            header={"PayPal-Request-Id": "payment:1", "Prefer": "return=representation"}
        )
    )

    @property
    def body(self) -> bytes:
        return json.dumps(self.sent).encode()


@cache
def definition(name: str) -> OpenAPI:
    spec = json.loads((Path(FOLDER or "") / "paypal-openapi" / f"{name}.json").read_text())
    for methods in spec["paths"].values():
        for method in methods.values():
            if isinstance(method, dict):
                method.pop("security", None)  # OAuth 2 is nothing that openapi-core can check
    # The files are not judged, only what they judge: one of PayPal's patterns is none to the validator of documents.
    return OpenAPI.from_dict(spec, config=Config(spec_validator_cls=None))


def money(text: str) -> Money:
    value, code = text.split()
    return Money.parse(value, Currency.of(code))


def checkout(text: str, **more: Any) -> CheckoutRequest:
    return CheckoutRequest(
        payment_id=PaymentId(new_id()),
        key="payment:" + "k" * 92,
        amount=money(text),
        description="Premium, year — élite ✓ " + "x" * 200,
        return_url="https://music.example/payments/1/back",
        cancel_url="https://music.example/payments/1/cancelled",
        **more,
    )


def charge(text: str) -> ChargeRequest:
    return ChargeRequest(
        payment_id=PaymentId(new_id()), key="k", amount=money(text), description="Renewal", method_ref="8kk8451t"
    )


def payout(text: str, destination: str) -> PayoutRequest:
    return PayoutRequest(
        payout_id=PayoutId(new_id()),
        key="payout:1",
        amount=money(text),
        destination=destination,
        note="Royalties" * 400,
    )


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [
        ("checkout_orders_v2", "/v2/checkout/orders", lambda: orders.order_body(checkout("12.50 USD"))),
        ("checkout_orders_v2", "/v2/checkout/orders", lambda: orders.order_body(checkout("1250 JPY"))),
        (
            "checkout_orders_v2",
            "/v2/checkout/orders",
            lambda: orders.order_body(checkout("0.01 EUR", payer_email="payer@example.org", keep_method=True)),
        ),
        ("checkout_orders_v2", "/v2/checkout/orders", lambda: orders.charge_body(charge("9.99 GBP"))),
        ("checkout_orders_v2", "/v2/checkout/orders/5O190127TN364715T/capture", dict),
        (
            "payments_payment_v2",
            "/v2/payments/captures/2GG279541U471931P/refund",
            lambda: orders.refund_body(key="refund:019:1", amount=money("4.00 USD"), reason="Ü" * 400),
        ),
        (
            "payments_payment_v2",
            "/v2/payments/captures/2GG279541U471931P/refund",
            lambda: orders.refund_body(key="r", amount=money("400 JPY"), reason=""),
        ),
        (
            "payments_payouts_batch_v1",
            "/v1/payments/payouts",
            lambda: payouts.payout_body(payout("20.00 USD", "artist@example.org")),
        ),
        (
            "payments_payouts_batch_v1",
            "/v1/payments/payouts",
            lambda: payouts.payout_body(payout("2000 JPY", "FSMRBANCV8PSG")),
        ),
    ],
    ids=[
        "order",
        "in yen",
        "keeping",
        "stored",
        "capture",
        "refund",
        "refund in yen",
        "payout by mail",
        "payout by id",
    ],
)
def test_a_body_is_as_paypals_definition_has_it(name: str, path: str, body: Any):
    assert list(definition(name).iter_request_errors(Request(path, body()))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"intent": "CAPTUR"},
        {"purchase_units": []},
        {"purchase_units": [{"amount": {"currency_code": "USD", "value": 12.5}}]},
        {"purchase_units": [{"amount": {"currency_code": "USD"}}]},
    ],
    ids=["intent", "no unit", "a number", "no value"],
)
def test_the_definition_refuses_what_is_wrong(change: dict[str, Any]):
    body = orders.order_body(checkout("12.50 USD")) | change

    with pytest.raises(OpenAPIError):
        definition("checkout_orders_v2").validate_request(Request("/v2/checkout/orders", body))
