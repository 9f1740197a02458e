"""One decision's rows as the tables that features are computed from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.facts import Facts
from vibestream.contexts.payment.fraud.domain.history import ASKED, HistoryRow
from vibestream.contexts.payment.fraud.domain.policy import PPM
from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURES, vectors
from vibestream.contexts.payment.fraud.domain.statistics.tables import (
    CODES,
    ENTITIES,
    MOST_CENTS,
    PURPOSES,
    SIGNALS,
    EventTable,
    Floats,
    QueryTable,
)

_LEVELS: Final = {"normal": 0.0, "elevated": 1.0, "highest": 2.0}
"""Stripe's words; `not_assessed` and `unknown` are missing."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def vector_of(rows: Sequence[HistoryRow], *, facts: Facts, signals: Mapping[str, float | str]) -> Floats:
    """Return the vector of a decision, shape (features,), from its own row and those of its history."""
    histories = {
        entity: _table([row for row in rows if row.entity == entity], payout=facts.kind == "payout")
        for entity in ENTITIES
    }
    own = _table([row for row in rows if row.entity == ASKED], payout=facts.kind == "payout")
    queries = QueryTable(
        events=own,
        purpose=np.array([PURPOSES.index(facts.purpose) if facts.purpose in PURPOSES else -1], np.int64),
        account_created=np.array([_ms(facts.account_created_at)]),
        destination_changed=np.array([_ms(facts.destination_changed_at)]),
        signals={name: np.array([number]) for name, number in numbers_of(signals).items()},
    )
    vector: Floats = vectors(histories, queries)[0]
    return vector


def numbers_of(signals: Mapping[str, float | str]) -> dict[str, float]:
    """Return those signals that are features, as numbers; what is no finite number is left out, that is: missing."""
    found = {name: _number(signals[name]) for name in SIGNALS if name in signals}
    return {name: number for name, number in found.items() if math.isfinite(number)}


def named(vector: Floats) -> dict[str, float]:
    """Return a vector by the names of its features."""
    return dict(zip(FEATURES, vector.tolist(), strict=True))


def in_ppm(probability: float) -> int:
    """Return a probability in millionths."""
    return min(max(round(probability * PPM), 0), PPM)


def as_probability(ppm: int) -> float:
    """Return millionths as a probability."""
    return ppm / PPM


def shown(value: float) -> str:
    """Return a feature's value for people: four digits that matter, or `unknown`."""
    return "unknown" if math.isnan(value) else f"{value:.4g}"


def _number(value: float | str) -> float:
    if isinstance(value, str):
        if value in _LEVELS:
            return _LEVELS[value]
        try:
            return float(value)
        except ValueError:
            return math.nan
    return float(value)


def _table(rows: Sequence[HistoryRow], *, payout: bool) -> EventTable:
    return EventTable(
        at=np.array([row.at_ms for row in rows], np.int64),
        cents=np.array([min(row.cents, MOST_CENTS) for row in rows], np.int64),
        payout=np.full(len(rows), payout),
        codes={name: np.array([row.codes[number] for row in rows], np.int64) for number, name in enumerate(CODES)},
        declined=np.array([row.declined for row in rows], np.bool_),
        fraud=np.array([row.fraud for row in rows], np.bool_),
    )


def _ms(instant: datetime | None) -> float:
    return math.nan if instant is None else float((instant - _EPOCH) // timedelta(milliseconds=1))
