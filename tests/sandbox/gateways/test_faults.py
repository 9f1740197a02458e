"""Each fault, at each provider: what the caller sees, and what really happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.coinbase_client import Coinbase
from tests.sandbox.gateways.paypal_client import PayPal, capture_of
from tests.sandbox.gateways.stripe_client import Stripe


@dataclass
class Act:
    """One refund of 1.00 of a payment of 10.00 at a provider: `do(key)` asks for it, `effects()` counts what happened."""

    provider: str
    do: Callable[[str], httpx.Response]
    effects: Callable[[], int]


@pytest.fixture(params=["stripe", "paypal", "coinbase"])
def act(request: pytest.FixtureRequest, stripe_api: Stripe, paypal: PayPal, coinbase: Coinbase) -> Act:
    if request.param == "stripe":
        intent = stripe_api.paid(1000)
        form = {"payment_intent": intent["id"], "amount": "100"}
        return Act(
            "stripe",
            lambda key: stripe_api.post("/v1/refunds", form, key=key),
            lambda: len(stripe_api.get("/v1/refunds", payment_intent=intent["id"])["data"]),
        )
    if request.param == "paypal":
        order = paypal.paid("10.00", key=str(uuid4()))
        body = {"amount": {"currency_code": "USD", "value": "1.00"}}
        path = f"/v2/payments/captures/{capture_of(order)['id']}/refund"

        def refunded() -> int:
            payments = paypal.get(f"/v2/checkout/orders/{order['id']}").json()["purchase_units"][0]["payments"]
            return len(payments.get("refunds", []))

        return Act("paypal", lambda key: paypal.post(path, body, key=key), refunded)
    paid = coinbase.paid("10.00")
    return Act(
        "coinbase",
        lambda key: coinbase.refund(paid["id"], "1.00", key=key),
        lambda: len(coinbase.get(paid["id"]).get("refunds", [])),
    )


def test_no_answer_after_the_effect_and_the_same_key_does_nothing_more(gateways: Sandbox, act: Act):
    key = str(uuid4())
    gateways.fault(act.provider, "timeout_after_effect", on="refund", seconds=0)

    with pytest.raises(httpx.RemoteProtocolError):
        act.do(key)

    assert act.effects() == 1
    again = act.do(key)
    assert again.status_code in (200, 201)
    assert act.effects() == 1


def test_a_held_answer_runs_into_the_callers_own_timeout(gateways: Sandbox, act: Act):
    gateways.fault(act.provider, "timeout_after_effect", on="refund", seconds=30)
    key = str(uuid4())

    with pytest.raises(httpx.ReadTimeout), httpx.Client(timeout=0.5, trust_env=False) as impatient:
        _with(act, impatient, key)

    assert act.effects() == 1
    assert act.do(key).status_code in (200, 201)
    assert act.effects() == 1


def test_an_answer_that_breaks_off_is_no_answer(gateways: Sandbox, act: Act):
    gateways.fault(act.provider, "truncated", on="refund")

    with pytest.raises(httpx.RemoteProtocolError):
        act.do(str(uuid4()))

    assert act.effects() == 1


@pytest.mark.parametrize("effect", [False, True])
@pytest.mark.parametrize(("kind", "status"), [("error_500", 500), ("html", 502)])
def test_a_server_error_says_nothing_of_the_effect(gateways: Sandbox, act: Act, kind: str, status: int, effect: bool):
    gateways.fault(act.provider, kind, on="refund", effect=effect)

    answer = act.do(str(uuid4()))

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html" if kind == "html" else "application/json")
    assert act.effects() == (1 if effect else 0)


def test_a_limited_rate_is_no_effect_and_passes(gateways: Sandbox, act: Act):
    gateways.fault(act.provider, "rate_limited", on="refund", times=2)
    key = str(uuid4())

    assert [act.do(key).status_code for _ in range(2)] == [429, 429]
    assert act.effects() == 0
    assert act.do(key).status_code in (200, 201)


def test_a_fault_waits_for_its_act_and_is_used_up(gateways: Sandbox, act: Act):
    gateways.fault(act.provider, "error_500", on="payout")
    gateways.fault(act.provider, "html", on="refund")

    assert [act.do(str(uuid4())).status_code < 300 for _ in range(2)] == [False, True]
    assert act.effects() == 1
    assert gateways.faults_left(act.provider) == [{"kind": "error_500", "on": "payout", "times": 1}]


def test_too_little_balance_for_a_refund_is_said_once(gateways: Sandbox, act: Act):
    gateways.fault(act.provider, "insufficient_balance", on="refund")

    refused = act.do(str(uuid4()))

    assert 400 <= refused.status_code < 500
    assert act.effects() == 0
    assert act.do(str(uuid4())).status_code in (200, 201)


def test_another_amount_may_be_captured_than_was_asked_for(
    gateways: Sandbox, stripe_api: Stripe, paypal: PayPal, coinbase: Coinbase
):
    for provider in ("stripe", "paypal", "coinbase"):
        gateways.fault(provider, "wrong_amount", on="capture")

    intent, order, checkout = stripe_api.paid(1000), paypal.paid("10.00", key=str(uuid4())), coinbase.paid("10.00")

    assert (intent["amount"], intent["amount_received"]) == (1000, 999)
    assert capture_of(order)["amount"]["value"] == "9.99"
    assert (checkout["amount"], checkout["settlement"]["totalAmount"]) == ("10.00", "9.99")
    for provider, thing, amount in (("stripe", intent, 999), ("paypal", order, 999), ("coinbase", checkout, 9_990_000)):
        (line,) = [line for line in gateways.book(provider) if line["object"] == thing["id"]]
        assert line["amount"] == amount


def test_a_fee_may_be_known_later_only(gateways: Sandbox, stripe_api: Stripe, paypal: PayPal, coinbase: Coinbase):
    for provider in ("stripe", "paypal", "coinbase"):
        gateways.fault(provider, "late_fee", on="capture")
    intent, order, checkout = stripe_api.paid(1000), paypal.paid("10.00", key=str(uuid4())), coinbase.paid("10.00")
    path = f"/v2/payments/captures/{capture_of(order)['id']}"

    def known() -> list[bool]:
        return [
            stripe_api.get(f"/v1/charges/{intent['latest_charge']}")["balance_transaction"] is not None,
            "seller_receivable_breakdown" in paypal.get(path).json(),
            "settlement" in coinbase.get(checkout["id"]),
        ]

    before = known()
    for provider in ("stripe", "paypal", "coinbase"):
        gateways.settle(provider)

    assert (before, known()) == ([False] * 3, [True] * 3)
    events = stripe_api.get("/v1/events", type="charge.updated")["data"]
    assert events[0]["data"]["object"]["id"] == intent["latest_charge"]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "earthquake"},
        {},
        {"kind": "html", "times": -1},
        {"kind": "html", "times": "1"},
        {"kind": "html", "times": True},
    ],
)
def test_an_unknown_fault_is_refused(gateways: Sandbox, body: dict[str, Any]):
    answer = gateways.client.post(f"{gateways.address}/_sandbox/stripe/faults", json=body)

    assert answer.status_code == 400
    assert gateways.faults_left("stripe") == []


def _with(act: Act, client: httpx.Client, key: str) -> None:
    """Do the act by another client: the stand-ins' clients keep theirs in a closure."""
    holder: Any = next(cell.cell_contents for cell in act.do.__closure__ or () if hasattr(cell.cell_contents, "http"))
    patient, holder.http = holder.http, client
    client.base_url, client.headers = patient.base_url, patient.headers
    try:
        act.do(key)
    finally:
        holder.http = patient
