"""Comparing two books, and telling how long money has been with a gateway. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.gateways.domain.port import BookLineKind, GatewayName
from vibestream.kernel.errors import Conflict, InvalidInput, Missing
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency, decimal_text

LAG: Final = {
    GatewayName.STRIPE: timedelta(hours=1),
    GatewayName.PAYPAL: timedelta(hours=4),
    GatewayName.COINBASE: timedelta(hours=1),
}
"""How long a movement may be in one book and not yet in the other: what webhooks, pollers and their listing take.

Source: developer.paypal.com/docs/transaction-search (up to three hours); ours for the rest."""
FEE_LAG: Final = timedelta(days=3)
"""Fees become known later than the payments that they are taken from."""


class Kind(enum.StrEnum):
    """What is compared: movements of one sort, or the fees on one thing."""

    CHARGE = "charge"
    REFUND = "refund"
    DISPUTE = "dispute"
    PAYOUT = "payout"
    """What was sent to a payee, less what came back."""
    OTHER = "other"
    """What the gateway moved for a reason of its own."""
    FEE = "fee"


KIND_OF_LINE: Final[Mapping[BookLineKind, Kind | None]] = {
    BookLineKind.CHARGE: Kind.CHARGE,
    BookLineKind.REFUND: Kind.REFUND,
    BookLineKind.DISPUTE: Kind.DISPUTE,
    BookLineKind.PAYOUT: Kind.PAYOUT,
    BookLineKind.PAYOUT_RETURN: Kind.PAYOUT,
    BookLineKind.OTHER: Kind.OTHER,
    BookLineKind.SETTLEMENT: None,
}
"""What a line of a gateway's book is compared as; None: it moves our own money to our own bank, which no book here is of."""


class Class(enum.StrEnum):
    """In what way two books differ."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT_DIFFERS = "amount_differs"
    FEE_DIFFERS = "fee_differs"
    DUPLICATE = "duplicate"
    """The gateway has more than once what we have once."""


class FindingState(enum.StrEnum):
    """What has become of a difference."""

    OPEN = "open"
    EXPLAINED = "explained"
    """A person knows why, and the books will go on to differ."""
    RESOLVED = "resolved"
    """The books agree, or a person has seen to it."""


class UnknownFinding(Missing):
    """There is no such finding."""

    code: ClassVar[str] = "reconciliation.unknown_finding"


class Settled(Conflict):
    """The finding is resolved; there is nothing to say about it any more."""

    code: ClassVar[str] = "reconciliation.settled"


class NoteMissing(InvalidInput):
    """Nobody is told why."""

    code: ClassVar[str] = "reconciliation.note_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement in one of the books."""

    subject: str
    """What both books call it: `payment:<id>`, `payout:<id>`, or the gateway's id of what is not ours."""
    kind: Kind
    currency: Currency
    minor: int
    """In minor units, positive towards us; of a fee: what the gateway keeps."""
    at: datetime
    line_ref: str | None = None
    times: int = 1
    """How often the gateway's book lists this very line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where two books do not agree."""

    subject: str
    kind: Kind
    currency: Currency
    class_: Class
    ours: int | None
    theirs: int | None
    at: datetime
    """When what differs happened."""
    line_ref: str | None

    def __str__(self) -> str:
        ours, theirs = (
            "nothing" if one is None else decimal_text(one, self.currency) for one in (self.ours, self.theirs)
        )
        return (
            f"{self.class_.value} {self.subject} {self.kind.value}: ours {ours}, theirs {theirs} {self.currency.code}"
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing two books."""

    matched: int
    """Movements and fees on which both agree."""
    waiting: tuple[Difference, ...]
    """What differs and is too new for the other book to have it for certain."""
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A difference, and what became of it."""

    finding_id: UUID
    gateway: GatewayName
    class_: Class
    kind: Kind
    subject: str
    currency: Currency
    line_ref: str | None
    ours: int | None
    theirs: int | None
    day: date
    occurred_at: datetime
    found_at: datetime
    seen_at: datetime
    state: FindingState
    note: str | None
    decided_by: UserId | None
    """Who explained or resolved it; None: nobody yet, or it resolved by itself."""
    decided_at: datetime | None


def compare(
    *, gateway: GatewayName, ours: Iterable[Entry], theirs: Iterable[Entry], known_until: datetime, now: datetime
) -> Comparison:
    """Compare all movements of some subjects in both books.

    Movements are added up by subject, kind and currency, so that a refund in two parts here and in three there agrees.
    What is too new to be in both books for certain differs in nothing yet: it waits. Fees are compared where the movements
    that they were taken from agree: those on what is missing or double say nothing more.

    Args:
        gateway: whose book it is.
        ours: what our ledger and streams say.
        theirs: what the gateway's book says.
        known_until: until when the gateway's book was read.
        now: when they are compared.
    """
    sides: dict[tuple[str, Kind, Currency], tuple[list[Entry], list[Entry]]] = {}
    for number, entries in enumerate((ours, theirs)):
        for entry in entries:
            sides.setdefault((entry.subject, entry.kind, entry.currency), ([], []))[number].append(entry)
    found = {key: _difference(*sides[key]) for key in sides}
    moved_otherwise = {key[0] for key, difference in found.items() if difference and key[1] is not Kind.FEE}
    matched = 0
    waiting, differences = [], []
    for key in sorted(sides, key=lambda key: (key[0], key[1].value, key[2].code)):
        difference, is_fee = found[key], key[1] is Kind.FEE
        newest = max(one.at for side in sides[key] for one in side)
        if difference is None:
            matched += 1
        elif newest > known_until - LAG[gateway] or (is_fee and newest > now - FEE_LAG):
            waiting.append(difference)
        elif not is_fee or difference.subject not in moved_otherwise:
            differences.append(difference)
    return Comparison(matched, tuple(waiting), tuple(differences))


def _difference(ours: Sequence[Entry], theirs: Sequence[Entry]) -> Difference | None:
    mine, other = sum(one.minor for one in ours), sum(one.minor for one in theirs)
    listed_twice = any(one.times > 1 for one in theirs)
    if mine == other and not listed_twice:
        return None
    class_ = _class(ours, theirs, listed_twice=listed_twice)
    newest = max((*ours, *theirs), key=lambda one: one.at)
    shown = next((one.line_ref for one in reversed(theirs) if one.line_ref), None)
    if listed_twice:
        other = sum(one.minor * one.times for one in theirs)
    return Difference(
        subject=newest.subject,
        kind=newest.kind,
        currency=newest.currency,
        class_=class_,
        ours=mine if ours else None,
        theirs=other if theirs else None,
        at=newest.at,
        line_ref=shown,
    )


def _class(ours: Sequence[Entry], theirs: Sequence[Entry], *, listed_twice: bool) -> Class:
    if listed_twice or _is_repeated(ours, theirs):
        return Class.DUPLICATE
    if (ours or theirs)[0].kind is Kind.FEE:
        return Class.FEE_DIFFERS
    if not ours:
        return Class.MISSING_HERE
    return Class.AMOUNT_DIFFERS if theirs else Class.MISSING_THERE


def _is_repeated(ours: Sequence[Entry], theirs: Sequence[Entry]) -> bool:
    """Whether theirs are ours and at least one of them again: everything of ours is there, and what is over is a repetition."""
    left = [one.minor for one in theirs]
    for one in ours:
        if one.minor not in left:
            return False
        left.remove(one.minor)
    known = {one.minor for one in ours}
    return bool(ours) and bool(left) and all(minor in known for minor in left) and ours[0].kind is not Kind.FEE


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What a gateway took in for us and gave out in one day, both positive, in minor units."""

    day: date
    taken_in: int
    given_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """How long what a gateway still has of ours has been there, in minor units: the oldest leaves first."""

    currency: Currency
    up_to_2_days: int
    up_to_7_days: int
    up_to_30_days: int
    older: int
    overdrawn: int
    """What it gave out more than it had taken in."""

    @property
    def total(self) -> int:
        """What the gateway has of ours in all; negative when it is overdrawn."""
        return self.up_to_2_days + self.up_to_7_days + self.up_to_30_days + self.older - self.overdrawn


_BUCKETS: Final = (2, 7, 30)


def ageing(flows: Iterable[Flow], *, currency: Currency, today: date) -> Ageing:
    """Return how old what is left of some days' flows is, in order of days, first in first out."""
    left: list[tuple[date, int]] = []
    overdrawn = 0
    for flow in sorted(flows, key=lambda flow: flow.day):
        covered = min(overdrawn, flow.taken_in)
        overdrawn -= covered
        left.append((flow.day, flow.taken_in - covered))
        out = flow.given_out
        while out and left:
            day, amount = left[0]
            taken = min(out, amount)
            out -= taken
            left = [(day, amount - taken), *left[1:]] if taken < amount else left[1:]
        overdrawn += out
    sums = [0] * (len(_BUCKETS) + 1)
    for day, amount in left:
        age = (today - day).days
        sums[next((place for place, most in enumerate(_BUCKETS) if age <= most), len(_BUCKETS))] += amount
    return Ageing(
        currency=currency,
        up_to_2_days=sums[0],
        up_to_7_days=sums[1],
        up_to_30_days=sums[2],
        older=sums[3],
        overdrawn=overdrawn,
    )
