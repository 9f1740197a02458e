"""What an accepted listen earns: pure decisions over one epoch's budget.

An *epoch* is one day in UTC. Its policy is fixed when it is opened, so that what a listen earns never depends on when it
was looked at. Listens are decided in the order in which they were accepted; once the budget is spent, they earn nothing.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from vibestream.kernel.ids import ArtistId, ListenId, PoolPolicyId, TrackId, UserId
from vibestream.kernel.money import Money

TRACK_CAP: Final = 5
"""Listens of one track that earn, per listener and epoch: loving a song is welcome, looping it for points is not."""

LISTENER_CAP: Final = 400
"""Listens that earn, per listener and epoch: more than twenty hours of three-minute songs."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an epoch may pay in all, and what one listen earns."""

    budget: Money
    per_listen: Money
    track_cap: int = TRACK_CAP
    listener_cap: int = LISTENER_CAP
    warm_up_days: int = 0
    """For how many days an account is new, whose listens are decided only when it is older."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A day's pool."""

    epoch: date
    policy: Policy
    granted: Money
    policy_id: PoolPolicyId | None = None
    """The policy that spreads it at the end of its day; None: each listen earns the same, at once."""
    funded: Money | None = None
    """What its sources gave of the budget; None: they did not yet, or its policy names none."""
    unit: Money | None = None
    """What a unit of its summaries is worth, once a policy has spread it."""

    @property
    def is_settled(self) -> bool:
        """Whether a policy has spread it: nothing more is decided in it."""
        return self.unit is not None

    @property
    def budget(self) -> Money:
        """What it can pay in all: what its sources gave, or what it was opened with."""
        return self.policy.budget if self.funded is None else self.funded

    @property
    def left(self) -> Money:
        """What the budget still holds."""
        return self.budget - self.granted

    @property
    def worth(self) -> Money:
        """What a unit of its summaries is worth: what a listen earns, or what its policy came to."""
        return self.policy.per_listen if self.unit is None else self.unit


@dataclass(frozen=True, slots=True)
class Sourced:
    """What a source was to give an epoch, and what it gave."""

    epoch: date
    source: str
    wanted: Money
    given: Money

    @property
    def short(self) -> Money:
        """What it did not have."""
        return self.wanted - self.given


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted listen, as far as its reward depends on it."""

    listen_id: ListenId
    user_id: UserId
    owner_user_id: UserId
    track_id: TrackId
    accepted_at: datetime
    heard_s: int = 0
    """Whole seconds of audio that were heard when it was accepted; what its receipt says."""


class Outcome(enum.StrEnum):
    """What became of an accepted listen."""

    GRANTED = "granted"
    WEIGHED = "weighed"
    """It counts; what it earns is decided with the others at the end of the day, by the epoch's policy."""
    OWN_TRACK = "own_track"
    """Of one's own artist, or of one that one works for."""
    TRACK_CAP = "track_cap"
    LISTENER_CAP = "listener_cap"
    BUDGET_SPENT = "budget_spent"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one listen earns, and why it earns nothing when it does."""

    listen: Accepted
    outcome: Outcome
    amount: Money


@dataclass(frozen=True, slots=True)
class Side:
    """What an epoch's listens are paid, in one way."""

    paid: Money
    listeners: int
    """Who are paid anything."""
    most_of_a_listener: Money
    by_artist: Mapping[ArtistId, Money]
    """What listens of each artist's songs earn their listeners."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a policy would have paid for an epoch's listens, beside what was paid."""

    budget: Money
    listens: int
    would: Side
    was: Side
    weightless: int
    """Listens that the policy gives no weight at all."""

    @property
    def stays(self) -> Money:
        """What of the budget the policy would have left."""
        return self.budget - self.would.paid


@dataclass(slots=True)
class Earned:
    """How many listens have earned so far in the epoch, by listener and by listener and track."""

    by_listener: Counter[UserId] = field(default_factory=Counter)
    by_track: Counter[tuple[UserId, TrackId]] = field(default_factory=Counter)


def epoch_of(instant: datetime) -> date:
    """Return the epoch that an instant lies in: its day in UTC."""
    return (instant - (instant.utcoffset() or timedelta())).date()


def decide(
    epoch: Epoch,
    accepted: Sequence[Accepted],
    *,
    earned: Mapping[tuple[UserId, TrackId], int],
    own: AbstractSet[ListenId] = frozenset(),
) -> list[Decision]:
    """Decide what listens of one epoch earn, in their order.

    In an epoch with a policy they are counted and weighed, and none earns anything yet: see `settling`.

    `earned` counts the listens that have earned already, by listener and track, of every listener among `accepted`.
    `own` are the listens of an artist that their listener worked for; those of its owner are known without it.
    The amounts granted never sum to more than what the epoch's budget still holds.
    """
    so_far = Earned(by_track=Counter(earned))
    for (user, _), count in earned.items():
        so_far.by_listener[user] += count
    left = epoch.left
    decisions = []
    for listen in accepted:
        outcome = Outcome.OWN_TRACK if listen.listen_id in own else _outcome(epoch, listen, so_far, left)
        amount = epoch.policy.per_listen if outcome is Outcome.GRANTED else Money.zero(left.currency)
        if outcome in {Outcome.GRANTED, Outcome.WEIGHED}:
            so_far.by_listener[listen.user_id] += 1
            so_far.by_track[listen.user_id, listen.track_id] += 1
            left -= amount
        decisions.append(Decision(listen, outcome, amount))
    return decisions


def _outcome(epoch: Epoch, listen: Accepted, earned: Earned, left: Money) -> Outcome:
    policy = epoch.policy
    if listen.user_id == listen.owner_user_id:
        return Outcome.OWN_TRACK
    if earned.by_track[listen.user_id, listen.track_id] >= policy.track_cap:
        return Outcome.TRACK_CAP
    if earned.by_listener[listen.user_id] >= policy.listener_cap:
        return Outcome.LISTENER_CAP
    if epoch.policy_id is not None:
        return Outcome.WEIGHED
    if policy.per_listen.minor <= 0 or left < policy.per_listen:
        return Outcome.BUDGET_SPENT
    return Outcome.GRANTED
