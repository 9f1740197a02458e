"""Coinbase Business behind the port, by httpx: checkouts in USDC. It has no SDK for Python, and pays nobody out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

import httpx

from vibestream.contexts.payment.gateways.domain.amounts import to_coinbase
from vibestream.contexts.payment.gateways.domain.port import (
    BookLine,
    Capability,
    ChargeRequest,
    CheckoutRequest,
    GatewayDeclined,
    GatewayName,
    PayoutRequest,
    ProviderPayment,
    ProviderPayout,
    ProviderRefund,
    ProviderState,
    Webhook,
)
from vibestream.contexts.payment.gateways.gateway.certainty import after_effect, believed, declined
from vibestream.contexts.payment.gateways.gateway.coinbase import webhooks
from vibestream.contexts.payment.gateways.gateway.coinbase.api import CHECKOUTS, NAME, NOT_FOUND, CoinbaseApi, missing
from vibestream.contexts.payment.gateways.gateway.coinbase.reading import (
    PAID,
    book_lines_of,
    keyed,
    payment_of,
    refund_of,
)
from vibestream.contexts.payment.gateways.gateway.fields import at, is_reference, items, maybe_text, reference
from vibestream.contexts.payment.gateways.gateway.wire import TIMEOUT, Wire
from vibestream.kernel.money import Money

_PAGE: Final = "100"
_LONGEST_DESCRIPTION: Final = 500


class CoinbaseGateway:
    """`PaymentGateway` by Coinbase Business: payments in USDC, captured as they are made, given back by refunds.

    Raises:
        SettingsInvalid: the private key is of neither form that Coinbase gives out.
    """

    def __init__(
        self,
        *,
        key_id: str,
        private_key: str,
        webhook_secret: str,
        base: str = "https://business.coinbase.com",
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._wire = Wire(NAME, base, timeout=timeout)
        self._api = CoinbaseApi(self._wire, key_id=key_id, private_key=private_key)
        self._webhook_secret = webhook_secret

    @property
    def name(self) -> GatewayName:
        """Which one it is."""
        return NAME

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        return frozenset({Capability.REFUNDS, Capability.PARTIAL_REFUNDS})

    async def create_checkout(self, request: CheckoutRequest) -> ProviderPayment:
        """Open a checkout; its page takes one payment."""
        if request.separate_capture or request.keep_method:
            raise declined(NAME, "unsupported")
        made = await self._api.post(CHECKOUTS, checkout_body(request), key=request.key)
        with believed(NAME, changes=True):
            ref = reference(made, "id")
        return await after_effect(NAME, self._present(ref))  # an answer to a known key says how it stood then

    async def charge(self, request: ChargeRequest) -> ProviderPayment:  # noqa: ARG002 - the port's
        """Refuse: no wallet can be charged without its owner."""
        raise declined(NAME, "unsupported")

    async def retrieve(self, payment_ref: str) -> ProviderPayment | None:
        """Return a payment by its checkout."""
        if not is_reference(payment_ref):
            return None
        try:
            found = await self._api.get(f"{CHECKOUTS}/{payment_ref}")
        except GatewayDeclined as refused:
            if refused.reason == NOT_FOUND:
                return None
            raise
        with believed(NAME, changes=False):
            return payment_of(found)

    async def capture(self, payment_ref: str, *, key: str, amount: Money) -> ProviderPayment:  # noqa: ARG002 - the port's
        """Return the payment when it is captured, as every one is that was made; there is no such step."""
        now = await self._present(payment_ref)
        if now.state is not ProviderState.CAPTURED:
            raise declined(NAME, "not_paid")
        return now

    async def cancel(self, payment_ref: str, *, key: str) -> ProviderPayment:
        """Close a checkout that nobody has paid."""
        before = await self._present(payment_ref)
        if before.state is not ProviderState.OPEN:
            return before
        with contextlib.suppress(GatewayDeclined):  # it was paid, or closed, meanwhile: how it stands now says which
            await self._api.post(f"{CHECKOUTS}/{payment_ref}/deactivate", {}, key=key)
        return await after_effect(NAME, self._present(payment_ref))

    async def refund(self, payment_ref: str, *, key: str, amount: Money, reason: str) -> ProviderRefund:
        """Give back some or all of what was paid. Our key stands in the refund's reason."""
        body = {"amount": to_coinbase(amount), "currency": amount.currency.code, "reason": keyed(reason, key)}
        before = await self._present(payment_ref)
        if before.amount.currency != amount.currency:
            raise declined(NAME, "currency_mismatch")
        made = _by_key(before, key)
        if made is not None:
            return made
        try:
            answered = await self._api.post(f"{CHECKOUTS}/{payment_ref}/refund", body, key=key)
        except GatewayDeclined:
            made = _by_key(await after_effect(NAME, self._present(payment_ref)), key)
            if made is None:
                raise
            return made
        return await self._refunded(answered, payment_ref, key)

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:  # noqa: ARG002 - the port's
        """Refuse: checkouts pay nobody out."""
        raise declined(NAME, "unsupported")

    async def retrieve_payout(self, payout_ref: str) -> ProviderPayout | None:  # noqa: ARG002 - the port's
        """Return None: there are none."""
        return None

    async def verify_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        """Return what a delivery proves."""
        return webhooks.verify(self._webhook_secret, headers=headers, body=body, now=now)

    async def list_book(self, *, since: datetime, until: datetime) -> AsyncIterator[BookLine]:
        """Yield the payments and refunds of a half-open period.

        Coinbase lists checkouts, not movements: every paid one is read, since any may have been refunded in the period.
        """
        told: set[str] = set()  # one that is refunded meanwhile stands in two of the lists
        for status in PAID:
            async for checkout in self._checkouts(status):
                with believed(NAME, changes=False):
                    lines = list(book_lines_of(checkout))
                for line in lines:
                    if since <= line.at < until and line.line_ref not in told:
                        told.add(line.line_ref)
                        yield line

    async def close(self) -> None:
        """End its connections."""
        await self._wire.close()

    async def _present(self, payment_ref: str) -> ProviderPayment:
        found = await self.retrieve(payment_ref)
        if found is None:
            raise missing()
        return found

    async def _refunded(self, answered: Any, payment_ref: str, key: str) -> ProviderRefund:
        """Return our refund as it stands now; the answer's own, when it is not listed yet."""
        now = _by_key(await after_effect(NAME, self._present(payment_ref)), key)
        with believed(NAME, changes=True):
            return now or refund_of(at(answered, "refund"), payment_ref=payment_ref)

    async def _checkouts(self, status: str) -> AsyncIterator[Any]:
        token: str | None = None
        while True:
            query = {"pageSize": _PAGE, "status": status} | ({} if token is None else {"pageToken": token})
            page = await self._api.get(CHECKOUTS, query)
            with believed(NAME, changes=False):
                shown, token = list(items(page, "checkouts")), maybe_text(page, "nextPageToken")
            for checkout in shown:
                yield checkout
            if token is None:
                return


def checkout_body(request: CheckoutRequest) -> dict[str, Any]:
    """Return the checkout that is asked for.

    Raises:
        UnsupportedAmount: Coinbase cannot express the amount.
    """
    return {
        "amount": to_coinbase(request.amount),
        "currency": request.amount.currency.code,
        "description": request.description[:_LONGEST_DESCRIPTION],
        "successRedirectUrl": request.return_url,
        "failRedirectUrl": request.cancel_url,
        "metadata": {"payment_id": str(request.payment_id), "key": request.key},
    }


def _by_key(payment: ProviderPayment, key: str) -> ProviderRefund | None:
    return next((refund for refund in payment.refunds if refund.key == key), None)
