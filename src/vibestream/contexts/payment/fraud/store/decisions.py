"""Decisions, with everything they were made from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vibestream.contexts.payment.fraud.domain.facts import Kind, Reason, Verdict
from vibestream.kernel.ids import RiskDecisionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A decision as it is kept."""

    decision_id: RiskDecisionId
    subject: str
    decided_at: datetime
    verdict: Verdict
    proposed: Verdict
    """What it would have been, had none been let through to learn."""
    propensity_ppm: int
    score_ppm: int | None
    model: str | None
    challenger: str | None
    challenger_score_ppm: int | None
    policy: int
    rules: tuple[str, ...]
    reasons: tuple[Reason, ...]
    features: str
    """Which features the vector is of."""
    vector: tuple[float, ...]
    signals: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What was asked about."""

    subject: str
    kind: Kind
    user_id: UserId
    at: datetime
    amount: Money
    cents: int
    purpose: str
    gateway: str | None
    method: str | None
    device: str | None
    network: str | None
    email_domain: str | None
    country: str | None
    beneficiary: UserId | None


@dataclass(frozen=True, slots=True)
class Example:
    """A decision whose outcome is ripe, to learn from."""

    decided_at: datetime
    vector: list[float]
    fraud: bool
    propensity_ppm: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Decisions by which of ten equal parts of certainty a model's score lies in, 0 to 9."""

    role: str
    """`champion` or `challenger`."""
    tenth: int
    decisions: int
    frauds: int
    """Of those, known as fraud by now."""


async def save_decision(tx: Tx, decision: Recorded) -> None:
    """Write a decision, for good."""
    await tx.execute(
        """
        INSERT INTO payment.risk_decision (decision_id, subject, decided_at, verdict, proposed, propensity_ppm, score_ppm,
            model, challenger, challenger_score_ppm, policy, rules, reasons, features, vector, signals)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::float8[], %s)
        """,
        [
            *(decision.decision_id, decision.subject, decision.decided_at, decision.verdict.value),
            *(decision.proposed.value, decision.propensity_ppm, decision.score_ppm, decision.model),
            *(decision.challenger, decision.challenger_score_ppm, decision.policy, list(decision.rules)),
            *(_reasons_text(decision.reasons), decision.features, list(decision.vector)),
            json.dumps(dict(decision.signals)),
        ],
    )


async def load_decision(tx: Tx, decision_id: RiskDecisionId) -> Recorded | None:
    """Return a decision; None when there is none."""
    return await tx.one(
        _recorded,
        """
        SELECT decision_id, subject, decided_at, verdict, proposed, propensity_ppm, score_ppm, model, challenger,
            challenger_score_ppm, policy, rules, reasons, features, vector, signals
        FROM payment.risk_decision WHERE decision_id = %s
        """,
        [decision_id],
    )


async def decisions_of(tx: Tx, *, subject: str) -> list[RiskDecisionId]:
    """Return what was decided about a payment or payout, the latest first."""
    return await tx.values(
        "SELECT decision_id FROM payment.risk_decision WHERE subject = %s ORDER BY decided_at DESC, decision_id DESC",
        [subject],
    )


async def load_event(tx: Tx, subject: str) -> Event | None:
    """Return what was asked about; None when nothing was."""
    return await tx.one(
        _event,
        """
        SELECT subject, kind, user_id, at, amount, currency, cents, purpose, gateway, method, device, network,
            email_domain, country, beneficiary
        FROM payment.risk_event WHERE subject = %s
        """,
        [subject],
    )


async def list_examples(tx: Tx, *, features: str, since: datetime, until: datetime, limit: int) -> list[Example]:
    """Return the last decision about each payment or payout that was let on its way in a half-open period, in order of time.

    What was blocked, or refused by a reviewer who did not call it fraud, has no outcome and is left out; what was let through
    at random stands for those with its propensity.
    """
    return await tx.all(
        Example,
        """
        SELECT decided_at, vector, fraud, propensity_ppm, cents FROM (
            SELECT DISTINCT ON (decision.subject) decision.decided_at, decision.vector,
                event.fraud_at IS NOT NULL AS fraud, decision.propensity_ppm, event.cents, decision.verdict,
                (SELECT review.state FROM payment.risk_review review WHERE review.subject = decision.subject
                    ORDER BY review.opened_at DESC LIMIT 1) AS review
            FROM payment.risk_decision decision JOIN payment.risk_event event USING (subject)
            WHERE decision.features = %(features)s AND decision.decided_at >= %(since)s
                AND decision.decided_at < %(until)s
            ORDER BY decision.subject, decision.decided_at DESC
        ) AS latest
        WHERE fraud OR (verdict <> 'block' AND review IS DISTINCT FROM 'refused' AND review IS DISTINCT FROM 'lapsed'
            AND review IS DISTINCT FROM 'open')
        ORDER BY decided_at LIMIT %(limit)s
        """,
        {"features": features, "since": since, "until": until, "limit": limit},
    )


async def score_bands(tx: Tx, *, champion: str, challenger: str, since: datetime) -> list[Band]:
    """Return how both models' scores of the same decisions are spread, and how many of each part were fraud."""
    return await tx.all(
        Band,
        """
        SELECT scored.role, least(scored.ppm / 100000, 9) AS tenth, count(*) AS decisions,
            count(event.fraud_at) AS frauds
        FROM payment.risk_decision decision
        JOIN payment.risk_event event USING (subject)
        CROSS JOIN LATERAL (VALUES ('champion', decision.score_ppm), ('challenger', decision.challenger_score_ppm))
            AS scored (role, ppm)
        WHERE decision.model = %s AND decision.challenger = %s AND decision.decided_at >= %s
        GROUP BY scored.role, tenth ORDER BY scored.role, tenth
        """,
        [champion, challenger, since],
    )


async def score_distance(tx: Tx, *, champion: str, challenger: str, since: datetime) -> tuple[int, int, int]:
    """Return how many decisions both models scored, how far apart on average in millionths, and how many a tenth or more."""
    found = await tx.one(
        _distance,
        """
        SELECT count(*) AS decisions, coalesce(avg(abs(score_ppm - challenger_score_ppm)), 0)::bigint AS apart,
            count(*) FILTER (WHERE abs(score_ppm - challenger_score_ppm) >= 100000) AS far
        FROM payment.risk_decision WHERE model = %s AND challenger = %s AND decided_at >= %s
        """,
        [champion, challenger, since],
    )
    return found or (0, 0, 0)


async def list_vectors(
    tx: Tx, *, features: str, model: str, since: datetime, limit: int
) -> list[tuple[list[float], int | None]]:
    """Return the latest vectors since an instant, each with the score that a model gave it, if it was asked."""
    return await tx.all(
        _scored,
        """
        SELECT vector, CASE model WHEN %(model)s THEN score_ppm END AS score_ppm FROM payment.risk_decision
        WHERE features = %(features)s AND decided_at >= %(since)s ORDER BY decided_at DESC LIMIT %(limit)s
        """,
        {"features": features, "model": model, "since": since, "limit": limit},
    )


def reasons_of(stored: Sequence[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Return reasons as they are kept."""
    return tuple(Reason(one["code"], dict(one["facts"])) for one in stored)


def _reasons_text(reasons: Sequence[Reason]) -> str:
    return json.dumps([{"code": reason.code, "facts": dict(reason.facts)} for reason in reasons])


def _recorded(
    *, verdict: str, proposed: str, rules: list[str], reasons: list[Any], vector: list[float], **columns: Any
) -> Recorded:
    return Recorded(
        verdict=Verdict(verdict),
        proposed=Verdict(proposed),
        rules=tuple(rules),
        reasons=reasons_of(reasons),
        vector=tuple(vector),
        **columns,
    )


def _event(*, amount: int, currency: str, **columns: Any) -> Event:
    return Event(amount=Money(amount, Currency.of(currency)), **columns)


def _scored(*, vector: list[float], score_ppm: int | None) -> tuple[list[float], int | None]:
    return vector, score_ppm


def _distance(*, decisions: int, apart: int, far: int) -> tuple[int, int, int]:
    return decisions, apart, far
