"""Listens as they are counted, and a month of them as columns that a million rows fit into."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final
from uuid import UUID

import numpy as np

from vibestream.contexts.payment.royalties.domain.largest_remainder import Ints
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import ArtistId, ListenId, TrackId, UserId

_FORMAT: Final = b"vibestream usage 1\n"


class InvalidUsage(InvalidInput):
    """Usage that cannot have happened."""

    code: ClassVar[str] = "royalties.invalid_usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """An accepted listen, as listening announced it."""

    listen_id: ListenId
    listener_id: UserId
    track_id: TrackId
    artist_id: ArtistId
    owner_user_id: UserId
    heard_at: datetime
    heard_ms: int


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """What earns: a track, by listens of one month. The month is another one than the run's for listens that came late."""

    track_id: UUID
    heard_month: date


@dataclass(frozen=True, slots=True)
class UsageRow:
    """How often a listener heard a track."""

    listener_id: UUID
    claim: Claim
    listens: int
    heard_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """A month of usage: each row is a listener, a claim and a count.

    Rows are ordered by listener, then by claim; `listeners` and `claims` are ordered by id, and ties of every division
    are broken in that order, so the same usage is shared in the same way however its rows arrive.
    """

    listeners: tuple[UUID, ...]
    claims: tuple[Claim, ...]
    listener: Ints
    """Of each row: its place in `listeners`."""
    claim: Ints
    """Of each row: its place in `claims`."""
    listens: Ints
    heard_ms: Ints

    @classmethod
    def of(cls, rows: Iterable[UsageRow]) -> Usage:
        """Return usage of rows in any order.

        Raises:
            InvalidUsage: a count that is not positive, or two rows of one listener and claim.
        """
        ordered = sorted(rows, key=lambda row: (row.listener_id, row.claim))
        return cls.of_columns(
            [row.listener_id for row in ordered],
            [row.claim for row in ordered],
            [row.listens for row in ordered],
            [row.heard_ms for row in ordered],
        )

    @classmethod
    def of_columns(
        cls, listeners: Sequence[UUID], claims: Sequence[Claim], listens: Sequence[int], heard_ms: Sequence[int]
    ) -> Usage:
        """Return usage of columns that are ordered by listener and claim already.

        Raises:
            InvalidUsage: they are not, or a count is not positive, or two rows are of one listener and claim.
        """
        distinct_listeners, distinct_claims = tuple(sorted(set(listeners))), tuple(sorted(set(claims)))
        listener_place = {one: place for place, one in enumerate(distinct_listeners)}
        claim_place = {one: place for place, one in enumerate(distinct_claims)}
        usage = cls(
            listeners=distinct_listeners,
            claims=distinct_claims,
            listener=_ints(listener_place[one] for one in listeners),
            claim=_ints(claim_place[one] for one in claims),
            listens=_ints(listens),
            heard_ms=_ints(heard_ms),
        )
        place = usage.listener * max(len(distinct_claims), 1) + usage.claim
        if len(place) and (int(usage.listens.min()) < 1 or bool((np.diff(place) <= 0).any())):
            raise InvalidUsage("Usage has one row of each listener and claim, in order, with at least one listen.")
        return usage

    def __len__(self) -> int:
        return len(self.listens)

    def digest(self) -> bytes:
        """Return the SHA-256 of the usage: equal for equal usage, whatever order its rows came in.

        Of each row, in order: listener and track as 16 bytes, the month heard in as `YYYY-MM-DD`, listens and
        milliseconds as 8 bytes, big-endian.
        """
        hashed = hashlib.sha256(_FORMAT)
        people = [one.bytes for one in self.listeners]
        claims = [one.track_id.bytes + one.heard_month.isoformat().encode() for one in self.claims]
        numbers = np.stack((self.listens, self.heard_ms), axis=1).astype(">i8").tobytes()
        for row, (person, claim) in enumerate(zip(self.listener.tolist(), self.claim.tolist(), strict=True)):
            hashed.update(people[person] + claims[claim] + numbers[16 * row : 16 * row + 16])
        return hashed.digest()


@dataclass(frozen=True, slots=True)
class Revenue:
    """What one subscriber paid for a month, and whose listening it pays for.

    Raises:
        InvalidUsage: amounts that cannot be, or nobody who listens.
    """

    subscriber_id: UUID
    gross: int
    """In minor units."""
    fees: int
    """What the gateways took of it, in minor units; may be more than the gross of a tiny payment."""
    listeners: tuple[UUID, ...]

    def __post_init__(self) -> None:
        if self.gross < 0 or self.fees < 0 or not self.listeners:
            raise InvalidUsage("Revenue and fees are not negative, and somebody listens.")

    @property
    def net(self) -> int:
        """What is left of it, at least nothing."""
        return max(self.gross - self.fees, 0)


def payers_of(revenue: Sequence[Revenue]) -> Mapping[UUID, UUID]:
    """Return whose fee pays for each listener: the listener's own, else that of the lowest subscriber with them in it."""
    payers: dict[UUID, UUID] = {}
    for one in sorted(revenue, key=lambda one: one.subscriber_id, reverse=True):
        payers.update(dict.fromkeys(one.listeners, one.subscriber_id))
    payers.update({one.subscriber_id: one.subscriber_id for one in revenue if one.subscriber_id in one.listeners})
    return payers


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)
