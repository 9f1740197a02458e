"""Facts, policies and models for tests of fraud.

facts = make_facts(amount=usd(990))                    # one payment of a new person
decision = await fraud.assess(tx, facts=facts, now=NOW)
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from vibestream.contexts.payment.fraud.service import Facts
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import USD, Money

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)


def usd(cents: int) -> Money:
    return Money(cents, USD)


def make_facts(**overrides: Any) -> Facts:
    """A card payment of ten dollars by somebody known for long, on a device and card of their own."""
    person = overrides.pop("user_id", None) or UserId(new_id())
    return Facts(
        **{
            "kind": "payment",
            "user_id": person,
            "amount": usd(1_000),
            "purpose": "wallet_top_up",
            "subject": str(new_id()),
            "gateway": "stripe",
            "method_fingerprint": f"card-of-{person}",
            "network": "192.0.2.0/24",
            "device": f"device-of-{person}",
            "country": "PT",
            "email_domain": "example.org",
            "account_created_at": datetime(2024, 1, 1, tzinfo=UTC),
            "at": overrides.get("at", NOW),
            **overrides,
        }
    )
