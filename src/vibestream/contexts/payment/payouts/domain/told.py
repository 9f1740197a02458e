"""What a payee is told of their payouts. How risk is judged is told to finance alone: whoever tests it learns nothing here.

A payout that the risk check blocked, one that a review refused and one that finance refused look the same; one that is
being checked, or waits for a review, looks like one that waits for agreement.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.payouts.domain.payouts import Payout, PayoutEvent, PayoutState
from vibestream.kernel.ids import TransactionId


class ToldState(enum.StrEnum):
    """How a payout stands, as its payee may know it."""

    REQUESTED = "requested"
    """Its money is set aside; it is looked at before it is sent."""
    APPROVED = "approved"
    SENDING = "sending"
    IN_TRANSIT = "in_transit"
    UNKNOWN = "unknown"
    """It is not known yet whether it was sent."""
    PAID = "paid"
    RETURNED = "returned"
    FAILED = "failed"
    REJECTED = "rejected"


class Told(enum.StrEnum):
    """What happened to a payout, as its payee may know it."""

    REQUESTED = "requested"
    AGREED = "agreed"
    APPROVED = "approved"
    ASKED = "asked"
    ACCEPTED = "accepted"
    NO_ANSWER = "no_answer"
    ARRIVED = "arrived"
    FEE_KNOWN = "fee_known"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    FAILED = "failed"
    RETURNED = "returned"
    REOPENED = "reopened"
    CHECKED = "checked"
    """Something does not fit, and is being looked at."""


_TOLD: Final[Mapping[str, Told]] = {
    **{one.value: one for one in Told},
    "amount_differs": Told.CHECKED,
    "blocked": Told.REJECTED,
    "refused_in_review": Told.REJECTED,
    "said_not_sent": Told.CHECKED,
    "second_ref": Told.CHECKED,
}
_SILENT: Final = frozenset({"released", "screened"})
"""Of these a payee hears nothing: that there was a check, or a review, is not for them."""
_WORDS_OF_PEOPLE: Final = frozenset({"rejected"})
"""Their notes were written for the payee; others' are for finance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEvent:
    """Something that happened to a payout, as its payee is told."""

    at: datetime
    kind: Told
    state: ToldState
    """How it stood afterwards."""
    note: str
    """In the words of whoever refused it; else empty."""
    transaction_id: TransactionId | None
    """What it posted."""


def told(event: PayoutEvent) -> tuple[ToldEvent, ...]:
    """Return what a payee is told of an event. A kind that is not known here says `checked`."""
    if event.kind in _SILENT:
        return ()
    said = ToldEvent(
        at=event.at,
        kind=_TOLD.get(event.kind, Told.CHECKED),
        state=state_told(event.state),
        note=event.note if event.kind in _WORDS_OF_PEOPLE else "",
        transaction_id=event.transaction_id,
    )
    return (said,)


def state_told(state: PayoutState) -> ToldState:
    """Return how a payout stands, as its payee may know it: one that is still being checked waits like any other."""
    return ToldState.REQUESTED if state is PayoutState.SCREENING else ToldState(state.value)


def changed_told(payout: Payout) -> datetime:
    """Return when a payout last changed, as its payee may know it: not when a check or a review of it ended."""
    waits = state_told(payout.state) is ToldState.REQUESTED
    return payout.requested_at if waits else payout.changed_at


def failure_told(payout: Payout) -> str | None:
    """Return why a payout came to nothing, or what it waits for, as its payee may know it; a stable word.

    `rejected`, `cancelled`, `declined` (its gateway said no, or it failed there), `returned`, `no_answer`, `checked`.
    """
    match payout.state:
        case PayoutState.REJECTED:
            return "cancelled" if payout.failure == "cancelled" else "rejected"
        case PayoutState.FAILED:
            return "declined"
        case PayoutState.RETURNED:
            return "returned"
        case PayoutState.UNKNOWN:
            return "no_answer" if payout.failure == "no_answer" else "checked"
        case _:
            return None
