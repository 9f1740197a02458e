"""Payment, refund and webhook through the real adapter, against localstripe: a stand-in for Stripe that other people wrote.

It knows neither Checkout nor idempotency keys, so this is about the SDK's wiring, the shapes and the signature.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from tests.contexts.payment.gateways.raw_server import answer, raw_server
from tests.contexts.payment.gateways.test_deliveries import split
from tests.factories.gateways import free_port
from vibestream.contexts.payment.gateways.domain.port import (
    ChargeRequest,
    MoveState,
    ObjectKind,
    ProviderState,
    WebhookRefused,
)
from vibestream.contexts.payment.gateways.gateway.guard import Guarded
from vibestream.contexts.payment.gateways.gateway.stripe import StripeGateway
from vibestream.kernel.ids import PaymentId, new_id
from vibestream.kernel.money import USD, Money
from vibestream.kernel.time import utc_now

KEY, SECRET = "sk_test_localstripe", "whsec_localstripe"


@dataclass
class LocalStripe:
    address: str
    http: httpx.AsyncClient

    async def post(self, path: str, **form: str) -> dict[str, str]:
        made = await self.http.post(f"{self.address}{path}", data=form, headers={"Authorization": f"Bearer {KEY}"})
        assert made.is_success, made.text
        return dict(made.json()) if made.content else {}

    async def card(self, number: str = "4242424242424242") -> str:
        """Return a customer with a card, as `method_ref` has it."""
        customer = await self.post("/v1/customers", email="payer@example.org")
        card = {"card[number]": number, "card[exp_month]": "12", "card[exp_year]": "2034", "card[cvc]": "123"}
        method = await self.post("/v1/payment_methods", type="card", **card)
        await self.post(f"/v1/payment_methods/{method['id']}/attach", customer=customer["id"])
        return f"{customer['id']}:{method['id']}"


@pytest.fixture
async def localstripe() -> AsyncIterator[LocalStripe]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.factories.localstripe_process", str(port)])
    async with httpx.AsyncClient(trust_env=False) as http:
        peer, deadline = LocalStripe(f"http://127.0.0.1:{port}", http), time.monotonic() + 30
        while True:
            try:
                await http.get(peer.address)
                break
            except httpx.TransportError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
        yield peer
    process.terminate()
    process.wait(10)


async def test_a_payment_is_charged_given_back_and_told_by_webhook(localstripe: LocalStripe):
    stripe = StripeGateway(key=KEY, webhook_secret=SECRET, base=localstripe.address)
    gateway = Guarded(stripe)
    payment_id = PaymentId(new_id())
    request = ChargeRequest(
        payment_id=payment_id,
        key=f"payment:{payment_id}",
        amount=Money(1234, USD),
        description="Premium, November",
        method_ref=await localstripe.card(),
    )
    async with raw_server(answer("200 OK", "{}")) as server:
        await localstripe.post("/_config/webhooks/ours", url=f"{server.address}/webhooks/stripe", secret=SECRET)

        charged = await gateway.charge(request)
        refund = await gateway.refund(
            charged.payment_ref, key="refund:local", amount=Money(1000, USD), reason="Some of it"
        )
        again = await gateway.refund(
            charged.payment_ref, key="refund:local", amount=Money(1000, USD), reason="Some of it"
        )
        now = await gateway.retrieve(charged.payment_ref)
        told = split(await server.until(b"payment_intent.succeeded"))

    assert (charged.state, charged.captured, charged.payment_id) == (
        ProviderState.CAPTURED,
        Money(1234, USD),
        payment_id,
    )
    assert (refund.state, refund.key, again.refund_ref) == (MoveState.SUCCEEDED, "refund:local", refund.refund_ref)
    assert now is not None
    assert (now.refunded, len(now.refunds)) == (Money(1000, USD), 1)
    webhook = await gateway.verify_webhook(headers=told[1], body=told[2], now=utc_now())
    assert (webhook.kind, webhook.object_ref) == (ObjectKind.PAYMENT, charged.payment_ref)
    with pytest.raises(WebhookRefused):
        await gateway.verify_webhook(headers=told[1], body=told[2].replace(b"1234", b"9999"), now=utc_now())
    await gateway.close()
