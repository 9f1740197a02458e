"""Payments at PayPal: orders, their captures, refunds and disputes."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from vibestream.contexts.payment.gateways.domain.amounts import to_paypal
from vibestream.contexts.payment.gateways.domain.port import (
    ChargeRequest,
    CheckoutRequest,
    GatewayDeclined,
    ProviderPayment,
    ProviderRefund,
    ProviderState,
)
from vibestream.contexts.payment.gateways.gateway.certainty import after_effect, believed, declined
from vibestream.contexts.payment.gateways.gateway.fields import at, is_reference, items, maybe_text, reference, text
from vibestream.contexts.payment.gateways.gateway.paypal.api import NAME, NOT_FOUND, PayPalApi
from vibestream.contexts.payment.gateways.gateway.paypal.reading import (
    BY_CAPTURE,
    CAPTURED,
    payment_of,
    refund_of,
    theirs,
)
from vibestream.kernel.money import Money

_ORDERS: Final = "/v2/checkout/orders"
_LONGEST_DESCRIPTION: Final = 127
_LONGEST_NOTE: Final = 255
_WAITING: Final = frozenset({"CREATED", "SAVED", "PAYER_ACTION_REQUIRED"})


class Orders:
    """Orders by one application."""

    def __init__(self, api: PayPalApi) -> None:
        self._api = api

    async def create_checkout(self, request: CheckoutRequest) -> ProviderPayment:
        """Open an order that its payer approves on PayPal's page and we then capture."""
        if request.separate_capture:
            raise declined(NAME, "separate_capture_unsupported")
        return await self._created(order_body(request), key=request.key)

    async def charge(self, request: ChargeRequest) -> ProviderPayment:
        """Charge a stored wallet: one request makes the order and captures it."""
        made = await self._created(charge_body(request), key=request.key)
        if made.state is ProviderState.OPEN:
            raise declined(NAME, "PAYER_ACTION_REQUIRED")  # nothing moves unless we capture it, and we will not
        return made

    async def retrieve(self, payment_ref: str) -> ProviderPayment | None:
        """Return a payment by its order's id, or by `capture:` and a capture's."""
        order = await self._find(payment_ref)
        return None if order is None else await self._whole(order)

    async def capture(self, payment_ref: str, *, key: str, amount: Money) -> ProviderPayment:
        """Capture what the payer approved, all of it: PayPal captures no part of an order that was not authorised first."""
        before = await self._present(payment_ref)
        if before.state in (ProviderState.CAPTURED, ProviderState.PROCESSING):
            return before
        if before.amount != amount:
            raise declined(NAME, "amount_mismatch")
        try:
            await self._api.post(f"{_ORDERS}/{before.payment_ref}/capture", {}, key=key)
        except GatewayDeclined:
            now = await after_effect(NAME, self._present(payment_ref))
            if now.state not in (ProviderState.CAPTURED, ProviderState.PROCESSING):
                raise
            return now  # somebody else's capture, or an earlier one of ours, came first
        return await after_effect(NAME, self._present(payment_ref))

    async def cancel(self, payment_ref: str) -> ProviderPayment:
        """Return the payment as given up.

        PayPal has no way to withdraw an order: it ends by itself within hours, and only our own capture would move money.
        """
        now = await self._present(payment_ref)
        if now.state in (ProviderState.OPEN, ProviderState.AUTHORISED):
            return _given_up(now)
        return now

    async def refund(self, payment_ref: str, *, key: str, amount: Money, reason: str) -> ProviderRefund:
        """Give money back. Our key is kept in the refund, so that it is found long after PayPal has forgotten the key."""
        body = refund_body(key=key, amount=amount, reason=reason)
        order = await self._find(payment_ref)
        if order is None:
            raise declined(NAME, NOT_FOUND)
        with believed(NAME, changes=False):
            payment = payment_of(order)
            capture_ref = _captured(order)
        if capture_ref is None:
            raise declined(NAME, "nothing_captured")
        if payment.amount.currency != amount.currency:
            raise declined(NAME, "currency_mismatch")
        made = _by_key(payment, key)
        if made is not None:
            return made
        try:
            made_now = await self._api.post(f"/v2/payments/captures/{capture_ref}/refund", body, key=key)
        except GatewayDeclined:
            made = _by_key(await after_effect(NAME, self._present(payment_ref)), key)
            if made is None:
                raise
            return made
        with believed(NAME, changes=True):
            ref = reference(made_now.body, "id")
        current = await after_effect(NAME, self._api.get(f"/v2/payments/refunds/{ref}"))
        with believed(NAME, changes=True):
            return refund_of(current, payment_ref=payment.payment_ref)

    async def _created(self, body: Any, *, key: str) -> ProviderPayment:
        made = await self._api.post(_ORDERS, body, key=key)
        with believed(NAME, changes=True):
            ref = reference(made.body, "id")
            if made.status == HTTPStatus.CREATED and text(made.body, "status") in _WAITING:
                return payment_of(made.body)
        return await after_effect(NAME, self._present(ref))

    async def _present(self, payment_ref: str) -> ProviderPayment:
        found = await self.retrieve(payment_ref)
        if found is None:
            raise declined(NAME, NOT_FOUND)
        return found

    async def _find(self, payment_ref: str) -> Any:
        """Return an order; None when there is none."""
        ref = payment_ref.removeprefix(BY_CAPTURE)
        if not is_reference(ref):
            return None
        try:
            if ref != payment_ref:
                capture = await self._api.get(f"/v2/payments/captures/{ref}")
                with believed(NAME, changes=False):
                    ref = maybe_text(capture, "supplementary_data", "related_ids", "order_id") or ""
                    if not is_reference(ref):
                        return None  # a payment that was not made by an order is not ours
            return await self._api.get(f"{_ORDERS}/{ref}")
        except GatewayDeclined as refused:
            if refused.reason == NOT_FOUND:
                return None
            raise

    async def _whole(self, order: Any) -> ProviderPayment:
        disputes = []
        with believed(NAME, changes=False):
            capture_ref = _captured(order)
        if capture_ref is not None:
            listed = await self._api.get("/v1/customer/disputes", disputed_transaction_id=capture_ref)
            with believed(NAME, changes=False):
                refs = [reference(one, "dispute_id") for one in items(listed, "items")]
            disputes = [await self._api.get(f"/v1/customer/disputes/{ref}") for ref in refs]
        with believed(NAME, changes=False):
            return payment_of(order, disputes=disputes)


def order_body(request: CheckoutRequest) -> dict[str, Any]:
    """Return the order that a payer is to approve.

    Raises:
        UnsupportedAmount: PayPal cannot express the amount.
    """
    wallet: dict[str, Any] = {
        "experience_context": {
            "return_url": request.return_url,
            "cancel_url": request.cancel_url,
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        }
    }
    if request.payer_email is not None:
        wallet["email_address"] = request.payer_email
    if request.keep_method:
        wallet["attributes"] = {"vault": {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT"}}
    return _order(request, wallet)


def charge_body(request: ChargeRequest) -> dict[str, Any]:
    """Return the order that charges a stored wallet.

    Raises:
        UnsupportedAmount: PayPal cannot express the amount.
        GatewayDeclined: the stored method is not one of PayPal's.
    """
    if not is_reference(request.method_ref):
        raise declined(NAME, "unknown_method")
    return _order(request, {"vault_id": request.method_ref})


def refund_body(*, key: str, amount: Money, reason: str) -> dict[str, Any]:
    """Return the refund that is asked for, with our key where PayPal gives it back.

    Raises:
        UnsupportedAmount: PayPal cannot express the amount.
    """
    return {
        "amount": {"value": to_paypal(amount), "currency_code": amount.currency.code},
        "custom_id": theirs(key),
        "note_to_payer": reason[:_LONGEST_NOTE] or "Refund",
    }


def _order(request: CheckoutRequest | ChargeRequest, wallet: dict[str, Any]) -> dict[str, Any]:
    return {
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "amount": {"currency_code": request.amount.currency.code, "value": to_paypal(request.amount)},
                "custom_id": str(request.payment_id),
                "invoice_id": str(
                    request.payment_id
                ),  # PayPal refuses to be paid twice for one, where the account asks it to
                "description": request.description[:_LONGEST_DESCRIPTION],
            }
        ],
        "payment_source": {"paypal": wallet},
    }


def _captured(order: Any) -> str | None:
    captures = items(order, "purchase_units", 0, "payments", "captures")
    return next((reference(one, "id") for one in captures if at(one, "status") in CAPTURED), None)


def _by_key(payment: ProviderPayment, key: str) -> ProviderRefund | None:
    return next((refund for refund in payment.refunds if refund.key == key), None)


def _given_up(payment: ProviderPayment) -> ProviderPayment:
    return replace(payment, state=ProviderState.CANCELLED, redirect_url=None)
