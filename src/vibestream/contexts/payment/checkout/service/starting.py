"""Starting payments, calling them off, and going on with those that were reviewed."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.deciding import begin
from vibestream.contexts.payment.checkout.domain.errors import MethodNotKept, PaymentKeyReused, UnknownPayment
from vibestream.contexts.payment.checkout.domain.payment import Payment, fold
from vibestream.contexts.payment.checkout.domain.states import Purpose
from vibestream.contexts.payment.checkout.domain.views import PaymentView
from vibestream.contexts.payment.checkout.service import risk
from vibestream.contexts.payment.checkout.service.driving import go_on
from vibestream.contexts.payment.checkout.service.recording import carry_out, create, lock
from vibestream.contexts.payment.checkout.store import keys, streams, views
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.kernel.ids import PaymentId, RiskDecisionId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


async def start(
    tx: Tx,
    *,
    key: str,
    user_id: UserId,
    purpose: Purpose,
    subject: str,
    amount: Money,
    description: str,
    return_to: str,
    payer_email: str | None = None,
    country: str | None = None,
    gateway: GatewayName | None = None,
    keep_method: bool = False,
    network: str | None = None,
    device: str | None = None,
    beneficiary: UserId | None = None,
) -> PaymentView:
    """Start a payment that its payer confirms at a gateway, once per key, and return it as it stands now.

    A job has fraud look at it (it may fail as `refused`), then opens it: the payer follows `redirect_url` once it is there.

    Args:
        tx: the caller's transaction.
        key: the caller's idempotency key, 1 to 300 characters, kept for ever.
        user_id: who pays.
        purpose: what for.
        subject: what exactly, by an id of whoever asks; comes back in every announcement.
        amount: more than nothing, of a currency that somebody can pay with.
        description: what the payer reads, on one line.
        return_to: a page of this site for the payer to come back to, such as `/wallet`.
        payer_email: for the gateway's receipt; its domain for fraud.
        country: the payer's, ISO 3166-1 alpha-2, where it is known.
        gateway: the one that the payer chose; others are asked only when it cannot be.
        keep_method: keep the payer's method for later charges, where the gateway can charge one again.
        network: the address that the request came from, for fraud.
        device: what it came from, the same for the same browser or app, for fraud.
        beneficiary: the person who gains by it, such as the artist of a tip, for fraud.

    Raises:
        InvalidPayment, UnusableFacts, PaymentKeyReused: an impossible amount, text or page; the key of another request.
    """
    started = e.Started(
        payment_id=PaymentId(new_id()),
        user_id=user_id,
        purpose=purpose,
        subject=subject,
        amount=amount,
        description=description,
        return_to=return_to,
        payer_email=payer_email,
        country=country,
        wish=gateway,
        keep_method=keep_method,
        stored=None,
        network=network,
        device=device,
        beneficiary=beneficiary,
    )
    return await _start(tx, started, key=key)


async def charge_stored(
    tx: Tx,
    *,
    key: str,
    user_id: UserId,
    purpose: Purpose,
    subject: str,
    amount: Money,
    description: str,
    of_payment: PaymentId,
) -> PaymentView:
    """Start a payment by the method that an earlier one of the same person kept, while that person is away.

    Once per key, as `start`. Where fraud would have the payer's bank ask the payer, it fails with the reason
    `authentication_required`: ask the payer to pay again.

    Raises:
        MethodNotKept: the earlier payment left no method.
        UnknownPayment: there is no such earlier payment of this person.
        InvalidPayment, PaymentKeyReused: as for `start`.
    """
    earlier = fold(one.event for one in await streams.load_stream(tx, of_payment))
    if earlier is None or earlier.user_id != user_id:
        raise UnknownPayment("There is no such payment.")
    if earlier.method_ref is None or earlier.gateway is None:
        raise MethodNotKept("That payment left no method that can be charged again.")
    started = e.Started(
        payment_id=PaymentId(new_id()),
        user_id=user_id,
        purpose=purpose,
        subject=subject,
        amount=amount,
        description=description,
        return_to="/",
        payer_email=earlier.started.payer_email,
        country=earlier.started.country,
        wish=None,
        keep_method=False,
        stored=e.StoredMethod(
            gateway=earlier.gateway,
            method_ref=earlier.method_ref,
            of_payment=of_payment,
            fingerprint=earlier.fingerprint,
        ),
    )
    return await _start(tx, started, key=key)


async def cancel(tx: Tx, *, payment_id: PaymentId, user_id: UserId) -> PaymentView:
    """Call off a payment whose money has not come, and return it; one that stands at a gateway is given up there first.

    Calling off twice is calling off once, and so is calling off what failed. Should the money come all the same, it is
    taken in and the payment is captured.

    Raises:
        UnknownPayment: there is none, or it is not this person's.
        NotCancellable: the money came.
    """
    locked = await lock(tx, payment_id=payment_id)
    if locked.payment.user_id != user_id:
        raise UnknownPayment("There is no such payment.")
    after = await carry_out(tx, c.AskCancel(reason="cancelled"), locked=locked, now=utc_now())
    if after is not locked:
        await go_on(tx, payment_id=payment_id)
    return after.view()


async def review_decided(tx: Tx, *, decision_id: RiskDecisionId, released: bool, now: datetime) -> PaymentView | None:
    """Go on with a payment that a person has looked at, or give it up; None when the decision was about no payment.

    What was authorised meanwhile is captured, or cancelled at its gateway; what was held back is opened, or failed with
    the reason `refused`. Told twice is told once.
    """
    payment_id = await views.find_of_decision(tx, decision_id)
    if payment_id is None:
        return None
    locked = await lock(tx, payment_id=payment_id)
    after = await carry_out(tx, c.Review(approved=released), locked=locked, now=now)
    if after is not locked:
        await go_on(tx, payment_id=payment_id)
    return after.view()


async def _start(tx: Tx, started: e.Started, *, key: str) -> PaymentView:
    now = utc_now()
    beginning = begin(started)
    payment = fold(beginning)
    assert isinstance(payment, Payment)  # noqa: S101 - it has begun
    risk.facts_of(payment, at=now)  # what fraud could not be told is refused here, and not found out by a job
    claimed = await keys.claim_request(
        tx, key=key, request_hash=_hash(started), payment_id=started.payment_id, refund_id=None, at=now
    )
    if not claimed.new:
        if claimed.request_hash != _hash(started):
            raise PaymentKeyReused(key=key)
        known = await views.load_view(tx, claimed.payment_id, user_id=started.user_id)
        if known is None:
            raise PaymentKeyReused(key=key)
        return known
    view = await create(tx, happened=beginning, now=now)
    await go_on(tx, payment_id=view.payment_id)
    return view


def _hash(started: e.Started) -> bytes:
    """Return what tells one request from another: what the caller decided, not what was noticed about the caller."""
    said = [
        str(started.user_id),
        started.purpose,
        started.subject,
        started.amount.minor,
        started.amount.currency.code,
        started.description,
        started.return_to,
        started.wish,
        started.keep_method,
        None if started.stored is None else str(started.stored.of_payment),
    ]
    return hashlib.sha256(json.dumps(said).encode()).digest()
