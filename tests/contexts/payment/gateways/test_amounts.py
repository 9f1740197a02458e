"""Amounts go to each gateway in its own form, and come back the same; what cannot is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.gateways.domain import amounts
from vibestream.contexts.payment.gateways.domain.port import GatewayName, UnsupportedAmount
from vibestream.kernel import money as money_module
from vibestream.kernel.money import USD, Currency, Money

CURRENCIES = st.sampled_from(Currency.all())


def money(text: str) -> Money:
    value, code = text.split()
    return Money.parse(value, Currency.of(code))


def paper(minor: int, code: str, exponent: int) -> Money:
    """Money in a currency that the platform does not deal in, to try the tables with."""
    return Money(minor, Currency(code, exponent))


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        (money("12.50 USD"), 1250),
        (money("0.01 EUR"), 1),
        (money("1250 JPY"), 1250),
        (money("1250 CLP"), 1250),
        (money("1.230 KWD"), 1230),
        (money("999999.99 USD"), 99_999_999),
        (paper(5, "ISK", 0), 500),
        (paper(5, "UGX", 0), 500),
        (paper(1250, "HUF", 2), 1250),
    ],
    ids=str,
)
def test_stripe_counts_in_its_own_units(amount: Money, units: int):
    assert amounts.to_stripe(amount) == units


@pytest.mark.parametrize(
    "amount",
    [
        money("0 USD"),
        money("-1.00 USD"),
        money("1000000.00 USD"),
        money("1.231 KWD"),
        money("0.005 TND"),
        money("1 USDC"),
        money("1 VIBE"),
        paper(2**53 + 1, "USD", 2),
        paper(100, "JPY", 2),  # an exponent that Stripe's table contradicts
        paper(100, "USD", 0),
        paper(100, "ISK", 2),
    ],
    ids=str,
)
def test_stripe_is_not_asked_for_what_it_cannot_express(amount: Money):
    with pytest.raises(UnsupportedAmount):
        amounts.to_stripe(amount)


def test_stripe_pays_forint_out_in_whole_units_only():
    assert amounts.to_stripe(paper(1200, "HUF", 2), payout=True) == 1200
    with pytest.raises(UnsupportedAmount):
        amounts.to_stripe(paper(1250, "HUF", 2), payout=True)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (money("12.50 USD"), "12.50"),
        (money("0.05 EUR"), "0.05"),
        (money("1250 JPY"), "1250"),
        (paper(120_000, "HUF", 2), "1200"),
        (paper(500, "TWD", 2), "5"),
    ],
    ids=str,
)
def test_paypal_is_written_decimals_and_none_for_yen_forint_and_new_taiwan_dollar(amount: Money, text: str):
    assert amounts.to_paypal(amount) == text


@pytest.mark.parametrize(
    "amount",
    [
        money("0 USD"),
        money("-0.01 USD"),
        money("1.000 KWD"),
        money("100 CLP"),
        money("1 USDC"),
        money("10 BRL"),
        paper(120_050, "HUF", 2),
        paper(2**53 + 1, "USD", 2),
    ],
    ids=str,
)
def test_paypal_is_not_asked_for_what_it_cannot_express(amount: Money):
    with pytest.raises(UnsupportedAmount):
        amounts.to_paypal(amount)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(money("12.5 USDC"), "12.50"), (money("0.01 USDC"), "0.01"), (money("7 USDC"), "7.00"), (money("100.07 USDC"), "100.07")],
    ids=str,
)  # fmt: skip
def test_coinbase_is_written_usdc_with_two_decimals(amount: Money, text: str):
    assert amounts.to_coinbase(amount) == text


@pytest.mark.parametrize(
    "amount",
    [money("0 USDC"), money("-1 USDC"), money("0.001 USDC"), money("1.000001 USDC"), money("1.00 USD"),
     Money(2**53 + 1, Currency.of("USDC"))],
    ids=str,
)  # fmt: skip
def test_coinbase_is_not_asked_for_what_it_cannot_express(amount: Money):
    with pytest.raises(UnsupportedAmount):
        amounts.to_coinbase(amount)


@pytest.mark.parametrize(
    ("text", "code", "read"),
    [
        ("12.50", "USD", "12.50 USD"),
        ("12.5", "USD", "12.50 USD"),
        ("12", "USD", "12.00 USD"),
        ("12.500", "USD", "12.50 USD"),
        ("1250.00", "JPY", "1250 JPY"),
        ("1250.", "JPY", "1250 JPY"),
        ("-3.20", "EUR", "-3.20 EUR"),
        ("98.75", "USDC", "98.750000 USDC"),
        ("0.000001", "USDC", "0.000001 USDC"),
    ],
)
def test_a_gateways_decimal_is_read_exactly(text: str, code: str, read: str):
    assert str(amounts.from_decimal(text, code)) == read


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12.505", "USD"),
        ("1250.50", "JPY"),
        ("1e3", "USD"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("", "USD"),
        (".50", "USD"),
        ("1 000.00", "USD"),
        ("1,000.00", "USD"),
        ("١٢", "USD"),
        ("12.50", "usd"),
        ("12.50", "XXX"),
        ("12.50", None),
        (12.5, "USD"),
        (1250, "USD"),
        (None, "USD"),
        ("9" * 30, "USD"),
    ],
)
def test_a_gateways_decimal_that_is_none_is_refused(text: object, code: object):
    with pytest.raises(UnsupportedAmount):
        amounts.from_decimal(text, code)


@pytest.mark.parametrize(
    ("units", "code"),
    [(12.5, "usd"), ("1250", "usd"), (True, "usd"), (None, "usd"), (1, "xxx"), (1, "usdc"), (1, None)],
)
def test_an_amount_of_stripes_that_is_none_is_refused(units: object, code: object):
    with pytest.raises(UnsupportedAmount):
        amounts.from_stripe(units, code)


@given(minor=st.integers(1, 2**53), currency=CURRENCIES)
def test_what_a_gateway_can_express_comes_back_the_same(minor: int, currency: Currency):
    amount = Money(minor, currency)
    if amounts.expressible(GatewayName.STRIPE, amount):
        assert amounts.from_stripe(amounts.to_stripe(amount), currency.code.lower()) == amount
    if amounts.expressible(GatewayName.PAYPAL, amount):
        assert amounts.from_decimal(amounts.to_paypal(amount), currency.code) == amount
    if amounts.expressible(GatewayName.COINBASE, amount):
        assert amounts.from_decimal(amounts.to_coinbase(amount), currency.code) == amount


@given(minor=st.integers(-(2**63) + 1, 0) | st.integers(2**53 + 1, 2**63 - 1), currency=CURRENCIES)
def test_no_gateway_is_asked_for_nothing_less_than_nothing_or_more_than_json_holds(minor: int, currency: Currency):
    assert [name for name in GatewayName if amounts.expressible(name, Money(minor, currency))] == []


def test_a_currency_without_decimals_that_stripe_writes_with_two_is_read_back_whole(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(money_module._EXPONENTS, "ISK", 0)
    krona = Currency.of("ISK")

    assert amounts.from_stripe(amounts.to_stripe(Money(5, krona)), "isk") == Money(5, krona)
    with pytest.raises(UnsupportedAmount):
        amounts.from_stripe(550, "isk")


def test_the_largest_exact_amount_is_not_the_largest_amount_of_paypal():
    assert amounts.to_paypal(Money(2**53, USD)) == "90071992547409.92"
