"""Simulated worlds: repeatable, honest about time, and each strategy is what its name says."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from random import Random

import pytest

from vibestream.contexts.listen_reward.scoring.domain.deciding import named
from vibestream.contexts.listen_reward.scoring.domain.policy import DEFAULT_POLICY, fired
from vibestream.sandbox.listeners import players
from vibestream.sandbox.listeners.adversaries import STRATEGIES
from vibestream.sandbox.listeners.people import POPULATIONS
from vibestream.sandbox.listeners.scenes import ARTIFICIAL, make_world
from vibestream.sandbox.listeners.world import Scored, World, examples_of


@cache
def world() -> World:
    return make_world(seed=7, scale=0.05, farm=16)


def rows(group: str) -> list[dict[str, float]]:
    return [named(one.vector) for one in world().scored if one.group == group]


def test_every_population_and_strategy_is_there():
    assert set(world().opened) == {*POPULATIONS, *STRATEGIES}
    assert all(make.__doc__ for make in (*POPULATIONS.values(), *STRATEGIES.values()))


def test_the_same_seed_is_the_same_world_and_another_is_not():
    groups = ("family", "farm_1000", "replayed_session")
    one, again, other = (
        [scored.vector for scored in make_world(seed=seed, scale=0.05, farm=10, only=groups).scored]
        for seed in (7, 7, 8)
    )

    assert one == again
    assert one != other


def test_no_account_is_proven_to_listen_faster_than_time():
    counted: dict[int, list[int]] = defaultdict(list)
    for one in world().scored:
        counted[one.account].append(one.at_s)
    for times in counted.values():
        ordered = sorted(times)
        assert all(later - earlier >= 20 for earlier, later in pairwise(ordered))


def test_of_the_forgers_only_those_are_proven_whom_nobody_could_see_fetch():
    forged = make_world(seed=7, scale=0.1, farm=10, only=("heartbeat_forger",))

    assert forged.opened["heartbeat_forger"] == 3 * 150
    assert forged.refused["heartbeat_forger"] == 2 * 150
    assert len({one.account for one in forged.scored}) == 1


def test_a_loop_is_one_song_a_skipper_leaves_at_once_and_a_recording_is_known_again():
    assert rows("single_account_loop")[-1]["own.top_track"] == 1000
    assert rows("skipper_30s")[-1]["own.quick"] == 1000
    replays = Counter(row["replay.accounts"] for row in rows("replayed_session"))
    assert max(replays) == 1  # two accounts at this scale
    assert max(row["replay.accounts"] for row in rows("casual")) == 0


def test_a_ring_is_heard_back_and_people_are_not():
    assert max(row["reciprocal"] for row in rows("collusion_ring")) >= 10
    assert max(row["reciprocal"] for row in rows("casual")) == 0


def test_a_ring_is_told_from_artists_who_know_one_another_by_how_many_hear_back_of_how_few():
    played = make_world(seed=7, only=("scene", "collusion_ring"))

    arranged = defaultdict(set)
    for one in played.scored:
        if any(rule.code == "ring" for rule in fired(DEFAULT_POLICY, features=named(one.vector))):
            arranged[one.group].add(one.account)

    assert arranged["collusion_ring"] == played.accounts["collusion_ring"]
    assert arranged["scene"] == set()
    assert max(named(one.vector)["own.peers"] for one in played.scored if one.group == "scene") >= 3


def test_offices_and_farms_look_alike_in_numbers_and_not_in_taste():
    office, farm = rows("office"), rows("shared_device_farm")

    assert max(row["device.accounts"] for row in office) > max(row["device.accounts"] for row in farm)
    alike = [sum(row["network.top_artist"] for row in some) / len(some) for some in (office[50:], farm[20:])]
    assert alike[0] < 250
    assert alike[1] > 300


@pytest.mark.parametrize("player", [players.browser, players.background, players.lossy, players.app, players.scripted])
def test_players_number_their_heartbeats_and_never_go_back_in_time(player: players.Player):
    for seed in range(50):
        beats = player(Random(seed), 45_000, 180_000)
        assert [one.seq for one in beats] == list(range(1, len(beats) + 1))
        assert all(b.at_ms >= a.at_ms for a, b in pairwise(beats))


def test_every_strategy_weighs_the_same_in_a_lesson():
    examples = examples_of([world()], artificial=ARTIFICIAL)
    groups = [one.group for one in world().scored]

    sums: dict[str, float] = defaultdict(float)
    for group, weight in zip(groups, examples.weight, strict=True):
        sums[group] += weight
    assert [sums[group] for group in ARTIFICIAL] == pytest.approx([sums["farm_1000"]] * len(ARTIFICIAL))
    assert int(examples.artificial.sum()) == sum(group in ARTIFICIAL for group in groups)


def test_few_people_of_a_kind_weigh_more_than_their_number_and_many_do_not_weigh_less():
    groups = ["casual"] * 16 + ["scene"] * 4 + ["farm_1000"] * 5
    rows = [
        Scored(group, n, 1, 1, n, vector=[0.0], network=1, device=1, fetched_ms=0) for n, group in enumerate(groups)
    ]

    weight = examples_of([World(scored=rows)], artificial=ARTIFICIAL).weight

    # Ten listens of a kind in the mean: of four, each weighs the root of ten fourths.
    assert weight[0] == 1
    assert weight[16] == pytest.approx(1.5811, abs=1e-4)
    assert weight[20] == 1
