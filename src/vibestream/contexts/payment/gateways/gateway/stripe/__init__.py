"""Stripe behind the port, by its own SDK."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

import httpx

from vibestream.contexts.payment.gateways.domain.port import (
    BookLine,
    Capability,
    ChargeRequest,
    CheckoutRequest,
    GatewayName,
    PayoutRequest,
    ProviderPayment,
    ProviderPayout,
    ProviderRefund,
    Webhook,
)
from vibestream.contexts.payment.gateways.gateway.certainty import believed
from vibestream.contexts.payment.gateways.gateway.stripe import webhooks
from vibestream.contexts.payment.gateways.gateway.stripe.api import NAME, each, open_client
from vibestream.contexts.payment.gateways.gateway.stripe.payments import Payments
from vibestream.contexts.payment.gateways.gateway.stripe.payouts import Payouts
from vibestream.contexts.payment.gateways.gateway.stripe.reading import book_line_of
from vibestream.contexts.payment.gateways.gateway.wire import TIMEOUT
from vibestream.kernel.money import Money

_LIVE: Final = ("sk_live_", "rk_live_")
_PAGE: Final = 100


class StripeGateway:
    """`PaymentGateway` by Stripe: cards and what else Checkout offers, and payouts to connected accounts."""

    def __init__(
        self,
        *,
        key: str,
        webhook_secret: str,
        connect_webhook_secret: str | None = None,
        base: str = "https://api.stripe.com",
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._client, self._connections = open_client(key=key, base=base, timeout=timeout)
        self._endpoints = webhooks.Endpoints(
            platform_secret=webhook_secret,
            connect_secret=connect_webhook_secret,
            live=key.startswith(_LIVE),
        )
        self._payments = Payments(self._client)
        self.payouts = Payouts(self._client)
        """Also the recipients' accounts, which only Stripe needs."""

    @property
    def name(self) -> GatewayName:
        """Which one it is."""
        return NAME

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        return frozenset(Capability)

    async def create_checkout(self, request: CheckoutRequest) -> ProviderPayment:
        """Open a Checkout Session."""
        return await self._payments.create_checkout(request)

    async def charge(self, request: ChargeRequest) -> ProviderPayment:
        """Charge a stored method by an off-session PaymentIntent."""
        return await self._payments.charge(request)

    async def retrieve(self, payment_ref: str) -> ProviderPayment | None:
        """Return a payment by the id of its session or its intent."""
        return await self._payments.retrieve(payment_ref)

    async def capture(self, payment_ref: str, *, key: str, amount: Money) -> ProviderPayment:
        """Capture what was authorised."""
        return await self._payments.capture(payment_ref, key=key, amount=amount)

    async def cancel(self, payment_ref: str, *, key: str) -> ProviderPayment:
        """Expire an open session, cancel an intent that was not captured."""
        return await self._payments.cancel(payment_ref, key=key)

    async def refund(self, payment_ref: str, *, key: str, amount: Money, reason: str) -> ProviderRefund:
        """Give back some or all of what was captured."""
        return await self._payments.refund(payment_ref, key=key, amount=amount, reason=reason)

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        """Transfer money to a recipient's account."""
        return await self.payouts.pay_out(request)

    async def retrieve_payout(self, payout_ref: str) -> ProviderPayout | None:
        """Return a transfer as it stands now."""
        return await self.payouts.retrieve_payout(payout_ref)

    async def verify_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        """Return what a delivery to either endpoint proves."""
        return webhooks.verify(self._endpoints, headers=headers, body=body, now=now)

    async def list_book(self, *, since: datetime, until: datetime) -> AsyncIterator[BookLine]:
        """Yield the balance transactions of a half-open period, the newest first."""
        # Stripe's instants are whole seconds: those of [since, until) are the ones from the next whole second on.
        created = {"gte": math.ceil(since.timestamp()), "lt": math.ceil(until.timestamp())}

        def page(after: str | None) -> Any:
            asked: Any = {"created": created, "limit": _PAGE, "expand": ["data.source"]}
            return self._client.v1.balance_transactions.list_async(
                asked if after is None else asked | {"starting_after": after}
            )

        async for line in each(page):
            with believed(NAME, changes=False):
                read = book_line_of(line)
            yield read

    async def close(self) -> None:
        """End its connections."""
        await self._connections.close_async()  # type: ignore[no-untyped-call]  # the SDK's own gap
