"""Reviews: a person looks, or two."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.payment.fraud.domain.facts import Kind, Reason
from vibestream.kernel.errors import Conflict, Forbidden, InvalidInput, Missing
from vibestream.kernel.ids import RiskDecisionId, UserId
from vibestream.kernel.money import Money
from vibestream.kernel.text import paragraphs

MOST_NOTE: Final = 2_000


class UnknownReview(Missing):
    """There is no review of this decision."""

    code: ClassVar[str] = "fraud.unknown_review"


class ReviewClosed(Conflict):
    """It was decided already, or its time is over."""

    code: ClassVar[str] = "fraud.review_closed"


class AlreadyVoted(Conflict):
    """The same person cannot look twice: somebody else has to."""

    code: ClassVar[str] = "fraud.already_voted"


class ReviewerConcerned(Forbidden):
    """Nobody decides about their own money."""

    code: ClassVar[str] = "fraud.reviewer_concerned"


class NoteMissing(InvalidInput):
    """A verdict without a word of why."""

    code: ClassVar[str] = "fraud.note_missing"


class ReviewState(enum.StrEnum):
    """How a review stands."""

    OPEN = "open"
    RELEASED = "released"
    """It may go on."""
    REFUSED = "refused"
    LAPSED = "lapsed"
    """Nobody decided in time; counts as refused, and says nothing about fraud."""


class Judgement(enum.StrEnum):
    """What a reviewer says."""

    RELEASE = "release"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Vote:
    """What one reviewer said."""

    reviewer: UserId
    judgement: Judgement
    note: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A decision that waits for people, or waited."""

    decision_id: RiskDecisionId
    kind: Kind
    subject: str
    user_id: UserId
    beneficiary: UserId | None
    amount: Money
    purpose: str
    score_ppm: int | None
    reasons: tuple[Reason, ...]
    opened_at: datetime
    due_at: datetime
    """Looked at later than this, it is late."""
    closes_at: datetime | None
    """Given up at this instant; None: it waits for as long as it takes."""
    needed: int
    """How many different people must agree before it is released."""
    state: ReviewState
    decided_at: datetime | None
    votes: tuple[Vote, ...]

    def late(self, now: datetime) -> bool:
        """Say whether it should have been decided by now."""
        return self.state is ReviewState.OPEN and now >= self.due_at


def after_vote(review: Review, *, reviewer: UserId, judgement: Judgement, note: str, now: datetime) -> ReviewState:
    """Return how the review stands once somebody has spoken.

    Releasing takes as many different people as the review needs; refusing takes one, because it moves no money.

    Raises:
        ReviewClosed: it is not open, or its time is over.
        ReviewerConcerned: the reviewer is who pays, is paid, or gains.
        AlreadyVoted: this person has spoken.
        NoteMissing: the note is empty.
        TextInvalid: it is longer than 2,000 characters, or holds what cannot be seen.
    """
    if review.state is not ReviewState.OPEN or (review.closes_at is not None and now >= review.closes_at):
        raise ReviewClosed("This review is closed.")
    if reviewer in {review.user_id, review.beneficiary}:
        raise ReviewerConcerned("Somebody else has to decide about this: it is your own money.")
    if any(vote.reviewer == reviewer for vote in review.votes):
        raise AlreadyVoted("You have spoken already. Somebody else has to agree.")
    if not checked_note(note):
        raise NoteMissing("Say why.")
    if judgement is Judgement.REFUSE:
        return ReviewState.REFUSED
    agreed = 1 + sum(vote.judgement is Judgement.RELEASE for vote in review.votes)
    return ReviewState.RELEASED if agreed >= review.needed else ReviewState.OPEN


def checked_note(note: str) -> str:
    """Return a reviewer's note as it is kept.

    Raises:
        TextInvalid: it is longer than 2,000 characters, or holds what cannot be seen.
    """
    return paragraphs(note, field="note", most=MOST_NOTE)
