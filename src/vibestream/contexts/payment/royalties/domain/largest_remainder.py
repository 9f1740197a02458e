"""Hamilton's method over many groups at once, in exact integers.

The same as `kernel.money.allocate` on each group by itself (the tests hold the two against each other), for a million
rows in a second. Every amount, weight and sum is an integer of 64 bits where that cannot overflow, and a Python integer
where it could.

Source: Balinski and Young, Fair Representation, 1982, chapter 2.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_LARGEST: Final = 2**63 - 1


def share_out(amount: int, weights: Ints) -> Ints:
    """Split an amount that is not negative by weights, so that the parts sum to it: the largest remainder method.

    Of equal remainders the earlier position comes first. When all weights are zero, so are all parts.

    Args:
        amount: 0 to 2**63 - 1, in minor units.
        weights: not negative.

    Returns:
        The parts, in the order of the weights.
    """
    return share_out_groups(np.array([amount], dtype=np.int64), weights, np.array([0, len(weights)], dtype=np.int64))


def share_out_groups(amounts: Ints, weights: Ints, bounds: Ints) -> Ints:
    """Split each group's amount by the weights of the group's rows, so that the parts of each group sum to its amount.

    Args:
        amounts: of each group, not negative, in minor units.
        weights: of each row, not negative; rows of one group stand together.
        bounds: where each group begins, and the number of rows at the end; group g has rows bounds[g] to bounds[g + 1].

    Returns:
        The part of each row. A group whose weights are all zero gets zeros, whatever its amount.
    """
    if len(weights) == 0:
        return np.zeros(0, dtype=np.int64)
    sizes = np.diff(bounds)
    totals = sums_of_groups(weights, bounds)
    amount = np.repeat(np.where(totals > 0, amounts, 0), sizes)
    total = np.repeat(np.maximum(totals, 1), sizes)
    if int(amount.max()) * int(weights.max()) <= _LARGEST:
        product = amount * weights
        parts, remainders = product // total, product % total
    else:
        parts, remainders = _wide(amount, weights, total)
    leftover = np.where(totals > 0, amounts, 0) - sums_of_groups(parts, bounds)
    group = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    order = np.lexsort((-remainders, group))  # stable: of equal remainders the earlier row comes first
    rank = np.empty(len(weights), dtype=np.int64)
    rank[order] = np.arange(len(weights), dtype=np.int64) - np.repeat(bounds[:-1], sizes)
    shared: Ints = parts + (rank < np.repeat(leftover, sizes))
    return shared


def sums_of_groups(values: Ints, bounds: Ints) -> Ints:
    """Return the sum of each group's rows; zero for a group without rows.

    Raises:
        OverflowError: all values together are more than 64 bits hold.
    """
    if len(values) and int(values.max()) * len(values) > _LARGEST and sum(map(int, values)) > _LARGEST:
        raise OverflowError("the rows sum to more than 64 bits hold")
    running = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)))
    return running[bounds[1:]] - running[bounds[:-1]]


def _wide(amount: Ints, weights: Ints, total: Ints) -> tuple[Ints, Ints]:
    """Return quotients and remainders of amount x weight by total, where the products need more than 64 bits."""
    pairs = [divmod(a * w, t) for a, w, t in zip(amount.tolist(), weights.tolist(), total.tolist(), strict=True)]
    return (
        np.array([quotient for quotient, _ in pairs], dtype=np.int64),
        np.array([remainder for _, remainder in pairs], dtype=np.int64),
    )
