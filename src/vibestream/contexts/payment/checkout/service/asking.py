"""Asking a gateway: one call with a stored key, outside any transaction, and what came of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import assert_never

from vibestream.contexts.payment.checkout.domain.payment import Attempt, Payment, Refund
from vibestream.contexts.payment.checkout.domain.states import Act
from vibestream.contexts.payment.gateways.service import (
    Capability,
    ChargeRequest,
    CheckoutRequest,
    GatewayDeclined,
    GatewayName,
    Gateways,
    GatewayUnavailable,
    OutcomeUnknown,
    PaymentGateway,
    ProviderPayment,
    ProviderRefund,
    UnsupportedAmount,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing to ask of a gateway, fully determined by the payment's stream: it is the same however often it is made."""

    gateway: GatewayName
    act: Act
    key: str
    payment: Payment
    attempt: Attempt
    refund: Refund | None = None
    first: bool
    """Nobody can have made it before: its key was stored by the transaction just before."""

    @property
    def request_hash(self) -> bytes:
        """What is asked under the key, as a hash: under a key nothing else is ever asked."""
        said: object
        if self.act is Act.OPEN:
            said = dataclasses.asdict(self.checkout())
        elif self.act is Act.CHARGE:
            said = dataclasses.asdict(self.charge())
        else:
            amount = self.payment.amount if self.refund is None else self.refund.amount
            said = [self.payment.payment_ref, str(amount)]
        return hashlib.sha256(json.dumps([self.gateway, self.act, said], default=str).encode()).digest()

    @property
    def payment_ref(self) -> str:
        """The payment's id at the gateway, for everything but the first call."""
        assert self.payment.payment_ref is not None  # noqa: S101 - nothing else is asked before it is there
        return self.payment.payment_ref

    def checkout(self) -> CheckoutRequest:
        """Return the request to open it."""
        started, back = self.payment.started, self._page()
        return CheckoutRequest(
            payment_id=started.payment_id,
            key=self.key,
            amount=started.amount,
            description=started.description,
            return_url=back,
            cancel_url=f"{back}&given_up=1",
            payer_email=started.payer_email,
            separate_capture=self.attempt.separate_capture,
            keep_method=started.keep_method,
            step_up=self.attempt.step_up,
        )

    def charge(self) -> ChargeRequest:
        """Return the request to charge a stored method."""
        started = self.payment.started
        assert started.stored is not None  # noqa: S101 - a charge is attempted by a stored method only
        return ChargeRequest(
            payment_id=started.payment_id,
            key=self.key,
            amount=started.amount,
            description=started.description,
            method_ref=started.stored.method_ref,
        )

    def _page(self) -> str:
        path = self.payment.started.return_to
        joint = "&" if "?" in path else "?"
        return f"{self.attempt.site}{path}{joint}payment={self.payment.payment_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of asking. `seen` is how the payment stands at the gateway, where that was learnt."""

    seen: ProviderPayment | None = None
    refund: ProviderRefund | None = None
    declined: str | None = None
    """The gateway said no, and that it did nothing: by its own code."""
    unavailable: str | None = None
    """It could not be asked this time."""
    lost: bool = False
    """It was asked, and nobody knows what it did."""

    @property
    def settled(self) -> bool:
        """Whether it was an answer: yes or no."""
        return not self.lost and self.unavailable is None


async def ask(gateways: Gateways, *, call: Call) -> Answer:  # noqa: PLR0911 - one line an act, one an outcome
    """Ask, and return what came of it. Raises nothing that a gateway can cause."""
    try:
        gateway = gateways.get(call.gateway)
        match call.act:
            case Act.OPEN:
                return Answer(seen=await gateway.create_checkout(_within(gateway, call.checkout())))
            case Act.CHARGE:
                return Answer(seen=await gateway.charge(call.charge()))
            case Act.CAPTURE:
                amount = call.payment.amount
                return Answer(seen=await gateway.capture(call.payment_ref, key=call.key, amount=amount))
            case Act.CANCEL:
                return Answer(seen=await gateway.cancel(call.payment_ref, key=call.key))
            case Act.REFUND:
                return await _refund(gateway, call)
            case _:
                assert_never(call.act)
    except UnsupportedAmount as error:
        return Answer(declined=error.code)
    except GatewayDeclined as error:
        return await _declined(gateways, call, error.reason)
    except GatewayUnavailable as error:
        return Answer(unavailable=error.code)
    except OutcomeUnknown:
        return Answer(lost=True)


async def look(gateways: Gateways, *, gateway: GatewayName, payment_ref: str) -> Answer:
    """Fetch a payment from its gateway. Nothing seen and nothing unavailable: the gateway knows no such payment."""
    try:
        return Answer(seen=await gateways.get(gateway).retrieve(payment_ref))
    except (GatewayUnavailable, OutcomeUnknown, GatewayDeclined) as error:
        return Answer(unavailable=error.code)


def _within(gateway: PaymentGateway, request: CheckoutRequest) -> CheckoutRequest:
    """Return a request without the wish to keep the payer's method, where the gateway could not charge one again."""
    keeps = request.keep_method and Capability.OFF_SESSION in gateway.capabilities
    return dataclasses.replace(request, keep_method=keeps)


async def _refund(gateway: PaymentGateway, call: Call) -> Answer:
    refund = call.refund
    assert refund is not None  # noqa: S101 - made so
    seen = None
    if not call.first:
        # Its key may be forgotten by now. Whether it was made is looked for before it is made again.
        seen = await gateway.retrieve(call.payment_ref)
        if seen is not None and any(_may_be(refund, one, call.payment) for one in seen.refunds):
            return Answer(seen=seen)
    made_now = await gateway.refund(call.payment_ref, key=call.key, amount=refund.amount, reason=refund.reason)
    return Answer(seen=seen, refund=made_now)


def _may_be(refund: Refund, made: ProviderRefund, payment: Payment) -> bool:
    """Say whether a refund that the gateway has made may be this one of ours."""
    if made.key is not None:
        return made.key == refund.key
    known = {one.refund_ref for one in payment.refunds.values()}
    return made.refund_ref not in known and made.amount == refund.amount


async def _declined(gateways: Gateways, call: Call, reason: str) -> Answer:
    """A no about a payment that stands is believed once it was looked at: it may have happened before, by whomever."""
    if call.payment.payment_ref is None:
        return Answer(declined=reason)
    answer = await look(gateways, gateway=call.gateway, payment_ref=call.payment_ref)
    return answer if answer.unavailable is not None else Answer(seen=answer.seen, declined=reason)
