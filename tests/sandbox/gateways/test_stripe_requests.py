"""Stripe's stand-in refuses what Stripe refuses."""

from __future__ import annotations

import pytest

from tests.sandbox.gateways.stripe_client import Stripe, error_of, session_form

INTENT = {"amount": "1000", "currency": "usd"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"amonut": "1"}, (400, "parameter_unknown", "amonut")),
        ({"metadata": "text"}, (400, None, "metadata")),
        ({"amount": "10.5"}, (400, "parameter_invalid_integer", "amount")),
        ({"amount": "0"}, (400, "parameter_invalid_integer", "amount")),
        ({"amount": "-5"}, (400, "parameter_invalid_integer", "amount")),
        ({"amount": "49"}, (400, "amount_too_small", "amount")),
        ({"amount": "100000000"}, (400, "amount_too_large", "amount")),
        ({"amount": str(2**53)}, (400, "amount_too_large", "amount")),
        ({"amount": str(2**64)}, (400, "parameter_invalid_integer", "amount")),
        ({"currency": "USD"}, (400, None, "currency")),
        ({"currency": "usdc"}, (400, None, "currency")),
        ({"currency": "xxx"}, (400, None, "currency")),
        ({"currency": "kwd", "amount": "1005"}, (400, "parameter_invalid_integer", "amount")),
        ({"capture_method": "whatever"}, (400, None, "capture_method")),
        ({"confirm": "yes"}, (400, None, "confirm")),
        ({"off_session": "true"}, (400, None, "off_session")),
        ({"customer": "cus_none"}, (400, "resource_missing", "customer")),
        ({"payment_method": "pm_none"}, (400, "resource_missing", "payment_method")),
        ({"automatic_payment_methods[enabled]": "1"}, (400, None, "automatic_payment_methods[enabled]")),
        (
            {"automatic_payment_methods[enabbled]": "true"},
            (400, "parameter_unknown", "automatic_payment_methods[enabbled]"),
        ),
        ({"a[": "1"}, (400, "parameter_unknown", "a[")),
        ({"idempotency_key": "x"}, (400, "parameter_unknown", "idempotency_key")),
    ],
)
def test_a_payment_intent_that_is_wrong_is_refused(
    stripe_api: Stripe, change: dict[str, str], error: tuple[int, str | None, str | None]
):
    assert error_of(stripe_api.post("/v1/payment_intents", INTENT | change)) == error


@pytest.mark.parametrize("missing", ["amount", "currency"])
def test_what_is_required_must_be_there(stripe_api: Stripe, missing: str):
    form = {name: value for name, value in INTENT.items() if name != missing}

    assert error_of(stripe_api.post("/v1/payment_intents", form)) == (400, "parameter_missing", missing)


@pytest.mark.parametrize(
    ("amount", "currency"), [(1000, "jpy"), (1050, "kwd"), (50, "usd"), (99_999_999, "eur"), (500, "krw")]
)
def test_an_amount_that_the_currency_can_express_is_taken(stripe_api: Stripe, amount: int, currency: str):
    made = stripe_api.post("/v1/payment_intents", {"amount": str(amount), "currency": currency})

    assert (made.status_code, made.json()["amount"], made.json()["currency"]) == (200, amount, currency)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("line_items[0][price_data][unit_amuont]", "5", "line_items[0][price_data][unit_amuont]"),
        ("mode", "subscription", "mode"),
        ("expires_at", "1", "expires_at"),
        ("payment_intent_data[setup_future_usage]", "later", "payment_intent_data[setup_future_usage]"),
    ],
)
def test_a_checkout_session_that_is_wrong_is_refused(stripe_api: Stripe, name: str, value: str, error: str):
    answer = stripe_api.post("/v1/checkout/sessions", session_form() | {name: value})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, error)


def test_a_session_of_two_currencies_or_without_items_is_refused(stripe_api: Stripe):
    second = {name.replace("[0]", "[1]"): value for name, value in session_form(500, "eur").items() if "[0]" in name}

    assert error_of(stripe_api.post("/v1/checkout/sessions", session_form() | second))[::2] == (400, "line_items")
    assert error_of(stripe_api.post("/v1/checkout/sessions", {"mode": "payment", "success_url": "http://x"})) == (
        400,
        "parameter_missing",
        "line_items",
    )


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer sk_test_wrong", "Basic !!!", "Basic c2tfd3Jvbmc6"])
def test_another_key_opens_nothing(stripe_api: Stripe, given: str):
    answer = stripe_api.http.get("/v1/balance", headers={"authorization": given})

    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")
    assert stripe_api.gateways.keys.stripe_secret_key not in answer.text


@pytest.mark.parametrize("header", ["stripe-account", "stripe-context"])
def test_nothing_is_done_on_the_platform_that_was_meant_for_another_account(stripe_api: Stripe, header: str):
    answer = stripe_api.http.post("/v1/customers", data={}, headers={header: "acct_other"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "account_invalid")


@pytest.mark.parametrize("version", ["2020-01-01", "2017-08-15", "nonsense", "2026-10-28.other"])
def test_another_version_than_the_pinned_one_is_refused(stripe_api: Stripe, version: str):
    answer = stripe_api.http.get("/v1/balance", headers={"stripe-version": version})

    assert answer.status_code == 400
    assert "Invalid Stripe API version" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/payment_intents/pi_none",
        "/v1/charges/ch_none",
        "/v1/refunds/re_none",
        "/v1/checkout/sessions/cs_test_none",
        "/v1/transfers/tr_none",
        "/v1/customers/cus_none",
        "/v1/balance_transactions/txn_none",
        "/v1/disputes/dp_none",
        "/v1/events/evt_none",
        "/v2/core/accounts/acct_none",
    ],
)
def test_what_is_not_there_is_missing(stripe_api: Stripe, path: str):
    answer = stripe_api.http.get(path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "resource_missing")


def test_only_what_can_be_expanded_is(stripe_api: Stripe):
    intent = stripe_api.paid()

    assert isinstance(stripe_api.get(f"/v1/payment_intents/{intent['id']}")["latest_charge"], str)
    whole = stripe_api.get(
        f"/v1/payment_intents/{intent['id']}",
        **{"expand[0]": "latest_charge.balance_transaction", "expand[1]": "payment_method"},
    )
    assert whole["latest_charge"]["balance_transaction"]["object"] == "balance_transaction"
    assert whole["payment_method"]["card"]["last4"] == "4242"
    assert not [name for name in whole["payment_method"] if name.startswith("sandbox_")]
    wrong = stripe_api.http.get(f"/v1/payment_intents/{intent['id']}", params={"expand[]": "nothing"})
    assert wrong.status_code == 400
