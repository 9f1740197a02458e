"""PayPal behind the port, by httpx.

Its own SDK for Python is synchronous and has neither payouts nor webhooks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

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
from vibestream.contexts.payment.gateways.gateway.fields import at, items
from vibestream.contexts.payment.gateways.gateway.paypal import webhooks
from vibestream.contexts.payment.gateways.gateway.paypal.api import NAME, PayPalApi
from vibestream.contexts.payment.gateways.gateway.paypal.certificates import Certificates
from vibestream.contexts.payment.gateways.gateway.paypal.orders import Orders
from vibestream.contexts.payment.gateways.gateway.paypal.payouts import Payouts
from vibestream.contexts.payment.gateways.gateway.paypal.reading import book_line_of
from vibestream.contexts.payment.gateways.gateway.wire import TIMEOUT, Wire
from vibestream.kernel.money import Money

_LONGEST_PERIOD: Final = timedelta(days=30)
"""Of one search; PayPal takes up to 31 days. Source: Transaction Search v1, `end_date`."""
_PAGE: Final = "500"


class PayPalGateway:
    """`PaymentGateway` by PayPal: wallets, and payouts to an e-mail address or account."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        webhook_id: str,
        base: str = "https://api-m.paypal.com",
        webhook_ca: str | None = None,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._wire = Wire(NAME, base, timeout=timeout)
        self._api = PayPalApi(self._wire, client_id=client_id, client_secret=client_secret)
        self._certificates = Certificates(self._wire, authority=webhook_ca)
        self._webhook_id = webhook_id
        self._orders, self._payouts = Orders(self._api), Payouts(self._api)

    @property
    def name(self) -> GatewayName:
        """Which one it is."""
        return NAME

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do. Every capture is a step of its own, but nothing is reserved before it: no SEPARATE_CAPTURE."""
        return frozenset(Capability) - {Capability.SEPARATE_CAPTURE}

    async def create_checkout(self, request: CheckoutRequest) -> ProviderPayment:
        """Open an order."""
        return await self._orders.create_checkout(request)

    async def charge(self, request: ChargeRequest) -> ProviderPayment:
        """Charge a vaulted wallet."""
        return await self._orders.charge(request)

    async def retrieve(self, payment_ref: str) -> ProviderPayment | None:
        """Return a payment by its order or capture."""
        return await self._orders.retrieve(payment_ref)

    async def capture(self, payment_ref: str, *, key: str, amount: Money) -> ProviderPayment:
        """Capture what the payer approved."""
        return await self._orders.capture(payment_ref, key=key, amount=amount)

    async def cancel(self, payment_ref: str, *, key: str) -> ProviderPayment:  # noqa: ARG002 - nothing is asked of PayPal
        """Give up an order that was not captured."""
        return await self._orders.cancel(payment_ref)

    async def refund(self, payment_ref: str, *, key: str, amount: Money, reason: str) -> ProviderRefund:
        """Give back some or all of what was captured."""
        return await self._orders.refund(payment_ref, key=key, amount=amount, reason=reason)

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        """Send a batch of one payout."""
        return await self._payouts.pay_out(request)

    async def retrieve_payout(self, payout_ref: str) -> ProviderPayout | None:
        """Return a payout by its batch."""
        return await self._payouts.retrieve_payout(payout_ref)

    async def verify_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        """Return what a delivery proves."""
        return await webhooks.verify(
            self._certificates, webhook_id=self._webhook_id, headers=headers, body=body, now=now
        )

    async def list_book(self, *, since: datetime, until: datetime) -> AsyncIterator[BookLine]:
        """Yield the transactions of a half-open period that moved money. The last three hours may still be missing."""
        begin = since
        while begin < until:
            end = min(until, begin + _LONGEST_PERIOD)
            async for line in self._search(begin, end):
                if begin <= line.at < end:  # PayPal counts the end in
                    yield line
            begin = end

    async def close(self) -> None:
        """End its connections."""
        await self._wire.close()

    async def _search(self, begin: datetime, end: datetime) -> AsyncIterator[BookLine]:
        page, pages = 1, 1
        while page <= pages:
            found = await self._api.get(
                "/v1/reporting/transactions",
                start_date=_text(begin),
                end_date=_text(end),
                fields="transaction_info",
                balance_affecting_records_only="Y",
                page_size=_PAGE,
                page=str(page),
            )
            with believed(NAME, changes=False):
                lines = [book_line_of(one) for one in items(found, "transaction_details")]
                pages = int(at(found, "total_pages") or 1)
            for line in lines:
                if line is not None:
                    yield line
            page += 1


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
