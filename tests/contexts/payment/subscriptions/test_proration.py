"""What is left of a period, and what a change costs: by hand, and for whatever comes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.settling import usd
from tests.factories.subscriptions import (
    FAMILY,
    FAMILY_YEARLY,
    PREMIUM,
    PREMIUM_YEARLY,
    START,
    make_price,
    utc,
)
from vibestream.contexts.payment.subscriptions.domain.calendar import period_from, seconds
from vibestream.contexts.payment.subscriptions.domain.plans import Entitlements, NotSold, Terms, best, price_at
from vibestream.contexts.payment.subscriptions.domain.proration import Quote, quote, unused
from vibestream.kernel.money import EUR, USD, Money
from vibestream.kernel.time import Period

MIDDLE = utc(2027, 6, 16)
JUNE = Period(utc(2027, 6, 1), utc(2027, 7, 1))  # 30 days


def asked(
    wanted: Terms,
    price: int,
    *,
    at: datetime = MIDDLE,
    paid: int = 1_000,
    current: Terms = PREMIUM,
    period: Period = JUNE,
) -> Quote:
    return quote(
        paid=usd(paid), paid_for=period, period=period, anchor=period.start, current=current, wanted=wanted,
        price=make_price(wanted, price), at=at,
    )  # fmt: skip


def test_half_of_a_period_is_half_of_what_it_is_worth():
    assert unused(usd(1_000), period=JUNE, at=utc(2027, 6, 16)) == usd(500)
    assert unused(usd(1_000), period=JUNE, at=utc(2027, 5, 1)) == usd(1_000)
    assert unused(usd(1_000), period=JUNE, at=utc(2027, 7, 1)) == usd(0)
    assert unused(usd(1_001), period=JUNE, at=utc(2027, 6, 16)) == usd(500)  # 500.5, half to even


def test_a_better_plan_costs_the_difference_for_what_is_left():
    found = asked(FAMILY, 1_600)

    assert (found.at_once, found.worth, found.credit, found.charge) == (True, usd(800), usd(500), usd(300))
    assert found.covers == Period(utc(2027, 6, 16), utc(2027, 7, 1))


def test_a_longer_time_begins_at_once_and_the_rest_is_its_credit():
    found = asked(PREMIUM_YEARLY, 10_000)

    assert (found.worth, found.credit, found.charge) == (usd(10_000), usd(500), usd(9_500))
    assert found.covers == Period(utc(2027, 6, 16), utc(2028, 6, 16))


def test_what_would_cost_nothing_waits_for_the_end_of_the_period():
    cheaper = asked(PREMIUM, 1_000, current=FAMILY, paid=1_600)
    shorter = asked(FAMILY, 1_600, current=PREMIUM_YEARLY, paid=10_000, period=Period(utc(2027, 1, 1), utc(2028, 1, 1)))

    for found in (cheaper, shorter):
        assert (found.at_once, found.credit, found.charge) == (False, usd(0), usd(0))
    assert (cheaper.covers, cheaper.worth) == (Period(utc(2027, 7, 1), utc(2027, 8, 1)), usd(1_000))
    assert shorter.covers == Period(utc(2028, 1, 1), utc(2028, 2, 1))


def test_a_difference_that_no_gateway_takes_is_given_away():
    found = asked(FAMILY, 1_600, at=utc(2027, 6, 30))  # 53 - 33 = 20 cents

    assert (found.at_once, found.due, found.charge) == (True, usd(20), usd(0))


def test_a_period_that_was_paid_before_it_begins_is_credited_whole():
    found = asked(FAMILY, 1_600, at=utc(2027, 5, 20))

    assert (found.worth, found.credit, found.charge, found.covers) == (usd(1_600), usd(1_000), usd(600), JUNE)


@given(
    paid=st.integers(1, 10**9),
    price=st.integers(1, 10**9),
    cut_s=st.integers(0, 400 * 86_400),
    wanted=st.sampled_from([PREMIUM, FAMILY, PREMIUM_YEARLY, FAMILY_YEARLY]),
    current=st.sampled_from([PREMIUM, FAMILY, PREMIUM_YEARLY, FAMILY_YEARLY]),
)
def test_proration_conserves(paid: int, price: int, cut_s: int, wanted: Terms, current: Terms):
    period = period_from(START, anchor=START, months=current.cycle.months)
    at = START + timedelta(seconds=cut_s % seconds(period))
    found = asked(wanted, price, at=at, paid=paid, current=current, period=period)
    left = unused(usd(paid), period=period, at=at)
    used = usd(paid) - left

    assert used.minor >= 0
    assert left.minor >= 0
    if found.at_once:
        assert found.credit == left
        assert found.worth == found.credit + found.due
        assert found.due.minor > 0
        assert found.charge in {found.due, usd(0)}
        assert found.charge == found.due or found.due < usd(50)
    else:
        assert (found.charge, found.credit) == (usd(0), usd(0))


@given(paid=st.integers(0, 10**12), cuts=st.lists(st.integers(0, 30 * 86_400), min_size=1, max_size=6))
def test_what_is_left_never_grows_as_time_passes(paid: int, cuts: list[int]):
    lefts = [unused(usd(paid), period=JUNE, at=JUNE.start + timedelta(seconds=cut)).minor for cut in sorted(cuts)]

    assert lefts == sorted(lefts, reverse=True)
    assert all(0 <= left <= paid for left in lefts)


def test_the_price_in_effect_is_the_latest_that_has_begun():
    prices = [
        make_price(PREMIUM, 999), make_price(PREMIUM, 1_199, since=utc(2027, 1, 1)), make_price(FAMILY, 1_699),
    ]  # fmt: skip

    assert price_at(prices, terms=PREMIUM, currency=USD, at=utc(2026, 12, 31, 23)).amount == Money(999, USD)
    assert price_at(prices, terms=PREMIUM, currency=USD, at=utc(2027, 1, 1)).amount == Money(1_199, USD)
    for terms, currency, at in (
        (PREMIUM_YEARLY, USD, START), (PREMIUM, EUR, START), (PREMIUM, USD, utc(2025, 12, 31)),
    ):  # fmt: skip
        with pytest.raises(NotSold):
            price_at(prices, terms=terms, currency=currency, at=at)


def test_the_best_of_several_entitlements_counts():
    free = Entitlements(plan="free", max_kbps=160, lossless=False, until=None)
    premium = Entitlements(plan="premium", max_kbps=320, lossless=True, until=utc(2027, 1, 1))
    family = Entitlements(plan="family", max_kbps=320, lossless=True, until=utc(2027, 2, 1))

    assert best([free, premium, family]) == family
    assert best([free]) == free
