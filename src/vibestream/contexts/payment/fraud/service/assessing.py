"""Deciding about a payment or payout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import Counter

from vibestream.contexts.payment.fraud.domain import reasons as wording
from vibestream.contexts.payment.fraud.domain.deciding import Ruling, Situation, decide, draw_of
from vibestream.contexts.payment.fraud.domain.facts import (
    RULES_ONLY,
    Decision,
    Facts,
    Reason,
    Verdict,
    strictest,
)
from vibestream.contexts.payment.fraud.domain.policy import PPM, Policy, Rule, fired
from vibestream.contexts.payment.fraud.domain.reviews import ReviewState
from vibestream.contexts.payment.fraud.service.policies import policy_in_force
from vibestream.contexts.payment.fraud.service.serving import SHELF
from vibestream.contexts.payment.fraud.store import decisions, events, models, policies, reviews
from vibestream.contexts.payment.fraud.store.decisions import Recorded
from vibestream.contexts.payment.fraud.store.models import ModelRole
from vibestream.kernel.ids import RiskDecisionId, new_id
from vibestream.platform.database import Tx

if TYPE_CHECKING:
    from vibestream.contexts.payment.fraud.domain.statistics.model import Model
    from vibestream.contexts.payment.fraud.domain.statistics.tables import Floats

DECISIONS: Final = Counter(
    "vibestream_fraud_decisions_total", "Decisions about payments and payouts, by verdict.", ["verdict"]
)
_MOST_REASONS: Final = 4
_EXPLAINED: Final = 12
"""Features that are looked at for reasons: several share one."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Scored:
    """What the models say: the champion's probability, and the challenger's beside it."""

    champion: Model | None = None
    score_ppm: int | None = None
    challenger: str | None = None
    challenger_score_ppm: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What there is to decide by."""

    vector: Floats
    denied: Sequence[str]
    """The lists that something of it stands on."""
    rules: Sequence[Rule]
    """Those that speak."""
    scored: _Scored
    earlier: ReviewState | None
    """How the latest review of the same subject stands."""

    def situation(self, facts: Facts, *, cents: int, reviews_today: int) -> Situation:
        return Situation(
            kind=facts.kind,
            cents=cents,
            gateway=facts.gateway,
            probability_ppm=self.scored.score_ppm,
            ruled=strictest(*(rule.verdict for rule in self.rules), *(Verdict.BLOCK for _ in self.denied)),
            reviews_today=reviews_today,
            draw=draw_of(facts.subject),
        )


async def assess(tx: Tx, *, facts: Facts, signals: Mapping[str, float | str] | None = None, now: datetime) -> Decision:
    """Decide whether a payment or payout goes on, as of `now`, and keep the decision with all it was made from.

    Asked again about the same subject (its method has become known, say), it decides anew: the subject still counts once
    in every velocity, a review that released it is believed, and one that refused it blocks. Decisions about the same
    person, method or device wait for each other until their transactions end. A REVIEW has opened a review, whose result
    is announced as `ReviewDecided`.

    Args:
        tx: the caller's transaction, at READ COMMITTED, and soon to end: see above.
        facts: what is known of it.
        signals: what outside parties say, by the names in `statistics.tables.SIGNALS`; others are kept for reviewers.
            Fetched before, outside any transaction; what is missing is a missing feature.
        now: the instant of the decision.
    """
    from vibestream.contexts.payment.fraud.domain.statistics import features as statistics
    from vibestream.contexts.payment.fraud.domain.statistics import serving

    version, policy = await policy_in_force(tx, now=now)
    cents = policy.cents(facts.amount)
    await events.lock_entities(tx, facts)
    await events.save_event(tx, facts, cents=cents)
    rows = await events.load_histories(tx, facts, cents=cents, now=now)
    vector = serving.vector_of(rows, facts=facts, signals=signals or {})
    seen = _Seen(
        vector=vector,
        denied=await policies.denied_of(tx, facts, now=now),
        rules=fired(policy, kind=facts.kind, features=serving.named(vector)),
        scored=await _score(tx, vector),
        earlier=await reviews.latest_state(tx, subject=facts.subject),
    )
    reviewed = await reviews.count_opened(tx, since=now - _DAY)
    ruling = _after_review(decide(policy, seen.situation(facts, cents=cents, reviews_today=reviewed)), seen.earlier)
    recorded = Recorded(
        decision_id=RiskDecisionId(new_id()),
        subject=facts.subject,
        decided_at=now,
        verdict=ruling.verdict,
        proposed=ruling.proposed,
        propensity_ppm=ruling.propensity_ppm,
        score_ppm=seen.scored.score_ppm,
        model=None if seen.scored.champion is None else seen.scored.champion.sha256,
        challenger=seen.scored.challenger,
        challenger_score_ppm=seen.scored.challenger_score_ppm,
        policy=version,
        rules=(*(f"denied.{name}" for name in seen.denied), *(rule.code for rule in seen.rules)),
        reasons=_reasons(ruling, seen),
        features=statistics.FEATURE_SET,
        vector=tuple(vector.tolist()),
        signals=_kept(signals or {}),
    )
    await decisions.save_decision(tx, recorded)
    if ruling.verdict is Verdict.REVIEW:
        await _open_review(tx, policy, facts, recorded, cents)
    tx.after_commit(DECISIONS.labels(ruling.verdict.value).inc)
    return decision_of(recorded)


def decision_of(recorded: Recorded) -> Decision:
    """Return a kept decision as it was given."""
    from vibestream.contexts.payment.fraud.domain.statistics.serving import as_probability

    return Decision(
        decision_id=recorded.decision_id,
        verdict=recorded.verdict,
        score=None if recorded.score_ppm is None else as_probability(recorded.score_ppm),
        reasons=recorded.reasons,
        model=recorded.model or RULES_ONLY,
        policy=recorded.policy,
    )


async def _score(tx: Tx, vector: Floats) -> _Scored:
    """Ask the models that the registry says serve, as far as this process has them."""
    from vibestream.contexts.payment.fraud.domain.statistics.serving import in_ppm

    serving = await models.serving_models(tx)
    loaded = {role: SHELF.get(registered.model) for role, registered in serving.items()}
    row = vector.reshape(1, -1)
    champion, challenger = loaded.get(ModelRole.CHAMPION), loaded.get(ModelRole.CHALLENGER)
    return _Scored(
        champion=champion,
        score_ppm=None if champion is None else in_ppm(champion.scores(row)[0]),
        challenger=None if challenger is None else challenger.sha256,
        challenger_score_ppm=None if challenger is None else in_ppm(challenger.scores(row)[0]),
    )


def _after_review(ruling: Ruling, earlier: ReviewState | None) -> Ruling:
    """Return the ruling as a person's verdict on the same payment or payout leaves it."""
    match earlier:
        case ReviewState.RELEASED:
            return replace(ruling, verdict=Verdict.ALLOW, propensity_ppm=PPM)
        case ReviewState.REFUSED | ReviewState.LAPSED:
            return replace(ruling, verdict=Verdict.BLOCK, propensity_ppm=PPM)
        case ReviewState.OPEN:
            return replace(ruling, verdict=strictest(ruling.verdict, Verdict.REVIEW), propensity_ppm=PPM)
        case None:
            return ruling


def _reasons(ruling: Ruling, seen: _Seen) -> tuple[Reason, ...]:
    """Return why it is not allowed, or would not have been: a person, lists, rules, then what the model saw."""
    from vibestream.contexts.payment.fraud.domain.statistics.serving import named, shown

    if ruling.verdict is Verdict.ALLOW and ruling.proposed is Verdict.ALLOW:
        return ()
    found = [Reason("review_refused", {})] if seen.earlier in {ReviewState.REFUSED, ReviewState.LAPSED} else []
    found += [Reason(f"denied.{name}", {}) for name in seen.denied]
    features = named(seen.vector)
    for rule in seen.rules:
        found.append(Reason(f"rule.{rule.code}", {one.feature: shown(features[one.feature]) for one in rule.when}))
    if seen.scored.champion is not None:
        explained = seen.scored.champion.explain(seen.vector, most=_EXPLAINED)
        saw = [(feature, shown(features[feature]), pull) for feature, pull in explained]
        found += wording.from_model(saw, most=_MOST_REASONS)
    elif not found:
        found.append(Reason("no_model", {}))
    return tuple(found)


async def _open_review(tx: Tx, policy: Policy, facts: Facts, recorded: Recorded, cents: int) -> None:
    reviewing, now = policy.reviewing, recorded.decided_at
    payment = facts.kind == "payment"
    await reviews.open_review(
        tx,
        decision_id=recorded.decision_id,
        subject=facts.subject,
        now=now,
        due_at=now + timedelta(hours=reviewing.payment_due_h if payment else reviewing.payout_due_h),
        closes_at=now + timedelta(hours=reviewing.payment_closes_h) if payment else None,
        needed=2 if cents >= reviewing.four_eyes_from_cents else 1,
    )


def _kept(signals: Mapping[str, float | str]) -> dict[str, Any]:
    """Return signals as JSON can hold them: numbers that are none, and odd texts, are left out."""
    texts = {name: value for name, value in signals.items() if isinstance(value, str) and "\0" not in value}
    numbers = {name: value for name, value in signals.items() if not isinstance(value, str) and abs(value) < PPM**3}
    return texts | numbers
