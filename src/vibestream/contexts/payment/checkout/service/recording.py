"""Recording: the one place that adds to a payment's stream.

Everything that follows from an event is done in its transaction: its postings, what it announces, the line that the
payment is listed as, and when somebody has to look at it again. So none of them can be there without the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.acting import look_again_after
from vibestream.contexts.payment.checkout.domain.books import Movement, announced_by, escrow, hold_key, movements_of
from vibestream.contexts.payment.checkout.domain.commands import Command
from vibestream.contexts.payment.checkout.domain.deciding import decide
from vibestream.contexts.payment.checkout.domain.errors import UnknownPayment
from vibestream.contexts.payment.checkout.domain.payment import Payment, Refund, evolve, fold
from vibestream.contexts.payment.checkout.domain.views import PaymentView, view_of
from vibestream.contexts.payment.checkout.service import risk
from vibestream.contexts.payment.checkout.store import streams
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import Leg, Posting
from vibestream.kernel.errors import Conflict
from vibestream.kernel.events import Event
from vibestream.kernel.ids import AccountId, HoldId, PaymentId, RefundId, TransactionId, new_id
from vibestream.kernel.money import Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.live import announce

_HELD_FOR: Final = timedelta(days=3650)
"""A refund ends by the gateway's word and not by a hold's time."""


class StreamMoved(Conflict):
    """The payment has gone on since it was read; nothing was recorded."""

    code: ClassVar[str] = "checkout.stream_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A payment that nobody else can add to in the meantime."""

    payment: Payment
    started_at: datetime
    changed_at: datetime
    looks: int
    busy_until: datetime | None

    def view(self) -> PaymentView:
        """Return the line that it is listed as."""
        return view_of(self.payment, started_at=self.started_at, changed_at=self.changed_at)

    def busy(self, now: datetime) -> bool:
        """Say whether somebody is asking a gateway about it now."""
        return self.busy_until is not None and self.busy_until > now


async def lock(tx: Tx, *, payment_id: PaymentId) -> Locked:
    """Wait for everybody else who adds to a payment, and return it as it stands now.

    Raises:
        UnknownPayment: there is none.
    """
    head = await streams.lock_payment(tx, payment_id)
    recorded = [] if head is None else await streams.load_stream(tx, payment_id)
    payment = fold(one.event for one in recorded)
    if head is None or payment is None:
        raise UnknownPayment("There is no such payment.")
    return Locked(
        payment=payment,
        started_at=recorded[0].at,
        changed_at=recorded[-1].at,
        looks=head.looks,
        busy_until=head.busy_until,
    )


async def carry_out(
    tx: Tx, *commands: Command, locked: Locked, now: datetime, busy_until: datetime | None = None
) -> Locked:
    """Decide commands one after the other, record what they make happen, and return the payment as it stands then.

    Args:
        tx: the transaction in which it was locked.
        commands: what is asked of it or told to it.
        locked: the payment, as it was locked in this transaction.
        now: the instant that the events bear.
        busy_until: until when this caller will be asking a gateway about it.

    Raises:
        NotCancellable, NotRefundable, RefundExceedsPayment, InvalidPayment, NotThisPayment: a command is refused.
        InsufficientFunds: a source of a refund has less. Nothing is recorded then.
    """
    payment, happened = locked.payment, list[e.Happened]()
    for command in commands:
        for event in decide(payment, command):
            payment = evolve(payment, event)
            happened.append(event)
    if not happened:
        return locked
    return await _add(tx, locked, happened, now=now, busy_until=busy_until)


async def create(tx: Tx, *, happened: Sequence[e.Happened], now: datetime) -> PaymentView:
    """Record the beginning of a payment: its first events."""
    payment, new, news = await _apply(tx, None, happened, now=now)
    view = view_of(payment, started_at=now, changed_at=now)
    pause = look_again_after(payment, looks=0)
    await streams.create_payment(
        tx,
        payment_id=payment.payment_id,
        user_id=payment.user_id,
        new=new,
        at=now,
        view=view,
        look_at=None if pause is None else now + pause,
    )
    await _tell(tx, payment, news)
    return view


async def _add(
    tx: Tx, locked: Locked, happened: Sequence[e.Happened], *, now: datetime, busy_until: datetime | None
) -> Locked:
    payment, new, news = await _apply(tx, locked.payment, happened, now=now)
    after = Locked(payment=payment, started_at=locked.started_at, changed_at=now, looks=0, busy_until=busy_until)
    pause = look_again_after(payment, looks=0)
    added = await streams.append(
        tx,
        payment_id=payment.payment_id,
        expected=locked.payment.version,
        new=new,
        at=now,
        view=after.view(),
        look_at=None if pause is None else now + pause,
        busy_until=busy_until,
    )
    if not added:
        raise StreamMoved("The payment has gone on since it was read.")
    await _tell(tx, payment, news)
    return after


async def _apply(
    tx: Tx, before: Payment | None, happened: Sequence[e.Happened], *, now: datetime
) -> tuple[Payment, list[streams.New], list[Event]]:
    """Post what each event moves, and return the payment after all of them, their rows, and what is to be announced."""
    payment, new, news = before, list[streams.New](), list[Event]()
    for event in happened:
        if isinstance(event, e.RefundFailed) and payment is not None:
            await _let_go(tx, payment, payment.refunds[event.refund_id])
        posted = [await _post(tx, movement, event) for movement in movements_of(payment, event)]
        if isinstance(event, e.RefundAsked) and payment is not None:
            await _hold(tx, payment, event.refund_id, event.amount)
        announced = announced_by(payment, event, at=now)
        if announced is not None:
            news.append(announced)
        payment = evolve(payment, event)
        await risk.tell(tx, payment=payment, event=event, now=now)
        new.append(streams.New(event=event, transaction_ids=posted))
    assert payment is not None  # noqa: S101 - nobody records that nothing happened
    return payment, new, news


async def _post(tx: Tx, movement: Movement, event: e.Happened) -> TransactionId:
    giver, taker = await ledger.open_accounts(tx, names=[movement.giver, movement.taker])
    held = None
    if movement.takes_hold and isinstance(event, e.RefundSucceeded):
        held = await _held(tx, giver, event.refund_id, movement.amount)
    posting = Posting(
        transaction_id=TransactionId(new_id()),
        key=movement.key,
        kind=movement.kind,
        legs=(Leg(giver, -movement.amount), Leg(taker, movement.amount)),
        details=movement.details,
        captures=held,
    )
    return (await ledger.post(tx, posting=posting)).transaction_id


async def _hold(tx: Tx, payment: Payment, refund_id: RefundId, amount: Money) -> HoldId:
    """Set a refund's amount aside in the payment's escrow, where its owner could take it otherwise."""
    name = escrow(payment_id=payment.payment_id, currency=amount.currency)
    return await _held(tx, await ledger.open_account(tx, name=name), refund_id, amount)


async def _held(tx: Tx, account: AccountId, refund_id: RefundId, amount: Money) -> HoldId:
    """Return what is held for a refund: under its key there is one hold, however often it is asked for."""
    return await ledger.place_hold(
        tx,
        key=hold_key(refund_id),
        account_id=account,
        amount=amount,
        expires_at=utc_now() + _HELD_FOR,
        reason="refund",
    )


async def _let_go(tx: Tx, payment: Payment, refund: Refund) -> None:
    if not refund.reached:
        await ledger.void_hold(tx, hold_id=await _hold(tx, payment, refund.refund_id, refund.amount))


async def _tell(tx: Tx, payment: Payment, news: Sequence[Event]) -> None:
    if news:
        await publish(tx, *news)
    await announce(
        tx,
        topic=f"user:{payment.user_id}",
        kind="payment.changed",
        data={"payment_id": payment.payment_id, "state": payment.state},
    )
