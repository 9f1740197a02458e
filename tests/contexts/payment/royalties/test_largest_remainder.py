"""Hamilton's method over many groups equals the ledger's own on each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.royalties.domain.largest_remainder import share_out, share_out_groups, sums_of_groups
from vibestream.kernel.money import USD, Money, allocate

SIZES = st.integers(0, 2**63 - 1)
WEIGHTS = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**40)), max_size=8)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def one_by_one(amount: int, weights: list[int]) -> list[int]:
    if sum(weights) == 0:
        return [0] * len(weights)
    return [part.minor for part in allocate(Money(amount, USD), weights)]


@given(amount=SIZES, weights=WEIGHTS)
def test_an_amount_is_shared_as_money_is(amount: int, weights: list[int]):
    assert share_out(amount, ints(*weights)).tolist() == one_by_one(amount, weights)


@given(groups=st.lists(st.tuples(st.integers(0, 10**12), WEIGHTS), max_size=6))
def test_groups_are_shared_each_by_itself(groups: list[tuple[int, list[int]]]):
    bounds = np.cumsum([0, *(len(weights) for _, weights in groups)], dtype=np.int64)
    parts = share_out_groups(
        ints(*(amount for amount, _ in groups)), ints(*(one for _, weights in groups for one in weights)), bounds
    )
    assert parts.tolist() == [part for amount, weights in groups for part in one_by_one(amount, weights)]
    assert sums_of_groups(parts, bounds).tolist() == [amount if any(weights) else 0 for amount, weights in groups]


def test_products_above_64_bits_are_exact():
    largest = 2**63 - 1
    assert share_out(largest, ints(2**62, 2**62 - 1)).tolist() == [4611686018427387904, 4611686018427387903]
    assert sum(share_out(largest, ints(3, 2**61, 7)).tolist()) == largest


def test_equal_remainders_go_to_the_earlier():
    assert share_out(2, ints(1, 1, 1)).tolist() == [1, 1, 0]
    assert share_out_groups(ints(1, 1), ints(1, 1, 1, 1), ints(0, 2, 4)).tolist() == [1, 0, 1, 0]


def test_sums_above_64_bits_are_an_error_and_not_a_wrong_number():
    with pytest.raises(OverflowError):
        sums_of_groups(ints(2**62, 2**62), ints(0, 2))
    assert sums_of_groups(ints(2**62, 1), ints(0, 2)).tolist() == [2**62 + 1]
