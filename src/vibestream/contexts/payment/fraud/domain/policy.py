"""The policy: costs, capacity and rules as data. Versioned, and every decision names the version that it was made by.

Amounts are *reference cents*: a coarse yardstick to compare currencies by, no exchange rate; no money moves by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from vibestream.contexts.payment.fraud.domain.facts import Kind, Verdict
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import BASIS_POINTS, Currency, Money

PPM: Final = 1_000_000
MOST_CENTS: Final = 10**12
"""Ten billion reference dollars: whatever is larger is compared as this."""


class UnusablePolicy(InvalidInput):
    """A policy that contradicts itself."""

    code: ClassVar[str] = "fraud.unusable_policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What each way to be wrong costs, and each way to find out."""

    lost_bp: int = 10_000
    """Of an amount, when it was fraud and went through."""
    dispute_cents: int = 1_500
    """Beside it: the gateway's fee for a dispute, and the work."""
    margin_bp: int = 3_000
    """Of an amount, when it was honest and did not happen."""
    goodwill_cents: int = 500
    """Beside it: an honest person was turned away."""
    step_up_cents: int = 15
    step_up_lost_bp: int = 300
    """Honest payers who give up when asked to prove themselves."""
    step_up_leak_bp: int = 1_000
    """Fraud that gets through it."""
    review_cents: int = 250
    review_lost_bp: int = 100
    """Honest payers who do not wait for it."""
    review_leak_bp: int = 500
    """Fraud that a reviewer lets go on. Less than a step-up's, or with a rising probability a review could turn back into a
    step-up, and the verdict become milder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """What people can look at, and how."""

    per_day: int = 200
    """The model sends no more than so many to review in any 24 hours; rules always do."""
    payment_due_h: int = 24
    payout_due_h: int = 72
    payment_closes_h: int = 144
    """After so long, a payment that nobody decided about is given up: an authorisation lapses on the seventh day."""
    four_eyes_from_cents: int = 50_000
    """From this amount on, two different people must agree before it is released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutModel:
    """What to do while there is no model to ask: rules decide, and above an amount nothing goes on unseen."""

    closed_from_cents: int = 20_000
    verdict: Verdict = Verdict.REVIEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploring:
    """How many that the model alone would block are let through at random, so that it is seen what they were."""

    rate_bp: int = 150
    up_to_cents: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A feature within bounds; one that is missing is not."""

    feature: str
    at_least: int | None = None
    below: int | None = None

    def holds(self, features: Mapping[str, float]) -> bool:
        """Say whether the feature is within the bounds; NaN never is."""
        value = features[self.feature]
        above = self.at_least is None or value >= self.at_least
        under = self.below is None or value < self.below
        return above and under and value == value  # noqa: PLR0124 - NaN is what differs from itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """All of its conditions together call for a verdict at least this strict."""

    code: str
    """Stable; `reasons.words_of` knows it."""
    kind: Kind
    when: tuple[Condition, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that is decided by, beside the model and the lists of what is denied.

    Raises:
        UnusablePolicy: a negative number, a share above the whole, a rule without conditions or that allows, two rules of one
            code, or a currency without a yardstick.
    """

    costs: Costs = field(default_factory=Costs)
    reviewing: Reviewing = field(default_factory=Reviewing)
    without_model: WithoutModel = field(default_factory=WithoutModel)
    exploring: Exploring = field(default_factory=Exploring)
    step_up_gateways: tuple[str, ...] = ("stripe",)
    """Where the payer's bank can be asked to authenticate the payer."""
    rules: tuple[Rule, ...] = ()
    yardstick: Mapping[str, int] = field(default_factory=dict)
    """By currency: millionths of a reference cent that one minor unit is worth."""

    def __post_init__(self) -> None:
        for name, number in self._numbers():
            if number < 0 or (name.endswith("_bp") and number > BASIS_POINTS):
                raise UnusablePolicy(f"{name} is {number}.")
        for rule in self.rules:
            if not rule.when or rule.verdict is Verdict.ALLOW:
                raise UnusablePolicy(f"Rule {rule.code} needs conditions, and a verdict other than allow.")
            if any(one.at_least is None and one.below is None for one in rule.when):
                raise UnusablePolicy(f"Rule {rule.code} has a condition without a bound.")
        codes = [rule.code for rule in self.rules]
        if len(set(codes)) < len(codes):
            raise UnusablePolicy("Every rule has a code of its own.")
        missing = {currency.code for currency in Currency.all()} - set(self.yardstick)
        if missing or min(self.yardstick.values(), default=0) <= 0:
            raise UnusablePolicy(f"Every currency needs a yardstick above zero; missing: {', '.join(sorted(missing))}.")

    def cents(self, amount: Money) -> int:
        """Return an amount in reference cents, at most MOST_CENTS, rounded up: nothing is worth nothing."""
        return min(-(-amount.minor * self.yardstick[amount.currency.code] // PPM), MOST_CENTS)

    def _numbers(self) -> list[tuple[str, int]]:
        parts = (self.costs, self.reviewing, self.without_model, self.exploring)
        return [
            (name, value)
            for part in parts
            for name in part.__dataclass_fields__
            if isinstance(value := getattr(part, name), int)
        ]


def fired(policy: Policy, *, kind: Kind, features: Mapping[str, float]) -> tuple[Rule, ...]:
    """Return the rules that speak, the strictest first."""
    speaking = [rule for rule in policy.rules if rule.kind == kind and all(one.holds(features) for one in rule.when)]
    return tuple(sorted(speaking, key=lambda rule: -rule.verdict.severity))
