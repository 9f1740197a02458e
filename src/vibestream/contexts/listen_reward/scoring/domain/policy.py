"""What is held and what is rejected, as data: conditions on features, and how much the model may do alone."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from vibestream.contexts.listen_reward.scoring.domain.statistics.features import FEATURES
from vibestream.kernel.errors import InvalidInput


class UnusableScoringPolicy(InvalidInput):
    """A policy that contradicts itself."""

    code: ClassVar[str] = "scoring.unusable_policy"


class Verdict(enum.StrEnum):
    """What becomes of a proven listen."""

    ACCEPT = "accept"
    HOLD = "hold"
    """It counts for nothing until a person has looked."""
    REJECT = "reject"

    @property
    def severity(self) -> int:
        """How strict it is."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A feature within bounds. Features that are not known are -1, so a lower bound excludes them."""

    feature: str
    at_least: int | None = None
    below: int | None = None

    def holds(self, features: Mapping[str, float]) -> bool:
        """Say whether the feature is within the bounds."""
        value = features[self.feature]
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """All of its conditions together call for a verdict at least this strict."""

    code: str
    when: tuple[Condition, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that is decided by, beside the model.

    Raises:
        UnusableScoringPolicy: a rule without conditions or bounds, of an unknown feature, or that accepts; two of one code.
    """

    version: int
    rules: tuple[Rule, ...]
    hold_from_ppm: int
    """From this probability on the model holds. It never rejects: nobody loses a listen by a guess alone."""
    evidence_from: int
    """The model says nothing of an account that has fewer past listens, on a network of fewer accounts: of a newcomer's
    first song nothing can be known."""
    crowd_from: int

    def __post_init__(self) -> None:
        for rule in self.rules:
            if not rule.when or rule.verdict is Verdict.ACCEPT:
                raise UnusableScoringPolicy(f"Rule {rule.code} needs conditions, and a verdict other than accept.")
            for one in rule.when:
                if one.feature not in FEATURES or (one.at_least is None and one.below is None):
                    raise UnusableScoringPolicy(f"Rule {rule.code} asks {one.feature} for nothing that can be said.")
        if len({rule.code for rule in self.rules}) < len(self.rules):
            raise UnusableScoringPolicy("Every rule has a code of its own.")

    def has_evidence(self, features: Mapping[str, float]) -> bool:
        """Say whether enough came before for the model to be asked."""
        return features["own.count"] >= self.evidence_from or features["network.accounts"] >= self.crowd_from


def fired(policy: Policy, *, features: Mapping[str, float]) -> tuple[Rule, ...]:
    """Return the rules that speak, the strictest first."""
    speaking = [rule for rule in policy.rules if all(one.holds(features) for one in rule.when)]
    return tuple(sorted(speaking, key=lambda rule: -rule.verdict.severity))


def _rule(code: str, verdict: Verdict, *when: Condition) -> Rule:
    return Rule(code=code, when=when, verdict=verdict)


def _least(feature: str, number: int) -> Condition:
    return Condition(feature=feature, at_least=number)


_RULES: Final[Sequence[Rule]] = (
    # The same steps to the millisecond, from twenty accounts: a recording is being sent. From five it may yet be chance.
    _rule("replayed", Verdict.REJECT, _least("replay.accounts", 20)),
    _rule("replayed_by_some", Verdict.HOLD, _least("replay.accounts", 5)),
    # A listen that counts takes thirty seconds: 120 in an hour is all that an account can reach.
    _rule("rate", Verdict.HOLD, _least("own.1h", 55)),
    _rule("sleepless", Verdict.HOLD, _least("own.hours", 24), _least("own.24h", 360)),
    _rule("loop", Verdict.HOLD, _least("own.count", 50), _least("own.top_track", 900), _least("own.24h", 300)),
    _rule("skipper", Verdict.HOLD, _least("own.count", 50), _least("own.quick", 950), _least("own.top_artist", 500)),
    _rule("farm_network", Verdict.HOLD, _least("network.accounts", 15), _least("network.top_artist", 600)),
    _rule("farm_device", Verdict.HOLD, _least("device.accounts", 8), _least("device.top_artist", 600)),
    _rule(
        "reciprocal", Verdict.HOLD, _least("reciprocal", 20), _least("own.pair", 250), _least("artist.devotion", 250)
    ),
    # Artists hear artists, and who is known is heard back by some. That eight hear one back whom one hears, of so few that one
    # hears at all, is arranged. Chosen on worlds of seeds 17 to 19.
    _rule(
        "ring",
        Verdict.HOLD,
        _least("own.peers", 8),
        _least("own.count", 10),
        Condition(feature="own.artists", below=24),
    ),
)

DEFAULT_POLICY: Final = Policy(version=3, rules=tuple(_RULES), hold_from_ppm=998_000, evidence_from=5, crowd_from=12)
"""In force until somebody sets another. `vibestream listens evaluate` says what it catches and whom it holds wrongly; the
threshold is the one that `vibestream listens choose` chooses on the validation worlds."""
