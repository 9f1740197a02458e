"""How royalties are shared, as data: policies, and the listens that are not counted."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID

from vibestream.kernel.errors import InvalidInput, Missing
from vibestream.kernel.money import BASIS_POINTS


class InvalidPolicy(InvalidInput):
    """A policy that nothing could be shared by."""

    code: ClassVar[str] = "royalties.invalid_policy"


class InvalidExclusion(InvalidInput):
    """An exclusion names a listener, a track or both, and says why."""

    code: ClassVar[str] = "royalties.invalid_exclusion"


class NoPolicy(Missing):
    """No policy is in force for the month."""

    code: ClassVar[str] = "royalties.no_policy"


class EngineName(enum.StrEnum):
    """How a pool is shared."""

    PRO_RATA = "pro_rata"
    """By listens: a track earns its part of all listens of the month."""
    USER_CENTRIC = "user_centric"
    """By listener: each subscriber's fee goes to what that subscriber heard."""


class Idle(enum.StrEnum):
    """What becomes, user-centric, of the fee of a subscriber of whom nothing counted."""

    SPREAD = "spread"
    """It is spread over the subscribers of whom something counted, by their fees."""
    UNALLOCATED = "unallocated"
    """It stays unallocated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What both engines count, before they share.

    Raises:
        InvalidPolicy: a bound that excludes everything, or a negative one.
    """

    least_listens: int = 1
    """A track that counted fewer listens in the month earns nothing of it."""
    most_per_track: int | None = None
    """More listens of one track by one listener count no more; None: all count."""
    most_per_listener: int | None = None
    """The listens of one listener above this are scaled down to it; None: all count."""
    subscribers_only: bool = True
    """Only listens that some subscriber's fee pays for count, also pro-rata."""
    idle: Idle = Idle.SPREAD

    def __post_init__(self) -> None:
        caps = [cap for cap in (self.most_per_track, self.most_per_listener) if cap is not None]
        if self.least_listens < 0 or any(cap < 1 for cap in caps):
            raise InvalidPolicy("A least number of listens is not negative, and a cap lets one listen count at least.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of how royalties are shared.

    Raises:
        InvalidPolicy: a share of more than all, or a hold of more than a year.
    """

    engine: EngineName
    """The one that pays; the other is reckoned beside it."""
    pool_share_bp: int
    """What part of the net revenue is shared."""
    rules: Rules = field(default_factory=Rules)
    hold_days: int
    """How long royalties stay pending."""
    effective_from: date
    note: str
    version: int = 0
    """Given by the store."""

    def __post_init__(self) -> None:
        if not 0 <= self.pool_share_bp <= BASIS_POINTS or not 0 <= self.hold_days <= 365:  # noqa: PLR2004 - a year
            raise InvalidPolicy("A pool share has 0 to 10,000 basis points, a hold 0 to 365 days.")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Listens that were found artificial and are not counted: all of a listener, all of a track, or one of the other.

    Raises:
        InvalidExclusion: it names neither, or gives no reason.
    """

    listener_id: UUID | None
    track_id: UUID | None
    reason: str

    def __post_init__(self) -> None:
        if self.listener_id is None and self.track_id is None:
            raise InvalidExclusion("An exclusion names a listener, a track or both.")
        if not 1 <= len(self.reason) <= 200:  # noqa: PLR2004
            raise InvalidExclusion("An exclusion gives its reason in 1 to 200 characters.")


def policy_of_month(policies: Sequence[Policy], *, month: date) -> Policy:
    """Return the policy that counts for a month: the highest version among the latest ones not after it.

    Raises:
        NoPolicy: none is in force yet.
    """
    found = [one for one in policies if one.effective_from <= month]
    if not found:
        raise NoPolicy("No royalty policy is in force for the month.")
    return max(found, key=lambda one: (one.effective_from, one.version))
