"""What checkout says to fraud and hears from it.

A payment is looked at before a gateway is chosen, with what outside parties say of it; and again before money that is only
set aside is taken, when its gateway has said by which card or account it is paid. Where a gateway takes the money at once,
fraud is told the card for the next time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.commands import Rescreen, Screen
from vibestream.contexts.payment.checkout.domain.payment import Payment
from vibestream.contexts.payment.checkout.domain.states import Screening
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Decision, Facts, Outcome
from vibestream.kernel.ids import UserId, unix_ms_of
from vibestream.platform.database import Tx

MOST_TEXT: Final = 200
"""The longest fact that fraud takes."""
_MS: Final = 1000


def facts_of(payment: Payment, *, at: datetime) -> Facts:
    """Return what fraud is told of a payment, as it is known now.

    Args:
        payment: as it stands.
        at: when it was started.

    Raises:
        UnusableFacts: a text about its payer is longer than fraud takes.
    """
    started = payment.started
    domain = None if started.payer_email is None else started.payer_email.rpartition("@")[2].lower()
    stored = started.stored
    wanted = started.wish or (stored.gateway if stored is not None else None)
    known = payment.paid_with or (stored.fingerprint if stored is not None else None)
    return Facts(
        kind="payment",
        user_id=started.user_id,
        amount=started.amount,
        purpose=started.purpose.value,
        subject=str(started.payment_id),
        gateway=payment.gateway or wanted,
        method_fingerprint=_usable(known),
        network=started.network,
        device=started.device,
        country=started.country,
        email_domain=domain or None,
        account_created_at=_made_at(started.user_id),
        beneficiary=started.beneficiary,
        at=at,
    )


async def screen(
    tx: Tx, *, payment: Payment, started_at: datetime, signals: Mapping[str, float | str], now: datetime
) -> Screen | Rescreen:
    """Ask fraud about a payment, and return what to tell the payment.

    Args:
        tx: the transaction in which it was locked.
        payment: before a gateway was chosen, or before what is set aside is taken.
        started_at: when it was started.
        signals: what outside parties say; used before a gateway was chosen. Later their first word is taken again, beside
            what the gateway says itself: they are not told the card, and each question costs.
        now: the instant of the decision.
    """
    facts = facts_of(payment, at=started_at)
    if payment.verdict is None:
        decision = await fraud.assess(tx, facts=facts, signals=signals, now=now)
        return Screen(decision_id=decision.decision_id, verdict=_verdict(decision), reasons=_reasons(decision))
    known = {**await _first_signals(tx, payment), **fraud.radar_signals(dict(payment.risk))}
    decision = await fraud.assess(tx, facts=facts, signals=known, now=now)
    return Rescreen(decision_id=decision.decision_id, verdict=_verdict(decision), reasons=_reasons(decision))


async def tell(tx: Tx, *, payment: Payment, event: e.Happened, now: datetime) -> None:
    """Tell fraud what became of a payment, if an event decides that."""
    if payment.decision_id is None:
        return
    if payment.ended and payment.approved is None:
        await fraud.withdraw_review(tx, subject_ref=str(payment.payment_id), now=now)
    match event:
        case e.MethodSeen():
            await _note_method(tx, payment, event)
            return
        case e.FraudWarned():
            outcome = Outcome.EARLY_FRAUD_WARNING
        case e.RefundAsked(fraud=True) | e.RefundNoticed(fraud=True):
            outcome = Outcome.REFUNDED_AS_FRAUD
        case e.Captured():
            outcome = Outcome.CAPTURED
        case e.Failed(reason="declined"):
            outcome = Outcome.DECLINED
        case e.DisputeOpened():
            outcome = Outcome.DISPUTED if "fraud" in event.reason.lower() else Outcome.DISPUTED_OTHERWISE
        case _:
            return
    await fraud.note_outcome(tx, subject_ref=str(payment.payment_id), outcome=outcome, at=now)


async def _note_method(tx: Tx, payment: Payment, event: e.MethodSeen) -> None:
    fingerprint = _usable(event.fingerprint)
    if fingerprint is not None:
        await fraud.note_method(tx, subject_ref=str(payment.payment_id), method_fingerprint=fingerprint)


async def _first_signals(tx: Tx, payment: Payment) -> Mapping[str, float | str]:
    if payment.decision_id is None:
        return {}
    return (await fraud.explained(tx, decision_id=payment.decision_id)).decision.signals


def _verdict(decision: Decision) -> Screening:
    return Screening(decision.verdict.value)


def _reasons(decision: Decision) -> tuple[str, ...]:
    return tuple(reason.code for reason in decision.reasons)


def _usable(fingerprint: str | None) -> str | None:
    """Return a gateway's fingerprint if fraud can keep it: one that it cannot is as good as none, and stops nothing."""
    usable = fingerprint is not None and 0 < len(fingerprint) <= MOST_TEXT and fingerprint.isprintable()
    return fingerprint if usable else None


def _made_at(user_id: UserId) -> datetime:
    """Return when an account was made: its id begins with that."""
    seconds, ms = divmod(unix_ms_of(user_id), _MS)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * _MS)
