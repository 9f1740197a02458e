"""What is reported, reckoned by hand on worlds of a few listens."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from vibestream.contexts.listen_reward.scoring.domain.policy import DEFAULT_POLICY, Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import DAY_S, FEATURES
from vibestream.sandbox.listeners import costs
from vibestream.sandbox.listeners.costs import (
    MEANS,
    PRICES,
    Address,
    Ledger,
    Level,
    Machine,
    Means,
    Price,
    Reckoning,
    Worth,
    reckon,
)
from vibestream.sandbox.listeners.evaluation import Evaluation, Group, evaluate
from vibestream.sandbox.listeners.judging import judge
from vibestream.sandbox.listeners.scenes import ARTIFICIAL
from vibestream.sandbox.listeners.world import Scored, World

RATE = FEATURES.index("own.1h")
TWO_DAYS = Worth(reward=10, royalty=1, horizon_days=2)
OURS = 1
"""The artist for whom the strategies are."""


def listen(group: str, account: int, *, at_s: int, rate: float = 0, track: int = 1, artist: int = OURS) -> Scored:
    vector = [0.0] * len(FEATURES)
    vector[RATE] = rate
    return Scored(
        *(group, account, artist, track, at_s),
        vector=vector,
        network=account,
        device=account,
        fetched_ms=40_000,
    )


def world_of(rows: Iterable[Scored]) -> World:
    world = World(scored=sorted(rows, key=lambda one: one.at_s))
    for one in world.scored:
        world.opened[one.group] += 1
        world.accounts[one.group].add(one.account)
        world.targets[one.group] = {OURS}
    return world


def group(found: Iterable[Group], name: str) -> Group:
    return next(one for one in found if one.name == name)


def test_once_held_an_account_stays_held():
    world = world_of([listen("farm_1000", 1, at_s=n, rate=60 if n == 2 else 0) for n in range(5)])

    verdicts = [one.verdict for one in judge(world, policy=DEFAULT_POLICY, model=None)]

    assert verdicts == [Verdict.ACCEPT, Verdict.ACCEPT, Verdict.HOLD, Verdict.HOLD, Verdict.HOLD]


def test_recall_precision_and_people_wrongly_held_are_what_one_counts():
    rows = [listen("farm_1000", 1, at_s=n, rate=60 if n == 1 else 0) for n in range(4)]
    rows += [listen("casual", 2, at_s=n, rate=60 if n == 3 else 0) for n in range(4)]
    rows += [listen("casual", 3, at_s=0), listen("casual", 4, at_s=0)]

    found = evaluate([world_of(rows)], policy=DEFAULT_POLICY, model=None, worth=TWO_DAYS)

    farm = group(found.groups, "farm_1000")
    assert (farm.scored, farm.held, farm.held_by_itself, farm.median_before) == (4, 3, 1, 1)
    assert farm.recall == 0.75
    assert found.precision(farm) == 0.75  # three of the farm's, one of somebody's
    assert found.honest == (1, 3)
    assert group(found.groups, "casual").accounts_held == 1


def test_whoever_is_not_held_goes_on_as_on_the_last_day_and_whoever_is_does_not():
    rows = [listen("farm_1000", 1, at_s=n, track=n) for n in range(3)]
    rows += [listen("farm_1000", 2, at_s=n, track=n, rate=60 if n == 2 else 0) for n in range(3)]

    found = evaluate([world_of(rows)], policy=DEFAULT_POLICY, model=None, worth=TWO_DAYS)

    scored, unscored = at_low(found, "farm_1000")
    # One account: 3 listens on each of 2 days. The other: 2 before it was held. 10 each for the listener and 1 for the artist.
    assert (scored.rewards, scored.royalties) == ((3 + 3 + 2) * 10, (3 + 3 + 2) * 1)
    assert unscored.earned == (6 + 6) * 11


def at_low(found: Evaluation, strategy: str) -> tuple[Reckoning, Reckoning]:
    own = next(one for one in found.earned[strategy] if one.level is Level.LOW)
    return own.scored, own.unscored


def test_caps_count_for_rewards_and_not_for_royalties():
    rows = [listen("farm_1000", 1, at_s=n, track=7) for n in range(8)]

    found = evaluate(
        [world_of(rows)], policy=DEFAULT_POLICY, model=None, worth=Worth(reward=10, royalty=1, horizon_days=1)
    )

    scored, _ = at_low(found, "farm_1000")
    assert (scored.rewards, scored.royalties) == (5 * 10, 8 * 1)


def test_listens_of_others_bring_their_artists_no_royalty_of_ones_own():
    rows = [listen("farm_1000", 1, at_s=n, track=n, artist=OURS if n < 2 else 99) for n in range(6)]

    found = evaluate(
        [world_of(rows)], policy=DEFAULT_POLICY, model=None, worth=Worth(reward=10, royalty=1, horizon_days=1)
    )

    assert at_low(found, "farm_1000")[0].royalties == 2


LEDGER = Ledger(
    accounts=1000,
    address_days=40,
    player_days=1000,
    device_days=3,
    fetched_ms=45_000_000,
    rewarded=10**9,
    royalties=5_000,
)
ONE_DAY = Worth(horizon_days=1)


@pytest.fixture
def prices(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"account": 100_000, "centre_day": 400_000, "centre_gigabyte": 2_000_000, "home_gigabyte": 5_000_000}
    given |= {"machine_day": 5_000, "telephone_day": 80_000, "person_hour": 2_000_000}
    monkeypatch.setattr(
        costs, "PRICES", {name: Price(one, one, one, unit="", source="") for name, one in given.items()}
    )


@pytest.mark.usefixtures("prices")
@pytest.mark.parametrize(
    ("means", "cost"),
    [
        # 1,000 accounts at 0.10, 40 addresses at 0.40, 1,000 player days at 0.005, 0.54 GB at 2: 100 + 16 + 5 + 1.08.
        (Means("scripts", Address.CENTRE), 122_080_000),
        # 100 + 5 + 0.54 GB at 5.
        (Means("homes", Address.HOME), 107_700_000),
        # 100 + 3 telephones at 0.08.
        (Means("telephones", Address.OWN, Machine.TELEPHONE), 100_240_000),
        # 12.5 hours at 2 dollars, and nothing else.
        (Means("people", Address.OWN, Machine.OWN, pays_people=True, buys_accounts=False), 25_000_000),
        (Means("themselves", Address.OWN, Machine.OWN, buys_accounts=False), 0),
    ],
    ids=lambda one: one.name if isinstance(one, Means) else "",
)
def test_a_cost_is_prices_times_numbers_of_what_the_means_need(means: Means, cost: int):
    assert reckon(LEDGER, means=means, worth=ONE_DAY).cost == cost


def test_never_more_than_the_budget_is_earned_and_the_rest_is_what_it_cost():
    found = reckon(LEDGER, means=Means("themselves", Address.OWN, Machine.OWN, buys_accounts=False), worth=ONE_DAY)

    assert found.earned == 10_000 * 10_000 + 5_000 * 3_000
    assert found.gain == found.earned
    assert found.break_even == 0


def test_the_reward_at_which_nothing_is_left_is_the_cost_without_royalties_by_listen():
    found = Reckoning(rewards=500, royalties=20, cost=120, rewarded=50)

    assert found.break_even == 2
    assert Reckoning(rewards=0, royalties=20, cost=120, rewarded=0).break_even is None


def test_prices_rise_from_who_buys_well_to_who_must_and_each_says_where_it_is_from():
    assert set(MEANS) == ARTIFICIAL
    for one in PRICES.values():
        assert 0 < one.low <= one.usual <= one.high
        assert one.unit
        assert one.source


def test_a_second_day_that_nobody_reaches_earns_nothing():
    rows = [listen("skipper_30s", 1, at_s=DAY_S + n, rate=60, track=n) for n in range(3)]

    found = evaluate([world_of(rows)], policy=DEFAULT_POLICY, model=None, worth=TWO_DAYS)

    assert at_low(found, "skipper_30s")[0].earned == 0


def test_of_several_worlds_the_best_for_the_adversary_is_told_and_each_world_is_kept():
    one = world_of([listen("farm_1000", 1, at_s=n, track=n) for n in range(3)])
    other = world_of([listen("farm_1000", 1, at_s=n, track=n) for n in range(9)])

    found = evaluate([one, other], policy=DEFAULT_POLICY, model=None, worth=Worth(horizon_days=1))

    assert at_low(found, "farm_1000")[0].rewards == 90_000
    assert [groups[0].scored for groups in found.by_world] == [3, 9]
    assert group(found.groups, "farm_1000").scored == 12
