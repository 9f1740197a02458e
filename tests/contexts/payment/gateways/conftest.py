"""Gateways that speak to the sandbox's stand-ins, and payers who click through their pages."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.factories.gateways import Sandbox
from vibestream.contexts.payment.gateways.domain.port import (
    ChargeRequest,
    CheckoutRequest,
    GatewayName,
    PaymentGateway,
    PayoutRequest,
    ProviderPayment,
    ProviderState,
)
from vibestream.contexts.payment.gateways.domain.recipients import RecipientRequest
from vibestream.contexts.payment.gateways.gateway.coinbase import CoinbaseGateway
from vibestream.contexts.payment.gateways.gateway.paypal import PayPalGateway
from vibestream.contexts.payment.gateways.gateway.stripe import StripeGateway
from vibestream.kernel.ids import PaymentId, PayoutId, new_id
from vibestream.kernel.money import Currency, Money

Charges = Callable[[str], ChargeRequest]
"""Makes a charge of an amount."""
SHORT = httpx.Timeout(2.0)
"""For stand-ins on this machine that are made to answer late."""


@dataclass
class Till:
    """One gateway, without its guard, and what a test does around it."""

    gateway: PaymentGateway
    sandbox: Sandbox

    @property
    def name(self) -> GatewayName:
        return self.gateway.name

    def amount(self, text: str) -> Money:
        return Money.parse(text, Currency.of("USDC" if self.name is GatewayName.COINBASE else "USD"))

    def request(self, text: str = "12.34", **more: Any) -> CheckoutRequest:
        payment_id = PaymentId(new_id())
        return CheckoutRequest(
            payment_id=payment_id,
            key=f"payment:{payment_id}",
            amount=self.amount(text),
            description="Top-up of your wallet",
            return_url="http://localhost:1/back",
            cancel_url="http://localhost:1/cancelled",
            **more,
        )

    def payout(self, text: str = "20.00", *, destination: str) -> PayoutRequest:
        payout_id = PayoutId(new_id())
        return PayoutRequest(
            payout_id=payout_id,
            key=f"payout:{payout_id}",
            amount=self.amount(text),
            destination=destination,
            note="Royalties of October",
        )

    def charge(self, method_ref: str, text: str) -> ChargeRequest:
        payment_id = PaymentId(new_id())
        return ChargeRequest(
            payment_id=payment_id,
            key=f"payment:{payment_id}",
            amount=self.amount(text),
            description="Premium, November",
            method_ref=method_ref,
        )

    def click(
        self, payment: ProviderPayment, *, card: str = "4242424242424242", email: str = "payer@example.org"
    ) -> str:
        """Do what the payer does on the gateway's page, and return where the browser is sent."""
        assert payment.redirect_url is not None
        match self.name:
            case GatewayName.STRIPE:
                return self.sandbox.pay_by_card(payment.redirect_url, card)
            case GatewayName.PAYPAL:
                return self.sandbox.click(payment.redirect_url, "approve", email=email)
            case GatewayName.COINBASE:
                return self.sandbox.click(payment.redirect_url, "pay")

    async def paid(
        self,
        text: str = "12.34",
        *,
        card: str = "4242424242424242",
        email: str = "payer@example.org",
        **more: Any,
    ) -> ProviderPayment:
        """Return a captured payment."""
        request = self.request(text, **more)
        opened = await self.gateway.create_checkout(request)
        self.click(opened, card=card, email=email)
        now = await self.gateway.retrieve(opened.payment_ref)
        assert now is not None
        if now.state is ProviderState.AUTHORISED:
            now = await self.gateway.capture(now.payment_ref, key=f"{request.key}:capture", amount=request.amount)
        assert now.state is ProviderState.CAPTURED
        return now

    def booked(self, kind: str) -> list[dict[str, Any]]:
        """The gateway's own book, as the sandbox keeps it."""
        return [line for line in self.sandbox.book(self.name) if line["kind"] == kind]


def adapter(name: GatewayName, sandbox: Sandbox, *, timeout: httpx.Timeout = SHORT) -> PaymentGateway:
    """Return an adapter whose gateway is the sandbox's."""
    keys, base = sandbox.keys, f"{sandbox.address}/{name}"
    match name:
        case GatewayName.STRIPE:
            return StripeGateway(
                key=keys.stripe_secret_key,
                webhook_secret=keys.stripe_webhook_secret,
                connect_webhook_secret=keys.stripe_connect_webhook_secret,
                base=base,
                timeout=timeout,
            )
        case GatewayName.PAYPAL:
            return PayPalGateway(
                client_id=keys.paypal_client_id,
                client_secret=keys.paypal_client_secret,
                webhook_id=keys.paypal_webhook_id,
                webhook_ca=keys.paypal_webhook_ca,
                base=base,
                timeout=timeout,
            )
        case GatewayName.COINBASE:
            return CoinbaseGateway(
                key_id=keys.coinbase_api_key_id,
                private_key=keys.coinbase_api_private_key,
                webhook_secret=keys.coinbase_webhook_secret,
                base=base,
                timeout=timeout,
            )


@pytest.fixture(params=list(GatewayName))
async def till(request: pytest.FixtureRequest, gateways: Sandbox) -> AsyncIterator[Till]:
    """Each gateway in its turn."""
    gateway = adapter(request.param, gateways)
    yield Till(gateway, gateways)
    await gateway.close()


@pytest.fixture
async def stripe(gateways: Sandbox) -> AsyncIterator[Till]:
    gateway = adapter(GatewayName.STRIPE, gateways)
    yield Till(gateway, gateways)
    await gateway.close()


@pytest.fixture
async def paypal(gateways: Sandbox) -> AsyncIterator[Till]:
    gateway = adapter(GatewayName.PAYPAL, gateways)
    yield Till(gateway, gateways)
    await gateway.close()


@pytest.fixture
async def coinbase(gateways: Sandbox) -> AsyncIterator[Till]:
    gateway = adapter(GatewayName.COINBASE, gateways)
    yield Till(gateway, gateways)
    await gateway.close()


@pytest.fixture
async def destination(till: Till) -> str:
    """Where a payout of the till's gateway can go."""
    return await onboarded(till) if till.name is GatewayName.STRIPE else "artist@example.org"


@pytest.fixture
async def charge_of(till: Till) -> Charges:
    """Make charges of a method that a payer of the till's gateway left for later."""
    paid = await till.paid("10.00", keep_method=True, payer_email="payer@example.org")
    assert paid.method_ref is not None
    return functools.partial(till.charge, paid.method_ref)


async def onboarded(till: Till) -> str:
    """Return a payee's account at Stripe that can be paid."""
    assert isinstance(till.gateway, StripeGateway)
    opened = await till.gateway.payouts.open_recipient(recipient_request())
    page = await till.gateway.payouts.onboarding_url(
        opened.account_ref, return_url="http://localhost:1/onboarded", refresh_url="http://localhost:1/again"
    )
    assert till.sandbox.click(page, "done").startswith("http://localhost:1/onboarded")
    return opened.account_ref


def recipient_request(email: str = "artist@example.org") -> RecipientRequest:
    payee = str(new_id())
    return RecipientRequest(key=f"recipient:{payee}", payee=payee, email=email, name="The Artists", country="US")
