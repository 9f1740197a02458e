"""The test cards and what each does.

Source: docs.stripe.com/testing (numbers, `pm_card_` tokens, decline codes).
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from typing import Final


class Authentication(enum.Enum):
    """When the payer's bank wants to see the payer."""

    NEVER = "never"
    FIRST = "first"
    """Unless the card was set up for later use by a payment that was authenticated."""
    ALWAYS = "always"


class Aftermath(enum.Enum):
    """What happens after a successful charge."""

    NONE = "none"
    DISPUTE = "dispute"
    EARLY_WARNING = "early_warning"
    REFUND_FAILS = "refund_fails"
    REFUND_WAITS = "refund_waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A test card."""

    number: str
    method: str
    """Stripe's own name of it as a payment method."""
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: str | None = None
    """The decline code of every charge."""
    code: str = "card_declined"
    authentication: Authentication = Authentication.NEVER
    aftermath: Aftermath = Aftermath.NONE
    risk_level: str = "normal"
    risk_score: int = 12
    blocked: bool = False
    """Radar blocks it before the network is asked."""

    @property
    def last4(self) -> str:
        """The digits that are shown."""
        return self.number[-4:]

    @property
    def fingerprint(self) -> str:
        """The same for the same number, whoever pays with it."""
        return hashlib.sha256(b"sandbox card " + self.number.encode()).hexdigest()[:16]


CARDS: Final = (
    Card(number="4242424242424242", method="pm_card_visa"),
    Card(number="5555555555554444", method="pm_card_mastercard", brand="mastercard"),
    Card(number="4000000000000077", method="pm_card_bypassPending"),
    Card(number="4000058260000005", method="pm_card_gb_debit", country="GB", funding="debit"),
    Card(number="4000000000000002", method="pm_card_chargeDeclined", decline="generic_decline"),
    Card(number="4000000000009995", method="pm_card_chargeDeclinedInsufficientFunds", decline="insufficient_funds"),
    Card(
        number="4000000000000069",
        method="pm_card_chargeDeclinedExpiredCard",
        decline="expired_card",
        code="expired_card",
    ),
    Card(number="4000000000000341", method="pm_card_chargeCustomerFail", decline="generic_decline"),
    Card(
        number="4000002500003155", method="pm_card_authenticationRequiredOnSetup", authentication=Authentication.FIRST
    ),
    Card(number="4000002760003184", method="pm_card_authenticationRequired", authentication=Authentication.ALWAYS),
    Card(number="4000000000003220", method="pm_card_threeDSecure2Required", authentication=Authentication.ALWAYS),
    Card(number="4000000000000259", method="pm_card_createDispute", aftermath=Aftermath.DISPUTE),
    Card(number="4000000000005423", method="pm_card_createIssuerFraudRecord", aftermath=Aftermath.EARLY_WARNING),
    Card(number="4000000000005126", method="pm_card_refundFail", aftermath=Aftermath.REFUND_FAILS),
    Card(number="4000000000007726", method="pm_card_pendingRefund", aftermath=Aftermath.REFUND_WAITS),
    Card(number="4000000000009235", method="pm_card_riskLevelElevated", risk_level="elevated", risk_score=68),
    Card(
        number="4100000000000019",
        method="pm_card_radarBlock",
        risk_level="highest",
        risk_score=92,
        blocked=True,
        decline="fraudulent",
    ),
)
_BY_NUMBER: Final = {card.number: card for card in CARDS}
_BY_TOKEN: Final = {card.method: card for card in CARDS}


def by_number(number: str) -> Card | None:
    """Return the test card with a number, spaces aside; None for any other, which a sandbox refuses."""
    return _BY_NUMBER.get("".join(number.split()))


def by_token(token: str) -> Card | None:
    """Return the test card that Stripe calls by a `pm_card_` token."""
    return _BY_TOKEN.get(token)
