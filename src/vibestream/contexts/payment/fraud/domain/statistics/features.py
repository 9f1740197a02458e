"""The features: what a model and the rules see of a payment or payout. The same code serves and trains.

A vector has one number per name in `FEATURES`; what is not known is NaN. It depends on nothing that came after the instant
of the decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.statistics.tables import (
    ENTITIES,
    MISSING,
    PURPOSES,
    SIGNALS,
    Bools,
    EventTable,
    Floats,
    QueryTable,
)
from vibestream.contexts.payment.fraud.domain.statistics.windows import (
    HOUR_MS,
    RISK_WINDOWS,
    WINDOWS,
    Slices,
    distinct,
    frauds_known,
    medians,
    running,
    slices_of,
    streak,
)

FANNED_OUT: Final = {
    "user": ("method", "device", "country", "payee"),
    "method": ("user", "country"),
    "device": ("user", "method"),
    "network": ("user", "method"),
    "domain": ("user",),
    "payee": ("user", "method"),
}
"""Of which others the different ones are counted, per entity: cards of a device, people of a card."""

_DECLINES: Final = ("1h", "24h")
_MEANS: Final = ("24h", "7d", "30d")
_OUTLIERS: Final = ("24h", "7d", "30d")
_INDEX: Final = {window: number for number, window in enumerate(WINDOWS)}
_DAY_H: Final = 24
_WEEKEND: Final = 5
_NIGHT_ENDS_H: Final = 6
_LEAST_SPREAD: Final = 100
"""Cents: how much amounts are taken to vary at least, so that a person who always paid the same is no alarm."""


def _names_of(entity: str) -> list[str]:
    return [
        *(f"{entity}.count.{window}" for window in WINDOWS),
        *(f"{entity}.sum.{window}" for window in WINDOWS),
        *(f"{entity}.{name}" for name in ("z", "times_median", "since_h", "age_h", "streak")),
        *(f"{entity}.mean.{window}" for window in _MEANS),
        *(f"{entity}.outliers.{window}" for window in _OUTLIERS),
        *(f"{entity}.declines.{window}" for window in _DECLINES),
        *(f"{entity}.risk.{window}" for window in RISK_WINDOWS),
        *(f"{entity}.frauds.{window}" for window in RISK_WINDOWS),
        *(f"{entity}.{name}" for name in ("fraud_first_h", "fraud_last_h", "honest_since")),
        *(
            name
            for target in FANNED_OUT[entity]
            for name in (*(f"{entity}.{target}s.{window}" for window in WINDOWS), f"{entity}.new_{target}")
        ),
    ]


_OWN: Final = ("amount", "hour", "night", "weekend", "account_age_h", "own_payee", "destination_age_h")

FEATURES: Final = (
    *_OWN,
    *(f"purpose.{purpose}" for purpose in PURPOSES),
    *(f"signal.{signal}" for signal in SIGNALS),
    *(name for entity in ENTITIES for name in _names_of(entity)),
)
"""The name of each number of a vector, in order. Amounts are reference dollars, spans of time hours."""

FEATURE_SET: Final = hashlib.sha256("\n".join(FEATURES).encode()).hexdigest()[:16]
"""Which features these are: a model is only asked with the vectors that it was trained on."""


def vectors(histories: Mapping[str, EventTable], queries: QueryTable) -> Floats:
    """Return one vector per query, shape (queries, features).

    Args:
        histories: per entity, the events that may count: at least those that share the entity with a query, of the last
            37 days, as far as `windows.MOST_EVENTS` reaches. For `payee` they are payments, for the others events of the
            same kind as the query, and none is the query's own.
        queries: what to decide about, all payments or all payouts.
    """
    columns = _own(queries)
    for entity in ENTITIES:
        columns |= _of_entity(entity, slices_of(entity, histories[entity], queries.events), queries.events)
    return np.column_stack([columns[name] for name in FEATURES])


def vectors_of(table: QueryTable, which: Bools | None = None) -> Floats:
    """Return the vectors of some events (a mask) of a table that is its own history, in the table's order."""
    chosen = np.ones(len(table), np.bool_) if which is None else which
    found = np.full((len(table), len(FEATURES)), np.nan)
    payout = table.events.payout
    payments, payouts = table.events.take(~payout), _without_payee(table.events.take(payout))
    for kind in (False, True):
        asked = chosen & (payout == kind)
        if asked.any():
            same = payouts if kind else payments
            histories = {entity: payments if entity == "payee" else same for entity in ENTITIES}
            found[asked] = vectors(histories, table.take(asked))
    return found[chosen]


def _without_payee(events: EventTable) -> EventTable:
    """Return payouts as their rows are kept: whoever is paid out is their person, not somebody's payee."""
    return replace(events, codes={**events.codes, "payee": np.full(len(events), MISSING, np.int64)})


def _own(queries: QueryTable) -> dict[str, Floats]:
    events = queries.events
    hours = events.at // HOUR_MS
    weekday = (hours // _DAY_H + 3) % 7  # 1 January 1970 was a Thursday
    known = (events.codes["payee"] != MISSING) & ~events.payout
    own = np.where(known, events.codes["payee"] == events.codes["user"], np.nan)
    nothing = np.full(len(queries), np.nan)
    return {
        "amount": events.cents / 100,
        "hour": (hours % _DAY_H).astype(np.float64),
        "night": (hours % _DAY_H < _NIGHT_ENDS_H).astype(np.float64),
        "weekend": (weekday >= _WEEKEND).astype(np.float64),
        "account_age_h": (events.at - queries.account_created) / HOUR_MS,
        "own_payee": own,
        "destination_age_h": (events.at - queries.destination_changed) / HOUR_MS,
        **{f"purpose.{name}": (queries.purpose == number).astype(np.float64) for number, name in enumerate(PURPOSES)},
        **{f"signal.{name}": queries.signals.get(name, nothing) for name in SIGNALS},
    }


def _of_entity(entity: str, slices: Slices, asked: EventTable) -> dict[str, Floats]:
    found = _counts(slices, asked) | _risks(slices, asked)
    for target in FANNED_OUT[entity]:
        counts, fresh = distinct(slices, target, asked)
        found |= {f"{target}s.{window}": counts[number] for number, window in enumerate(WINDOWS)}
        found[f"new_{target}"] = fresh
    unknown = asked.codes[entity] == MISSING
    return {f"{entity}.{name}": np.where(unknown, np.nan, column) for name, column in found.items()}


def _counts(slices: Slices, asked: EventTable) -> dict[str, Floats]:
    events, low, high = slices.sorted_events, slices.low, slices.high
    count = high - low
    cents, squares = running(events.cents), running(events.cents * events.cents)
    declined = running(events.declined.astype(np.int64))
    total = cents[high] - cents[low]
    some = count[-1] > 0
    often = np.maximum(count[-1], 1)
    mean = total[-1] / often
    spread = np.sqrt(np.maximum((squares[high] - squares[low[-1]]) / often - mean * mean, 0.0))
    instants = np.concatenate([events.at, np.zeros(1, np.int64)])
    latest, earliest = instants[np.maximum(high - 1, 0)], instants[slices.widest]
    found = {f"count.{window}": count[number].astype(np.float64) for number, window in enumerate(WINDOWS)}
    found |= {f"sum.{window}": total[number] / 100 for number, window in enumerate(WINDOWS)}
    for window in _MEANS:
        number = _INDEX[window]
        found[f"mean.{window}"] = np.where(
            count[number] > 0, total[number] / np.maximum(count[number], 1) / 100, np.nan
        )
    found["z"] = np.where(count[-1] > 1, (asked.cents - mean) / np.maximum(spread, _LEAST_SPREAD), np.nan)
    median, outliers = medians(slices)
    found["times_median"] = asked.cents / np.maximum(median, 1.0)
    found |= {f"outliers.{window}": outliers[_INDEX[window]] for window in _OUTLIERS}
    found["since_h"] = np.where(some, (asked.at - latest) / HOUR_MS, np.nan)
    found["age_h"] = np.where(some, (asked.at - earliest) / HOUR_MS, 0.0)
    found["streak"] = streak(slices).astype(np.float64)
    for window in _DECLINES:
        found[f"declines.{window}"] = (declined[high] - declined[low[_INDEX[window]]]).astype(np.float64)
    return found


def _risks(slices: Slices, asked: EventTable) -> dict[str, Floats]:
    frauds = running(slices.sorted_events.fraud.astype(np.int64))
    count = slices.risk_high - slices.risk_low
    known = frauds[slices.risk_high] - frauds[slices.risk_low]
    rate = np.where(count > 0, known / np.maximum(count, 1), np.nan)
    first, last = frauds_known(slices)
    instants = np.concatenate([slices.sorted_events.at, np.zeros(1, np.int64)])
    found = {f"risk.{window}": rate[number] for number, window in enumerate(RISK_WINDOWS)}
    found |= {f"frauds.{window}": known[number].astype(np.float64) for number, window in enumerate(RISK_WINDOWS)}
    found["fraud_first_h"] = np.where(first >= 0, (asked.at - instants[first]) / HOUR_MS, np.nan)
    found["fraud_last_h"] = np.where(last >= 0, (asked.at - instants[last]) / HOUR_MS, np.nan)
    found["honest_since"] = np.where(last >= 0, slices.risk_high - 1 - last, np.nan)
    return found
