"""What each event moves in the ledger, and what it announces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.payment import Payment, Refund
from vibestream.contexts.payment.checkout.domain.states import DisputeStanding
from vibestream.contexts.payment.events import PaymentAbandoned, PaymentCaptured, PaymentDisputed, PaymentRefunded
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, AccountName
from vibestream.kernel.events import Event
from vibestream.kernel.ids import PaymentId, RefundId, UserId
from vibestream.kernel.money import Currency, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One fact to post: what `giver` loses and `taker` gains."""

    key: str
    kind: str
    giver: AccountName
    taker: AccountName
    amount: Money
    """Positive, or negative for the other way round."""
    details: Mapping[str, str] = field(default_factory=dict)
    takes_hold: bool = False
    """It takes what is held for the refund that it settles."""


def hold_key(refund_id: RefundId) -> str:
    """Return the key of what is held in a payment's escrow while a refund of it is under way."""
    return f"refund:{refund_id}"


class _Common(TypedDict):
    occurred_at: datetime
    payment_id: PaymentId
    user_id: UserId
    purpose: str
    subject: str


def escrow(*, payment_id: PaymentId, currency: Currency) -> AccountName:
    """Return the name of what was captured for a payment and has not gone where it was meant for."""
    return AccountName(AccountKind.PAYMENT_ESCROW, str(payment_id), currency)


def movements_of(before: Payment | None, event: e.Happened) -> tuple[Movement, ...]:  # noqa: PLR0911 - a case each
    """Return what an event moves, given the payment that it happens to."""
    if before is None or before.gateway is None:
        return ()
    match event:
        case e.Captured():
            return (_captured(before, before.gateway),)
        case e.FeeKnown() | e.DisputeFeeKnown():
            return (_fee(before, before.gateway, event),) if event.added.minor else ()
        case e.Unexplained():
            return (_unexplained(before, event),)
        case e.DisputeOpened() | e.DisputeDecided():
            return (_dispute(before, before.gateway, event),)
        case e.RefundAsked() | e.RefundNoticed() | e.RefundSucceeded() | e.RefundFailed():
            return _refund(before, before.gateway, event)
        case _:
            return ()


def announced_by(  # noqa: PLR0911 - a case each
    before: Payment | None, event: e.Happened, *, at: datetime
) -> Event | None:
    """Return what an event announces, given the payment that it happens to."""
    if before is None:
        return None
    started = before.started
    common = _Common(
        occurred_at=at,
        payment_id=started.payment_id,
        user_id=started.user_id,
        purpose=started.purpose.value,
        subject=started.subject,
    )
    match event:
        case e.Captured():
            return PaymentCaptured(amount=started.amount, **common)
        case e.Failed() | e.Cancelled():
            return PaymentAbandoned(amount=started.amount, reason=event.reason, **common)
        case e.RefundSucceeded():
            refund = before.refunds[event.refund_id]
            return PaymentRefunded(
                refund_id=refund.refund_id,
                asked_for=True,
                amount=refund.amount,
                requested_by=refund.requested_by,
                **common,
            )
        case e.RefundNoticed():
            return PaymentRefunded(refund_id=event.refund_id, asked_for=False, amount=event.amount, **common)
        case e.DisputeOpened():
            return PaymentDisputed(amount=event.amount, state="open", **common)
        case e.DisputeDecided():
            amount = before.disputes[event.dispute_ref].amount
            return PaymentDisputed(amount=amount, state="won" if event.won else "lost", **common)
        case _:
            return None


def _captured(p: Payment, gateway: GatewayName) -> Movement:
    return Movement(
        key=f"payment:{p.payment_id}:capture",
        kind="payment_capture",
        giver=_clearing(gateway, p.amount.currency),
        taker=escrow(payment_id=p.payment_id, currency=p.amount.currency),
        amount=p.amount,
        details=_details(p),
    )


def _fee(p: Payment, gateway: GatewayName, event: e.FeeKnown | e.DisputeFeeKnown) -> Movement:
    currency = event.added.currency
    return Movement(
        key=f"payment:{p.payment_id}:fee:{p.version + 1}",
        kind="gateway_fee",
        giver=AccountName(AccountKind.GATEWAY_FEES, gateway.value, currency),
        taker=_clearing(gateway, currency),
        amount=event.added,
        details=_details(p),
    )


def _unexplained(p: Payment, event: e.Unexplained) -> Movement:
    currency = event.added.currency
    return Movement(
        key=f"payment:{p.payment_id}:unexplained:{p.version + 1}",
        kind="payment_unexplained",
        giver=_clearing(event.gateway, currency),
        taker=AccountName(AccountKind.SUSPENSE, event.gateway.value, currency),
        amount=event.added,
        details={**_details(p), "payment_ref": event.payment_ref},
    )


def _dispute(p: Payment, gateway: GatewayName, event: e.DisputeOpened | e.DisputeDecided) -> Movement:
    """An open dispute takes from clearing; won, it is put back there; lost, it has become a loss."""
    known = p.disputes.get(event.dispute_ref)
    amount = event.amount if isinstance(event, e.DisputeOpened) else p.disputes[event.dispute_ref].amount
    clearing = _clearing(gateway, amount.currency)
    disputed = AccountName(AccountKind.DISPUTES, gateway.value, amount.currency)
    losses = AccountName(AccountKind.CHARGEBACK_LOSSES, gateway.value, amount.currency)
    if isinstance(event, e.DisputeOpened):
        stage, giver, taker = "opened", disputed, clearing
    elif not event.won:
        stage, giver, taker = "lost", losses, disputed
    else:
        stage = "won"
        lost_before = known is not None and known.standing is DisputeStanding.LOST
        giver, taker = clearing, losses if lost_before else disputed
    return Movement(
        key=f"dispute:{gateway}:{event.dispute_ref}:{stage}",
        kind=f"dispute_{stage}",
        giver=giver,
        taker=taker,
        amount=amount,
        details=_details(p),
    )


def _refund(
    p: Payment, gateway: GatewayName, event: e.RefundAsked | e.RefundNoticed | e.RefundSucceeded | e.RefundFailed
) -> tuple[Movement, ...]:
    box = escrow(payment_id=p.payment_id, currency=p.amount.currency)
    clearing = _clearing(gateway, p.amount.currency)
    known = p.refunds.get(event.refund_id)
    match event, known:
        case e.RefundAsked(), _ if event.source != box:
            stage, kind, giver, taker, amount = "asked", "refund_asked", event.source, box, event.amount
        case e.RefundNoticed(), _:
            stage, kind, giver, taker, amount = "noticed", "refund_noticed", event.source, clearing, event.amount
        case e.RefundSucceeded(), Refund():
            stage, kind, giver, taker, amount = "succeeded", "refund", box, clearing, known.amount
        case e.RefundFailed(), Refund(reached=True):
            stage, kind, giver, taker, amount = "failed", "refund_returned", clearing, known.source, known.amount
        case e.RefundFailed(), Refund() if known.source != box:
            stage, kind, giver, taker, amount = "failed", "refund_failed", box, known.source, known.amount
        case _:
            return ()  # it never left the escrow: there it is held, or free again
    return (
        Movement(
            key=f"refund:{event.refund_id}:{stage}",
            kind=kind,
            giver=giver,
            taker=taker,
            amount=amount,
            details={**_details(p), "refund_id": str(event.refund_id)},
            takes_hold=isinstance(event, e.RefundSucceeded),
        ),
    )


def _clearing(gateway: GatewayName, currency: Currency) -> AccountName:
    return AccountName(AccountKind.GATEWAY_CLEARING, gateway.value, currency)


def _details(p: Payment) -> dict[str, str]:
    return {"payment_id": str(p.payment_id), "purpose": p.started.purpose.value}
