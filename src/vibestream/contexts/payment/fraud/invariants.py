"""What must always hold of what fraud decided."""

from __future__ import annotations

from typing import Final, LiteralString

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _four_eyes(tx: Tx) -> Finding:
    released = await tx.value("SELECT count(*) FROM payment.risk_review WHERE state = 'released'")
    return await _finding(
        tx,
        f"{released} releases",
        """
        SELECT 'review ' || review.decision_id || ' was released by ' || coalesce(votes.agreed, 0) || ' of ' || review.needed
        FROM payment.risk_review review
        JOIN payment.risk_event event ON event.subject = review.subject
        LEFT JOIN LATERAL (
            SELECT count(DISTINCT vote.reviewer) AS agreed FROM payment.risk_vote vote
            WHERE vote.decision_id = review.decision_id AND vote.released AND vote.reviewer <> event.user_id
                AND vote.reviewer IS DISTINCT FROM event.beneficiary
        ) AS votes ON true
        WHERE review.state = 'released' AND coalesce(votes.agreed, 0) < review.needed
        LIMIT %s
        """,
    )


async def _explained(tx: Tx) -> Finding:
    decisions = await tx.value("SELECT count(*) FROM payment.risk_decision")
    return await _finding(
        tx,
        f"{decisions} decisions",
        """
        SELECT 'decision ' || decision_id || ' (' || verdict || ') has no reason or no vector'
        FROM payment.risk_decision
        WHERE (verdict <> 'allow' AND jsonb_array_length(reasons) = 0) OR cardinality(vector) = 0
        LIMIT %s
        """,
    )


async def _reviewed(tx: Tx) -> Finding:
    reviews = await tx.value("SELECT count(*) FROM payment.risk_review")
    return await _finding(
        tx,
        f"{reviews} reviews",
        """
        SELECT 'decision ' || decision.decision_id || ' waits for a review that there is none of'
        FROM payment.risk_decision decision
        WHERE decision.verdict = 'review'
            AND NOT EXISTS (SELECT FROM payment.risk_review review WHERE review.subject = decision.subject)
        LIMIT %s
        """,
    )


async def _labelled(tx: Tx) -> Finding:
    outcomes = await tx.value("SELECT count(*) FROM payment.risk_outcome")
    return await _finding(
        tx,
        f"{outcomes} outcomes",
        """
        SELECT 'event ' || event.subject || ' is labelled otherwise than its outcomes say'
        FROM payment.risk_event event
        LEFT JOIN (
            SELECT subject, bool_or(outcome IN ('disputed', 'early_fraud_warning', 'refunded_as_fraud',
                'reviewed_as_fraud')) AS fraud, bool_or(outcome = 'declined') AS declined
            FROM payment.risk_outcome GROUP BY subject
        ) AS found USING (subject)
        WHERE (event.fraud_at IS NOT NULL) <> coalesce(found.fraud, false)
            OR (event.declined_at IS NOT NULL) <> coalesce(found.declined, false)
        LIMIT %s
        """,
    )


async def _finding(tx: Tx, figure: str, statement: LiteralString) -> Finding:
    offenders = await tx.values(statement, [_SHOWN])
    return Finding(ok=not offenders, figure=figure, detail="; ".join(offenders))


INVARIANTS: Final = (
    Invariant(
        "fraud.four_eyes",
        "Every released review was agreed to by as many different people as it needed, none of whom it concerned.",
        _four_eyes,
    ),
    Invariant(
        "fraud.explained", "Every decision keeps its vector, and every one that is not allow its reasons.", _explained
    ),
    Invariant("fraud.reviewed", "Whatever was sent to review has a review.", _reviewed),
    Invariant("fraud.labelled", "What an event is labelled as is what its outcomes say.", _labelled),
)
