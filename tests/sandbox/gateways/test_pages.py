"""The pages say what they are, run nothing, and lead where they were told to."""

from __future__ import annotations

import pytest

from tests.factories.gateways import Sandbox, text_of
from tests.sandbox.gateways.coinbase_client import Coinbase
from tests.sandbox.gateways.paypal_client import PayPal
from tests.sandbox.gateways.stripe_client import Stripe

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(params=["stripe", "paypal", "coinbase"])
def page(request: pytest.FixtureRequest, stripe_api: Stripe, paypal: PayPal, coinbase: Coinbase) -> tuple[str, str]:
    """A page for a hostile description, and the provider's name on it."""
    match request.param:
        case "stripe":
            named = {"line_items[0][price_data][product_data][name]": HOSTILE, "customer_email": '"><b>@x.org'}
            return stripe_api.session(1234, more=named).json()["url"], "Stripe"
        case "paypal":
            order = paypal.order("12.34", key=HOSTILE, description=HOSTILE)
            return next(link["href"] for link in order["links"] if link["rel"] == "payer-action"), "PayPal"
        case _:
            return coinbase.open("12.34", description=HOSTILE).json()["url"], "Coinbase"


def test_a_page_says_that_it_is_a_sandbox_and_runs_nothing(gateways: Sandbox, page: tuple[str, str]):
    url, name = page

    shown = gateways.client.get(url)

    assert shown.status_code == 200
    assert f"This is a sandbox, not {name}. No money moves." in text_of(shown.text)
    assert "12.34" in shown.text
    assert HOSTILE not in shown.text
    assert "<script" not in shown.text
    policy = shown.headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    assert shown.headers["cache-control"] == "no-store"
    style = gateways.client.get(f"{gateways.address}/_sandbox/style.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "/stripe/pay/cs_test_none",
        "/stripe/authenticate/pi_none",
        "/stripe/onboard/accl_none",
        "/paypal/checkoutnow?token=NONE",
        "/paypal/checkoutnow",
        "/coinbase/payment-links/none",
    ],
)
def test_a_page_of_nothing_says_so(gateways: Sandbox, path: str):
    for answer in (
        gateways.client.get(gateways.address + path),
        gateways.client.post(gateways.address + path, data={"act": "pay"}),
    ):
        assert answer.status_code == 404
        assert "sandbox" in answer.text


def test_the_payer_can_go_back_to_the_shop(gateways: Sandbox, stripe_api: Stripe):
    session = stripe_api.session().json()

    assert gateways.click(session["url"], "cancel") == "http://localhost:1/cancelled"
    assert stripe_api.get(f"/v1/checkout/sessions/{session['id']}")["status"] == "open"
    assert gateways.pay_by_card(session["url"]) == "http://localhost:1/back"
    assert gateways.client.get(session["url"]).status_code == 410
    assert gateways.client.post(session["url"], data={"act": "pay", "number": "4242424242424242"}).status_code == 410
    assert len(stripe_api.get("/v1/charges", payment_intent=paid_by(stripe_api, session))["data"]) == 1


def paid_by(stripe_api: Stripe, session: dict[str, str]) -> str:
    return str(stripe_api.get(f"/v1/checkout/sessions/{session['id']}")["payment_intent"])
