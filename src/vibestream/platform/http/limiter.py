"""Counting how often something was done in a moving window: exact, constant time, bounded memory.

Every hit of the last window is remembered, so that no instant exists at which more than the limit fit into one window;
a fixed window admits twice the limit around its edge. Counted in this process: of N web processes each admits its own.
"""

from __future__ import annotations

import math
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

_RATE: Final = re.compile(r"([1-9][0-9]{0,5})/(?:([1-9][0-9]{0,3}) ?)?(second|minute|hour|day)s?")
_UNIT_S: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_MOST_KEYS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many hits in so many seconds."""

    amount: int
    window_s: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a rate such as `10/minute` or `100/5 minutes`.

        Raises:
            ValueError: it is not of that form.
        """
        match = _RATE.fullmatch(text)
        if match is None:
            msg = f"{text!r} is not a rate such as 10/minute"
            raise ValueError(msg)
        return cls(int(match[1]), int(match[2] or 1) * _UNIT_S[match[3]])


@dataclass(frozen=True, slots=True)
class Quota:
    """What a hit found."""

    admitted: bool
    remaining: int
    """Hits that would be admitted now."""
    reset_s: int
    """Whole seconds until a further hit would be admitted (refused), or until the oldest hit is forgotten (admitted)."""


@dataclass(slots=True)
class _Hits:
    window_s: int
    at: deque[float] = field(default_factory=deque)


class RateLimiter:
    """Counts hits per limit and key. Not for threads: one event loop uses it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most_keys: int = _MOST_KEYS) -> None:
        self._clock = clock
        self._most_keys = most_keys
        self._hits: OrderedDict[tuple[str, str], _Hits] = OrderedDict()

    def __len__(self) -> int:
        return len(self._hits)

    def hit(self, rate: Rate, *, name: str, key: str, cost: int = 1) -> Quota:
        """Count a hit, unless the limit is used up, and say what is left. A refused hit is not counted."""
        now = self._clock()
        hits = self._hits.setdefault((name, key), _Hits(rate.window_s))
        self._hits.move_to_end((name, key))
        while hits.at and hits.at[0] <= now - rate.window_s:
            hits.at.popleft()
        admitted = len(hits.at) + cost <= rate.amount
        if admitted:
            hits.at.extend([now] * cost)
        reset_s = rate.window_s
        if hits.at:
            free_at = 0 if admitted else min(len(hits.at), len(hits.at) + cost - rate.amount) - 1
            reset_s = math.ceil(hits.at[free_at] + rate.window_s - now)
        self._forget(now)
        return Quota(admitted, rate.amount - len(hits.at), max(1, reset_s))

    def _forget(self, now: float) -> None:
        """Drop the keys that were longest without a hit: two per hit, so that the work never comes all at once."""
        for _ in range(2):
            name_and_key, hits = next(iter(self._hits.items()))
            idle = not hits.at or hits.at[-1] <= now - hits.window_s
            if not idle and len(self._hits) <= self._most_keys:
                return
            if len(self._hits) > 1:
                del self._hits[name_and_key]
