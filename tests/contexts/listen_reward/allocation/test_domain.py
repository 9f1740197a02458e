"""Pool policies: caps hold, nothing is lost or invented, more is never paid less."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.listen_reward.allocation.domain import (
    Counted,
    Policy,
    UnusableAllocation,
    allocate,
    in_units,
    weights_of,
)
from vibestream.contexts.listen_reward.receipts.domain.epochs import powers_of
from vibestream.kernel.money import VIBE, Money

FREE = Policy(listener_cap_bp=10_000, track_cap_bp=10_000, artist_cap_bp=10_000, decay_bp=10_000, boost_bp=10_000)
SHARE = st.integers(0, 10_000)
POLICIES = st.builds(
    Policy,
    listener_cap_bp=SHARE,
    track_cap_bp=SHARE,
    artist_cap_bp=SHARE,
    decay_bp=SHARE,
    boost_bp=st.integers(10_000, 50_000),
    most_seconds=st.integers(1, 3_600),
)
LISTENS = st.lists(
    st.builds(
        lambda listener, track, seconds, quality, new: Counted(listener, track, track % 3, seconds, quality, new),
        st.integers(0, 5),
        st.integers(0, 8),
        st.integers(0, 5_000),
        st.integers(0, 1_000),
        st.booleans(),
    ),
    max_size=40,
)
BUDGETS = st.integers(0, 2**62).map(lambda minor: Money(minor, VIBE))


@given(BUDGETS, LISTENS, POLICIES)
def test_what_is_paid_and_what_stays_are_the_budget_to_the_unit(budget: Money, listens: list[Counted], policy: Policy):
    found = allocate(budget, listens, policy=policy)

    assert sum(found.paid) + found.stays == budget.minor
    assert len(found.paid) == len(listens)
    assert min([*found.paid, found.stays]) >= 0


@given(BUDGETS, LISTENS, POLICIES)
def test_no_listener_track_or_artist_is_paid_above_its_cap(budget: Money, listens: list[Counted], policy: Policy):
    found = allocate(budget, listens, policy=policy)

    for name, share in (
        ("listener", policy.listener_cap_bp),
        ("track", policy.track_cap_bp),
        ("artist", policy.artist_cap_bp),
    ):
        sums: Counter[object] = Counter()
        for one, amount in zip(listens, found.paid, strict=True):
            sums[getattr(one, name)] += amount
        assert max(sums.values(), default=0) <= budget.minor * share // 10_000


@given(BUDGETS, LISTENS.filter(bool), st.data())
def test_a_better_or_longer_listen_is_never_paid_less(budget: Money, listens: list[Counted], data: st.DataObject):
    at = data.draw(st.integers(0, len(listens) - 1))
    better = replace(listens[at], seconds=listens[at].seconds + data.draw(st.integers(0, 500)), quality=1_000)

    before = allocate(budget, listens, policy=FREE).paid[at]
    after = allocate(budget, [*listens[:at], better, *listens[at + 1 :]], policy=FREE).paid[at]

    assert after >= before


@given(LISTENS, POLICIES, st.integers(0, 2**40), st.integers(0, 2**40))
def test_a_larger_budget_pays_nobody_less_before_caps(listens: list[Counted], policy: Policy, one: int, more: int):
    uncapped = replace(policy, listener_cap_bp=10_000, track_cap_bp=10_000, artist_cap_bp=10_000)
    small = allocate(Money(one, VIBE), listens, policy=uncapped).paid
    large = allocate(Money(one + more, VIBE), listens, policy=uncapped).paid

    assert all(after >= before for before, after in zip(small, large, strict=True))


def test_weights_are_what_one_works_out_by_hand():
    listens = [
        Counted("ana", "song", "artist", 100, 1_000),
        Counted("ana", "song", "artist", 100, 500),
        Counted("ana", "song", "artist", 1_000, 1_000, new_artist=True),
    ]

    # 100 s; 50 s at 70 %; 600 s (the most) at 49 %, boosted by a fifth.
    assert weights_of(listens, policy=Policy()) == [100_000_000, 35_000_000, 352_800_000]


def test_a_budget_is_spread_and_cut_as_one_works_out_by_hand():
    listens = [Counted("ana", "a", "x", 300, 1_000), Counted("ben", "b", "y", 100, 1_000)]
    policy = replace(FREE, listener_cap_bp=5_000)

    found = allocate(Money(1_001, VIBE), listens, policy=policy)

    # 750 and 250 of 1,001, rounded down; the first is cut to half of the budget, 500.
    assert (found.paid, found.stays) == ((500, 250), 251)


def test_nobody_who_listened_means_that_all_of_it_stays():
    assert allocate(Money(10, VIBE), [], policy=FREE).stays == 10
    assert allocate(Money(10, VIBE), [Counted("ana", "a", "x", 0, 0)], policy=FREE).stays == 10


@pytest.mark.parametrize(
    "change", [{"listener_cap_bp": 10_001}, {"decay_bp": -1}, {"boost_bp": 9_999}, {"most_seconds": 0}]
)
def test_a_policy_that_contradicts_itself_is_refused(change: dict[str, int]):
    with pytest.raises(UnusableAllocation):
        replace(FREE, **change)


def test_units_are_as_small_as_the_largest_sum_allows():
    cut, unit = in_units([100, 50, 25, 3], ["a", "a", "b", None], most_units=15, currency=VIBE)

    assert unit == 10  # 150 in at most fifteen
    assert cut == [100, 50, 20, 3]


def test_whoever_has_less_than_a_unit_is_paid_nothing_and_without_amounts_a_unit_is_one():
    assert in_units([4_095, 0], ["a", "b"], most_units=4_095, currency=VIBE) == ([4_095, 0], 1)
    assert in_units([40_950, 9], ["a", "b"], most_units=4_095, currency=VIBE) == ([40_950, 0], 10)
    assert in_units([], [], most_units=1, currency=VIBE) == ([], 1)


@given(
    paid=st.lists(st.tuples(st.integers(0, 10**12), st.one_of(st.none(), st.integers(0, 4))), max_size=40),
    most_units=st.sampled_from([1, 3, 255, 4_095]),
)
def test_cut_to_units_nothing_grows_and_each_holder_loses_less_than_one(
    paid: list[tuple[int, int | None]], most_units: int
):
    amounts, holders = [one for one, _ in paid], [holder for _, holder in paid]

    cut, unit = in_units(amounts, holders, most_units=most_units, currency=VIBE)

    assert all(0 <= after <= before for after, before in zip(cut, amounts, strict=True))
    assert [one for one, holder in zip(cut, holders, strict=True) if holder is None] == [
        one for one, holder in paid if holder is None
    ]
    for holder in {one for one in holders if one is not None}:
        before = sum(one for one, whose in paid if whose == holder)
        after = sum(one for one, whose in zip(cut, holders, strict=True) if whose == holder)
        assert after % unit == 0
        assert after // unit <= most_units
        assert before - after < unit


@given(budget=st.integers(0, 10**10), listens=LISTENS, policy=POLICIES, most_units=st.sampled_from([1, 31, 4_095]))
def test_a_policy_ends_in_published_tiers_that_never_exceed_the_budget(
    budget: int, listens: list[Counted], policy: Policy, most_units: int
):
    """From listens to powers of two that each pay units, and back: at most the budget, and no cap is passed."""
    paid = allocate(Money(budget, VIBE), listens, policy=policy).paid
    cut, unit = in_units(paid, [one.listener for one in listens], most_units=most_units, currency=VIBE)
    earned: Counter[object] = Counter()
    for one, amount in zip(listens, cut, strict=True):
        earned[one.listener] += amount
    tiers = Counter(tier for amount in earned.values() for tier in powers_of(amount // unit))

    assert sum(tier * unit * count for tier, count in tiers.items()) == sum(cut) <= budget
    assert all(amount <= budget * policy.listener_cap_bp // 10_000 for amount in earned.values())
