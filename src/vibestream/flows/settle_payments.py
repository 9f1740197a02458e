"""What becomes of a payment reaches whoever asked for it: its money settled, its failure told, what left again taken back.

Share and campaign purchases stay in escrow: whoever sells them takes it from there.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import Purpose
from vibestream.contexts.payment.events import PaymentAbandoned, PaymentCaptured, PaymentDisputed, PaymentRefunded
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import Captured, Destination, GiveBackReason
from vibestream.kernel.errors import Unavailable
from vibestream.kernel.ids import PaymentId
from vibestream.kernel.money import Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Subscription

_SETTLED_HERE: Final = frozenset({Purpose.WALLET_TOP_UP, Purpose.TIP, Purpose.SUBSCRIPTION})


class NotSettled(Unavailable):
    """Money left a payment that never reached where it was meant for: its capture was given up, and is to be replayed first."""

    code: ClassVar[str] = "settle_payments.not_settled"

    def __init__(self, payment_id: PaymentId) -> None:
        super().__init__(f"Payment {payment_id} was captured, but not settled: its dead letter goes before this.")
        self.payment_id = payment_id


async def settle(tx: Tx, event: PaymentCaptured) -> None:
    """Move a captured payment's escrow to where it was meant for."""
    captured = Captured(payment_id=event.payment_id, user_id=event.user_id, amount=event.amount, at=event.occurred_at)
    match event.purpose:
        case Purpose.WALLET_TOP_UP:
            await wallets.settle_into_wallet(tx, captured=captured)
        case Purpose.TIP:
            await tips.settle(tx, captured=captured, now=utc_now())
        case Purpose.SUBSCRIPTION:
            await subscriptions.settle(tx, captured=captured, now=utc_now())
        case _:
            return


async def abandon(tx: Tx, event: PaymentAbandoned) -> None:
    """Tell whoever waits for a payment that it will not come."""
    match event.purpose:
        case Purpose.TIP:
            await tips.abandon(tx, payment_id=event.payment_id)
        case Purpose.SUBSCRIPTION:
            await subscriptions.abandon(tx, payment_id=event.payment_id, now=utc_now())
        case _:
            return


async def give_back(tx: Tx, event: PaymentRefunded) -> None:
    """Count a refund that was asked for; have one that was not taken back from whoever got the payment.

    Raises:
        NotSettled: nobody has got it yet, and would have it for nothing later.
    """
    if event.asked_for:
        await wallets.note_refund(
            tx,
            payment_id=event.payment_id,
            refund_id=event.refund_id,
            amount=event.amount,
            at=event.occurred_at,
        )
        return
    key = f"refund:{event.refund_id}"
    await _require_settled(tx, event)
    await _take_back(tx, event.payment_id, event.amount, key=key, reason=GiveBackReason.REFUND_UNASKED)


async def dispute(tx: Tx, event: PaymentDisputed) -> None:
    """Hold what is there while a payment is disputed; take it back when the dispute is lost, restore it when won after all.

    Raises:
        NotSettled: nobody has got it yet, and would have it for nothing later.
    """
    await _require_settled(tx, event)
    payment_id, amount, news = event.payment_id, event.amount, str(event.event_id)
    if event.state == "lost":
        await _take_back(tx, payment_id, amount, key=f"dispute:{news}", reason=GiveBackReason.DISPUTE_LOST)
        return
    await wallets.watch_dispute(tx, payment_id=payment_id, amount=amount, news=news, is_open=event.state == "open")
    if event.state == "won":
        await _restore(tx, payment_id, amount)


async def _require_settled(tx: Tx, event: PaymentRefunded | PaymentDisputed) -> None:
    # A dead letter does not hold its key: news of the payment pass it, and are taken for nothing to do.
    if event.purpose in _SETTLED_HERE and await wallets.settlement(tx, payment_id=event.payment_id) is None:
        raise NotSettled(event.payment_id)


async def _take_back(tx: Tx, payment_id: PaymentId, amount: Money, *, key: str, reason: GiveBackReason) -> None:
    settled = await wallets.settlement(tx, payment_id=payment_id)
    gateway = await _gateway_of(tx, payment_id)
    if settled is None or gateway is None:
        return
    now = utc_now()
    match settled.destination:
        case Destination.WALLET:
            await wallets.take_back(
                tx, key=key, payment_id=payment_id, amount=amount, gateway=gateway, reason=reason, at=now
            )
        case Destination.TIP:
            await tips.take_back(
                tx, key=key, payment_id=payment_id, amount=amount, gateway=gateway, reason=reason, now=now
            )
        case Destination.SUBSCRIPTION:
            await subscriptions.take_back(
                tx, key=key, payment_id=payment_id, amount=amount, gateway=gateway, reason=reason, now=now
            )


async def _restore(tx: Tx, payment_id: PaymentId, amount: Money) -> None:
    settled = await wallets.settlement(tx, payment_id=payment_id)
    gateway = await _gateway_of(tx, payment_id)
    if settled is None or gateway is None:
        return
    now = utc_now()
    match settled.destination:
        case Destination.WALLET:
            await wallets.restore(tx, payment_id=payment_id, amount=amount, at=now)
        case Destination.TIP:
            await tips.restore(tx, payment_id=payment_id, amount=amount, now=now)
        case Destination.SUBSCRIPTION:  # what it paid for has ended by the loss
            await wallets.restore_to_payer(tx, payment_id=payment_id, amount=amount, gateway=gateway, at=now)


async def _gateway_of(tx: Tx, payment_id: PaymentId) -> str | None:
    gateway = (await checkout.payment(tx, payment_id=payment_id)).gateway
    return None if gateway is None else gateway.value


# What leaves again is taken from where it went before: the order of one payment's news is kept, failures block it.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=PaymentCaptured, consumer="settle_payments", handle=settle),
    Subscription(event=PaymentAbandoned, consumer="settle_payments", handle=abandon),
    Subscription(event=PaymentRefunded, consumer="settle_payments", handle=give_back),
    Subscription(event=PaymentDisputed, consumer="settle_payments", handle=dispute),
)
