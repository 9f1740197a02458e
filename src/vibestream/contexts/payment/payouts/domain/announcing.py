"""What a step of a payout announces."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypedDict

from vibestream.contexts.payment.events import PayoutDecided, PayoutFailed, PayoutPaid, PayoutReturned
from vibestream.contexts.payment.payouts.domain.payouts import Payout, PayoutState, Step
from vibestream.contexts.payment.payouts.domain.told import failure_told
from vibestream.kernel.events import Event
from vibestream.kernel.ids import PayoutId, TransactionId, UserId
from vibestream.kernel.money import Money

_DECISIONS: Final = frozenset({"agreed", "rejected", "said_not_sent"})
"""Steps that a person of finance takes."""
_TAKEN_BACK: Final = "cancelled"


class _Common(TypedDict):
    occurred_at: datetime
    payout_id: PayoutId
    user_id: UserId
    amount: Money
    method: str
    transaction_id: TransactionId


def announced_by(
    before: Payout, after: Payout, *, step: Step, actor: UserId | None, transaction_id: TransactionId | None
) -> list[Event]:
    """Return what a step announces: who decided it, and how it ended for its payee.

    A payee who took a request back is told nothing by it: they know.
    """
    said: list[Event] = []
    if step.kind in _DECISIONS and actor is not None:
        decided = PayoutDecided(
            occurred_at=after.changed_at,
            payout_id=after.payout_id,
            user_id=after.user_id,
            amount=after.gross,
            decision=step.kind,
            decided_by=actor,
        )
        said.append(decided)
    ended = None if before.state is after.state else _ending(after, transaction_id)
    return said if ended is None else [*said, ended]


def _ending(after: Payout, transaction_id: TransactionId | None) -> Event | None:
    if transaction_id is None:
        return None  # nothing moved: it has not ended
    common = _Common(
        occurred_at=after.changed_at,
        payout_id=after.payout_id,
        user_id=after.user_id,
        amount=after.net,
        method=after.method.value,
        transaction_id=transaction_id,
    )
    match after.state:
        case PayoutState.PAID:
            return PayoutPaid(**common)
        case PayoutState.RETURNED:
            return PayoutReturned(**common)
        case PayoutState.FAILED | PayoutState.REJECTED:
            reason = failure_told(after)
            return None if reason is None or reason == _TAKEN_BACK else PayoutFailed(reason=reason, **common)
        case _:
            return None
