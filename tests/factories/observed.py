"""Payments that checkout really started, brought on by what a gateway would say of them, without a gateway.

view = (await subscriptions.subscribe(tx, ...)).payment
await screened(tx, view.payment_id)                                    # fraud has looked at it, as checkout's job has it
captured = await observed_captured(tx, view.payment_id, at=now)       # the money stands in its escrow, as checkout posts it
await observed(tx, view.payment_id, state=ProviderState.FAILED)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.factories.checkout import SITE, make_seen
from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain.payment import Payment
from vibestream.contexts.payment.checkout.service import recording, risk
from vibestream.contexts.payment.gateways.domain.port import GatewayName, ProviderState
from vibestream.contexts.payment.wallets.service import Captured
from vibestream.kernel.ids import PaymentId
from vibestream.kernel.money import Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


async def screened(tx: Tx, payment_id: PaymentId, *, at: datetime | None = None) -> Payment:
    """Have fraud look at a payment, with nothing said by outside parties; one that it has looked at is left as it is."""
    locked, now = await recording.lock(tx, payment_id=payment_id), at or utc_now()
    if locked.payment.verdict is None and not locked.payment.ended:
        told = await risk.screen(tx, payment=locked.payment, started_at=locked.started_at, signals={}, now=now)
        locked = await recording.carry_out(tx, told, locked=locked, now=now)
    return locked.payment


async def observed(tx: Tx, payment_id: PaymentId, *, gateway: GatewayName = GatewayName.STRIPE, **seen: Any) -> Payment:
    """Let checkout see how a gateway has a payment, choosing the gateway first when none was."""
    now = utc_now()
    await screened(tx, payment_id)
    locked = await recording.lock(tx, payment_id=payment_id)
    if locked.payment.attempt is None:
        attempt = c.Attempt(route=(gateway,), captures_later=frozenset({gateway}), site=SITE, at=now)
        locked = await recording.carry_out(tx, attempt, locked=locked, now=now)
    at = locked.payment.gateway or gateway
    after = await recording.carry_out(
        tx, c.Observe(gateway=at, seen=make_seen(locked.payment, **seen)), locked=locked, now=now
    )
    return after.payment


async def observed_captured(
    tx: Tx, payment_id: PaymentId, *, at: datetime, fee: Money | None = None, method: bool = False
) -> Captured:
    """Let a payment's money arrive, and return what is announced of it, as at an instant of the test's own."""
    payment = await observed(
        tx, payment_id, state=ProviderState.CAPTURED, fee=fee, method_ref=f"pm_{payment_id.hex}" if method else None
    )
    return Captured(payment_id=payment_id, user_id=payment.user_id, amount=payment.amount, at=at)
