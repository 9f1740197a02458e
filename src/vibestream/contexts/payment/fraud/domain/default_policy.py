"""The policy that is in force until somebody sets another: conservative costs, and the rules that every shop learns."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.payment.fraud.domain.facts import Kind, Verdict
from vibestream.contexts.payment.fraud.domain.policy import Condition, Policy, Rule

_SMALL_DOLLARS: Final = 3
"""Stolen cards are tried out with the least that is for sale."""


def _rule(code: str, verdict: Verdict, *when: Condition, kind: Kind = "payment") -> Rule:
    return Rule(code=code, kind=kind, when=when, verdict=verdict)


def _least(feature: str, number: int) -> Condition:
    return Condition(feature=feature, at_least=number)


def _below(feature: str, number: int) -> Condition:
    return Condition(feature=feature, below=number)


_RULES: Final = (
    _rule("own_payee", Verdict.BLOCK, _least("own_payee", 1)),
    _rule("card_testing_device", Verdict.BLOCK, _least("device.methods.1h", 3), _below("amount", _SMALL_DOLLARS)),
    _rule("card_testing_person", Verdict.BLOCK, _least("user.methods.24h", 5), _least("user.new_method", 1)),
    _rule(
        "card_testing_network",
        Verdict.BLOCK,
        _least("network.methods.1h", 8),
        _least("network.declines.1h", 3),
        _below("amount", _SMALL_DOLLARS),
    ),
    _rule("declined_network", Verdict.BLOCK, _least("network.declines.1h", 8), _below("amount", _SMALL_DOLLARS)),
    _rule("declined_person", Verdict.BLOCK, _least("user.streak", 5), _below("user.since_h", 24)),
    _rule("declined_device", Verdict.BLOCK, _least("device.streak", 5), _below("device.since_h", 24)),
    _rule("velocity_person_5m", Verdict.BLOCK, _least("user.count.5m", 10)),
    _rule("velocity_device_1h", Verdict.REVIEW, _least("device.count.1h", 20)),
    _rule("velocity_person_24h", Verdict.REVIEW, _least("user.sum.24h", 2_000)),
    _rule("shared_method", Verdict.REVIEW, _least("method.users.30d", 4), _least("method.new_user", 1)),
    _rule("known_fraud_method", Verdict.BLOCK, _least("method.frauds.30d", 1)),
    _rule("gateway_highest_risk", Verdict.REVIEW, _least("signal.radar_risk_level", 2)),
    _rule("outside_score", Verdict.STEP_UP, _least("signal.minfraud_risk_score", 60)),
    _rule("payout_change", Verdict.REVIEW, _below("destination_age_h", 72), kind="payout"),
    _rule("payout_outside_score", Verdict.REVIEW, _least("signal.minfraud_risk_score", 60), kind="payout"),
    _rule("payout_young", Verdict.REVIEW, _below("account_age_h", 336), _least("amount", 50), kind="payout"),
    _rule("payout_concentrated", Verdict.REVIEW, _least("signal.listen_concentration", 70), kind="payout"),
    _rule("payout_often", Verdict.REVIEW, _least("user.count.24h", 3), kind="payout"),
)

# Millionths of a reference cent per minor unit: what a dollar bought in late 2026, to one digit or two. It only has to tell
# ten from a thousand.
_YARDSTICK: Final = {
    "AUD": 660_000,
    "BRL": 180_000,
    "CAD": 720_000,
    "CHF": 1_200_000,
    "CLP": 100_000,
    "COP": 250,
    "DKK": 150_000,
    "EUR": 1_100_000,
    "GBP": 1_300_000,
    "INR": 12_000,
    "JPY": 660_000,
    "KRW": 70_000,
    "KWD": 330_000,
    "MXN": 55_000,
    "NOK": 95_000,
    "NZD": 600_000,
    "PLN": 270_000,
    "SEK": 100_000,
    "TND": 34_000,
    "USD": 1_000_000,
    "USDC": 100,
    "VIBE": 100,
}

DEFAULT_POLICY: Final = Policy(rules=_RULES, yardstick=_YARDSTICK)
