"""Features as of the decision: counted by hand on small histories."""

from __future__ import annotations

from typing import Any

import pytest

from vibestream.contexts.listen_reward.scoring.domain.deciding import named
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import (
    FEATURES,
    Facts,
    History,
    Past,
    pair_pm,
    quick_pm,
    vector_of,
)
from vibestream.contexts.listen_reward.scoring.domain.statistics.signals import Heartbeat, signals_of

NOW = 1_000_000
SIGNALS = signals_of([Heartbeat(n * 10_000, n * 10_000, "playing") for n in range(4)], enough_ms=30_000)


def facts(**other: Any) -> Facts:
    known = {"at_s": NOW, "user": "u", "track": "t", "artist": "a", "network": "n", "device": "d"}
    return Facts(**{**known, "duration_ms": 180_000, "oddities": 0, "signals": SIGNALS, **other})


def past(**other: Any) -> Past:
    known = {"at_s": NOW - 60, "user": "u", "track": "t", "artist": "a", "network": "n", "device": "d"}
    return Past(**{**known, "pair_pm": 0, "quick_pm": 0, "age_h": 100, "hidden_pm": 0, **other})


def history(**other: Any) -> History:
    empty = {"own": (), "network": (), "device": (), "artist": (), "own_24h": 0, "own_hours": 0}
    return History(**{**empty, "first_s": None, "replay_accounts": 0, "reciprocal": 0, "peers": 0, **other})


def features(before: History, **other: Any) -> dict[str, float]:
    return named(vector_of(facts(**other), before))


def test_of_a_newcomer_what_cannot_be_known_is_said_to_be_unknown():
    found = features(history())

    assert list(found) == list(FEATURES)
    assert {name for name, value in found.items() if value == -1} == {
        *("own.top_track", "own.top_artist", "own.quick", "own.gap_s", "own.gap_spread", "own.hidden"),
        *("network.top_artist", "network.pair", "network.quick", "network.young", "device.top_artist"),
        *("artist.top_listener", "artist.top_network", "artist.devotion", "artist.quick", "artist.young"),
    }
    assert (found["own.count"], found["network.accounts"], found["artist.listeners"]) == (0, 1, 1)
    assert found["own.pair"] == 1000  # this one is all there is


def test_ones_own_window_counts_songs_gaps_and_what_was_left_at_once():
    own = (
        past(at_s=NOW - 100, track="t", quick=True),
        past(at_s=NOW - 300, track="x", artist="b", quick=True),
        past(at_s=NOW - 3_700, track="t", hidden_pm=600),
        past(at_s=NOW - 3_900, track="y", artist="c", network="m", quick=True),
    )

    found = features(history(own=own, own_24h=7, own_hours=3, first_s=NOW - 36_000))

    assert (found["own.count"], found["own.1h"], found["own.24h"], found["own.hours"]) == (4, 2, 7, 3)
    assert (found["own.tracks"], found["own.top_track"]) == (3, 500)
    assert (found["own.artists"], found["own.top_artist"], found["own.pair"]) == (3, 500, 600)
    assert (found["own.quick"], found["own.hidden"], found["own.age_h"]) == (750, 150, 10)
    # Gaps of 100, 200, 3,400 and 200 s: their median is 200, and they lie 100, 0, 3,200 and 0 from it.
    assert (found["own.gap_s"], found["own.gap_spread"]) == (200, 825)
    assert (found["own.networks"], found["own.devices"]) == (2, 1)


def test_a_network_counts_its_accounts_and_what_they_agree_on():
    others = tuple(past(user=f"v{n}", artist="a" if n < 3 else "b", age_h=10, quick_pm=950) for n in range(4))

    found = features(history(network=others))

    assert (found["network.count"], found["network.accounts"]) == (4, 5)
    assert (found["network.top_artist"], found["network.pair"]) == (750, 750)
    assert (found["network.young"], found["network.quick"]) == (1000, 1000)
    assert found["network.per_account"] == 0.8


def test_an_artist_counts_whom_it_is_heard_by():
    heard = (
        past(user="v", network="n1", pair_pm=900),
        past(user="v", network="n1", pair_pm=700),
        past(user="w", network="n2", pair_pm=200, age_h=1),
    )

    found = features(history(artist=heard, reciprocal=4))

    assert (found["artist.count"], found["artist.listeners"], found["artist.networks"]) == (3, 3, 3)
    assert found["artist.devotion"] == 600
    assert found["artist.top_listener"] == pytest.approx(2000 / 3)
    assert found["artist.young"] == pytest.approx(1000 / 3)
    assert found["reciprocal"] == 4


def test_an_account_that_returns_is_not_counted_twice():
    assert features(history(network=(past(), past())))["network.accounts"] == 1


def test_shares_of_nothing_are_whole_numbers():
    assert pair_pm(facts(), ()) == 1000
    assert quick_pm(()) == 0
    assert pair_pm(facts(), (past(artist="b"), past(artist="c"))) == 333
