"""Payments at Stripe: Checkout Sessions for payers who are here, PaymentIntents for those who are not."""

from __future__ import annotations

from typing import Any, Final

import stripe
from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from vibestream.contexts.payment.gateways.domain.amounts import to_stripe
from vibestream.contexts.payment.gateways.domain.port import (
    ChargeRequest,
    CheckoutRequest,
    GatewayDeclined,
    ProviderPayment,
    ProviderRefund,
    ProviderState,
)
from vibestream.contexts.payment.gateways.gateway.certainty import after_effect, believed, declined
from vibestream.contexts.payment.gateways.gateway.fields import at, is_reference, reference
from vibestream.contexts.payment.gateways.gateway.stripe.api import NAME, Answered, ask, each, in_turns
from vibestream.contexts.payment.gateways.gateway.stripe.reading import OFF_SESSION, id_of, payment_of, refund_of
from vibestream.kernel.money import Money

_INTENT: Final = ("latest_charge.balance_transaction",)
_SESSION: Final = ("payment_intent.latest_charge.balance_transaction",)
_MOST_SHOWN: Final = 100
_LONGEST_NAME: Final = 250


class Payments:
    """Payments by one client."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._v1 = client.v1

    async def create_checkout(self, request: CheckoutRequest) -> ProviderPayment:
        """Open a Checkout Session. A session that nobody was sent to moves no money, so it is looked for no further."""
        params = session_params(request)

        async def create(key: str) -> ProviderPayment:
            opened = await ask(self._v1.checkout.sessions.create_async(params, {"idempotency_key": key}), changes=True)
            return await self._current(opened)

        async def nothing() -> None:
            return None

        return await in_turns(request.key, create, done=nothing)

    async def charge(self, request: ChargeRequest) -> ProviderPayment:
        """Charge a stored method while its owner is away."""
        params = charge_params(request)
        customer = params["customer"]

        async def create(key: str) -> ProviderPayment:
            charged = await ask(self._v1.payment_intents.create_async(params, {"idempotency_key": key}), changes=True)
            return await self._current(charged)

        async def charged_already() -> ProviderPayment | None:
            async for intent in each(lambda after: self._v1.payment_intents.list_async(_of_customer(customer, after))):
                if at(intent, "metadata", "key") == request.key:
                    return await after_effect(NAME, self._present(id_of(intent) or ""))
            return None

        return await in_turns(request.key, create, done=charged_already)

    async def retrieve(self, payment_ref: str) -> ProviderPayment | None:
        """Return a payment by its session or its intent."""
        found = await self._find(payment_ref)
        return None if found is None else await self._whole(*found)

    async def capture(self, payment_ref: str, *, key: str, amount: Money) -> ProviderPayment:
        """Capture what was authorised, once: whoever else has captured it meanwhile, it is returned as captured."""
        units = to_stripe(amount)
        _, intent_ref = await self._of_currency(payment_ref, amount)

        async def capture(turn: str) -> ProviderPayment:
            try:
                await ask(
                    self._v1.payment_intents.capture_async(
                        intent_ref, {"amount_to_capture": units}, {"idempotency_key": turn}
                    ),
                    changes=True,
                )
            except GatewayDeclined:
                captured = await captured_already()
                if captured is None:
                    raise
                return captured
            return await after_effect(NAME, self._present(payment_ref))

        async def captured_already() -> ProviderPayment | None:
            now = await after_effect(NAME, self._present(payment_ref))
            return now if now.state is ProviderState.CAPTURED else None

        return await in_turns(key, capture, done=captured_already)

    async def cancel(self, payment_ref: str, *, key: str) -> ProviderPayment:
        """Close an open session, cancel an intent that was not captured, and return the payment as it then stands."""
        before, intent_ref = await self._load(payment_ref)
        if before.state in (ProviderState.CAPTURED, ProviderState.CANCELLED, ProviderState.FAILED):
            return before
        session_ref = before.payment_ref if before.payment_ref.startswith("cs_") else None

        async def cancel(turn: str) -> ProviderPayment:
            try:
                if session_ref is not None and before.state is ProviderState.OPEN:
                    # A key of its own: Stripe remembers for which request a key was used, also when that failed. Under the
                    # same one, what a payer authorises after closing has failed could not be let go of any more.
                    closing = self._v1.checkout.sessions.expire_async(
                        session_ref, {}, {"idempotency_key": f"{turn}:page"}
                    )
                    await ask(closing, changes=True)
                elif intent_ref is not None:
                    cancelling = self._v1.payment_intents.cancel_async(intent_ref, {}, {"idempotency_key": turn})
                    await ask(cancelling, changes=True)
            except GatewayDeclined:
                pass  # it went on meanwhile: how it stands now says how
            return await after_effect(NAME, self._present(payment_ref))

        async def over() -> ProviderPayment | None:
            now = await after_effect(NAME, self._present(payment_ref))
            return None if now.state in (ProviderState.OPEN, ProviderState.AUTHORISED) else now

        return await in_turns(key, cancel, done=over)

    async def refund(self, payment_ref: str, *, key: str, amount: Money, reason: str) -> ProviderRefund:
        """Give money back. Our key is kept in the refund, so that it is found long after Stripe has forgotten the key."""
        units = to_stripe(amount)
        before, intent_ref = await self._of_currency(payment_ref, amount)
        made = _by_key(before, key)
        if made is not None:
            return made
        metadata = {"key": key, "reason": reason[:_MOST_SHOWN]}

        async def refund(turn: str) -> ProviderRefund:
            answered = await ask(
                self._v1.refunds.create_async(
                    {"payment_intent": intent_ref, "amount": units, "metadata": metadata}, {"idempotency_key": turn}
                ),
                changes=True,
            )
            if answered.replayed:
                ref = _read_ref(answered)
                answered = await after_effect(NAME, ask(self._v1.refunds.retrieve_async(ref), changes=False))
            with believed(NAME, changes=True):
                return refund_of(answered.body, payment_ref=before.payment_ref)

        async def refunded_already() -> ProviderRefund | None:
            return _by_key(await after_effect(NAME, self._present(payment_ref)), key)

        return await in_turns(key, refund, done=refunded_already)

    async def _load(self, payment_ref: str) -> tuple[ProviderPayment, str | None]:
        """Return a payment and the id of its intent, None while nobody has tried to pay."""
        found = await self._find(payment_ref)
        if found is None:
            raise declined(NAME, "resource_missing")
        with believed(NAME, changes=False):
            intent_ref = None if found[1] is None else reference(found[1], "id")
        return await self._whole(*found), intent_ref

    async def _of_currency(self, payment_ref: str, amount: Money) -> tuple[ProviderPayment, str]:
        payment, intent_ref = await self._load(payment_ref)
        if intent_ref is None:
            raise declined(NAME, "resource_missing")
        if payment.amount.currency != amount.currency:
            raise declined(NAME, "currency_mismatch")
        return payment, intent_ref

    async def _present(self, payment_ref: str) -> ProviderPayment:
        return (await self._load(payment_ref))[0]

    async def _current(self, answered: Answered) -> ProviderPayment:
        """Return a payment as it stands after its creation was answered."""
        if answered.replayed or at(answered.body, "object") != "checkout.session":
            return await after_effect(NAME, self._present(_read_ref(answered)))
        with believed(NAME, changes=True):
            return payment_of(answered.body, None)

    async def _find(self, ref: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None] | None:
        """Return the session and the intent of a payment, one of which may be None; None when there is neither."""
        if not is_reference(ref):
            return None
        try:
            if ref.startswith("cs_"):
                session = await ask(
                    self._v1.checkout.sessions.retrieve_async(ref, {"expand": [*_SESSION]}), changes=False
                )
                intent = at(session.body, "payment_intent")
                return session.body, intent if isinstance(intent, dict) else None
            if not ref.startswith("pi_"):
                return None
            bare = await ask(self._v1.payment_intents.retrieve_async(ref, {"expand": [*_INTENT]}), changes=False)
        except GatewayDeclined as refused:
            if refused.reason == "resource_missing":
                return None
            raise
        if at(bare.body, "metadata", "kind") == OFF_SESSION:
            return None, bare.body  # we made it ourselves, without a session
        opened_by = await ask(self._v1.checkout.sessions.list_async({"payment_intent": ref, "limit": 1}), changes=False)
        return at(opened_by.body, "data", 0), bare.body

    async def _whole(self, session: dict[str, Any] | None, intent: dict[str, Any] | None) -> ProviderPayment:
        refunds: list[dict[str, Any]] = []
        disputes: list[dict[str, Any]] = []
        warnings: list[dict[str, Any]] = []
        if intent is not None and at(intent, "latest_charge") is not None:
            ref = id_of(intent) or ""
            refunds = [one async for one in each(lambda after: self._v1.refunds.list_async(_of_intent(ref, after)))]
            if at(intent, "latest_charge", "disputed"):
                disputes = [
                    one async for one in each(lambda after: self._v1.disputes.list_async(_of_intent(ref, after)))
                ]
            if at(intent, "latest_charge", "captured") is True:
                listed = self._v1.radar.early_fraud_warnings.list_async
                warnings = [one async for one in each(lambda after: listed(_of_intent(ref, after)))]
        with believed(NAME, changes=False):
            return payment_of(session, intent, refunds=refunds, disputes=disputes, warnings=warnings)


def session_params(request: CheckoutRequest) -> SessionCreateParams:
    """Return the parameters of a Checkout Session.

    Raises:
        UnsupportedAmount: Stripe cannot express the amount.
    """
    metadata = {"payment_id": str(request.payment_id), "key": request.key}
    params: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": request.amount.currency.code.lower(),
                    "unit_amount": to_stripe(request.amount),
                    "product_data": {"name": request.description[:_LONGEST_NAME]},
                },
            }
        ],
        "success_url": request.return_url,
        "cancel_url": request.cancel_url,
        "client_reference_id": str(request.payment_id),
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": request.description[:_LONGEST_NAME]},
        "adaptive_pricing": {"enabled": False},  # the payer pays what was asked for, in the currency that was asked for
    }
    if request.payer_email is not None:
        params["customer_email"] = request.payer_email
    if request.separate_capture:
        params["payment_intent_data"]["capture_method"] = "manual"
    if request.keep_method:
        params["payment_intent_data"]["setup_future_usage"] = OFF_SESSION
        params["customer_creation"] = "always"
    if request.step_up:
        params["payment_method_options"] = {"card": {"request_three_d_secure": "any"}}
    return params


def charge_params(request: ChargeRequest) -> PaymentIntentCreateParams:
    """Return the parameters of a charge without its payer.

    Raises:
        UnsupportedAmount: Stripe cannot express the amount.
        GatewayDeclined: the stored method is not one of Stripe's.
    """
    customer, _, method = request.method_ref.partition(":")
    if not (is_reference(customer) and is_reference(method)):
        raise declined(NAME, "unknown_method")
    return {
        "amount": to_stripe(request.amount),
        "currency": request.amount.currency.code.lower(),
        "customer": customer,
        "payment_method": method,
        "off_session": True,
        "confirm": True,
        "description": request.description[:_LONGEST_NAME],
        "metadata": {"payment_id": str(request.payment_id), "key": request.key, "kind": OFF_SESSION},
    }


def _of_intent(ref: str, after: str | None) -> Any:
    return {"payment_intent": ref, "limit": _MOST_SHOWN} | _after(after)


def _of_customer(ref: str, after: str | None) -> Any:
    return {"customer": ref, "limit": _MOST_SHOWN} | _after(after)


def _after(cursor: str | None) -> dict[str, str]:
    return {} if cursor is None else {"starting_after": cursor}


def _by_key(payment: ProviderPayment, key: str) -> ProviderRefund | None:
    return next((refund for refund in payment.refunds if refund.key == key), None)


def _read_ref(answered: Answered) -> str:
    with believed(NAME, changes=True):
        return reference(answered.body, "id")
