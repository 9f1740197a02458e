"""A payout: its states, and what becomes of it when its gateway says how it stands."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.gateways.domain.port import GatewayName, MoveState, ProviderPayout
from vibestream.contexts.payment.payouts.domain.terms import KEY_REMEMBERED
from vibestream.kernel.errors import Conflict, Forbidden, Missing
from vibestream.kernel.ids import PayoutId, RiskDecisionId, TransactionId, UserId
from vibestream.kernel.money import Money

AMOUNT_DIFFERS: Final = "amount_differs"
NOT_SENT: Final = "not_sent"


class PayoutState(enum.StrEnum):
    """How a payout stands here."""

    SCREENING = "screening"
    """Its money is set aside; the risk check has not spoken yet."""
    REQUESTED = "requested"
    """Its money is set aside; somebody has to agree."""
    APPROVED = "approved"
    SENDING = "sending"
    """The gateway is being asked."""
    IN_TRANSIT = "in_transit"
    """The gateway has it."""
    UNKNOWN = "unknown"
    """The gateway may or may not have it: asked again under the same key, then by a person."""
    PAID = "paid"
    RETURNED = "returned"
    """It came back, and is the payee's again."""
    FAILED = "failed"
    """It was never sent, and is the payee's again."""
    REJECTED = "rejected"
    """Nobody sent it: finance, the risk check or its payee said no. Its money is the payee's again."""


UNFINISHED: Final = frozenset(
    {
        PayoutState.SCREENING,
        PayoutState.REQUESTED,
        PayoutState.APPROVED,
        PayoutState.SENDING,
        PayoutState.IN_TRANSIT,
        PayoutState.UNKNOWN,
    }
)
"""Their money is in `payout_in_transit`."""


class UnknownPayout(Missing):
    """There is no such payout, or it is somebody else's."""

    code: ClassVar[str] = "payouts.unknown"


class WrongState(Conflict):
    """The payout has gone on; this can no longer be done."""

    code: ClassVar[str] = "payouts.wrong_state"

    def __init__(self, *, state: PayoutState) -> None:
        super().__init__(f"The payout is {state.value.replace('_', ' ')}.")
        self.state = state.value


class OwnPayout(Forbidden):
    """Nobody agrees to a payout of their own, or to one that they asked for."""

    code: ClassVar[str] = "payouts.own"


class Books(enum.Enum):
    """What a step moves in the ledger."""

    NOTHING = "nothing"
    ARRIVED = "arrived"
    """From what is in transit to the gateway that paid it."""
    BACK = "back"
    """From what is in transit to the payee."""
    RETURNED = "returned"
    """It had arrived: from the gateway to the payee."""
    REOPENED = "reopened"
    """It was given back too early: from the payee, or their debt, into transit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One payment to a payee."""

    payout_id: PayoutId
    user_id: UserId
    gross: Money
    fee: Money
    method: GatewayName
    destination_id: UUID
    address: str
    gateway_key: str
    requested_by: UserId | None
    requested_at: datetime
    decision_id: RiskDecisionId | None
    """None until the risk check has spoken."""
    approvals_needed: int
    under_review: bool
    """The risk check wants a person's look first."""
    state: PayoutState
    payout_ref: str | None
    first_sent_at: datetime | None
    provider_fee: Money | None
    """What the gateway keeps for it, as far as it is known and in the books."""
    failure: str | None
    version: int
    changed_at: datetime

    @property
    def net(self) -> Money:
        """What is sent."""
        return self.gross - self.fee


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutEvent:
    """Something that happened to a payout."""

    version: int
    at: datetime
    kind: str
    """A stable word, such as `approved_by` or `arrived`."""
    state: PayoutState
    """How it stood afterwards."""
    actor: UserId | None
    """Who did it; None: the product or the gateway."""
    note: str
    transaction_id: TransactionId | None
    """What it posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to happen to a payout."""

    kind: str
    state: PayoutState
    books: Books = Books.NOTHING
    failure: str | None = None
    note: str = ""


def may_ask(payout: Payout, *, now: datetime) -> bool:
    """Say whether the gateway may be asked, or asked again: only while it still remembers our key."""
    if payout.state is PayoutState.APPROVED:
        return True
    if payout.state not in {PayoutState.SENDING, PayoutState.UNKNOWN} or payout.failure == AMOUNT_DIFFERS:
        return False
    return payout.first_sent_at is None or now < payout.first_sent_at + KEY_REMEMBERED[payout.method]


def approvals_after(payout: Payout, *, doubtful: bool) -> int:
    """Return how many people of finance have to agree to a payout that was checked: at least one where it is doubtful."""
    return max(payout.approvals_needed, 1) if doubtful else payout.approvals_needed


def check_voter(payout: Payout, *, voter: UserId) -> None:
    """Return when somebody may agree to something about a payout.

    Raises:
        OwnPayout: they are its payee, or asked for it.
    """
    if voter in {payout.user_id, payout.requested_by}:
        raise OwnPayout("Somebody else has to decide about a payout of your own, or that you asked for.")


def steps_of(payout: Payout, seen: ProviderPayout) -> tuple[Step, ...]:
    """Return what follows for a payout from how its gateway has it now; nothing when that is known already.

    Reading it late, twice or out of order ends in the same state: what is over stays over, and an arrival is not taken
    back by an older reading.
    """
    if payout.state not in _NEXT:
        return ()
    if seen.amount != payout.net:
        return _other_amount(payout, seen)
    return tuple(
        replace(step, failure=seen.failure or step.kind) if step.books in _GIVES_BACK else step
        for step in _NEXT[payout.state].get(seen.state, ())
    )


_ACCEPTED: Final = Step(kind="accepted", state=PayoutState.IN_TRANSIT)
_ARRIVED: Final = Step(kind="arrived", state=PayoutState.PAID, books=Books.ARRIVED)
_FAILED: Final = Step(kind="failed", state=PayoutState.FAILED, books=Books.BACK)
_RETURNED: Final = Step(kind="returned", state=PayoutState.RETURNED, books=Books.BACK)
_RETURNED_LATE: Final = Step(kind="returned", state=PayoutState.RETURNED, books=Books.RETURNED)
_REOPENED: Final = Step(kind="reopened", state=PayoutState.IN_TRANSIT, books=Books.REOPENED)
_GIVES_BACK: Final = frozenset({Books.BACK, Books.RETURNED})

_ASKED: Final[Mapping[MoveState, tuple[Step, ...]]] = {
    MoveState.PENDING: (_ACCEPTED,),
    MoveState.SUCCEEDED: (_ARRIVED,),
    MoveState.FAILED: (_FAILED,),
    MoveState.RETURNED: (_RETURNED,),
}
_NEXT: Final[Mapping[PayoutState, Mapping[MoveState, tuple[Step, ...]]]] = {
    PayoutState.APPROVED: _ASKED,
    PayoutState.SENDING: _ASKED,
    PayoutState.UNKNOWN: _ASKED,
    PayoutState.IN_TRANSIT: {seen: steps for seen, steps in _ASKED.items() if seen is not MoveState.PENDING},
    PayoutState.PAID: {MoveState.FAILED: (_RETURNED_LATE,), MoveState.RETURNED: (_RETURNED_LATE,)},
    PayoutState.FAILED: {MoveState.PENDING: (_REOPENED,), MoveState.SUCCEEDED: (_REOPENED, _ARRIVED)},
}
"""What follows, by how it stands here and at the gateway. A payout that is not in it is over, or was never sent."""


def _other_amount(payout: Payout, seen: ProviderPayout) -> tuple[Step, ...]:
    """Nothing is posted on an amount that was not asked for: a person has to look, and the books wait for them."""
    if payout.failure == AMOUNT_DIFFERS or payout.state not in UNFINISHED:
        return ()
    note = f"The gateway says {seen.amount}, asked for was {payout.net}."
    return (Step(kind=AMOUNT_DIFFERS, state=PayoutState.UNKNOWN, failure=AMOUNT_DIFFERS, note=note),)
