"""What happened before, per entity and window: the arithmetic under every velocity feature.

Sorted by entity and instant, the events of one entity before an instant are a slice; counts and sums over it are
differences of running sums. Sums are of integers, so one decision and a whole year computed at once agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.history import HORIZON, LABEL_DELAY, MOST_EVENTS
from vibestream.contexts.payment.fraud.domain.statistics.tables import MISSING, EventTable, Floats, Ints

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

WINDOWS: Final = {"5m": 5 * MINUTE_MS, "1h": HOUR_MS, "24h": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}
RISK_WINDOWS: Final = {"1d": DAY_MS, "7d": 7 * DAY_MS, "30d": 30 * DAY_MS}
LABEL_DELAY_MS: Final = LABEL_DELAY // timedelta(milliseconds=1)
HORIZON_MS: Final = HORIZON // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Slices:
    """Per window (row) and query (column), the half-open slice of `sorted_events` that the window holds."""

    sorted_events: EventTable
    group: Ints
    """The entity of each sorted event, as a rank."""
    low: Ints
    """Shape (windows, queries)."""
    high: Ints
    """Shape (queries,)."""
    risk_low: Ints
    """Shape (risk windows, queries)."""
    risk_high: Ints
    """Shape (queries,)."""

    @property
    def widest(self) -> Ints:
        """Where the longest window begins, shape (queries,)."""
        first: Ints = self.low[-1]
        return first


def slices_of(entity: str, events: EventTable, asked: EventTable) -> Slices:
    """Return what the windows of an entity hold, for each event that is asked about: what was strictly before it."""
    known = events.take(events.codes[entity] != MISSING)
    _, ranks = np.unique(np.concatenate([known.codes[entity], asked.codes[entity]]), return_inverse=True)
    group, wanted = ranks[: len(known)].astype(np.int64), ranks[len(known) :].astype(np.int64)
    instants = np.concatenate([known.at, asked.at])
    origin = int(instants.min(initial=instants[0] if len(instants) else 0)) - HORIZON_MS
    stride = int(instants.max(initial=origin)) - origin + 1
    key = group * stride + (known.at - origin)
    order = np.argsort(key, kind="stable")
    key = key[order]
    at = wanted * stride + (asked.at - origin)

    def edge(ago: int) -> Ints:
        return np.searchsorted(key, at - ago, side="left").astype(np.int64)

    high, risk_high = edge(0), edge(LABEL_DELAY_MS)
    low = np.stack([np.maximum(edge(width), high - MOST_EVENTS) for width in WINDOWS.values()])
    risk_low = np.stack(
        [np.maximum(edge(LABEL_DELAY_MS + width), risk_high - MOST_EVENTS) for width in RISK_WINDOWS.values()]
    )
    return Slices(known.take(order), group[order], low, high, risk_low, risk_high)


def running(column: Ints) -> Ints:
    """Return the sums of the first 0, 1, 2, ... values. Overflow wraps and cancels out in differences."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(column.astype(np.int64), dtype=np.int64)])


def streak(slices: Slices) -> Ints:
    """Return how many of the latest events were declined in a row."""
    index = np.arange(len(slices.sorted_events), dtype=np.int64)
    last_good = np.maximum.accumulate(np.where(slices.sorted_events.declined, -1, index))
    last_good = np.concatenate([np.full(1, -1, np.int64), last_good])[slices.high]
    counted: Ints = slices.high - 1 - np.maximum(last_good, slices.widest - 1)
    return counted


def frauds_known(slices: Slices) -> tuple[Ints, Ints]:
    """Return the first and the last event of the longest risk window that were fraud, as indices; -1 where there is none."""
    size = len(slices.sorted_events)
    index = np.arange(size, dtype=np.int64)
    fraud = slices.sorted_events.fraud
    upto = np.maximum.accumulate(np.where(fraud, index, -1))
    onward = np.minimum.accumulate(np.where(fraud, index, size)[::-1])[::-1]
    low, high = slices.risk_low[-1], slices.risk_high
    last = np.concatenate([np.full(1, -1, np.int64), upto])[high]
    first = np.concatenate([onward, np.full(1, size, np.int64)])[low]
    some = last >= low
    return np.where(some, first, -1), np.where(some, last, -1)


OUTLIER_TIMES: Final = 3
"""An amount this many times the median of its window is an outlier: a card that was taken shows by several."""


def medians(slices: Slices) -> tuple[Floats, Floats]:
    """Return the median amount of each widest window, and how many outliers each window holds.

    Shapes (queries,), NaN for an empty window, and (windows, queries).
    """
    median = np.full(len(slices.high), np.nan)
    outliers = np.zeros((len(slices.low), len(slices.high)))
    for part, index, query in _members(slices):
        cents = slices.sorted_events.cents[index]
        ordered = cents[np.lexsort((cents, query))]
        lengths = (slices.high - slices.widest)[part]
        ends = np.cumsum(lengths)
        some = lengths > 0
        lower, upper = (ends - lengths + (lengths - 1) // 2)[some], (ends - lengths + lengths // 2)[some]
        median[part.start + np.flatnonzero(some)] = (ordered[lower] + ordered[upper]) / 2
        large = cents > OUTLIER_TIMES * median[query]
        for number, low in enumerate(slices.low):
            inside = large & (index >= low[query])
            outliers[number, part] = np.bincount(query - part.start, inside, part.stop - part.start)
    return median, outliers


def distinct(slices: Slices, target: str, asked: EventTable) -> tuple[Floats, Floats]:
    """Return how many different values of `target` each window holds, and whether one's own is not in the widest.

    Shapes (windows, queries) and (queries,). A value counts where its previous occurrence lies before the window.
    """
    values = slices.sorted_events.codes[target]
    before = _previous(slices.group, values)
    own = asked.codes[target]
    counts = np.zeros((len(slices.low), len(asked)))
    fresh = np.ones(len(asked))
    for part, index, query in _members(slices):
        value, earlier = values[index], before[index]
        some = value != MISSING
        for number, low in enumerate(slices.low):
            starts = low[query]
            inside = some & (index >= starts) & (earlier < starts)
            counts[number, part] = np.bincount(query - part.start, inside, part.stop - part.start)
        met = np.bincount(query - part.start, value == own[query], part.stop - part.start)
        fresh[part] = met == 0
    fresh[own == MISSING] = np.nan
    return counts, fresh


_CHUNK: Final = 20_000


def _members(slices: Slices) -> Iterator[tuple[slice, Ints, Ints]]:
    """Yield, for some queries at a time, the index of each event in their widest windows and whose window it is in."""
    for start in range(0, len(slices.high), _CHUNK):
        part = slice(start, min(start + _CHUNK, len(slices.high)))
        low, high = slices.widest[part], slices.high[part]
        lengths = high - low
        query = np.repeat(np.arange(part.start, part.stop, dtype=np.int64), lengths)
        offset = np.repeat(low - (np.cumsum(lengths) - lengths), lengths)
        yield part, offset + np.arange(len(query), dtype=np.int64), query


def _previous(group: Ints, values: Ints) -> Ints:
    """Return for each sorted event the index of the one before it with the same entity and value, or -1."""
    order = np.lexsort((np.arange(len(values)), values, group))
    before = np.full(len(values), -1, np.int64)
    if len(order) > 1:
        left, right = order[:-1], order[1:]
        same = (group[left] == group[right]) & (values[left] == values[right])
        before[right[same]] = left[same]
    return before
