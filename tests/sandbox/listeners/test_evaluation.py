"""What is reported, reckoned by hand on worlds of a few listens."""

from __future__ import annotations

from collections.abc import Iterable

from vibestream.contexts.listen_reward.scoring.domain.policy import DEFAULT_POLICY, Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import DAY_S, FEATURES
from vibestream.sandbox.listeners.costs import Costs, Ledger, reckon
from vibestream.sandbox.listeners.evaluation import Group, evaluate, judge
from vibestream.sandbox.listeners.world import Scored, World

RATE = FEATURES.index("own.1h")
FREE = Costs(account=0, address_day=0, gigabyte=0, device_day=0, reward=10, royalty=1, horizon_days=2)


def listen(group: str, account: int, *, at_s: int, rate: float = 0, track: int = 1) -> Scored:
    vector = [0.0] * len(FEATURES)
    vector[RATE] = rate
    return Scored(group, account, 1, track, at_s, vector)


def world_of(rows: Iterable[Scored]) -> World:
    world = World(scored=sorted(rows, key=lambda one: one.at_s))
    for one in world.scored:
        world.opened[one.group] += 1
        world.accounts[one.group].add(one.account)
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

    found = evaluate([world_of(rows)], policy=DEFAULT_POLICY, model=None, costs=FREE)

    farm = group(found.groups, "farm_1000")
    assert (farm.scored, farm.held, farm.held_by_itself, farm.median_before) == (4, 3, 1, 1)
    assert farm.recall == 0.75
    assert found.precision(farm) == 0.75  # three of the farm's, one of somebody's
    assert found.honest == (1, 3)
    assert group(found.groups, "casual").accounts_held == 1


def test_whoever_is_not_held_goes_on_as_on_the_last_day_and_whoever_is_does_not():
    rows = [listen("farm_1000", 1, at_s=n, track=n) for n in range(3)]
    rows += [listen("farm_1000", 2, at_s=n, track=n, rate=60 if n == 2 else 0) for n in range(3)]

    found = evaluate([world_of(rows)], policy=DEFAULT_POLICY, model=None, costs=FREE)

    scored, unscored = found.reckonings["farm_1000"]
    # One account: 3 listens on each of 2 days. The other: 2 before it was held. 11 each, reward and royalty.
    assert scored.earned == (3 + 3 + 2) * 11
    assert unscored.earned == (6 + 6) * 11


def test_caps_count_for_rewards_and_not_for_royalties():
    rows = [listen("farm_1000", 1, at_s=n, track=7) for n in range(8)]
    once = Costs(account=0, address_day=0, gigabyte=0, device_day=0, reward=10, royalty=1, horizon_days=1)

    scored, _ = evaluate([world_of(rows)], policy=DEFAULT_POLICY, model=None, costs=once).reckonings["farm_1000"]

    assert scored.earned == 5 * 10 + 8 * 1


def test_a_reckoning_is_prices_times_numbers_and_never_more_than_the_budget():
    ledger = Ledger(
        accounts=1000, address_days=40, device_days=1000, seconds_fetched=45_000, rewarded=10**9, counted=5_000
    )

    found = reckon(ledger, Costs(horizon_days=1))

    # 1,000 accounts at 0.10, 40 addresses at 0.40, 1,000 player days at 0.005, 0.54 GB at 2: 100 + 16 + 5 + 1.08 dollars.
    assert found.cost == 122_080_000
    assert found.earned == 10_000 * 10_000 + 5_000 * 3_000
    assert found.gain == found.earned - found.cost


def test_a_second_day_that_nobody_reaches_earns_nothing():
    rows = [listen("skipper_30s", 1, at_s=DAY_S + n, rate=60, track=n) for n in range(3)]

    found = evaluate([world_of(rows)], policy=DEFAULT_POLICY, model=None, costs=FREE)

    assert found.reckonings["skipper_30s"][0].earned == 0
