"""The stand-in of Stripe as the official library sees it."""

from __future__ import annotations

import stripe

from tests.factories.gateways import Sandbox


def client_of(gateways: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient(
        gateways.keys.stripe_secret_key,
        base_addresses={"api": f"{gateways.address}/stripe"},
        max_network_retries=0,
    )


def open_session(client: stripe.StripeClient, amount: int = 1000, **more: object) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Top-up"}},
                    "quantity": 1,
                }
            ],
            "success_url": "http://localhost:1/back?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://localhost:1/cancelled",
            "client_reference_id": "p1",
            "payment_intent_data": {"metadata": {"payment_id": "p1"}},
        }
        | more  # type: ignore[arg-type]
    )


def test_a_checkout_is_paid_on_its_page_and_stands_in_the_books(gateways: Sandbox):
    client = client_of(gateways)
    session = open_session(client)
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert session.url is not None

    back = gateways.pay_by_card(session.url)

    assert back == f"http://localhost:1/back?s={session.id}"
    paid = client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    )
    assert (paid.status, paid.payment_status, paid.amount_total) == ("complete", "paid", 1000)
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == (
        "succeeded",
        1000,
        {"payment_id": "p1"},
    )
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (59, 941)
    (line,) = [line for line in gateways.book("stripe") if line["object"] == intent.id]
    assert (line["kind"], line["amount"], line["fee"], line["currency"], line["ours"]) == (
        "charge",
        1000,
        59,
        "USD",
        "p1",
    )


def test_speaks_the_version_that_the_library_pins():
    from vibestream.sandbox.gateways.stripe.objects import API_VERSION

    assert stripe.api_version == API_VERSION
