"""Decisions about money that somebody may have to answer for get their line in the security log."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.events import (
    PaymentRefunded,
    PayoutDecided,
    PayoutDestinationChanged,
    ReviewDecided,
)
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription

_DETAIL: Final = 200


async def record_destination(tx: Tx, event: PayoutDestinationChanged) -> None:
    """Note that a payee's money goes somewhere else; only its owner can change that."""
    await _record(tx, Action.DESTINATION_CHANGED, event, event.user_id, event.method, actor_id=event.user_id)


async def record_review(tx: Tx, event: ReviewDecided) -> None:
    """Note what became of a payment or payout that waited for a look, a line for each who decided it."""
    verdict = "released" if event.released else "stopped"
    detail = f"{event.kind} {event.subject} {verdict}"
    for reviewer in event.decided_by or (None,):
        await _record(tx, Action.REVIEW_DECIDED, event, event.user_id, detail, actor_id=reviewer)


async def record_refund(tx: Tx, event: PaymentRefunded) -> None:
    """Note that money was given back because somebody here asked for it."""
    if event.asked_for:
        detail = f"{event.payment_id} {event.amount}"
        await _record(tx, Action.REFUNDED, event, event.user_id, detail, actor_id=event.requested_by)


async def record_payout(tx: Tx, event: PayoutDecided) -> None:
    """Note what a person of finance said about a payout."""
    detail = f"{event.payout_id} {event.amount} {event.decision}"
    await _record(tx, Action.PAYOUT_DECIDED, event, event.user_id, detail, actor_id=event.decided_by)


async def _record(
    tx: Tx,
    action: Action,
    event: PayoutDestinationChanged | ReviewDecided | PaymentRefunded | PayoutDecided,
    user_id: UserId,
    detail: str,
    *,
    actor_id: UserId | None = None,
) -> None:
    if await audit_log.known(tx, user_id=user_id):
        await audit_log.record(
            tx, action=action, user_id=user_id, actor_id=actor_id, now=event.occurred_at, detail=detail[:_DETAIL]
        )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(
        event=PayoutDestinationChanged, consumer="record_decisions", handle=record_destination, poison=Poison.SKIP
    ),
    Subscription(event=ReviewDecided, consumer="record_decisions", handle=record_review, poison=Poison.SKIP),
    Subscription(event=PaymentRefunded, consumer="record_decisions", handle=record_refund, poison=Poison.SKIP),
    Subscription(event=PayoutDecided, consumer="record_decisions", handle=record_payout, poison=Poison.SKIP),
)
