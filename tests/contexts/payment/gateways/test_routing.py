"""A payment goes to the cheapest healthy gateway that can take it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.gateways.domain.port import Capability, GatewayName
from vibestream.contexts.payment.gateways.domain.routing import Fees, Terms, cost, order, takes, terms_of
from vibestream.kernel.money import Currency, Money

STRIPE, PAYPAL, COINBASE = GatewayName.STRIPE, GatewayName.PAYPAL, GatewayName.COINBASE
CARD = frozenset({Capability.REFUNDS, Capability.OFF_SESSION, Capability.SEPARATE_CAPTURE})
WALLET = frozenset({Capability.REFUNDS, Capability.OFF_SESSION})
CRYPTO = frozenset({Capability.REFUNDS})
ALL = {
    STRIPE: terms_of(STRIPE, capabilities=CARD),
    PAYPAL: terms_of(PAYPAL, capabilities=WALLET),
    COINBASE: terms_of(COINBASE, capabilities=CRYPTO),
}


def money(text: str) -> Money:
    value, code = text.split()
    return Money.parse(value, Currency.of(code))


@pytest.mark.parametrize(
    ("amount", "country", "expected"),
    [
        ("10.00 USD", "US", (STRIPE, PAYPAL)),
        ("10.00 USD", None, (STRIPE, PAYPAL)),
        ("10.00 EUR", "DE", (STRIPE, PAYPAL)),
        ("10 USDC", "US", (COINBASE,)),
        ("10.00 USD", "TR", (STRIPE,)),
        ("10.00 USD", "KP", ()),
        ("10 USDC", "IR", ()),
        ("1.000 KWD", "KW", (STRIPE,)),
        ("1.001 KWD", "KW", ()),
        ("0.49 USD", "US", (PAYPAL,)),
        ("0.50 USD", "US", (STRIPE, PAYPAL)),
        ("1000000.00 USD", "US", (PAYPAL,)),
        ("10 VIBE", "US", ()),
        ("0.00 USD", "US", ()),
        ("-5.00 USD", "US", ()),
    ],
)
def test_the_order_follows_currency_country_amount_and_cost(
    amount: str, country: str | None, expected: tuple[GatewayName, ...]
):
    assert order(ALL, amount=money(amount), country=country) == expected


def test_cost_is_the_share_and_the_fixed_part_and_more_from_abroad():
    terms = ALL[STRIPE]

    assert cost(money("10.00 USD"), terms, country="US") == money("0.59 USD")
    assert cost(money("10.00 USD"), terms, country=None) == money("0.59 USD")
    assert cost(money("10.00 USD"), terms, country="FR") == money("0.74 USD")
    assert cost(money("10 USDC"), ALL[COINBASE], country="US") == money("0.1 USDC")


def test_what_it_needs_excludes_who_cannot():
    need = {Capability.SEPARATE_CAPTURE}

    assert order(ALL, amount=money("10.00 USD"), country="US", need=need, preferred=PAYPAL) == (STRIPE,)
    assert order(ALL, amount=money("10 USDC"), country="US", need=need) == ()


def test_the_preferred_one_comes_first_unless_it_is_not_well_or_cannot():
    amount = money("10.00 USD")

    assert order(ALL, amount=amount, country="US", preferred=PAYPAL) == (PAYPAL, STRIPE)
    assert order(ALL, amount=amount, country="US", preferred=PAYPAL, unhealthy={PAYPAL}) == (STRIPE, PAYPAL)
    assert order(ALL, amount=amount, country="US", preferred=COINBASE) == (STRIPE, PAYPAL)


def test_the_only_one_stays_in_the_order_though_it_is_not_well():
    assert order(ALL, amount=money("10 USDC"), country="US", unhealthy={COINBASE}) == (COINBASE,)


def test_the_cheaper_one_changes_with_the_amount():
    cheap_share = Terms(capabilities=CARD, fees=Fees(rate_bp=100, fixed_minor={"USD": 100}), home="US")
    cheap_fixed = Terms(capabilities=CARD, fees=Fees(rate_bp=300, fixed_minor={"USD": 10}), home="US")
    both = {STRIPE: cheap_share, PAYPAL: cheap_fixed}

    assert order(both, amount=money("10.00 USD"), country="US") == (PAYPAL, STRIPE)
    assert order(both, amount=money("100.00 USD"), country="US") == (STRIPE, PAYPAL)


@given(
    minor=st.integers(-10, 2**54),
    currency=st.sampled_from(Currency.all()),
    country=st.sampled_from([None, "US", "DE", "TR", "IR", "KP"]),
    need=st.frozensets(st.sampled_from(list(Capability)), max_size=2),
    preferred=st.sampled_from([None, *GatewayName]),
    unhealthy=st.frozensets(st.sampled_from(list(GatewayName))),
)
def test_every_gateway_in_the_order_can_take_it_and_no_unhealthy_one_comes_before_a_healthy_one(
    *, minor, currency, country, need, preferred, unhealthy
):
    amount = Money(minor, currency)

    found = order(ALL, amount=amount, country=country, need=need, preferred=preferred, unhealthy=unhealthy)

    assert set(found) == {n for n in ALL if takes(n, ALL[n], amount=amount, country=country, need=need)}
    health = [name not in unhealthy for name in found]
    assert health == sorted(health, reverse=True)
    assert found == order(
        dict(reversed(ALL.items())), amount=amount, country=country, need=need, preferred=preferred, unhealthy=unhealthy
    )
