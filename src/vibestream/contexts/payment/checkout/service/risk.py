"""What checkout says to fraud and hears from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.commands import Screen
from vibestream.contexts.payment.checkout.domain.payment import Payment
from vibestream.contexts.payment.checkout.domain.states import Screening
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Facts, Outcome
from vibestream.kernel.ids import UserId, unix_ms_of
from vibestream.platform.database import Tx

_MS: Final = 1000


def facts_of(
    *, started: e.Started, network: str | None, device: str | None, beneficiary: UserId | None, now: datetime
) -> Facts:
    """Return what fraud is told of a payment that is about to start.

    Raises:
        UnusableFacts: a text about its payer is longer than fraud takes.
    """
    domain = None if started.payer_email is None else started.payer_email.rpartition("@")[2].lower()
    return Facts(
        kind="payment",
        user_id=started.user_id,
        amount=started.amount,
        purpose=started.purpose.value,
        subject=str(started.payment_id),
        gateway=started.wish or (started.stored.gateway if started.stored is not None else None),
        method_fingerprint=None if started.stored is None else started.stored.fingerprint,
        network=network,
        device=device,
        country=started.country,
        email_domain=domain or None,
        account_created_at=_made_at(started.user_id),
        beneficiary=beneficiary,
        at=now,
    )


async def screen(tx: Tx, *, facts: Facts, now: datetime) -> Screen:
    """Ask fraud about a payment that is about to start, and return what to tell the payment."""
    decision = await fraud.assess(tx, facts=facts, now=now)
    return Screen(
        decision_id=decision.decision_id,
        verdict=Screening(decision.verdict.value),
        reasons=tuple(reason.code for reason in decision.reasons),
    )


async def tell(tx: Tx, *, payment: Payment, event: e.Happened, now: datetime) -> None:
    """Tell fraud what became of a payment, if an event decides that."""
    if payment.decision_id is None:
        return
    if payment.ended and payment.verdict is Screening.REVIEW and payment.approved is None:
        await fraud.withdraw_review(tx, subject_ref=str(payment.payment_id), now=now)
    match event:
        case e.Captured():
            outcome = Outcome.CAPTURED
        case e.Failed(reason="declined"):
            outcome = Outcome.DECLINED
        case e.DisputeOpened():
            outcome = Outcome.DISPUTED if "fraud" in event.reason.lower() else Outcome.DISPUTED_OTHERWISE
        case _:
            return
    await fraud.note_outcome(tx, subject_ref=str(payment.payment_id), outcome=outcome, at=now)


def _made_at(user_id: UserId) -> datetime:
    """Return when an account was made: its id begins with that."""
    seconds, ms = divmod(unix_ms_of(user_id), _MS)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * _MS)
