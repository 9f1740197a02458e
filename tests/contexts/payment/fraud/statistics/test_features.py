"""Features against their definition: a slow reckoning, event by event, of what the fast one says."""

from __future__ import annotations

import math
import statistics
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vibestream.contexts.payment.fraud.domain.default_policy import DEFAULT_POLICY
from vibestream.contexts.payment.fraud.domain.history import MOST_EVENTS
from vibestream.contexts.payment.fraud.domain.reasons import LOCALES, code_of, from_model, words_of
from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURES, vectors_of
from vibestream.contexts.payment.fraud.domain.statistics.tables import CODES, EventTable, QueryTable
from vibestream.contexts.payment.fraud.domain.statistics.windows import DAY_MS, HOUR_MS, RISK_WINDOWS, WINDOWS
from vibestream.contexts.payment.fraud.store.policies import DenyList

START = 1_790_812_800_000


class Row(NamedTuple):
    """One payment of a made-up history."""

    at: int
    cents: int
    user: int
    device: int
    method: int
    declined: bool = False
    fraud: bool = False


def table_of(rows: list[Row]) -> QueryTable:
    count = len(rows)
    nothing = np.zeros(count, np.int64)
    codes = dict.fromkeys(CODES, nothing) | {
        "user": np.array([row.user for row in rows], np.int64),
        "device": np.array([row.device for row in rows], np.int64),
        "method": np.array([row.method for row in rows], np.int64),
    }
    events = EventTable(
        at=np.array([row.at for row in rows], np.int64),
        cents=np.array([row.cents for row in rows], np.int64),
        payout=np.zeros(count, np.bool_),
        codes=codes,
        declined=np.array([row.declined for row in rows], np.bool_),
        fraud=np.array([row.fraud for row in rows], np.bool_),
    )
    unknown = np.full(count, np.nan)
    return QueryTable(events, np.full(count, -1, np.int64), unknown, unknown, {})


def slow(rows: list[Row], asked: Row, entity: str) -> dict[str, float]:
    """What the features of an entity should be, by their definition."""
    value = getattr(asked, entity)
    names = [name for name in FEATURES if name.startswith(f"{entity}.")]
    if value == 0:
        return dict.fromkeys(names, math.nan)
    before = sorted(
        (row for row in rows if getattr(row, entity) == value and row.at < asked.at), key=lambda row: row.at
    )
    within = {name: [row for row in before[-MOST_EVENTS:] if row.at >= asked.at - ms] for name, ms in WINDOWS.items()}
    ripe = [row for row in before if row.at < asked.at - 7 * DAY_MS]
    late = {
        name: [row for row in ripe[-MOST_EVENTS:] if row.at >= asked.at - 7 * DAY_MS - ms]
        for name, ms in RISK_WINDOWS.items()
    }
    found: dict[str, float] = {}
    for name, events in within.items():
        found[f"{entity}.count.{name}"] = len(events)
        found[f"{entity}.sum.{name}"] = sum(row.cents for row in events) / 100
    month = within["30d"]
    amounts = [row.cents for row in month]
    for name in ("24h", "7d", "30d"):
        paid = [row.cents for row in within[name]]
        found[f"{entity}.mean.{name}"] = statistics.fmean(paid) / 100 if paid else math.nan
        found[f"{entity}.outliers.{name}"] = sum(cents > 3 * statistics.median(amounts) for cents in paid)
    found[f"{entity}.times_median"] = asked.cents / max(statistics.median(amounts), 1) if month else math.nan
    spread = max(statistics.pstdev(amounts), 100) if month else math.nan
    found[f"{entity}.z"] = (asked.cents - statistics.fmean(amounts)) / spread if len(month) > 1 else math.nan
    found[f"{entity}.since_h"] = (asked.at - month[-1].at) / HOUR_MS if month else math.nan
    found[f"{entity}.age_h"] = (asked.at - month[0].at) / HOUR_MS if month else 0
    streak = 0
    while streak < len(month) and month[-1 - streak].declined:
        streak += 1
    found[f"{entity}.streak"] = streak
    for name in ("1h", "24h"):
        found[f"{entity}.declines.{name}"] = sum(row.declined for row in within[name])
    for name, events in late.items():
        frauds = sum(row.fraud for row in events)
        found[f"{entity}.risk.{name}"] = frauds / len(events) if events else math.nan
        found[f"{entity}.frauds.{name}"] = frauds
    known = [row for row in late["30d"] if row.fraud]
    found[f"{entity}.fraud_first_h"] = (asked.at - known[0].at) / HOUR_MS if known else math.nan
    found[f"{entity}.fraud_last_h"] = (asked.at - known[-1].at) / HOUR_MS if known else math.nan
    honest = late["30d"][late["30d"].index(known[-1]) + 1 :] if known else []
    found[f"{entity}.honest_since"] = len(honest) if known else math.nan
    for target in ("user", "method", "device"):
        if f"{entity}.{target}s.1h" in names:
            for name, events in within.items():
                others = {getattr(row, target) for row in events} - {0}
                found[f"{entity}.{target}s.{name}"] = len(others)
            own = getattr(asked, target)
            met = own in {getattr(row, target) for row in month}
            found[f"{entity}.new_{target}"] = math.nan if own == 0 else float(not met)
    return found


rows = st.lists(
    st.builds(
        Row,
        at=st.integers(0, 45 * 24 * 12).map(lambda tick: START + tick * 300_000),
        cents=st.integers(1, 10_000_000),
        user=st.integers(0, 2),
        device=st.integers(0, 2),
        method=st.integers(0, 3),
        declined=st.booleans(),
        fraud=st.booleans(),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row.at,
)


@given(rows)
@settings(max_examples=60)
def test_every_velocity_is_what_counting_by_hand_gives(history: list[Row]):
    history.sort()
    found = vectors_of(table_of(history))
    for number, row in enumerate(history):
        vector = dict(zip(FEATURES, found[number].tolist(), strict=True))
        for entity in ("user", "device", "method"):
            for name, expected in slow(history, row, entity).items():
                assert vector[name] == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), (row, name)


def test_a_window_looks_no_further_than_its_latest_events():
    history = [Row(START + number * 60_000, 100, 1, 1, 1, declined=True) for number in range(MOST_EVENTS + 50)]
    last = dict(zip(FEATURES, vectors_of(table_of(history))[-1].tolist(), strict=True))
    assert (last["user.count.24h"], last["user.count.1h"], last["user.streak"]) == (MOST_EVENTS, 60, MOST_EVENTS)


def test_a_window_holds_its_beginning_and_not_its_end():
    history = [Row(START, 100, 1, 0, 0), Row(START + HOUR_MS, 100, 1, 0, 0), Row(START + HOUR_MS + 1, 100, 1, 0, 0)]
    counts = vectors_of(table_of(history))[:, FEATURES.index("user.count.1h")]
    assert counts.tolist() == [0, 1, 1]


def test_some_vectors_are_those_of_all():
    history = [Row(START + number * HOUR_MS, 100 + number, number % 3 + 1, 1, 1) for number in range(40)]
    table = table_of(history)
    which = np.arange(40) % 2 == 0
    assert np.array_equal(vectors_of(table, which), vectors_of(table)[which], equal_nan=True)


def test_instants_have_their_hour_and_day():
    # 1 October 2026, 03:30 UTC is a Thursday night; the 3rd at noon a Saturday.
    history = [Row(START + 3 * HOUR_MS + 30 * 60_000, 100, 1, 0, 0), Row(START + 60 * HOUR_MS, 100, 1, 0, 0)]
    found = vectors_of(table_of(history))
    shown = [[row[FEATURES.index(name)] for name in ("hour", "night", "weekend")] for row in found]
    assert shown == [[3, 1, 0], [12, 0, 1]]


def test_an_empty_history_is_no_error():
    assert vectors_of(table_of([])).shape == (0, len(FEATURES))
    assert len(set(FEATURES)) == len(FEATURES)


def test_every_feature_rule_and_list_has_words_of_its_own_in_both_languages():
    codes = {code_of(feature) for feature in FEATURES}
    codes |= {f"rule.{rule.code}" for rule in DEFAULT_POLICY.rules} | {f"denied.{name}" for name in DenyList}
    codes |= {"model", "no_model", "review_refused"}
    for locale in LOCALES:
        words = {code: words_of(code, locale=locale) for code in codes}
        assert all(text and "{" not in text and "rule." not in text for text in words.values())
        assert len(set(words.values())) == len(words)
    assert all(words_of(code, locale="en") != words_of(code, locale="es") for code in codes)
    assert words_of("rule.my_own", locale="es") == "Regla: my_own"
    assert words_of("many.device.method", locale="de") == "Many different cards or accounts with this device"


def test_features_that_say_the_same_are_one_reason():
    explained = [
        ("user.count.5m", "9", 1.25),
        ("user.sum.1h", "90", 0.5),
        ("device.methods.1h", "4", 0.25),
        ("hour", "3", 0.125),
    ]
    codes = [(one.code, dict(one.facts)) for one in from_model(explained, most=2)]
    assert codes == [
        ("velocity.user", {"feature": "user.count.5m", "value": "9", "pull": "1.250"}),
        ("many.device.method", {"feature": "device.methods.1h", "value": "4", "pull": "0.250"}),
    ]
    assert [one.code for one in from_model([], most=2)] == ["model"]
