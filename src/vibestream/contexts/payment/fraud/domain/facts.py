"""What fraud is told, and what it answers."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Literal

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import RiskDecisionId, UserId
from vibestream.kernel.money import Money

Kind = Literal["payment", "payout"]
"""Whether money comes in or goes out."""

MOST_TEXT: Final = 200
"""Characters of any one fact."""


class UnusableFacts(InvalidInput):
    """Facts that describe no payment or payout."""

    code: ClassVar[str] = "fraud.unusable_facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One payment or payout, as its owner knows it now. What is not known is None, and becomes a missing feature.

    Raises:
        UnusableFacts: the amount is not positive, an instant has no zone, or a text is empty, longer than 200, or
            holds what cannot be seen.
    """

    kind: Kind
    user_id: UserId
    """Who pays, or who is paid out."""
    amount: Money
    purpose: str
    """What for, in the owner's word, such as `tip`; of a payout: `payout`."""
    subject: str
    """The payment's or payout's own id as text. Outcomes are told by it, and asking again about it counts once."""
    gateway: str | None = None
    method_fingerprint: str | None = None
    """The same for the same card or account, whoever uses it."""
    network: str | None = None
    """The address or network that the request came from."""
    device: str | None = None
    country: str | None = None
    email_domain: str | None = None
    account_created_at: datetime | None = None
    beneficiary: UserId | None = None
    """Whose gain it is, when it is one person's: the artist of a tip, the seller of a share."""
    destination_changed_at: datetime | None = None
    """Of a payout: when its destination was last changed."""
    at: datetime
    """When it was asked for."""

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise UnusableFacts("The amount of a payment or payout is positive.")
        texts = (
            *(self.purpose, self.subject, self.gateway, self.method_fingerprint),
            *(self.network, self.device, self.country, self.email_domain),
        )
        if not all(text is None or (0 < len(text) <= MOST_TEXT and text.isprintable()) for text in texts):
            raise UnusableFacts(f"A fact is a text of 1 to {MOST_TEXT} characters that can be seen, or None.")
        if any(instant is not None and instant.tzinfo is None for instant in self._instants()):
            raise UnusableFacts("An instant needs a time zone.")

    def _instants(self) -> tuple[datetime | None, ...]:
        return (self.at, self.account_created_at, self.destination_changed_at)


class Verdict(enum.StrEnum):
    """What to do about it, the mildest first."""

    ALLOW = "allow"
    STEP_UP = "step_up"
    """Go on once the payer has proved to be the payer (3-D Secure)."""
    REVIEW = "review"
    """Go no further than can be undone until a person has looked: authorise, do not capture; do not pay out."""
    BLOCK = "block"

    @property
    def severity(self) -> int:
        """How strict it is: 0 for the mildest."""
        return _SEVERITY[self]


_SEVERITY: Final = {verdict: number for number, verdict in enumerate(Verdict)}


def strictest(*verdicts: Verdict) -> Verdict:
    """Return the strictest of these, ALLOW when there are none."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.ALLOW)


class Outcome(enum.StrEnum):
    """What became of a payment or payout."""

    CAPTURED = "captured"
    DECLINED = "declined"
    """The gateway or the payer's bank said no."""
    DISPUTED = "disputed"
    """The payer says that it was not them: a dispute whose reason is fraud."""
    DISPUTED_OTHERWISE = "disputed_otherwise"
    """A dispute about what was bought; says nothing about fraud."""
    EARLY_FRAUD_WARNING = "early_fraud_warning"
    """The card network reports fraud before any dispute."""
    REFUNDED_AS_FRAUD = "refunded_as_fraud"
    PAID_OUT = "paid_out"
    RETURNED = "returned"
    """A payout came back."""
    REVIEWED_AS_FRAUD = "reviewed_as_fraud"
    REVIEWED_AS_GOOD = "reviewed_as_good"


FRAUDULENT: Final = frozenset(
    {Outcome.DISPUTED, Outcome.EARLY_FRAUD_WARNING, Outcome.REFUNDED_AS_FRAUD, Outcome.REVIEWED_AS_FRAUD}
)
"""Outcomes that label it as fraud. One of them outweighs every other outcome."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a decision is not *allow*: a stable code, and what it was about, for `reasons.words_of`."""

    code: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided."""

    decision_id: RiskDecisionId
    verdict: Verdict
    score: float | None
    """The probability of fraud that the model gave, 0 to 1; None when rules decided alone."""
    reasons: tuple[Reason, ...]
    """The weightiest first; empty only for ALLOW."""
    model: str
    """The SHA-256 of the model's file, or `rules-only`."""
    policy: int
    """The version of the policy."""


RULES_ONLY: Final = "rules-only"
"""What stands for the model when none was there to ask."""
