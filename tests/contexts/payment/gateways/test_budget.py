"""Retries add at most a tenth to the calls, beyond ten that a quiet time saved up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.gateways.domain.budget import Budget, earn, pause_ms, spend


def test_after_a_quiet_time_ten_retries_are_granted_and_the_eleventh_is_not():
    budget, granted = Budget(), []
    for _ in range(11):
        budget, yes = spend(budget)
        granted.append(yes)

    assert granted == [True] * 10 + [False]


def test_ten_calls_bring_in_one_retry():
    budget = Budget(tenths=0)
    for _ in range(9):
        budget = earn(budget)
    assert spend(budget) == (budget, False)

    assert spend(earn(budget)) == (Budget(tenths=0), True)


@given(steps=st.lists(st.booleans(), max_size=400))
def test_whatever_happens_retries_stay_within_a_tenth_of_the_calls_and_ten(steps: list[bool]):
    budget, calls, retries = Budget(), 0, 0
    for is_call in steps:
        if is_call:
            budget, calls = earn(budget), calls + 1
        else:
            budget, granted = spend(budget)
            retries += granted
        assert 0 <= budget.tenths <= 100
        assert retries <= 10 + calls // 10


@given(attempt=st.integers(2, 6), jitter=st.integers(0, 10_000))
def test_a_pause_doubles_and_is_at_most_halved_by_chance(attempt: int, jitter: int):
    longest = 200 * 2 ** (attempt - 2)

    assert longest // 2 <= pause_ms(attempt=attempt, jitter_bp=jitter) <= longest
