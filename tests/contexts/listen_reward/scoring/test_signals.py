"""What heartbeats say of whoever sent them."""

from __future__ import annotations

from vibestream.contexts.listen_reward.scoring.domain.statistics import signals
from vibestream.contexts.listen_reward.scoring.domain.statistics.signals import Heartbeat, Signals

LATE = [(0, 0), (10_004, 9_700), (20_011, 19_690), (30_013, 29_700)]


def signals_of(taken: list[Heartbeat]) -> Signals:
    return signals.signals_of(taken, enough_ms=30_000)


def beats(steps: list[tuple[int, int]], **said: bool) -> list[Heartbeat]:
    return [Heartbeat(at, position, "playing", **said) for at, position in steps]


def test_a_timer_that_is_late_shows_in_the_jitter_and_not_as_exact():
    found = signals_of(beats(LATE))

    # Steps of 10,004, 10,007 and 10,002 ms: their median is 10,004.
    assert found.jitter_ms == (0 + 3 + 2) / 3
    assert found.exact_pm == 0
    # Played 9,700, 9,990 and 10,010 ms in them.
    assert found.lag_ms == (304 + 17 + 8) / 3


def test_arithmetic_shows_as_exact():
    found = signals_of(beats([(n * 10_000, n * 10_000) for n in range(4)]))

    assert (found.jitter_ms, found.lag_ms, found.exact_pm) == (0, 0, 1000)


def test_muted_hidden_and_seeking_are_counted():
    found = signals_of(
        [
            Heartbeat(0, 0, "playing", muted=True),
            Heartbeat(10_001, 10_000, "seeking", visible=False),
            Heartbeat(20_001, 5_000, "playing", visible=False),
            Heartbeat(30_001, 15_000, "playing"),
        ]
    )

    assert (found.muted_pm, found.hidden_pm) == (250, 500)
    assert found.seeks == 2  # one said, one seen: the position went back


def test_the_same_steps_have_the_same_signature_wherever_the_song_began():
    later = [(at + 777, position + 50_000) for at, position in LATE]

    assert signals_of(beats(LATE)).signature == signals_of(beats(later)).signature is not None


def test_one_millisecond_is_another_signature():
    other = [*LATE[:-1], (30_014, 29_700)]

    assert signals_of(beats(LATE)).signature != signals_of(beats(other)).signature


def test_a_signature_is_a_positive_bigint():
    for shift in range(200):
        found = signals_of(beats([(n * (10_000 + shift) + n * n, n * 9_000) for n in range(6)])).signature
        assert found is None or 0 <= found < 2**63


def test_exact_or_short_sessions_have_none_because_honest_ones_would_share_it():
    assert signals_of(beats([(n * 10_000, n * 10_000) for n in range(8)])).signature is None
    assert signals_of(beats(LATE[:3])).signature is None


def test_what_comes_after_the_time_that_a_listen_takes_changes_nothing():
    longer = [*LATE, (40_900, 39_000), (50_000, 10)]

    assert signals_of(beats(longer)) == signals_of(beats(LATE))


def test_nothing_says_nothing():
    assert signals_of([]) == Signals(0, 0.0, 0.0, 0, 0, 0, 0, 0, None)
