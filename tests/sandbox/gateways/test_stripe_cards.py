"""The test cards do what they are known for."""

from __future__ import annotations

import re

import pytest

from tests.factories.gateways import PageRefused, Sandbox
from tests.sandbox.gateways.stripe_client import Stripe
from vibestream.sandbox.gateways.stripe.cards import CARDS


@pytest.mark.parametrize(
    ("method", "code", "decline"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_a_declined_card_is_an_error_and_leaves_no_money(stripe_api: Stripe, method: str, code: str, decline: str):
    before = stripe_api.gateways.book("stripe")

    answer = stripe_api.intent(method=method)

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"], error["decline_code"]) == (
        402,
        "card_error",
        code,
        decline,
    )
    intent = stripe_api.get(f"/v1/payment_intents/{error['payment_intent']['id']}")
    assert (intent["status"], intent["amount_received"]) == ("requires_payment_method", 0)
    charge = stripe_api.get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["status"], charge["captured"], charge["balance_transaction"]) == ("failed", False, None)
    assert stripe_api.gateways.book("stripe") == before


def test_radar_says_why(stripe_api: Stripe):
    blocked = stripe_api.intent(method="pm_card_radarBlock").json()["error"]["charge"]
    elevated = stripe_api.paid(method="pm_card_riskLevelElevated")["latest_charge"]
    normal = stripe_api.paid()["latest_charge"]

    outcomes = [stripe_api.get(f"/v1/charges/{ref}")["outcome"] for ref in (blocked, elevated, normal)]
    assert [(one["type"], one["network_status"], one["risk_level"], one["reason"]) for one in outcomes] == [
        ("blocked", "not_sent_to_network", "highest", "highest_risk_level"),
        ("authorized", "approved_by_network", "elevated", "elevated_risk_level"),
        ("authorized", "approved_by_network", "normal", None),
    ]


def test_a_card_that_wants_its_bank_is_declined_while_the_payer_is_away(stripe_api: Stripe):
    away = stripe_api.intent(method="pm_card_authenticationRequired", off_session="true")

    assert (away.status_code, away.json()["error"]["code"]) == (402, "authentication_required")


@pytest.mark.parametrize(("recognised", "state"), [(True, "complete"), (False, "open")])
def test_three_d_secure_is_a_step_of_the_page(gateways: Sandbox, stripe_api: Stripe, recognised: bool, state: str):
    session = stripe_api.session().json()

    if recognised:
        assert gateways.pay_by_card(session["url"], "4000002500003155") == "http://localhost:1/back"
    else:
        with pytest.raises(PageRefused, match="unable to authenticate"):
            gateways.pay_by_card(session["url"], "4000002500003155", recognised=False)
    assert stripe_api.get(f"/v1/checkout/sessions/{session['id']}")["status"] == state


def test_a_declined_card_on_the_page_can_be_followed_by_another(gateways: Sandbox, stripe_api: Stripe):
    session = stripe_api.session(2500).json()

    with pytest.raises(PageRefused, match="Your card was declined"):
        gateways.pay_by_card(session["url"], "4000000000000002")
    with pytest.raises(PageRefused, match="no test card"):
        gateways.pay_by_card(session["url"], "4111111111111112")
    gateways.pay_by_card(session["url"], "4242 4242 4242 4242")

    paid = stripe_api.get(f"/v1/checkout/sessions/{session['id']}")
    (charged,) = stripe_api.line_of({"id": paid["payment_intent"]})
    assert (paid["status"], charged["amount"]) == ("complete", 2500)
    charges = stripe_api.get("/v1/charges", payment_intent=paid["payment_intent"])["data"]
    assert [one["status"] for one in charges] == ["succeeded", "failed"]


def test_a_card_that_was_stored_pays_again_without_its_owner(gateways: Sandbox, stripe_api: Stripe):
    session = stripe_api.session(more={"payment_intent_data[setup_future_usage]": "off_session"}).json()
    gateways.pay_by_card(session["url"], "4000002500003155")
    whole = stripe_api.get(f"/v1/checkout/sessions/{session['id']}", **{"expand[]": "payment_intent"})
    method, customer = whole["payment_intent"]["payment_method"], whole["customer"]
    assert customer.startswith("cus_")

    again = stripe_api.paid(700, method, customer=customer, off_session="true")

    assert (again["status"], again["amount_received"]) == ("succeeded", 700)
    other = stripe_api.post("/v1/customers", {"email": "other@example.org"}).json()["id"]
    assert stripe_api.intent(700, method, customer=other, off_session="true").status_code == 400
    assert stripe_api.post(f"/v1/payment_methods/{method}/detach").status_code == 200
    assert stripe_api.intent(700, method, customer=customer, off_session="true").status_code == 400


def test_asking_for_three_d_secure_has_every_card_asked(gateways: Sandbox, stripe_api: Stripe):
    asked = {"payment_method_options[card][request_three_d_secure]": "any"}
    session = stripe_api.session(more=asked).json()

    here = gateways.click(session["url"], "pay", number="4242424242424242")

    assert re.search(r"/stripe/authenticate/pi_\w+$", here)


def test_a_card_is_disputed_after_success_and_another_warned_of(stripe_api: Stripe):
    disputed = stripe_api.paid(3000, "pm_card_createDispute")
    warned = stripe_api.paid(3000, "pm_card_createIssuerFraudRecord")

    (dispute,) = stripe_api.get("/v1/disputes", payment_intent=disputed["id"])["data"]
    assert (dispute["status"], dispute["amount"], dispute["reason"]) == ("needs_response", 3000, "fraudulent")
    (taken,) = [one for one in stripe_api.gateways.book("stripe") if one["object"] == dispute["id"]]
    assert (taken["kind"], taken["amount"], taken["fee"]) == ("dispute", -3000, 1500)
    (warning,) = stripe_api.get("/v1/radar/early_fraud_warnings", payment_intent=warned["id"])["data"]
    assert (warning["actionable"], warning["fraud_type"]) == (True, "unauthorized_use_of_card")


def test_the_same_card_has_one_fingerprint_and_others_have_others(stripe_api: Stripe):
    methods = [stripe_api.get(f"/v1/payment_methods/{stripe_api.paid()['payment_method']}") for _ in range(2)]

    assert methods[0]["id"] != methods[1]["id"]
    assert methods[0]["card"]["fingerprint"] == methods[1]["card"]["fingerprint"]
    assert len({card.fingerprint for card in CARDS}) == len(CARDS)
