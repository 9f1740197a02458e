"""Books that disagree as they are told to, and a property: whatever is asked, the books are the sum of what was granted."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.coinbase_client import Coinbase
from tests.sandbox.gateways.paypal_client import PayPal, capture_of
from tests.sandbox.gateways.stripe_client import Stripe

Paid = Callable[[], str]


@pytest.fixture(params=["stripe", "paypal", "coinbase"])
def paid(
    request: pytest.FixtureRequest, stripe_api: Stripe, paypal: PayPal, coinbase: Coinbase
) -> tuple[str, str, str]:
    """A payment at a provider: the provider, its word for a payment, the payment's id."""
    match request.param:
        case "stripe":
            return "stripe", "payment_intent", stripe_api.paid(1000)["id"]
        case "paypal":
            return "paypal", "order", paypal.paid("10.00", key=str(uuid4()))["id"]
        case _:
            return "coinbase", "checkout", coinbase.paid("10.00")["id"]


def of(gateways: Sandbox, provider: str, ref: str) -> list[dict[str, Any]]:
    return [line for line in gateways.book(provider) if line["object"] == ref]


def test_a_line_is_changed_doubled_or_removed(gateways: Sandbox, paid: tuple[str, str, str]):
    provider, word, ref = paid
    (before,) = of(gateways, provider, ref)

    gateways.plant(provider, "amount_differs", **{word: ref})
    (changed,) = of(gateways, provider, ref)
    count = len(gateways.book(provider))
    gateways.plant(provider, "duplicate", **{word: ref})
    doubled = gateways.book(provider)
    gateways.plant(provider, "missing_there", **{word: ref})

    assert changed["amount"] - before["amount"] == (10_000 if provider == "coinbase" else 1)
    assert len(doubled) == count + 1
    assert len({line["line"] for line in doubled}) == len(doubled)
    assert len(gateways.book(provider)) == count


def test_a_payment_of_a_stranger_is_added_without_a_webhook(gateways: Sandbox, paid: tuple[str, str, str]):
    provider, _, _ = paid
    lines, told = len(gateways.book(provider)), len(gateways.deliveries(provider))

    gateways.plant(provider, "missing_here")

    newest = gateways.book(provider)[0]
    assert (len(gateways.book(provider)), newest["kind"], newest["ours"]) == (lines + 1, "charge", None)
    assert len(gateways.deliveries(provider)) == told


def test_a_plant_or_deed_that_is_none_is_refused(gateways: Sandbox, paid: tuple[str, str, str]):
    provider, word, ref = paid

    for path, body in (("plant", {"kind": "x", word: ref}), ("plant", {}), ("dance", {}), ("refund", {word: "none"})):
        answer = gateways.client.post(f"{gateways.address}/_sandbox/{provider}/{path}", json=body)
        assert 400 <= answer.status_code < 500
    assert gateways.client.post(f"{gateways.address}/_sandbox/adyen/plant", json={}).status_code == 400
    assert gateways.client.post(f"{gateways.address}/_sandbox/{provider}/plant", content=b"{").status_code == 400


@pytest.mark.parametrize("seed", range(3))
def test_the_books_are_the_sum_of_what_was_granted(
    gateways: Sandbox, stripe_api: Stripe, paypal: PayPal, coinbase: Coinbase, seed: int
):
    """Payments and refunds in random order with random faults; every answer that says yes is counted, and nothing else."""
    clients = (stripe_api, paypal, coinbase)
    dice, granted, refs = random.Random(seed), {"stripe": 0, "paypal": 0, "coinbase": 0}, set()
    payments: list[tuple[str, str]] = []
    for _ in range(60):
        provider = dice.choice(sorted(granted))
        cents = dice.randint(100, 5_000)
        if dice.random() < 0.3:
            gateways.fault(
                provider, dice.choice(["error_500", "rate_limited", "html"]), on=dice.choice(["refund", "x"])
            )
        if not payments or dice.random() < 0.4:
            payments.append(pay(provider, cents, clients))
            granted[payments[-1][0]] += cents
            refs.add(payments[-1][1])
        else:
            provider, ref = dice.choice(payments)
            back = give_back(provider, ref, cents, clients)
            if back is not None:
                granted[provider] -= cents
                refs.add(back)
    gateways.settle("coinbase")

    for provider, total in granted.items():
        scale = 10_000 if provider == "coinbase" else 1
        assert sum(line["amount"] for line in gateways.book(provider) if line["object"] in refs) == total * scale


Clients = tuple[Stripe, PayPal, Coinbase]


def pay(provider: str, cents: int, clients: Clients) -> tuple[str, str]:
    stripe_api, paypal, coinbase = clients
    text = f"{cents // 100}.{cents % 100:02d}"
    if provider == "stripe":
        return provider, stripe_api.paid(cents)["id"]
    if provider == "paypal":
        return provider, paypal.paid(text, key=str(uuid4()))["id"]
    return provider, coinbase.paid(text)["id"]


def give_back(provider: str, ref: str, cents: int, clients: Clients) -> str | None:
    stripe_api, paypal, coinbase = clients
    text, key = f"{cents // 100}.{cents % 100:02d}", str(uuid4())
    if provider == "stripe":
        answer = stripe_api.post("/v1/refunds", {"payment_intent": ref, "amount": str(cents)}, key=key)
        return answer.json()["id"] if answer.status_code == 200 else None
    if provider == "paypal":
        capture = capture_of(paypal.get(f"/v2/checkout/orders/{ref}").json())
        body = {"amount": {"currency_code": "USD", "value": text}}
        answer = paypal.post(f"/v2/payments/captures/{capture['id']}/refund", body, key=key)
        return answer.json()["id"] if answer.status_code == 201 else None
    answer = coinbase.refund(ref, text, key=key)
    return answer.json()["refund"]["id"] if answer.status_code == 200 else None
