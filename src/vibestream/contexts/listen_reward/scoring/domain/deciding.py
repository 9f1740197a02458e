"""The decision: the stricter of rules and model, sticky while a person has not spoken."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.listen_reward.scoring.domain.policy import Policy, Verdict, fired
from vibestream.contexts.listen_reward.scoring.domain.quality import quality_of
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import FEATURES

REASONS: Final = 4
"""The most features of the model that a decision names."""


class Standing(enum.StrEnum):
    """What people have said of the account."""

    CLEAR = "clear"
    WAITING = "waiting"
    """A case is open: what it hears meanwhile waits with it."""
    CONFIRMED = "confirmed"
    """A case was rejected in the last 30 days: what it hears is looked at by a person."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of a listen, and all that it was decided by."""

    verdict: Verdict
    quality: int
    risk_ppm: int | None
    """None when there was no model, or too little evidence to ask it."""
    reasons: tuple[str, ...]
    """Codes: of rules, of standing, of features that spoke to the model, of what the quality lacks."""


def decide(
    features: Mapping[str, float],
    *,
    standing: Standing,
    policy: Policy,
    risk_ppm: int | None,
    said: Callable[[], Sequence[str]] = tuple,
) -> Decided:
    """Decide about a proven listen; the same arguments always give the same decision.

    Args:
        features: by name.
        standing: what people have said of the account.
        policy: in force now.
        risk_ppm: the model's probability; None when there is no model. Without evidence it is not looked at.
        said: the features that spoke most to the model, asked only when it holds.
    """
    quality = quality_of(features)
    rules = fired(policy, features=features)
    verdict = rules[0].verdict if rules else Verdict.ACCEPT
    reasons = [f"rule.{rule.code}" for rule in rules]
    risk = risk_ppm if policy.has_evidence(features) else None
    if risk is not None and risk >= policy.hold_from_ppm:
        verdict = _stricter(verdict)
        reasons += [f"feature.{name}" for name in said()]
    if standing is not Standing.CLEAR:
        verdict = _stricter(verdict)
        reasons.append(f"standing.{standing.value}")
    lacks = [one.code for one in quality.deductions]
    return Decided(verdict, quality.points, risk, (*reasons, *lacks))


def named(vector: Sequence[float]) -> dict[str, float]:
    """Return features by their names."""
    return dict(zip(FEATURES, vector, strict=True))


def _stricter(verdict: Verdict) -> Verdict:
    return max(verdict, Verdict.HOLD, key=lambda one: one.severity)
