"""A retry budget: retries may add a tenth to the calls, whatever goes wrong.

Without it, a gateway that is slow to everybody is asked three times by everybody. The budget is filled by calls and
emptied by retries, in tenths of a retry, so that it is counted in integers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

RETRY_COSTS: Final = 10
"""A retry uses up what ten calls brought in."""
LARGEST: Final = 100
"""Ten retries in a row are the most, after a quiet time."""
FIRST_PAUSE_MS: Final = 200
MOST_ATTEMPTS: Final = 3
"""Of one call, the first one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may still be retried."""

    tenths: int = LARGEST


def earn(budget: Budget) -> Budget:
    """Return the budget after one more call."""
    return replace(budget, tenths=min(budget.tenths + 1, LARGEST))


def spend(budget: Budget) -> tuple[Budget, bool]:
    """Return the budget after a retry was asked for, and whether it is granted."""
    if budget.tenths < RETRY_COSTS:
        return budget, False
    return replace(budget, tenths=budget.tenths - RETRY_COSTS), True


def pause_ms(*, attempt: int, jitter_bp: int) -> int:
    """Return how long to wait before attempt 2, 3, ...: doubling, and shortened by up to a half.

    `jitter_bp` is 0 to 10,000, chosen at random, so that callers that failed together do not come back together.
    """
    longest = FIRST_PAUSE_MS << (attempt - 2)
    return longest - longest * jitter_bp // 20_000
