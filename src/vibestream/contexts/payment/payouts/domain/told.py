"""What a payee is told of their payouts. How risk is judged is told to finance alone: whoever tests it learns nothing here.

A payout that the risk check blocked, one that a review refused and one that finance refused look the same, and one that
waits for a review looks like one that waits for agreement.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.payouts.domain.payouts import Payout, PayoutEvent, PayoutState
from vibestream.kernel.ids import TransactionId


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
_SILENT: Final = frozenset({"released"})
"""Of these a payee hears nothing: that there was a review is not for them."""
_WORDS_OF_PEOPLE: Final = frozenset({"rejected"})
"""Their notes were written for the payee; others' are for finance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEvent:
    """Something that happened to a payout, as its payee is told."""

    at: datetime
    kind: Told
    state: PayoutState
    """How it stood afterwards."""
    note: str
    """In the words of whoever refused it; else empty."""
    transaction_id: TransactionId | None
    """What it posted."""


def told(event: PayoutEvent) -> tuple[ToldEvent, ...]:
    """Return what a payee is told of an event. A kind that is not known here says `checked`.

    What was blocked at once was asked for and refused, as if a person had done it.
    """
    if event.kind in _SILENT:
        return ()
    said = ToldEvent(
        at=event.at,
        kind=_TOLD.get(event.kind, Told.CHECKED),
        state=event.state,
        note=event.note if event.kind in _WORDS_OF_PEOPLE else "",
        transaction_id=event.transaction_id,
    )
    if event.kind == "blocked":
        return replace(said, kind=Told.REQUESTED, state=PayoutState.REQUESTED), said
    return (said,)


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
