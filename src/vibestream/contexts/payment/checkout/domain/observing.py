"""Observing: what is new in a payment as its gateway has it.

Only ever forwards: what was seen earlier and is told later makes nothing happen, so answers may overtake each other and
come as often as they like. Amounts are those of the gateway's own object, never those of a message about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.errors import NotThisPayment
from vibestream.contexts.payment.checkout.domain.payment import Payment, Refund, evolve
from vibestream.contexts.payment.checkout.domain.states import Act, DisputeStanding, PaymentState, RefundState
from vibestream.contexts.payment.gateways.domain.port import (
    DisputeState,
    GatewayName,
    MoveState,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
    ProviderState,
)
from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, AccountName
from vibestream.kernel.money import Money

_WAITING: Final = frozenset({ProviderState.OPEN, ProviderState.PROCESSING})
_RANK: Final = {DisputeStanding.OPEN: 0, DisputeStanding.LOST: 1, DisputeStanding.WON: 2}
_DECIDED: Final = {DisputeState.LOST: DisputeStanding.LOST, DisputeState.WON: DisputeStanding.WON}


def observe(payment: Payment, *, gateway: GatewayName, seen: ProviderPayment) -> tuple[e.Happened, ...]:
    """Return what happened to the payment, by what its gateway says of it now.

    Raises:
        NotThisPayment: the gateway says that it belongs to another payment of ours.
    """
    if seen.payment_id not in {None, payment.payment_id}:
        raise NotThisPayment("The gateway's payment belongs to another one of ours.")
    if payment.attempt is None or gateway is not payment.gateway:
        # An earlier gateway was left because it had certainly done nothing. If it has after all, that is money which
        # nobody asked for: it is not mixed with the payment.
        return tuple(_unexplained(payment, gateway, seen))
    return tuple(_Seen(payment, gateway, seen).events())


class _Seen:
    """Walks through what was seen, evolving the payment by each thing that is new before it looks for the next."""

    def __init__(self, payment: Payment, gateway: GatewayName, seen: ProviderPayment) -> None:
        self._now = payment
        self._gateway = gateway
        self._seen = seen

    def events(self) -> Iterator[e.Happened]:
        for step in (
            self._opened,
            self._stands,
            self._told_apart,
            self._fee,
            self._refunds,
            self._warnings,
            self._disputes,
        ):
            for event in step(self._now):
                self._now = evolve(self._now, event)
                yield event

    def _opened(self, p: Payment) -> Iterator[e.Happened]:
        attempt, seen = p.attempt, self._seen
        if attempt is not None and p.payment_ref is None:
            shown = seen.state is ProviderState.OPEN and seen.amount == p.amount
            url = seen.redirect_url if shown else None
            yield e.Opened(number=attempt.number, payment_ref=seen.payment_ref, redirect_url=url)
        if not p.ended:
            yield from _method(p, seen)
        if not p.ended and p.method_ref is None and seen.method_ref is not None and p.started.keep_method:
            yield e.MethodKept(method_ref=seen.method_ref, fingerprint=seen.method_fingerprint)

    def _stands(self, p: Payment) -> Iterator[e.Happened]:
        seen = self._seen
        if p.arrived:
            return
        if seen.state is ProviderState.CAPTURED:
            yield from _captured(p, self._gateway, seen)
        elif p.ended:
            return
        elif seen.state in _WAITING:
            # Of a payment that was authorised this is old news; of one that is unknown it is the answer.
            if p.state is PaymentState.UNKNOWN and p.lost is not None:
                yield e.Resolved(found=PaymentState.PENDING)
            yield from _call_off(p, seen)
        elif seen.state is ProviderState.AUTHORISED:
            if p.state is not PaymentState.AUTHORISED:
                yield e.Authorised()
            yield from _call_off(p, seen)
        elif seen.state is ProviderState.FAILED:
            yield e.Failed(reason="declined", detail=seen.failure or "")
        else:
            yield e.Cancelled(reason=p.cancel_reason or ("refused" if p.approved is False else "expired"))

    def _told_apart(self, p: Payment) -> Iterator[e.Happened]:
        """Put aside what arrived and is not the payment's amount; call the payment failed when that is gone again."""
        if p.arrived:
            return
        known = (self._gateway, self._seen.payment_ref) in p.unexplained
        yield from _unexplained(p, self._gateway, self._seen)
        if known and self._seen.captured == self._seen.refunded and p.state is PaymentState.UNKNOWN:
            yield e.Failed(reason="amount_differs", detail=f"{self._seen.captured}")

    def _fee(self, p: Payment) -> Iterator[e.Happened]:
        fee = self._seen.fee
        if not p.arrived or fee is None or fee == p.fee:
            return
        if p.fee is not None and p.fee.currency != fee.currency:
            yield e.FeeKnown(fee=Money.zero(p.fee.currency), added=-p.fee)
            yield e.FeeKnown(fee=fee, added=fee)
        else:
            yield e.FeeKnown(fee=fee, added=fee if p.fee is None else fee - p.fee)

    def _refunds(self, p: Payment) -> Iterator[e.Happened]:
        if not p.arrived:
            return
        claimed: set[str] = set()
        for seen in self._seen.refunds:
            refund = _ours(p.refunds.values(), seen, claimed)
            if refund is not None:
                claimed.add(str(refund.refund_id))
                yield from told_refund(refund, refund_ref=seen.refund_ref, state=seen.state)
            elif seen.state is MoveState.SUCCEEDED:
                yield e.RefundNoticed(
                    refund_id=e.noticed_refund_id(gateway=self._gateway, refund_ref=seen.refund_ref),
                    refund_ref=seen.refund_ref,
                    amount=seen.amount,
                    source=AccountName(AccountKind.CHARGEBACK_LOSSES, self._gateway.value, seen.amount.currency),
                    fraud=seen.fraud,
                )

    def _warnings(self, p: Payment) -> Iterator[e.Happened]:
        for warning_ref in self._seen.fraud_warnings:
            if warning_ref not in p.warnings:
                yield e.FraudWarned(warning_ref=warning_ref)

    def _disputes(self, p: Payment) -> Iterator[e.Happened]:
        if not p.arrived:
            return
        for seen in self._seen.disputes:
            yield from _dispute(p, seen)


def told_refund(refund: Refund, *, refund_ref: str, state: MoveState) -> tuple[e.Happened, ...]:
    """Return what happened to a refund that we know, by what its gateway says of it now."""
    match state:
        case MoveState.PENDING:
            if refund.state in {RefundState.ASKED, RefundState.LOST}:
                return (e.RefundSent(refund_id=refund.refund_id, refund_ref=refund_ref),)
        case MoveState.SUCCEEDED:
            if refund.state not in {RefundState.SUCCEEDED, RefundState.FAILED}:
                return (e.RefundSucceeded(refund_id=refund.refund_id, refund_ref=refund_ref),)
        case MoveState.FAILED | MoveState.RETURNED:
            if refund.state is not RefundState.FAILED:
                return (e.RefundFailed(refund_id=refund.refund_id, reason=state.value),)
    return ()


def _method(p: Payment, seen: ProviderPayment) -> Iterator[e.Happened]:
    """Say by what it is being paid when that is new: each card of a payer who tries several, one after the other."""
    paid_with = seen.method_fingerprint
    if (paid_with is not None and paid_with != p.paid_with) or (seen.risk and not p.risk):
        yield e.MethodSeen(fingerprint=paid_with, risk=tuple(sorted(seen.risk.items())))


def _ours(refunds: Iterable[Refund], seen: ProviderRefund, claimed: set[str]) -> Refund | None:
    """Return the refund of ours that the gateway speaks of; None for one that it made by itself.

    By its id at the gateway, else by our key. A gateway that gives no key back is believed to speak of a refund of the
    same amount that we have asked for and have no answer to: whoever made it, the payer has it once.
    """
    open_ones = [one for one in refunds if str(one.refund_id) not in claimed]
    for refund in open_ones:
        if refund.refund_ref == seen.refund_ref or (seen.key is not None and refund.key == seen.key):
            return refund
    if seen.key is None:
        for refund in open_ones:
            unanswered = refund.state in {RefundState.ASKED, RefundState.LOST}
            if unanswered and refund.amount == seen.amount:
                return refund
    return None


def _dispute(p: Payment, seen: ProviderDispute) -> Iterator[e.Happened]:
    known = p.disputes.get(seen.dispute_ref)
    if known is None:
        yield e.DisputeOpened(dispute_ref=seen.dispute_ref, amount=seen.amount, reason=seen.reason)
    standing = DisputeStanding.OPEN if known is None else known.standing
    decided = _DECIDED.get(seen.state)
    if decided is not None and _RANK[decided] > _RANK[standing]:
        yield e.DisputeDecided(dispute_ref=seen.dispute_ref, won=decided is DisputeStanding.WON)
    had = None if known is None else known.fee
    if seen.fee is not None and seen.fee != had and (seen.fee.minor or had is not None):
        added = seen.fee if had is None else seen.fee - had
        yield e.DisputeFeeKnown(dispute_ref=seen.dispute_ref, fee=seen.fee, added=added)


def _captured(p: Payment, gateway: GatewayName, seen: ProviderPayment) -> Iterator[e.Happened]:
    if seen.captured != p.amount:
        return
    aside = p.unexplained.get((gateway, seen.payment_ref))
    if aside is not None and aside.minor:
        yield e.Unexplained(
            gateway=gateway, payment_ref=seen.payment_ref, amount=Money.zero(aside.currency), added=-aside
        )
    yield e.Captured()


def _call_off(p: Payment, seen: ProviderPayment) -> Iterator[e.Happened]:
    """Have a payment that stands at its gateway with another amount than ours given up there."""
    if seen.amount != p.amount and p.cancel_key is None:
        yield e.CancelAsked(reason="amount_differs", key=f"{p.payment_id}:{Act.CANCEL}")


def _unexplained(p: Payment, gateway: GatewayName, seen: ProviderPayment) -> Iterator[e.Happened]:
    """Say how much the gateway holds of a payment that is not ours to take in, when that has changed."""
    amount = seen.captured - seen.refunded if seen.captured.minor else seen.captured
    had = p.unexplained.get((gateway, seen.payment_ref))
    if had is None and amount.minor == 0:
        return
    added = amount if had is None else amount - had
    if added.minor:
        yield e.Unexplained(gateway=gateway, payment_ref=seen.payment_ref, amount=amount, added=added)
