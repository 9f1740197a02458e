"""What became of payments and payouts."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.payment.fraud.domain.facts import FRAUDULENT, MOST_TEXT, Outcome
from vibestream.contexts.payment.fraud.service.policies import deny
from vibestream.contexts.payment.fraud.store import decisions, events
from vibestream.contexts.payment.fraud.store.policies import DenyList
from vibestream.platform.database import Tx


async def note_outcome(tx: Tx, *, subject_ref: str, outcome: Outcome, at: datetime) -> None:
    """Remember what became of a payment or payout. Told twice, or before it was asked about, it counts once all the same.

    One that was fraud puts its card or account on the deny list: features wait a week for labels, a thief does not.

    Args:
        tx: the caller's transaction.
        subject_ref: the payment's or payout's own id, as it was in `Facts.subject`.
        outcome: what became of it.
        at: when.
    """
    new = await events.save_outcome(tx, subject=subject_ref, outcome=outcome, at=at)
    if new and outcome in FRAUDULENT:
        event = await decisions.load_event(tx, subject_ref)
        if event is not None and event.method is not None:
            reason = f"{outcome.value} of {subject_ref}"
            await deny(tx, list_=DenyList.METHOD, value=event.method, reason=reason, added_by=None, now=at)


async def note_method(tx: Tx, *, subject_ref: str, method_fingerprint: str) -> None:
    """Remember with which card or account a payment is paid, once its gateway has said so.

    Without it a card that was used for fraud is not known again, and cards are not counted per device. To have the payment itself judged by it, before it is captured, `assess` it again with the fingerprint instead.
    """
    await events.save_method(tx, subject=subject_ref, method=method_fingerprint[:MOST_TEXT])


async def outcomes(tx: Tx, *, subject_ref: str) -> list[tuple[Outcome, datetime]]:
    """Return what became of a payment or payout, in order of time."""
    return await events.list_outcomes(tx, subject=subject_ref)
