"""Spending a receipt: what must hold of a proved claim before it is paid, and that it is paid once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from vibestream.contexts.listen_reward.claims import store
from vibestream.contexts.listen_reward.claims.domain.signals import Payout, PublicSignals, payout_element
from vibestream.contexts.listen_reward.claims.store import Spent
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import epoch_element
from vibestream.contexts.listen_reward.receipts.service import Closed
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx


class ClaimInvalid(InvalidInput):
    """What was sent proves nothing: it is malformed, or no proof of these signals under this deployment's keys."""

    code: ClassVar[str] = "claims.invalid"


class ClaimNotDue(Conflict):
    """Claims upon this epoch are not taken: it is not closed, they are over, or this request's own time is."""

    code: ClassVar[str] = "claims.not_due"


class ClaimRefused(InvalidInput):
    """The proof is one, but not of what is paid: another root or epoch, no summary, no tier, or another payout."""

    code: ClassVar[str] = "claims.refused"

    def __init__(self, *, signal: str) -> None:
        super().__init__(f"The claim proves another thing than what is asked for: see {signal}.")
        self.signal = signal


class ClaimRecognisable(Conflict):
    """Fewer summaries than the floor are like this one, so it may be guessed whose it is, and nobody said that they accept that."""

    code: ClassVar[str] = "claims.recognisable"

    def __init__(self, *, hides_among: int, floor: int) -> None:
        super().__init__(
            f"This claim hides among {hides_among}, fewer than {floor}: it may be guessed whose it is. "
            "Send it again with `accepts_recognition` if that is accepted."
        )
        self.hides_among = hides_among
        self.floor = floor


class ClaimSpent(Conflict):
    """This receipt was claimed before, for another payout."""

    code: ClassVar[str] = "claims.spent"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a claim asks for beside its proof: its epoch, the wallet, and until when it may be paid."""

    epoch: date
    wallet: str
    expires_at: datetime
    accepts_recognition: bool = False
    """That it may be guessed whose it is, because few could have sent such a claim."""


@dataclass(frozen=True, slots=True)
class Proved:
    """A claim whose proof was verified: what it says, what it asks for, and when it came."""

    said: PublicSignals
    asked: Asked
    now: datetime
    floor: int
    """Summaries of its tier below which it must say that it may be recognised."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What a claim is to be paid, and whether it was this call that spent it: then the caller posts the amount."""

    spent: Spent
    is_new: bool


Refusal = ClaimNotDue | ClaimRecognisable | ClaimRefused | ClaimSpent


async def spend(tx: Tx, *, proved: Sequence[Proved]) -> list[Spending | Refusal]:
    """Spend the nullifiers of proved claims, in their order; return what each is to be paid, or why it is not.

    One that is refused leaves no trace and does not touch the others. The caller posts the amounts of those that are new in
    the same transaction, under their nullifiers. The same claim for the same payout again is answered alike and changes
    nothing; so it is twice among these. Of the time only the hour is kept.

    The errors that stand in an answer's place: `ClaimNotDue`, the epoch takes no claims now, or the claim has expired;
    `ClaimRecognisable`, fewer summaries than the floor are like its own, and it does not accept that; `ClaimRefused`, a signal is not what is paid for; `ClaimSpent`, the receipt was claimed for another payout.
    """
    closed = await receipts.closed_for_claims(tx, epochs={one.asked.epoch for one in proved})
    payable = [_payable(one, closed.get(one.asked.epoch)) for one in proved]
    payable = await _unrecognisable(tx, proved, payable)
    first: dict[Field, Spent] = {}
    for one in payable:
        if isinstance(one, Spent):
            first.setdefault(one.nullifier, one)
    fresh = await store.insert_claims(tx, list(first.values())) if first else set()
    old = [one for one in first if one not in fresh]
    paid_to = {key: first[key].payout for key in fresh} | (await store.payouts_of(tx, old) if old else {})
    return [_answer(one, is_new=_is_new(one, first, fresh), paid_to=paid_to) for one in payable]


async def claimed(tx: Tx, *, epoch: date) -> Money:
    """Return what was claimed of an epoch."""
    return (await store.claimed_by_epoch(tx)).get(epoch, Money.zero(VIBE))


async def claimed_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what was claimed of each epoch; those without claims are left out."""
    return await store.claimed_by_epoch(tx)


async def granted_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what listens of each epoch earned that are paid by claims; epochs without any are left out."""
    return await store.granted_by_epoch(tx)


async def returned_epochs(tx: Tx) -> list[date]:
    """Return the epochs of which nothing can be claimed any more."""
    return await store.list_returned(tx)


def payout_of(*, asked: Asked, deployment: str) -> Payout:
    """Return the payout that a claim upon a deployment must be bound to; the deployment is the id of its epochs' key."""
    return Payout(deployment, epoch_element(asked.epoch), asked.wallet, VIBE.code, asked.expires_at)


def _payable(one: Proved, closed: Closed | None) -> Spent | Refusal:
    """Return what a claim would be paid, or why it would not be."""
    said, asked = one.said, one.asked
    if closed is None or one.now >= closed.claimable_until or asked.expires_at <= one.now:
        return ClaimNotDue("Claims upon this epoch are not taken now, or this one has expired.")
    holds = {
        "epoch": said.epoch == epoch_element(asked.epoch),
        "root": said.root == closed.root,
        "songDisclosure": said.song_disclosure == receipts.SUMMARY_SONG,
        "minSeconds": said.min_seconds in receipts.UNITS and closed.per_listen > 0,
        "payout": said.payout == payout_element(payout_of(asked=asked, deployment=closed.key_id)),
    }
    for signal, is_so in holds.items():
        if not is_so:
            return ClaimRefused(signal=signal)
    units = int(said.min_seconds)
    amount = Money(units * closed.per_listen, VIBE)
    hour = one.now.replace(minute=0, second=0, microsecond=0)
    return Spent(said.nullifier, asked.epoch, units, amount, asked.wallet, said.payout, hour)


async def _unrecognisable(
    tx: Tx, proved: Sequence[Proved], payable: Sequence[Spent | Refusal]
) -> list[Spent | Refusal]:
    """Refuse those that hide among too few and do not accept it; each tier is counted once."""
    counted: dict[tuple[date, int], int] = {}
    answers: list[Spent | Refusal] = []
    for claim, one in zip(proved, payable, strict=True):
        if isinstance(one, Spent) and not claim.asked.accepts_recognition:
            tier = (one.epoch, one.units)
            if tier not in counted:
                counted[tier] = await receipts.alike(tx, epoch=one.epoch, units=one.units, at_most=claim.floor)
            if counted[tier] < claim.floor:
                answers.append(ClaimRecognisable(hides_among=counted[tier], floor=claim.floor))
                continue
        answers.append(one)
    return answers


def _is_new(one: Spent | Refusal, first: Mapping[Field, Spent], fresh: Collection[Field]) -> bool:
    return isinstance(one, Spent) and one.nullifier in fresh and first[one.nullifier] is one


def _answer(one: Spent | Refusal, *, is_new: bool, paid_to: Mapping[Field, Field]) -> Spending | Refusal:
    if not isinstance(one, Spent):
        return one
    if paid_to.get(one.nullifier) != one.payout:
        return ClaimSpent("This receipt was claimed before.")
    return Spending(one, is_new)
