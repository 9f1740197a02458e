"""The settings of the parties that money goes through and is looked over by: gateways, and who knows of fraud."""

from __future__ import annotations

import ipaddress

from pydantic import AnyHttpUrl, Field, SecretStr
from pydantic_settings import BaseSettings


class PaymentSettings(BaseSettings):
    """What `Settings` holds of them. Field descriptions are the reference documentation."""

    stripe_secret_key: SecretStr | None = Field(
        None, description="Secret or restricted API key at Stripe; unset: no payments by Stripe."
    )
    stripe_webhook_secret: SecretStr | None = Field(
        None, description="Signing secret (whsec_...) of Stripe's endpoint for events of our own account."
    )
    stripe_connect_webhook_secret: SecretStr | None = Field(
        None, description="Signing secret (whsec_...) of Stripe's endpoint for events of connected accounts."
    )
    stripe_api_base: AnyHttpUrl = Field(
        AnyHttpUrl("https://api.stripe.com"), description="Address of Stripe's API; another one for a stand-in only."
    )
    paypal_client_id: str | None = Field(
        None, description="Client id of our REST application at PayPal; unset: no payments by PayPal."
    )
    paypal_client_secret: SecretStr | None = Field(None, description="Secret of our REST application at PayPal.")
    paypal_webhook_id: str | None = Field(
        None, description="Id of our webhook at PayPal, which its signatures are bound to."
    )
    paypal_api_base: AnyHttpUrl = Field(
        AnyHttpUrl("https://api-m.paypal.com"),
        description="Address of PayPal's API; https://api-m.sandbox.paypal.com for its own sandbox.",
    )
    paypal_webhook_ca: str | None = Field(
        None,
        description="Certificate authority (PEM) of a stand-in for PayPal, whose webhooks are then believed instead of "
        "PayPal's. Not in production.",
    )
    coinbase_api_key_id: str | None = Field(
        None, description="Id of our API key at Coinbase Business; unset: no payments by Coinbase."
    )
    coinbase_api_private_key: SecretStr | None = Field(
        None,
        description="Private key of that API key: base64 (Ed25519), or PEM (ES256), where \\n may stand for a line's end.",
    )
    coinbase_webhook_secret: SecretStr | None = Field(
        None, description="Secret of our webhook subscription at Coinbase."
    )
    coinbase_api_base: AnyHttpUrl = Field(
        AnyHttpUrl("https://business.coinbase.com"),
        description="Address of Coinbase Business; https://business.coinbase.com/sandbox for its own sandbox.",
    )
    minfraud_account_id: int | None = Field(
        None, ge=1, description="Account at MaxMind's minFraud; unset: no outside score of risk."
    )
    minfraud_licence_key: SecretStr | None = Field(None, description="Licence key of the minFraud account.")
    minfraud_host: str = Field(
        "minfraud.maxmind.com",
        pattern="^[a-z0-9.-]+(:[0-9]+)?$",
        description="Host of minFraud; MaxMind names others by region, and a stand-in is one.",
    )
    minfraud_authority: str | None = Field(
        None,
        description="Certificate (PEM) of a stand-in for minFraud, believed instead of public authorities. Not in production.",
    )

    def half_configured(self) -> list[str]:
        """Return what is missing: a party is configured whole or not at all: one without its webhook's secret would take money unheard."""
        sets: tuple[dict[str, object], ...] = (
            {"stripe_secret_key": self.stripe_secret_key, "stripe_webhook_secret": self.stripe_webhook_secret},
            {
                "paypal_client_id": self.paypal_client_id,
                "paypal_client_secret": self.paypal_client_secret,
                "paypal_webhook_id": self.paypal_webhook_id,
            },
            {
                "minfraud_account_id": self.minfraud_account_id,
                "minfraud_licence_key": self.minfraud_licence_key,
            },
            {
                "coinbase_api_key_id": self.coinbase_api_key_id,
                "coinbase_api_private_key": self.coinbase_api_private_key,
                "coinbase_webhook_secret": self.coinbase_webhook_secret,
            },
        )
        return [
            f"VIBESTREAM_{name.upper()}: {', '.join(names)} are set together or not at all"
            for names in sets
            if any(names.values())
            for name, value in names.items()
            if not value
        ]

    def stand_ins(self) -> list[str]:
        """Return what production must not be told: another address than the real party's, or a stand-in's certificate."""
        checks = {
            f"VIBESTREAM_{name.upper()}: production needs the https address of the real party": not _outside(base)
            for name, base in {
                "stripe_api_base": self.stripe_api_base,
                "paypal_api_base": self.paypal_api_base,
                "coinbase_api_base": self.coinbase_api_base,
            }.items()
        }
        checks["VIBESTREAM_PAYPAL_WEBHOOK_CA: a stand-in's authority is not believed in production"] = (
            self.paypal_webhook_ca is not None
        )
        checks["VIBESTREAM_MINFRAUD_AUTHORITY: a stand-in's certificate is not believed in production"] = (
            self.minfraud_authority is not None
        )
        return [problem for problem, found in checks.items() if found]


def _outside(base: AnyHttpUrl) -> bool:
    """Whether an address is https and not of this machine or a private network."""
    host = (base.host or "").strip("[]").rstrip(".").lower()
    try:
        return base.scheme == "https" and ipaddress.ip_address(host).is_global
    except ValueError:
        return base.scheme == "https" and "." in host and not host.endswith((".localhost", ".local", ".internal"))
