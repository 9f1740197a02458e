"""The review queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.events import ReviewDecided
from vibestream.contexts.payment.fraud.domain.facts import Outcome
from vibestream.contexts.payment.fraud.domain.reviews import (
    Judgement,
    Review,
    ReviewState,
    UnknownReview,
    Vote,
    after_vote,
    checked_note,
)
from vibestream.contexts.payment.fraud.service.outcomes import note_outcome
from vibestream.contexts.payment.fraud.store import decisions, events
from vibestream.contexts.payment.fraud.store import reviews as store
from vibestream.contexts.payment.fraud.store.decisions import Event, Recorded
from vibestream.kernel.ids import RiskDecisionId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

_LABELS: Final = {
    ReviewState.RELEASED: Outcome.REVIEWED_AS_GOOD,
    ReviewState.REFUSED: Outcome.REVIEWED_AS_FRAUD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A decision with all that a reviewer may want to know."""

    decision: Recorded
    event: Event
    review: Review | None
    """None when none was opened for this very decision."""
    outcomes: tuple[tuple[Outcome, datetime], ...]
    features: dict[str, float]
    """The vector by name; empty when it is of another release's features."""


async def reviews(tx: Tx, *, after: tuple[datetime, RiskDecisionId] | None = None, limit: int) -> list[Review]:
    """Return open reviews, the soonest due first.

    Args:
        tx: the caller's transaction.
        after: only those beyond this (due_at, decision_id): of the last one seen.
        limit: how many at most.
    """
    return await store.list_open(tx, after=after, limit=limit)


async def closed_reviews(tx: Tx, *, before: tuple[datetime, RiskDecisionId] | None = None, limit: int) -> list[Review]:
    """Return reviews that are closed, the latest first, before this (decided_at, decision_id)."""
    return await store.list_closed(tx, before=before, limit=limit)


async def count_late(tx: Tx, *, now: datetime) -> int:
    """Return how many open reviews should have been decided by now."""
    return await store.count_late(tx, now=now)


async def explained(tx: Tx, *, decision_id: RiskDecisionId) -> Explained:
    """Return a decision, what it was about, its review, and what became of it.

    Raises:
        UnknownReview: there is no such decision.
    """
    from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURE_SET, FEATURES

    decision = await decisions.load_decision(tx, decision_id)
    event = None if decision is None else await decisions.load_event(tx, decision.subject)
    if decision is None or event is None:
        raise UnknownReview("There is no such decision.")
    current = decision.features == FEATURE_SET
    return Explained(
        decision=decision,
        event=event,
        review=await store.load_review(tx, decision_id),
        outcomes=tuple(await events.list_outcomes(tx, subject=decision.subject)),
        features=dict(zip(FEATURES, decision.vector, strict=True)) if current else {},
    )


async def decisions_about(tx: Tx, *, subject: str) -> list[RiskDecisionId]:
    """Return the decisions about a payment or payout, the latest first."""
    return await decisions.decisions_of(tx, subject=subject)


async def decide_review(
    tx: Tx, *, decision_id: RiskDecisionId, reviewer: UserId, verdict: Judgement, note: str, now: datetime
) -> Review:
    """Say what a reviewer found, and return the review as it then stands.

    Above the policy's limit a release waits for a second person. Once decided, `ReviewDecided` is announced and the verdict
    is a label to learn from. Two people at once are taken one after the other.

    Raises:
        UnknownReview: there is no review of this decision.
        ReviewClosed: it was decided, or its time is over.
        ReviewerConcerned: it is the reviewer's own money.
        AlreadyVoted: this person has spoken; somebody else has to.
        NoteMissing: no word of why.
        TextInvalid: the note is too long, or holds what cannot be seen.
    """
    review = await store.lock_review(tx, decision_id)
    if review is None:
        raise UnknownReview("There is no such review.")
    state = after_vote(review, reviewer=reviewer, judgement=verdict, note=note, now=now)
    await store.save_vote(tx, decision_id, Vote(reviewer, verdict, checked_note(note), now))
    if state is not ReviewState.OPEN:
        await store.close_review(tx, decision_id, state=state, now=now)
        await note_outcome(tx, subject_ref=review.subject, outcome=_LABELS[state], at=now)
        agreeing = [vote.reviewer for vote in review.votes if vote.judgement is verdict]
        deciders = (*agreeing, reviewer)
        await _announce(tx, review, released=state is ReviewState.RELEASED, decided_by=deciders, now=now)
    decided = await store.load_review(tx, decision_id)
    assert decided is not None  # noqa: S101 - locked above
    return decided


async def lapse_reviews(tx: Tx, *, now: datetime, most: int) -> int:
    """Give up to so many reviews up whose time is over, announce each as not released, and return how many."""
    lapsed = await store.lock_lapsed(tx, now=now, limit=most)
    for decision_id in lapsed:
        review = await store.load_review(tx, decision_id)
        assert review is not None  # noqa: S101 - locked above
        await store.close_review(tx, decision_id, state=ReviewState.LAPSED, now=now)
        await _announce(tx, review, released=False, decided_by=(), now=now)
    return len(lapsed)


async def withdraw_review(tx: Tx, *, subject_ref: str, now: datetime) -> None:
    """Close the open review of a payment or payout that its owner has given up, if there is one. Announces nothing."""
    decision_id = await store.lock_open(tx, subject=subject_ref)
    if decision_id is not None:
        await store.close_review(tx, decision_id, state=ReviewState.LAPSED, now=now)


async def _announce(tx: Tx, review: Review, *, released: bool, decided_by: tuple[UserId, ...], now: datetime) -> None:
    await publish(
        tx,
        ReviewDecided(
            decision_id=review.decision_id,
            kind=review.kind,
            subject=review.subject,
            user_id=review.user_id,
            released=released,
            decided_by=decided_by,
            occurred_at=now,
        ),
    )
