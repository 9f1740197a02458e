"""Reviews and what reviewers said."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.payment.fraud.domain.facts import Kind
from vibestream.contexts.payment.fraud.domain.reviews import Judgement, Review, ReviewState, Vote
from vibestream.contexts.payment.fraud.store.decisions import reasons_of
from vibestream.kernel.ids import RiskDecisionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


async def open_review(
    tx: Tx,
    *,
    decision_id: RiskDecisionId,
    subject: str,
    now: datetime,
    due_at: datetime,
    closes_at: datetime | None,
    needed: int,
) -> bool:
    """Open a review; False when one of the same payment or payout is open."""
    opened = await tx.execute(
        """
        INSERT INTO payment.risk_review (decision_id, subject, opened_at, due_at, closes_at, needed)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (subject) WHERE state = 'open' DO NOTHING
        """,
        [decision_id, subject, now, due_at, closes_at, needed],
    )
    return opened == 1


async def latest_state(tx: Tx, *, subject: str) -> ReviewState | None:
    """Return how the latest review of a payment or payout stands; None when there is none."""
    state = await tx.value(
        "SELECT state FROM payment.risk_review WHERE subject = %s ORDER BY opened_at DESC, decision_id DESC LIMIT 1",
        [subject],
    )
    return None if state is None else ReviewState(state)


async def count_opened(tx: Tx, *, since: datetime) -> int:
    """Return how many reviews were opened since an instant."""
    return int(await tx.value("SELECT count(*) FROM payment.risk_review WHERE opened_at > %s", [since]))


async def count_late(tx: Tx, *, now: datetime) -> int:
    """Return how many open reviews should have been decided by now."""
    return int(await tx.value("SELECT count(*) FROM payment.risk_review WHERE state = 'open' AND due_at <= %s", [now]))


async def lock_review(tx: Tx, decision_id: RiskDecisionId) -> Review | None:
    """Return a review and keep others from deciding it until the transaction ends; None when there is none."""
    locked = await tx.value(
        "SELECT decision_id FROM payment.risk_review WHERE decision_id = %s FOR NO KEY UPDATE", [decision_id]
    )
    return None if locked is None else await load_review(tx, decision_id)


async def load_review(tx: Tx, decision_id: RiskDecisionId) -> Review | None:
    """Return a review; None when there is none."""
    return await tx.one(_review, _SELECT + "WHERE review.decision_id = %s", [decision_id])


async def list_open(tx: Tx, *, after: tuple[datetime, RiskDecisionId] | None, limit: int) -> list[Review]:
    """Return open reviews, the most urgent first."""
    due, decision = after or (None, None)
    return await tx.all(
        _review,
        _SELECT
        + """
        WHERE review.state = 'open'
            AND (%(due)s::timestamptz IS NULL OR (review.due_at, review.decision_id) > (%(due)s, %(decision)s::uuid))
        ORDER BY review.due_at, review.decision_id LIMIT %(limit)s
        """,
        {"due": due, "decision": decision, "limit": limit},
    )


async def list_closed(tx: Tx, *, before: tuple[datetime, RiskDecisionId] | None, limit: int) -> list[Review]:
    """Return reviews that were decided or lapsed, the latest first."""
    at, decision = before or (None, None)
    return await tx.all(
        _review,
        _SELECT
        + """
        WHERE review.state <> 'open'
            AND (%(at)s::timestamptz IS NULL OR (review.decided_at, review.decision_id) < (%(at)s, %(decision)s::uuid))
        ORDER BY review.decided_at DESC, review.decision_id DESC LIMIT %(limit)s
        """,
        {"at": at, "decision": decision, "limit": limit},
    )


async def lock_lapsed(tx: Tx, *, now: datetime, limit: int) -> list[RiskDecisionId]:
    """Return open reviews whose time is over, locked; those that somebody is just deciding are left out."""
    return await tx.values(
        """
        SELECT decision_id FROM payment.risk_review WHERE state = 'open' AND closes_at <= %s
        ORDER BY decision_id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
        """,
        [now, limit],
    )


async def lock_open(tx: Tx, *, subject: str) -> RiskDecisionId | None:
    """Return the open review of a payment or payout, locked; None when there is none."""
    found = await tx.value(
        "SELECT decision_id FROM payment.risk_review WHERE subject = %s AND state = 'open' FOR NO KEY UPDATE", [subject]
    )
    return None if found is None else RiskDecisionId(found)


async def save_vote(tx: Tx, decision_id: RiskDecisionId, vote: Vote) -> None:
    """Write what a reviewer said, for good."""
    await tx.execute(
        "INSERT INTO payment.risk_vote (decision_id, reviewer, released, note, at) VALUES (%s, %s, %s, %s, %s)",
        [decision_id, vote.reviewer, vote.judgement is Judgement.RELEASE, vote.note, vote.at],
    )


async def close_review(tx: Tx, decision_id: RiskDecisionId, *, state: ReviewState, now: datetime) -> None:
    """Decide a review. The database refuses to release one that too few people agreed to."""
    await tx.execute(
        "UPDATE payment.risk_review SET state = %s, decided_at = %s WHERE decision_id = %s",
        [state.value, now, decision_id],
    )


_SELECT: Final = """
    SELECT review.decision_id, event.kind, review.subject, event.user_id, event.beneficiary, event.amount,
        event.currency, event.purpose, decision.score_ppm, decision.reasons, review.opened_at, review.due_at,
        review.closes_at, review.needed, review.state, review.decided_at,
        ARRAY(
            SELECT json_build_array(vote.reviewer, vote.released, vote.note, vote.at)
            FROM payment.risk_vote vote WHERE vote.decision_id = review.decision_id ORDER BY vote.at, vote.reviewer
        ) AS votes
    FROM payment.risk_review review
    JOIN payment.risk_decision decision USING (decision_id)
    JOIN payment.risk_event event ON event.subject = review.subject
"""


def _review(
    *, kind: Kind, amount: int, currency: str, reasons: list[Any], state: str, votes: list[Any], **columns: Any
) -> Review:
    return Review(
        kind=kind,
        amount=Money(amount, Currency.of(currency)),
        reasons=reasons_of(reasons),
        state=ReviewState(state),
        votes=tuple(_vote(*vote) for vote in votes),
        **columns,
    )


def _vote(reviewer: str, released: bool, note: str, at: str) -> Vote:  # noqa: FBT001 - a column
    judgement = Judgement.RELEASE if released else Judgement.REFUSE
    return Vote(UserId(UUID(reviewer)), judgement, note, datetime.fromisoformat(at))
