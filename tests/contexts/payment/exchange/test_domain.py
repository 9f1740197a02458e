"""Rates and rounding: exact, and never in the person's favour."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.exchange import NOW, POLICY
from vibestream.contexts.payment.exchange.domain.points import Liability, Points, cover_for, owed_for
from vibestream.contexts.payment.exchange.domain.quotes import quoted
from vibestream.contexts.payment.exchange.domain.rates import SCALE, converted, pair_of, parse_rate
from vibestream.contexts.payment.exchange.service import (
    AmountTooLarge,
    AmountTooSmall,
    InvalidRate,
    NotExchangeable,
    Rate,
)
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, MAX_MINOR, USD, VIBE, Currency, Money

JPY, KWD, USDC = Currency.of("JPY"), Currency.of("KWD"), Currency.of("USDC")


def rate(base: Currency, quote: Currency, value: str, spread_bp: int = 0) -> Rate:
    return Rate(new_id(), base, quote, parse_rate(value), spread_bp, "test", NOW, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", SCALE),
        ("1.0842", 10_842_000_000),
        ("0.0000000001", 1),
        ("151.37", 1_513_700_000_000),
        ("0.50", SCALE // 2),
    ],
)
def test_rates_are_read_exactly(text: str, value: int):
    assert parse_rate(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.0", "-1", "1.00000000001", "1e3", "1,5", " 1", "1.", ".5", "NaN", "\u0661", "1000000000", "999999999"],
)
def test_what_is_no_rate_is_refused(text: str):
    with pytest.raises(InvalidRate):
        parse_rate(text)


@pytest.mark.parametrize(("value", "shown"), [("1", "1"), ("1.0842", "1.0842"), ("0.0000000001", "0.0000000001")])
def test_rates_are_shown_as_they_were_read(value: str, shown: str):
    assert rate(EUR, USD, value).decimal == shown


# Worked out by hand: amount, rate, spread, result. Exponents: JPY 0, USD and EUR 2, KWD 3, VIBE 4, USDC 6.
@pytest.mark.parametrize(
    ("sell", "at", "bought"),
    [
        (Money(10_000, EUR), rate(EUR, USD, "1.25"), Money(12_500, USD)),
        (Money(12_500, USD), rate(EUR, USD, "1.25"), Money(10_000, EUR)),
        (Money(10_000, EUR), rate(EUR, USD, "1.25", 100), Money(12_375, USD)),
        (Money(1, EUR), rate(EUR, USD, "1.999"), Money(1, USD)),
        (Money(100, JPY), rate(JPY, USD, "0.0066"), Money(66, USD)),
        (Money(1_00, USD), rate(JPY, USD, "0.0066"), Money(151, JPY)),
        (Money(1_000, KWD), rate(KWD, USD, "3.25"), Money(325, USD)),
        (Money(1_000_000, VIBE), rate(VIBE, USD, "0.01"), Money(100, USD)),
        (Money(1_009_999, VIBE), rate(VIBE, USD, "0.01"), Money(100, USD)),
        (Money(1_000_000, VIBE), rate(VIBE, USD, "0.01", 5_000), Money(50, USD)),
        (Money(1_00, USD), rate(USD, USDC, "1"), Money(1_000_000, USDC)),
        (Money(0, USD), rate(USD, USDC, "1"), Money(0, USDC)),
    ],
)
def test_amounts_are_converted_and_rounded_down(sell: Money, at: Rate, bought: Money):
    assert converted(sell, rate=at, into=bought.currency) == bought


pairs = st.tuples(st.sampled_from(Currency.all()), st.sampled_from(Currency.all())).filter(lambda two: two[0] != two[1])


@given(pairs, st.integers(1, 10**14), st.integers(0, 5_000), st.integers(0, 10**10))
def test_a_conversion_is_less_than_one_minor_unit_below_the_exact_amount(
    pair: tuple[Currency, Currency], value: int, spread: int, minor: int
):
    base, quote = pair_of(*pair)
    at = Rate(new_id(), base, quote, value, spread, "test", NOW, None)
    exact = (
        Fraction(minor, 10**base.exponent)
        * Fraction(value, SCALE)
        * Fraction(10_000 - spread, 10_000)
        * 10**quote.exponent
    )
    if exact > MAX_MINOR:
        with pytest.raises(AmountTooLarge):
            converted(Money(minor, base), rate=at, into=quote)
        return
    down = converted(Money(minor, base), rate=at, into=quote).minor
    assert 0 <= exact - down < 1
    up = converted(Money(minor, base), rate=at, into=quote, up=True).minor
    assert 0 <= up - exact < 1


@given(pairs, st.integers(1, 10**13), st.integers(0, 5_000), st.integers(1, 10**9), st.booleans())
def test_there_and_back_never_gains(pair: tuple[Currency, Currency], value: int, spread: int, minor: int, turned: bool):
    base, quote = pair_of(*pair)
    at = Rate(new_id(), base, quote, value, spread, "test", NOW, None)
    first, second = (quote, base) if turned else (base, quote)
    try:
        there = converted(Money(minor, first), rate=at, into=second)
        assert converted(there, rate=at, into=first).minor <= minor
    except AmountTooLarge:
        return


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_many_small_exchanges_never_bring_more_than_one_large(parts: list[int]):
    at = rate(EUR, USD, "1.0842", 25)
    whole = converted(Money(sum(parts), EUR), rate=at, into=USD).minor
    assert sum(converted(Money(part, EUR), rate=at, into=USD).minor for part in parts) <= whole


def test_a_rate_is_between_its_two_currencies_alone():
    with pytest.raises(NotExchangeable):
        converted(Money(1, EUR), rate=rate(EUR, USD, "1"), into=JPY)


@pytest.mark.parametrize(
    ("base", "quote", "more"),
    [
        (USD, EUR, {}),
        (USD, VIBE, {}),
        (USD, USD, {}),
        (EUR, USD, {"spread_bp": -1}),
        (EUR, USD, {"spread_bp": 5_001}),
        (EUR, USD, {"value_e10": 0}),
        (EUR, USD, {"value_e10": MAX_MINOR + 1}),
        (EUR, USD, {"effective_until": NOW}),
    ],
)
def test_rates_that_make_no_sense_are_refused(base: Currency, quote: Currency, more: dict[str, object]):
    facts = {"value_e10": SCALE, "spread_bp": 0, "source": "x", "effective_from": NOW, "effective_until": None, **more}
    with pytest.raises(InvalidRate):
        Rate(new_id(), base, quote, **facts)  # type: ignore[arg-type]


def test_a_rate_is_good_from_its_beginning_up_to_its_end():
    until = NOW + timedelta(hours=1)
    at = Rate(new_id(), EUR, USD, SCALE, 0, "test", NOW, until)
    assert [at.is_good_at(NOW + step) for step in (-timedelta(microseconds=1), timedelta(0), until - NOW)] == [
        False, True, False,
    ]  # fmt: skip


def test_a_quote_stands_as_long_as_policy_says_and_not_longer_than_its_rate():
    short = Rate(new_id(), EUR, USD, SCALE, 0, "test", NOW, NOW + timedelta(seconds=20))
    for at, lasts in ((rate(EUR, USD, "1"), 60), (short, 20)):
        offer = quoted(
            quote_id=new_id(), user_id=UserId(new_id()), sell=Money(5, EUR), buy=USD, rate=at, policy=POLICY, now=NOW
        )
        assert offer.expires_at == NOW + timedelta(seconds=lasts)


@pytest.mark.parametrize("minor", [0, -5])
def test_nothing_is_not_exchanged(minor: int):
    with pytest.raises(AmountTooSmall):
        quoted(
            quote_id=new_id(), user_id=UserId(new_id()), sell=Money(minor, EUR), buy=USD, rate=rate(EUR, USD, "1"),
            policy=POLICY, now=NOW,
        )  # fmt: skip


def test_what_is_worth_less_than_the_smallest_amount_is_not_exchanged():
    with pytest.raises(AmountTooSmall, match="worth less than the smallest amount of USD"):
        quoted(
            quote_id=new_id(), user_id=UserId(new_id()), sell=Money(1, EUR), buy=USD, rate=rate(EUR, USD, "0.99"),
            policy=POLICY, now=NOW,
        )  # fmt: skip


def test_what_is_owed_is_rounded_up_and_nothing_is_owed_without_a_rate():
    at = rate(VIBE, USD, "0.01", 500)
    assert owed_for(Money(1_000_001, VIBE), rate=at) == Money(101, USD), "the spread is not taken off"
    assert owed_for(Money(-5, VIBE), rate=at) == owed_for(Money(5, VIBE), rate=None) == Money(0, USD)
    assert cover_for(Money(1_000_001, VIBE), rate=at, cover_bp=2_500) == Money(26, USD)
    points = Points(issued=Money(0, VIBE), in_pools=Money(0, VIBE), redeemed=Money(0, VIBE), expired=Money(0, VIBE))
    assert Liability(points=points, rate=at, owed=Money(200, USD), set_aside=Money(50, USD)).coverage_bp == 2_500
    assert Liability(points=points, rate=at, owed=Money(0, USD), set_aside=Money(50, USD)).coverage_bp is None
