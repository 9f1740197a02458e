"""The gateways of this process: which ones are configured, how to speak to each, and which one a payment goes to.

A composition root opens them once by `open_gateways` and closes them at its end; `Runtime.part(Gateways)` returns them. Nothing
here opens a transaction, and nothing here may be called inside one.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr

from vibestream.contexts.payment.gateways.domain import routing
from vibestream.contexts.payment.gateways.domain.port import (
    BookLine,
    BookLineKind,
    Capability,
    ChargeRequest,
    CheckoutRequest,
    DisputeState,
    GatewayDeclined,
    GatewayName,
    GatewayUnavailable,
    MoveState,
    ObjectKind,
    OutcomeUnknown,
    PaymentGateway,
    PayoutRequest,
    ProviderDispute,
    ProviderPayment,
    ProviderPayout,
    ProviderRefund,
    ProviderState,
    UnsupportedAmount,
    Webhook,
    WebhookRefused,
)
from vibestream.contexts.payment.gateways.domain.recipients import Recipient, RecipientRequest
from vibestream.contexts.payment.gateways.gateway.certainty import TITLES
from vibestream.contexts.payment.gateways.gateway.coinbase import CoinbaseGateway
from vibestream.contexts.payment.gateways.gateway.guard import Guarded
from vibestream.contexts.payment.gateways.gateway.paypal import PayPalGateway
from vibestream.contexts.payment.gateways.gateway.recipients import Recipients
from vibestream.contexts.payment.gateways.gateway.stripe import StripeGateway
from vibestream.kernel.money import Money
from vibestream.platform.config import Settings

__all__ = [
    "BookLine",
    "BookLineKind",
    "Capability",
    "ChargeRequest",
    "CheckoutRequest",
    "DisputeState",
    "GatewayDeclined",
    "GatewayName",
    "GatewayUnavailable",
    "Gateways",
    "MoveState",
    "ObjectKind",
    "OutcomeUnknown",
    "PaymentGateway",
    "PayoutRequest",
    "ProviderDispute",
    "ProviderPayment",
    "ProviderPayout",
    "ProviderRefund",
    "ProviderState",
    "Recipient",
    "RecipientRequest",
    "Recipients",
    "UnsupportedAmount",
    "Webhook",
    "WebhookRefused",
    "open_gateways",
]


class Gateways:
    """The configured gateways, each behind its guard: deadline, retry budget, circuit breaker, metrics."""

    def __init__(self, guarded: Mapping[GatewayName, Guarded], *, recipients: Recipients | None = None) -> None:
        self._guarded = dict(guarded)
        self._recipients = recipients
        self.configured: frozenset[GatewayName] = frozenset(guarded)
        """The gateways that have their keys; none at all is a way to run."""

    def get(self, name: GatewayName) -> PaymentGateway:
        """Return a gateway.

        Raises:
            GatewayUnavailable: it is not configured here.
        """
        if name not in self._guarded:
            raise GatewayUnavailable(f"{TITLES[name]} is not set up here.")
        return self._guarded[name]

    def route(
        self,
        *,
        amount: Money,
        country: str | None,
        need: frozenset[Capability] = frozenset(),
        preferred: GatewayName | None = None,
    ) -> tuple[GatewayName, ...]:
        """Return the gateways that can take a payment, best first: the order to fail over in.

        Decided by capabilities, currency, country, amount, list price and health. `preferred` comes first while it can take
        the payment and answers. Empty when no configured gateway can take it. Fail over only before anything was authorised,
        and only on GatewayUnavailable: after OutcomeUnknown the same gateway must be asked.
        """
        terms = {
            name: routing.terms_of(name, capabilities=gateway.capabilities) for name, gateway in self._guarded.items()
        }
        unhealthy = {name for name, gateway in self._guarded.items() if not gateway.healthy}
        return routing.order(terms, amount=amount, country=country, need=need, preferred=preferred, unhealthy=unhealthy)

    def recipients(self) -> Recipients:
        """Return the payees' accounts at Stripe.

        Raises:
            GatewayUnavailable: Stripe is not configured here.
        """
        if self._recipients is None:
            raise GatewayUnavailable(f"{TITLES[GatewayName.STRIPE]} is not set up here.")
        return self._recipients

    async def close(self) -> None:
        """End all connections."""
        for gateway in self._guarded.values():
            await gateway.close()


def open_gateways(settings: Settings) -> Gateways:
    """Return the gateways that the settings name; connections are made when they are first needed.

    Raises:
        SettingsInvalid: a key is not of the form that its gateway uses.
    """
    stripe = _stripe(settings)
    found: tuple[PaymentGateway | None, ...] = (stripe, _paypal(settings), _coinbase(settings))
    guarded = {gateway.name: Guarded(gateway) for gateway in found if gateway is not None}
    recipients = None if stripe is None else Recipients(guarded[stripe.name], stripe.payouts)
    return Gateways(guarded, recipients=recipients)


def _stripe(settings: Settings) -> StripeGateway | None:
    if settings.stripe_secret_key is None:
        return None
    return StripeGateway(
        key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=_plain(settings.stripe_webhook_secret),
        connect_webhook_secret=_plain(settings.stripe_connect_webhook_secret) or None,
        base=str(settings.stripe_api_base),
    )


def _paypal(settings: Settings) -> PayPalGateway | None:
    if settings.paypal_client_id is None:
        return None
    return PayPalGateway(
        client_id=settings.paypal_client_id,
        client_secret=_plain(settings.paypal_client_secret),
        webhook_id=settings.paypal_webhook_id or "",
        base=str(settings.paypal_api_base),
        webhook_ca=settings.paypal_webhook_ca,
    )


def _coinbase(settings: Settings) -> CoinbaseGateway | None:
    if settings.coinbase_api_key_id is None:
        return None
    return CoinbaseGateway(
        key_id=settings.coinbase_api_key_id,
        private_key=_plain(settings.coinbase_api_private_key),
        webhook_secret=_plain(settings.coinbase_webhook_secret),
        base=str(settings.coinbase_api_base),
    )


def _plain(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
