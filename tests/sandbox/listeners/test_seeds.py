"""Worlds are learned from, chosen by or measured on, never two of these."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from vibestream.contexts.listen_reward.scoring.service.models import committed_model
from vibestream.sandbox.listeners.seeds import (
    CALIBRATED,
    FIRST,
    LEARNED,
    MEASURED,
    VALIDATED,
    Use,
    seeds_for,
    use_of,
)


def test_no_seed_is_for_two_purposes():
    for one, other in combinations((LEARNED, CALIBRATED, VALIDATED, MEASURED), 2):
        assert not set(one) & set(other)
    assert {use_of(seed) for seed in LEARNED + CALIBRATED} == {Use.TRAINING}
    assert {use_of(seed) for seed in VALIDATED} == {Use.VALIDATION}
    assert {use_of(seed) for seed in MEASURED} == {Use.TEST}


def test_what_a_seed_is_for_follows_from_its_number_and_never_changes():
    assert LEARNED == (1000, 1003, 1004, 1009, 1010)
    assert CALIBRATED == (1011, 1012)
    assert VALIDATED == (1006, 1013, 1016, 1018)
    assert MEASURED[:5] == (1001, 1002, 1005, 1007, 1008)


def test_what_was_looked_at_before_the_rule_is_burnt():
    assert {use_of(seed) for seed in (1, 7, 11, 14, 19, 101, 102, FIRST - 1)} == {Use.BURNT}
    assert use_of(FIRST) is not Use.BURNT


def test_the_rule_gives_each_purpose_its_part():
    counted = Counter(use_of(seed) for seed in range(FIRST, FIRST + 10_000))

    assert counted[Use.BURNT] == 0
    assert 2_800 < counted[Use.TEST] < 3_200
    assert 1_800 < counted[Use.VALIDATION] < 2_200


def test_seeds_that_are_passed_over_are_not_given_twice():
    assert seeds_for(Use.TEST, 3, after=2) == seeds_for(Use.TEST, 5)[2:]


def test_the_committed_model_says_that_it_learned_from_training_seeds_and_nothing_else():
    about = committed_model().about

    assert ", ".join(map(str, LEARNED)) in about["learned_from"]
    assert ", ".join(map(str, CALIBRATED)) in about["calibrated_on"]
