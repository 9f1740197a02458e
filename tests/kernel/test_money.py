"""Money is exact: nothing is lost, nothing is invented."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import (
    EUR,
    MAX_MINOR,
    USD,
    VIBE,
    AmountOutOfRange,
    Currency,
    CurrencyMismatch,
    Money,
    UnableToAllocate,
    UnknownCurrency,
    allocate,
    divide_half_even,
)

minors = st.integers(-(10**15), 10**15)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=50).filter(any)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (5, -2, -2), (9, 4, 2), (11, 4, 3), (0, 7, 0), (15000, 10000, 2)],
)
def test_an_exact_half_goes_to_the_even_neighbour(numerator: int, denominator: int, expected: int):
    assert divide_half_even(numerator, denominator) == expected


@given(minors, st.integers(-(10**6), 10**6).filter(bool))
def test_rounding_agrees_with_exact_rational_arithmetic(numerator: int, denominator: int):
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(minors, st.integers(1, 10**6))
def test_a_debit_rounds_as_the_mirror_of_a_credit(numerator: int, denominator: int):
    assert divide_half_even(-numerator, denominator) == -divide_half_even(numerator, denominator)


def test_dividing_by_zero_is_refused():
    with pytest.raises(ZeroDivisionError):
        divide_half_even(1, 0)


def test_the_leftover_units_go_to_the_largest_remainders_then_to_the_earlier_position():
    # Worked by hand: 100 over 3:3:1 is 42.857, 42.857, 14.286; floors 42, 42, 14 leave 2 for the two largest.
    assert [part.minor for part in allocate(Money(100, USD), [3, 3, 1])] == [43, 43, 14]
    assert [part.minor for part in allocate(Money(2, USD), [1, 1, 1])] == [1, 1, 0]
    assert [part.minor for part in allocate(Money(-100, USD), [3, 3, 1])] == [-43, -43, -14]


@given(minors, weights)
def test_parts_sum_to_the_whole_and_stay_within_one_unit_of_their_exact_share(minor: int, chosen: list[int]):
    parts = allocate(Money(minor, VIBE), chosen)

    assert sum(part.minor for part in parts) == minor
    for part, weight in zip(parts, chosen, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(chosen))) < 1
        assert part.minor == 0 or weight > 0


@pytest.mark.parametrize("impossible", [[], [0, 0], [1, -1]])
def test_weights_that_cannot_carry_an_amount_are_refused(impossible: list[int]):
    with pytest.raises(UnableToAllocate):
        allocate(Money(1, USD), impossible)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.50", USD, 1250), ("-0.05", USD, -5), ("7", USD, 700), ("1.2", USD, 120), ("0.0001", VIBE, 1)],
)
def test_reads_a_plain_decimal_exactly(text: str, currency: Currency, minor: int):
    assert Money.parse(text, currency) == Money(minor, currency)


@given(minors, st.sampled_from(Currency.all()))
def test_reads_back_what_it_writes(minor: int, currency: Currency):
    amount = Money(minor, currency)

    assert Money.parse(amount.decimal, currency) == amount
    assert str(amount) == f"{amount.decimal} {currency.code}"


@pytest.mark.parametrize(
    "text", ["", "-", ".5", "1.234", "1e3", "NaN", "Infinity", "+1", "1_000", "١٢", "1.", " 1", "--1"]
)
def test_refuses_what_is_not_a_plain_decimal_of_the_currency(text: str):
    with pytest.raises(InvalidInput, match=r"plain decimal|has more"):
        Money.parse(text, USD)


@pytest.mark.parametrize(("code", "exponent"), [("JPY", 0), ("USD", 2), ("KWD", 3), ("USDC", 6), ("VIBE", 4)])
def test_a_currency_knows_its_decimals(code: str, exponent: int):
    assert Currency.of(code).exponent == exponent


def test_yen_are_written_without_decimals():
    assert str(Money(1500, Currency.of("JPY"))) == "1500 JPY"


def test_an_unknown_currency_is_refused_by_name():
    with pytest.raises(UnknownCurrency, match="'XTS' is not a currency here") as refused:
        Currency.of("XTS")
    assert refused.value.facts() == {"currency": "XTS"}


@pytest.mark.parametrize("minor", [1.0, True, "1"])
def test_only_an_int_is_an_amount(minor: object):
    with pytest.raises(TypeError):
        Money(minor, USD)  # type: ignore[arg-type]


def test_an_amount_beyond_the_ledgers_columns_is_refused():
    assert Money(MAX_MINOR, USD).minor == 2**63 - 1
    with pytest.raises(AmountOutOfRange):
        Money(MAX_MINOR, USD) + Money(1, USD)


def test_amounts_of_one_currency_add_subtract_compare_and_scale():
    two, three = Money(200, USD), Money(300, USD)

    assert (two + three, three - two, -two) == (Money(500, USD), Money(100, USD), Money(-200, USD))
    assert two < three
    assert two <= Money(200, USD)
    assert two.times(3) == Money(600, USD)
    assert Money.zero(USD) == Money(0, USD)


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__"])
def test_amounts_of_two_currencies_never_meet(operation: str):
    with pytest.raises(CurrencyMismatch, match="USD cannot be combined with one in EUR"):
        getattr(Money(1, USD), operation)(Money(1, EUR))


def test_a_share_in_basis_points_rounds_exactly_where_floats_do_not():
    # 2500 x 6 bp is 1.5: half to even gives 2, where a float path is known to give 1.
    assert Money(2500, USD).share(rate_bp=6) == Money(2, USD)
    assert Money(2500, USD).share(rate_bp=10_000) == Money(2500, USD)
