"""Policies of a pool as data, and what one would have paid: by quality-weighted time, with caps, decay and boosts.

All in whole units. A listen's part of the budget is its weight's share, rounded down; what is over a cap is cut, and neither
roundings nor cuts are given to anybody else: they stay in the budget. So what is paid and what stays sum to the budget to the
unit, nobody's cap makes anybody else richer, and who listens more is never paid less by it but for a cap.
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import PoolPolicyId, UserId
from vibestream.kernel.money import BASIS_POINTS, Currency, Money
from vibestream.kernel.money import allocate as split

QUALITY: Final = 1_000
"""A listen of full quality."""
_SCALE: Final = 10**6
_MOST_BOOST_BP: Final = 10 * BASIS_POINTS
_MOST_SECONDS: Final = 2**16 - 1
_MOST_DAYS: Final = 3_650
MOST_WARM_UP_DAYS: Final = 30


class UnusableAllocation(InvalidInput):
    """A policy of allocation that contradicts itself."""

    code: ClassVar[str] = "allocation.unusable_policy"


class UnusableSources(InvalidInput):
    """Sources that give nothing, twice, or more than the budget."""

    code: ClassVar[str] = "allocation.unusable_sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a budget is spread.

    Raises:
        UnusableAllocation: a share that is negative or above the whole, a boost below one, no time at all.
    """

    listener_cap_bp: int = 100
    """Of the budget, the most that one listener is paid."""
    track_cap_bp: int = 500
    artist_cap_bp: int = 1_000
    decay_bp: int = 7_000
    """Each further listen of one track by one listener weighs so much of the one before."""
    boost_bp: int = 12_000
    """What a listen of a new artist weighs, of what another would."""
    most_seconds: int = 600
    """Longer listens weigh as if they were so long."""

    def __post_init__(self) -> None:
        shares = (self.listener_cap_bp, self.track_cap_bp, self.artist_cap_bp, self.decay_bp)
        if not all(0 <= share <= BASIS_POINTS for share in shares):
            raise UnusableAllocation("Caps and the decay are shares of a whole.")
        if not BASIS_POINTS <= self.boost_bp <= _MOST_BOOST_BP or not 1 <= self.most_seconds <= _MOST_SECONDS:
            raise UnusableAllocation("A boost takes nothing away, and listens take time.")


class Source(enum.StrEnum):
    """Where of a budget that comes from which no named source is to give."""

    ISSUANCE = "issuance"
    """Points that did not exist before."""


class State(enum.StrEnum):
    """Where a proposed policy stands. It is decided about once."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPolicy:
    """A policy with its budget, from an epoch on until the next one begins.

    Raises:
        UnusableAllocation: a budget that is none, sources that are to give more than it, or an artist who is new for ever.
    """

    policy_id: PoolPolicyId
    effective_from: date
    source: Source
    budget: Money
    spread: Policy
    named: tuple[tuple[str, Money], ...] = ()
    """What of the budget named sources are to give, by name; the rest comes from `source`."""
    new_artist_days: int
    """For so many days after their first proven listen an artist is new."""
    warm_up_days: int = 0
    """What an account earns within so many days of its first proven listen is decided when they are over."""
    reason: str
    proposed_by: UserId
    proposed_at: datetime
    state: State = State.PROPOSED
    decided_by: UserId | None = None
    decided_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.budget.minor <= 0 or not 0 <= self.new_artist_days <= _MOST_DAYS:
            raise UnusableAllocation("A budget is above nothing, and artists are new for ten years at most.")
        if not 0 <= self.warm_up_days <= MOST_WARM_UP_DAYS:
            raise UnusableAllocation("New accounts wait for a month at most.")
        if any(amount.minor <= 0 for _, amount in self.named) or len(dict(self.named)) < len(self.named):
            raise UnusableSources("Each source is named once, and gives more than nothing.")
        if sum(amount.minor for _, amount in self.named) > self.budget.minor:
            raise UnusableSources("The sources give no more than the budget.")

    @property
    def wanted(self) -> tuple[tuple[str, Money], ...]:
        """What each source is to give: the named ones, and the rest from `source`, when there is any. They sum to the budget."""
        rest = self.budget - sum((amount for _, amount in self.named), Money.zero(self.budget.currency))
        return (*self.named, *(((self.source.value, rest),) if rest.minor > 0 else ()))


@dataclass(frozen=True, slots=True)
class Counted:
    """A listen that counted, in the order of its acceptance."""

    listener: Hashable
    track: Hashable
    artist: Hashable
    seconds: int
    quality: int
    new_artist: bool = False


@dataclass(frozen=True, slots=True)
class Allocation:
    """What each listen is paid, in the same order, and what stays in the budget."""

    paid: tuple[int, ...]
    stays: int


def allocate(budget: Money, listens: Sequence[Counted], *, policy: Policy) -> Allocation:
    """Return what a policy pays each listen, in minor units of the budget; with what stays it sums to the budget."""
    weights = weights_of(listens, policy=policy)
    total = sum(weights)
    paid = [budget.minor * weight // total if total else 0 for weight in weights]
    caps: tuple[tuple[int, Callable[[Counted], Hashable]], ...] = (
        (policy.listener_cap_bp, lambda one: one.listener),
        (policy.track_cap_bp, lambda one: one.track),
        (policy.artist_cap_bp, lambda one: one.artist),
    )
    for share, key in caps:
        paid = _capped(paid, [key(one) for one in listens], cap=budget.minor * share // BASIS_POINTS)
    return Allocation(tuple(paid), budget.minor - sum(paid))


def in_units(
    paid: Sequence[int], holders: Sequence[Hashable | None], *, most_units: int, currency: Currency
) -> tuple[list[int], int]:
    """Return amounts so cut that each holder's sum to whole units, and what a unit is worth: as little as is possible.

    Nobody holds more than `most_units`. Nothing is cut of what has no holder. What a holder's sum loses is less than a unit,
    and none of their amounts grows.
    """
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, holder in enumerate(holders):
        if holder is not None and paid[place] > 0:
            places[holder].append(place)
    sums = {holder: sum(paid[at] for at in own) for holder, own in places.items()}
    unit = max(1, -(-max(sums.values(), default=0) // most_units))
    cut = list(paid)
    for holder, own in places.items():
        whole = Money(sums[holder] // unit * unit, currency)
        for at, part in zip(own, split(whole, [paid[at] for at in own]), strict=True):
            cut[at] = part.minor
    return cut, unit


def weights_of(listens: Sequence[Counted], *, policy: Policy) -> list[int]:
    """Return what each listen weighs: its seconds, times its quality, times decay and boost, in millionths of a second."""
    heard: Counter[tuple[Hashable, Hashable]] = Counter()
    weights = []
    for one in listens:
        earlier = heard[one.listener, one.track]
        heard[one.listener, one.track] += 1
        weight = min(max(one.seconds, 0), policy.most_seconds) * min(max(one.quality, 0), QUALITY) * _SCALE // QUALITY
        weight = weight * policy.decay_bp**earlier // BASIS_POINTS**earlier
        weights.append(weight * policy.boost_bp // BASIS_POINTS if one.new_artist else weight)
    return weights


def _capped(paid: Sequence[int], keys: Sequence[Hashable], *, cap: int) -> list[int]:
    """Return amounts cut, each in proportion and rounded down, so that those of one key sum to no more than the cap."""
    sums: defaultdict[Hashable, int] = defaultdict(int)
    for key, amount in zip(keys, paid, strict=True):
        sums[key] += amount
    return [amount if sums[key] <= cap else amount * cap // sums[key] for key, amount in zip(keys, paid, strict=True)]
