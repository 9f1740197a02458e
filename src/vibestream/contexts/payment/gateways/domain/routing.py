"""Which gateway a payment goes to: the ones that can take it, the cheapest healthy one first.

A pure function of the payment, of data about each gateway, and of which ones answer now. Failing over down the list is
right only before anything was authorised; whether that is so, checkout decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from vibestream.contexts.payment.gateways.domain.amounts import COINBASE_CURRENCY, PAYPAL_CURRENCIES, expressible
from vibestream.contexts.payment.gateways.domain.port import Capability, GatewayName
from vibestream.kernel.money import Currency, Money

SANCTIONED: Final = frozenset({"CU", "IR", "KP"})
"""No gateway may serve payers there. Source: the programmes of OFAC that name a whole country, as each gateway's terms do."""
PAYPAL_ABSENT: Final = frozenset({"AF", "BD", "GH", "IQ", "LB", "LY", "MM", "PK", "SD", "TR"})
"""Where nobody has a PayPal account to pay with, as far as is publicly known; it saves the payer a page that says so.

PayPal publishes where it is, not where it is not: paypal.com/webapps/mpp/country-worldwide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a gateway keeps of a payment: a share, a share more from abroad, and a fixed part by currency."""

    rate_bp: int
    abroad_bp: int = 0
    fixed_minor: Mapping[str, int] = field(default_factory=dict)
    """By currency code; the fixed part in a currency that is not listed is unknown and taken as 0."""
    least_minor: Mapping[str, int] = field(default_factory=dict)
    """The smallest payment that the gateway takes, by currency code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What routing knows of a gateway."""

    capabilities: frozenset[Capability]
    fees: Fees
    home: str
    """The country whose payers are not from abroad."""
    refused_countries: frozenset[str] = SANCTIONED


FEES: Final[Mapping[GatewayName, Fees]] = {
    GatewayName.STRIPE: Fees(
        rate_bp=290,
        abroad_bp=150,
        fixed_minor={"USD": 30, "EUR": 25},
        least_minor={"USD": 50, "EUR": 50, "GBP": 30, "CAD": 50, "AUD": 50, "CHF": 50, "JPY": 50, "MXN": 1000,
                     "NOK": 300, "SEK": 300, "DKK": 250, "PLN": 200, "NZD": 50, "BRL": 50, "INR": 50},
    ),
    GatewayName.PAYPAL: Fees(rate_bp=349, abroad_bp=150, fixed_minor={"USD": 49, "EUR": 39}),
    GatewayName.COINBASE: Fees(rate_bp=100),
}  # fmt: skip
"""Public list prices of the United States, by which routing compares and nothing is ever posted: what a payment really cost
is in the gateway's own answer. Each merchant's contract differs; fixed parts in further currencies are left out for all alike.

Source: stripe.com/pricing, docs.stripe.com/currencies (smallest amounts), paypal.com/us/webapps/mpp/merchant-fees; for Coinbase
the rate that its documentation shows in examples, since it tells each merchant its own."""

HOME: Final = "US"


def terms_of(name: GatewayName, *, capabilities: frozenset[Capability]) -> Terms:
    """Return what routing knows of a gateway that can do this."""
    refused = SANCTIONED | (PAYPAL_ABSENT if name is GatewayName.PAYPAL else frozenset())
    return Terms(capabilities=capabilities, fees=FEES[name], home=HOME, refused_countries=refused)


def cost(amount: Money, terms: Terms, *, country: str | None) -> Money:
    """Return what a payment costs by list price. An unknown country counts as home."""
    abroad = country is not None and country != terms.home
    fees = terms.fees
    share = amount.share(rate_bp=fees.rate_bp + (fees.abroad_bp if abroad else 0))
    return share + Money(fees.fixed_minor.get(amount.currency.code, 0), amount.currency)


def takes(name: GatewayName, terms: Terms, *, amount: Money, country: str | None, need: Collection[Capability]) -> bool:
    """Say whether a gateway can take a payment at all, healthy or not."""
    return (
        terms.capabilities.issuperset(need)
        and _deals_in(name, amount.currency)
        and expressible(name, amount)
        and amount.minor >= terms.fees.least_minor.get(amount.currency.code, 1)
        and (country is None or country not in terms.refused_countries)
    )


def order(
    gateways: Mapping[GatewayName, Terms],
    *,
    amount: Money,
    country: str | None,
    need: Collection[Capability] = (),
    preferred: GatewayName | None = None,
    unhealthy: Collection[GatewayName] = (),
) -> tuple[GatewayName, ...]:
    """Return the gateways that can take a payment, best first; none when no one can.

    Healthy ones first; among those the preferred one, then the cheapest, then by name. An unhealthy one stays, last: it
    may be the only one, and its breaker refuses at once what it must.
    """
    able = [name for name, terms in gateways.items() if takes(name, terms, amount=amount, country=country, need=need)]
    return tuple(
        sorted(
            able,
            key=lambda name: (
                name in unhealthy,
                name is not preferred,
                cost(amount, gateways[name], country=country).minor,
                name,
            ),
        )
    )


def _deals_in(name: GatewayName, currency: Currency) -> bool:
    only = {GatewayName.PAYPAL: PAYPAL_CURRENCIES, GatewayName.COINBASE: {COINBASE_CURRENCY}}.get(name)
    return only is None or currency.code in only  # Stripe: whatever it can express
