"""The two engines: how a pool is shared among claims, pro-rata and user-centric, behind one port.

Pure integer functions. Each level divides by the largest remainder and conserves what it divides; ties are broken by
id. What nothing earned is the pool less the parts: it is unallocated, never lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vibestream.contexts.payment.royalties.domain.largest_remainder import (
    Ints,
    share_out,
    share_out_groups,
    sums_of_groups,
)
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Exclusion, Idle, Rules
from vibestream.contexts.payment.royalties.domain.usage import Claim, Revenue, Usage, payers_of

_NOBODY: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Usage with what of it counts, and the fees that pay for it: what an engine shares by."""

    usage: Usage
    counted: Ints
    """Of each row: how many of its listens count; at most its listens."""
    payer: Ints
    """Of each row: the place in `revenue` of whose fee pays for the listener; -1 for nobody."""
    revenue: tuple[Revenue, ...]
    """Ordered by subscriber."""

    def listens_of_claims(self) -> Ints:
        """Return how many listens each claim had, counted or not."""
        return _by_claim(self.usage, self.usage.listens)

    def counted_of_claims(self) -> Ints:
        """Return how many listens of each claim count."""
        return _by_claim(self.usage, self.counted)


Engine = Callable[[int, Counted, Rules], Ints]
"""Takes a pool in minor units, what counts and the rules; returns the part of each claim of `usage.claims`, in order.

No part is negative, and they sum to the pool or, where some of it reaches nobody, to less.
"""


def count(usage: Usage, revenue: Sequence[Revenue], *, rules: Rules, exclusions: Sequence[Exclusion] = ()) -> Counted:
    """Decide what of the usage counts: not what is excluded or above the caps, and no track below the least.

    In this order: exclusions, listeners whom no fee pays for, the cap of a listener on a track, the cap of a listener
    (scaled down by the largest remainder), the least of a track over all its listens of the month.
    """
    ordered = tuple(sorted(revenue, key=lambda one: one.subscriber_id))
    payer = _payer_of_rows(usage, ordered)
    counted = usage.listens.copy()
    counted[_excluded(usage, exclusions)] = 0
    if rules.subscribers_only:
        counted[payer == _NOBODY] = 0
    if rules.most_per_track is not None:
        counted = np.minimum(counted, rules.most_per_track)
    if rules.most_per_listener is not None:
        bounds = np.searchsorted(usage.listener, np.arange(len(usage.listeners) + 1))
        whole = sums_of_groups(counted, bounds)
        counted = share_out_groups(np.minimum(whole, rules.most_per_listener), counted, bounds)
    track = _track_of_claims(usage.claims)
    of_track = np.zeros(len(usage.claims) + 1, dtype=np.int64)
    np.add.at(of_track, track, _by_claim(usage, counted))
    counted[(of_track[track] < rules.least_listens)[usage.claim]] = 0
    return Counted(usage, counted, payer, ordered)


def pro_rata(pool: int, counted: Counted, rules: Rules) -> Ints:  # noqa: ARG001 - an Engine
    """Share a pool by all listens that count: a claim's part is its part of them."""
    return share_out(pool, counted.counted_of_claims())


def user_centric(pool: int, counted: Counted, rules: Rules) -> Ints:
    """Share a pool among subscribers by their net fees, and each one's part among what they heard.

    What one subscriber's listening can earn for anybody is that subscriber's part and not one unit more, however much
    is listened. Nothing that an unpaid-for listener heard earns.
    """
    paid = counted.payer != _NOBODY
    claims, subscribers = len(counted.usage.claims), len(counted.revenue)
    key = counted.payer[paid] * max(claims, 1) + counted.usage.claim[paid]
    distinct, place = np.unique(key, return_inverse=True)
    heard = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(heard, place, counted.counted[paid])
    payer, claim = distinct // max(claims, 1), distinct % max(claims, 1)
    bounds = np.searchsorted(payer, np.arange(subscribers + 1))
    fees = np.array([one.net for one in counted.revenue], dtype=np.int64)
    if rules.idle is Idle.SPREAD:
        fees = np.where(sums_of_groups(heard, bounds) > 0, fees, 0)
    parts = share_out_groups(share_out(pool, fees), heard, bounds)
    earned = np.zeros(claims, dtype=np.int64)
    np.add.at(earned, claim, parts)
    return earned


ENGINES: Final[Mapping[EngineName, Engine]] = {
    EngineName.PRO_RATA: pro_rata,
    EngineName.USER_CENTRIC: user_centric,
}


def parts_of_subscribers(pool: int, counted: Counted, rules: Rules) -> Mapping[str, int]:
    """Return, user-centric, each subscriber's part of the pool: the most that their listening can earn for anybody."""
    heard = np.zeros(len(counted.revenue) + 1, dtype=np.int64)
    np.add.at(heard, counted.payer, counted.counted)  # nobody's stand at the end
    fees = np.array([one.net for one in counted.revenue], dtype=np.int64)
    if rules.idle is Idle.SPREAD:
        fees = np.where(heard[:-1] > 0, fees, 0)
    parts = share_out(pool, fees).tolist()
    return {str(one.subscriber_id): part for one, part in zip(counted.revenue, parts, strict=True)}


def _by_claim(usage: Usage, values: Ints) -> Ints:
    sums = np.zeros(len(usage.claims), dtype=np.int64)
    np.add.at(sums, usage.claim, values)
    return sums


def _payer_of_rows(usage: Usage, revenue: Sequence[Revenue]) -> Ints:
    place = {one.subscriber_id: number for number, one in enumerate(revenue)}
    payers = payers_of(revenue)
    of_listener = [place[payers[one]] if one in payers else _NOBODY for one in usage.listeners]
    return np.array(of_listener, dtype=np.int64)[usage.listener]


def _excluded(usage: Usage, exclusions: Sequence[Exclusion]) -> NDArray[np.bool_]:
    """Say of each row whether some exclusion is about it."""
    listeners = {one.listener_id for one in exclusions if one.track_id is None}
    tracks = {one.track_id for one in exclusions if one.listener_id is None}
    listener_out = np.array([one in listeners for one in usage.listeners], dtype=np.bool_)
    claim_out = np.array([one.track_id in tracks for one in usage.claims], dtype=np.bool_)
    excluded = listener_out[usage.listener] | claim_out[usage.claim]
    for one in exclusions:
        if one.listener_id is not None and one.track_id is not None and one.listener_id in usage.listeners:
            track = np.array([claim.track_id == one.track_id for claim in usage.claims], dtype=np.bool_)
            excluded |= (usage.listener == usage.listeners.index(one.listener_id)) & track[usage.claim]
    return excluded


def _track_of_claims(claims: Sequence[Claim]) -> Ints:
    """Return of each claim the place of its track's first claim."""
    first: dict[object, int] = {}
    return np.array([first.setdefault(claim.track_id, place) for place, claim in enumerate(claims)], dtype=np.int64)
