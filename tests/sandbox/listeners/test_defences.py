"""What economic defences take, counted by hand."""

from __future__ import annotations

from vibestream.contexts.listen_reward.scoring.domain.policy import Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import DAY_S
from vibestream.sandbox.listeners.defences import IN_FORCE, TRIED, Defences, income_of
from vibestream.sandbox.listeners.judging import Judged
from vibestream.sandbox.listeners.world import Scored


def judged(account: int, at_s: int, *, track: int = 1, network: int = 1, device: int = 1, held: bool = False) -> Judged:
    listen = Scored("casual", account, 1, track, at_s, vector=[], network=network, device=device, fetched_ms=0)
    return Judged(listen, by_itself=held, verdict=Verdict.HOLD if held else Verdict.ACCEPT)


def many(account: int, number: int, *, day: int = 0, network: int = 1, device: int = 1) -> list[Judged]:
    return [judged(account, day * DAY_S + n, track=n, network=network, device=device) for n in range(number)]


def test_a_cap_is_of_a_day_and_of_its_own_key():
    rows = [*many(1, 10), *many(2, 10, network=2, device=2), *many(1, 10, day=1)]

    by_account = income_of(rows, defences=Defences(listener_cap=4), horizon_days=2)
    by_network = income_of([*many(1, 10), *many(2, 10)], defences=Defences(network_cap=12), horizon_days=1)
    by_device = income_of([*many(1, 10), *many(2, 10, device=2)], defences=Defences(device_cap=7), horizon_days=1)

    assert by_account.paid == {1: 8, 2: 4}
    assert by_network.paid == {1: 10, 2: 2}
    assert by_device.paid == {1: 7, 2: 7}


def test_of_one_track_five_are_paid_whatever_else_is_tried():
    rows = [judged(1, n, track=7) for n in range(9)]

    assert income_of(rows, defences=IN_FORCE, horizon_days=1).paid == {1: 5}
    assert all(one.track_cap == 5 for one in TRIED.values())


def test_whoever_is_held_within_the_warm_up_is_paid_nothing_and_whoever_is_held_later_keeps_it():
    rows = [*many(1, 3), judged(1, DAY_S - 1, held=True), *many(2, 3), judged(2, DAY_S + 10, held=True)]

    found = income_of(rows, defences=Defences(warm_up_days=1), horizon_days=2)

    assert found.paid == {2: 3}
    assert income_of(rows, defences=IN_FORCE, horizon_days=2).paid == {1: 3, 2: 3}


def test_whoever_is_not_held_loses_nothing_by_a_warm_up_and_waits_for_the_first_days():
    rows = [*many(1, 3), *many(1, 4, day=1), *many(1, 5, day=2)]

    found = income_of(rows, defences=Defences(warm_up_days=2), horizon_days=5)

    assert found.paid == {1: 3 + 4 + 5 + 2 * 5}
    assert found.waiting == {1: 3 + 4}
    assert found.total == income_of(rows, defences=IN_FORCE, horizon_days=5).total


def test_a_budget_is_spent_once_a_day():
    assert income_of(many(1, 50), defences=IN_FORCE, horizon_days=1, budget_listens_day=20).total == 20
