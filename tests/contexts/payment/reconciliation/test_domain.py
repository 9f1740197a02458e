"""Two books compared, and the age of what a gateway has, by hand."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.reconciliation.domain import Ageing, Comparison, Entry, Flow, ageing, compare
from vibestream.contexts.payment.reconciliation.service import Class, Kind
from vibestream.kernel.money import EUR, USD, Currency

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=10)


def entry(
    minor: int,
    *,
    subject: str = "payment:1",
    kind: Kind = Kind.CHARGE,
    currency: Currency = USD,
    at: datetime = OLD,
    times: int = 1,
) -> Entry:
    return Entry(subject=subject, kind=kind, currency=currency, minor=minor, at=at, times=times)


def compared(ours: list[Entry], theirs: list[Entry], *, gateway: GatewayName = GatewayName.STRIPE) -> Comparison:
    return compare(gateway=gateway, ours=ours, theirs=theirs, known_until=NOW, now=NOW)


def found(ours: list[Entry], theirs: list[Entry]) -> list[tuple[Class, int | None, int | None]]:
    comparison = compared(ours, theirs)
    assert comparison.waiting == ()
    return [(one.class_, one.ours, one.theirs) for one in comparison.differences]


@pytest.mark.parametrize(
    ("ours", "theirs", "differences"),
    [
        ([1_000], [1_000], []),
        ([600, 400], [500, 300, 200], []),
        ([], [], []),
        ([], [0], []),
        ([], [1_000, -1_000], []),
        ([1_000], [], [(Class.MISSING_THERE, 1_000, None)]),
        ([], [1_000], [(Class.MISSING_HERE, None, 1_000)]),
        ([], [1_000, 1_000], [(Class.MISSING_HERE, None, 2_000)]),
        ([1_000], [1_001], [(Class.AMOUNT_DIFFERS, 1_000, 1_001)]),
        ([1_000], [-1_000], [(Class.AMOUNT_DIFFERS, 1_000, -1_000)]),
        ([1_000], [1_000, 1_000], [(Class.DUPLICATE, 1_000, 2_000)]),
        ([600, 400], [600, 400, 400], [(Class.DUPLICATE, 1_000, 1_400)]),
        ([600, 400], [600, 400, 300], [(Class.AMOUNT_DIFFERS, 1_000, 1_300)]),
        ([1_000], [600, 400, 600], [(Class.AMOUNT_DIFFERS, 1_000, 1_600)]),
        ([1_000, 1_000], [1_000], [(Class.AMOUNT_DIFFERS, 2_000, 1_000)]),
    ],
)
def test_movements_are_compared_by_their_sum(
    ours: list[int], theirs: list[int], differences: list[tuple[Class, int | None, int | None]]
):
    assert found([entry(minor) for minor in ours], [entry(minor) for minor in theirs]) == differences


def test_a_line_that_is_listed_twice_is_double_although_its_sum_agrees():
    assert found([entry(1_000)], [entry(1_000, times=2)]) == [(Class.DUPLICATE, 1_000, 2_000)]


def test_currencies_kinds_and_subjects_are_not_mixed():
    assert found([entry(100)], [entry(100, currency=EUR)]) == [
        (Class.MISSING_HERE, None, 100),
        (Class.MISSING_THERE, 100, None),
    ]
    assert len(found([entry(100)], [entry(100, kind=Kind.REFUND)])) == 2
    assert len(found([entry(100)], [entry(100, subject="payment:2")])) == 2


def test_fees_are_compared_where_the_movements_agree():
    fees = [entry(59, kind=Kind.FEE)], [entry(60, kind=Kind.FEE)]
    assert found([entry(1_000), *fees[0]], [entry(1_000), *fees[1]]) == [(Class.FEE_DIFFERS, 59, 60)]
    assert found([entry(1_000), *fees[0]], [entry(1_001), *fees[1]]) == [(Class.AMOUNT_DIFFERS, 1_000, 1_001)]
    assert found([entry(1_000), *fees[0]], []) == [(Class.MISSING_THERE, 1_000, None)]
    assert found([entry(1_000)], [entry(1_000), *fees[1]]) == [(Class.FEE_DIFFERS, None, 60)]


@pytest.mark.parametrize(
    ("gateway", "age", "waits"),
    [
        (GatewayName.STRIPE, timedelta(minutes=59), True),
        (GatewayName.STRIPE, timedelta(minutes=60), False),
        (GatewayName.PAYPAL, timedelta(hours=3, minutes=59), True),
        (GatewayName.PAYPAL, timedelta(hours=4), False),
        (GatewayName.COINBASE, timedelta(minutes=59), True),
    ],
)
def test_what_is_too_new_to_be_in_both_books_waits(gateway: GatewayName, age: timedelta, *, waits: bool):
    for ours, theirs in (([entry(1_000, at=NOW - age)], []), ([], [entry(1_000, at=NOW - age)])):
        comparison = compared(ours, theirs, gateway=gateway)
        assert (len(comparison.waiting), len(comparison.differences)) == ((1, 0) if waits else (0, 1))


def test_fees_wait_for_three_days():
    charge = entry(1_000)
    for age, waits in ((timedelta(days=2, hours=23), True), (timedelta(days=3), False)):
        comparison = compared([charge], [charge, entry(60, kind=Kind.FEE, at=NOW - age)])
        assert (len(comparison.waiting), len(comparison.differences)) == ((1, 0) if waits else (0, 1))


@given(amounts=st.lists(st.integers(-(10**12), 10**12).filter(bool), max_size=20), seed=st.integers())
def test_the_same_book_never_differs_from_itself_in_any_order(amounts: list[int], seed: int):
    ours = [entry(minor, subject=f"payment:{minor % 5}") for minor in amounts]
    theirs = random.Random(seed).sample(ours, len(ours))
    assert compared(ours, theirs).differences == ()


@given(
    amounts=st.lists(st.integers(1, 10**12), min_size=1, max_size=10),
    which=st.integers(0),
    error=st.integers(-(10**12), 10**12).filter(bool),
)
def test_one_wrong_amount_is_one_finding(amounts: list[int], which: int, error: int):
    ours = [entry(minor, subject=f"payment:{number}") for number, minor in enumerate(amounts)]
    wrong = which % len(ours)
    theirs = [
        entry(one.minor + (error if number == wrong else 0), subject=one.subject) for number, one in enumerate(ours)
    ]
    comparison = compared(ours, theirs)
    assert [one.subject for one in comparison.differences] == [f"payment:{wrong}"]
    assert comparison.matched == len(amounts) - 1


TODAY = date(2026, 11, 24)


def aged(*flows: tuple[int, int, int]) -> Ageing:
    """The ageing of flows as (days ago, in, out)."""
    made = [Flow(day=TODAY - timedelta(days=ago), taken_in=inflow, given_out=out) for ago, inflow, out in flows]
    return ageing(made, currency=USD, today=TODAY)


@pytest.mark.parametrize(
    ("flows", "buckets"),
    [
        ([], (0, 0, 0, 0, 0)),
        ([(0, 10, 0)], (10, 0, 0, 0, 0)),
        ([(2, 1, 0), (3, 2, 0), (7, 4, 0), (8, 8, 0), (30, 16, 0), (31, 32, 0)], (1, 6, 24, 32, 0)),
        ([(31, 32, 0), (8, 8, 0), (0, 1, 35)], (1, 0, 5, 0, 0)),
        ([(5, 10, 10), (1, 3, 0)], (3, 0, 0, 0, 0)),
        ([(5, 0, 10), (1, 3, 0)], (0, 0, 0, 0, 7)),
        ([(5, 0, 10), (1, 30, 0)], (20, 0, 0, 0, 0)),
        ([(1, 10, 4), (1, 10, 4)], (12, 0, 0, 0, 0)),
    ],
)
def test_the_oldest_money_leaves_first(flows: list[tuple[int, int, int]], buckets: tuple[int, int, int, int, int]):
    found = aged(*flows)
    assert (found.up_to_2_days, found.up_to_7_days, found.up_to_30_days, found.older, found.overdrawn) == buckets


@given(flows=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10**9), st.integers(0, 10**9)), max_size=30))
def test_ageing_loses_nothing(flows: list[tuple[int, int, int]]):
    found = aged(*flows)
    assert found.total == sum(inflow - out for _, inflow, out in flows)
    assert min(found.up_to_2_days, found.up_to_7_days, found.up_to_30_days, found.older, found.overdrawn) >= 0
