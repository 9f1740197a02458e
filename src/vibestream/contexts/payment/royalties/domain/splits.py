"""Splits: how a track's royalties are divided among payees, from which month on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.royalties.domain.months import require_month
from vibestream.kernel.errors import Conflict, Forbidden, InvalidInput, Missing
from vibestream.kernel.ids import TrackId, UserId
from vibestream.kernel.money import BASIS_POINTS

MOST_PAYEES: Final = 100


class InvalidSplit(InvalidInput):
    """The shares of a split do not make one whole."""

    code: ClassVar[str] = "royalties.invalid_split"


class UnknownTrack(Missing):
    """There is no such track, or it is not this person's."""

    code: ClassVar[str] = "royalties.unknown_track"


class UnknownSplit(Missing):
    """There is no such split, or it does not concern this person."""

    code: ClassVar[str] = "royalties.unknown_split"


class SplitSettled(Conflict):
    """The split is in force, or was withdrawn: propose another one."""

    code: ClassVar[str] = "royalties.split_settled"


class MonthIsClosed(Conflict):
    """The month is closed: what is decided now counts for later ones."""

    code: ClassVar[str] = "royalties.month_is_closed"


class OwnAdvance(Forbidden):
    """Nobody grants an advance to themselves."""

    code: ClassVar[str] = "royalties.own_advance"


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """A payee's part of what a track earns."""

    payee_id: UserId
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitView:
    """A proposed split and what has become of it."""

    split_id: UUID
    track_id: TrackId
    title: str | None
    made_by: UserId
    made_at: datetime
    effective_from: date
    in_force_from: date | None
    """The first month that it counts for; None while somebody has not accepted, or when it was withdrawn."""
    withdrawn: bool
    shares: tuple[Share, ...]
    accepted: frozenset[UserId]


@dataclass(frozen=True, slots=True)
class Term:
    """A split that came into force."""

    in_force_from: date
    in_force_at: datetime
    shares: tuple[Share, ...]


def require_whole(shares: Iterable[Share]) -> tuple[Share, ...]:
    """Return the shares by payee when they make one whole; the database checks it again.

    Raises:
        InvalidSplit: they do not sum to 10,000 basis points, one is not positive, somebody is named twice, or there are
            more than a hundred.
    """
    ordered = tuple(sorted(shares))
    if len({share.payee_id for share in ordered}) != len(ordered):
        raise InvalidSplit("Each payee is named once.")
    if any(share.share_bp < 1 for share in ordered) or sum(share.share_bp for share in ordered) != BASIS_POINTS:
        raise InvalidSplit("Shares are positive and sum to 10,000 basis points.")
    if len(ordered) > MOST_PAYEES:
        raise InvalidSplit(f"A track is divided among at most {MOST_PAYEES} payees.")
    return ordered


def comes_into_force(*, effective_from: date, open_from: date) -> date:
    """Return from which month a split counts that everybody has accepted: never one that is closed."""
    return max(require_month(effective_from), open_from)


def shares_of(terms: Sequence[Term], *, owner: UserId | None, heard_month: date) -> tuple[Share, ...]:
    """Return the shares that count for a month: of the latest term not after it, else all to the owner; empty without one."""
    standing = [term for term in terms if term.in_force_from <= heard_month]
    if standing:
        return max(standing, key=lambda term: (term.in_force_from, term.in_force_at)).shares
    return () if owner is None else (Share(owner, BASIS_POINTS),)


Splits = Mapping[tuple[UUID, date], tuple[Share, ...]]
"""Of each track and month heard in: who earns; empty when nobody is known."""
