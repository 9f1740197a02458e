"""The review queue, and one decision of the risk check explained and decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Explained, Judgement, Reason, Review, ReviewState
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import RiskDecisionId, UserId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken
from vibestream.web.pages.finance.payments import PaymentRow, rows_of_person
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Listed, Names, Person
from vibestream.web.pages.finance.words import Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/reviews"
_MILLION: Final = Decimal(1_000_000)
_SHOWN: Final = Decimal("0.0001")
_EARLIER: Final = 12
_PAYMENTS: Final = 8
Text = Annotated[str, Form(max_length=4_000)]


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review in the queue."""

    decision_id: UUID
    short: str
    kind: str
    person: Person
    amount: Money
    purpose: str
    score: str
    reasons: tuple[str, ...]
    state: Chip
    opened_at: datetime
    due_at: datetime
    decided_at: datetime | None
    late: bool
    needed: int
    agreed: int


@dataclass(frozen=True, slots=True)
class QueueView:
    """The queue, or what was decided."""

    reviews: Listed[ReviewRow]
    closed: bool
    late: int


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """Why, in words, with what it was about; and how much it spoke for fraud, where a model said so."""

    words: str
    code: str
    facts: tuple[tuple[str, str], ...]
    pull: str
    share: int
    """Of the strongest reason, in twelfths; 0 when no model spoke."""


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """An earlier decision about the same payment or payout."""

    decision_id: UUID
    short: str
    at: datetime
    verdict: Chip
    score: str


@dataclass(frozen=True, slots=True)
class VoteRow:
    """What somebody said."""

    person: Person
    verdict: Chip
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision, explained."""

    found: Explained
    verdict: Chip
    proposed: Chip | None
    """What it would have been, when one was let through to learn."""
    score: str
    purpose: str
    person: Person
    beneficiary: Person | None
    reasons: tuple[ReasonRow, ...]
    features: tuple[tuple[str, str], ...]
    outcomes: tuple[tuple[str, datetime], ...]
    review: ReviewRow | None
    votes: tuple[VoteRow, ...]
    history: tuple[EarlierRow, ...]
    payments: tuple[PaymentRow, ...]
    """The latest payments of the same person."""
    subject: str
    """The address of what was decided about; empty when it is shown nowhere."""
    may_decide: bool
    spoken_already: bool
    own: bool
    form: Filled
    done: str


@router.get(_PATH, policy=FINANCE)
async def list_reviews(request: Request, tx: TxDep, paging: PagingDep, now: NowDep) -> Response:
    """Show what waits for a person's look, the soonest due first."""
    after = paging.after_values(datetime, UUID)
    found = await fraud.reviews(
        tx, after=None if after is None else (after[0], RiskDecisionId(after[1])), limit=paging.fetch
    )
    rows = await _rows(request, tx, found, now=now)
    view = QueueView(
        reviews=shown.listed(
            paging, rows, item=lambda one: one, position=lambda one: (one.due_at, one.decision_id), path=_PATH
        ),
        closed=False,
        late=await fraud.count_late(tx, now=now),
    )
    return render(request, "finance/reviews.html", view)


@router.get(f"{_PATH}/decided", policy=FINANCE)
async def list_decided(request: Request, tx: TxDep, paging: PagingDep, now: NowDep) -> Response:
    """Show reviews that were decided or lapsed, the latest first."""
    before = paging.after_values(datetime, UUID)
    found = await fraud.closed_reviews(
        tx, before=None if before is None else (before[0], RiskDecisionId(before[1])), limit=paging.fetch
    )
    rows = await _rows(request, tx, found, now=now)
    view = QueueView(
        reviews=shown.listed(
            paging,
            rows,
            item=lambda one: one,
            position=lambda one: (one.decided_at or now, one.decision_id),
            path=f"{_PATH}/decided",
        ),
        closed=True,
        late=0,
    )
    return render(request, "finance/reviews.html", view)


@router.get(f"{_PATH}/{{decision_id}}", policy=FINANCE)
async def show_decision(
    *, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, decision_id: UUID, done: str = ""
) -> Response:
    """Show one decision with everything that it was made from, and the form to decide its review."""
    view = await _view(request, tx, decision_id, reader=principal.user_id, now=now, done=done)
    return render(request, "finance/decision.html", view)


@router.post(f"{_PATH}/{{decision_id}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def decide(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    decision_id: UUID,
    verdict: Text = "",
    note: Text = "",
) -> Response:
    """Release or refuse what waits."""
    try:
        if verdict not in set(Judgement):
            raise FormBroken("The form did not arrive whole.")
        review = await fraud.decide_review(
            tx,
            decision_id=RiskDecisionId(decision_id),
            reviewer=principal.user_id,
            verdict=Judgement(verdict),
            note=note,
            now=now,
        )
    except VibeStreamError as error:
        form = Filled({"note": note}).refused(
            sentence_of(request, error),
            field_name="note" if error.code in {"fraud.note_missing", "text.invalid"} else "",
        )
        view = await _view(request, tx, decision_id, reader=principal.user_id, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/decision.html", view)) from None
    return see_other(f"{_PATH}/{decision_id}?done={review.state.value}")


async def _rows(request: Request, tx: Tx, found: Sequence[Review], *, now: datetime) -> list[ReviewRow]:
    spoken = shell_of(request).language
    names = await shown.names_of(tx, [one.user_id for one in found])
    return [_row(one, names, spoken, now=now) for one in found]


async def _view(
    request: Request,
    tx: Tx,
    decision_id: UUID,
    *,
    reader: UserId,
    now: datetime,
    form: Filled | None = None,
    done: str = "",
) -> DecisionView:
    spoken = shell_of(request).language
    found = await fraud.explained(tx, decision_id=RiskDecisionId(decision_id))
    decision, event, review = found.decision, found.event, found.review
    voters = [vote.reviewer for vote in review.votes] if review else []
    names = await shown.names_of(tx, [event.user_id, event.beneficiary, *voters])
    own, spoke = reader in {event.user_id, event.beneficiary}, reader in voters
    open_ = review is not None and review.state is ReviewState.OPEN
    return DecisionView(
        found=found,
        verdict=words.chip(words.VERDICTS, decision.verdict, spoken),
        proposed=None
        if decision.proposed is decision.verdict
        else words.chip(words.VERDICTS, decision.proposed, spoken),
        score=_score(decision.score_ppm, spoken),
        purpose=words.word(words.PURPOSES, event.purpose, spoken),
        person=shown.person(event.user_id, names),
        beneficiary=shown.person(event.beneficiary, names) if event.beneficiary else None,
        reasons=_reasons(decision.reasons, spoken),
        features=_features(found.features, spoken),
        outcomes=tuple((words.word(words.OUTCOMES, outcome, spoken), at) for outcome, at in found.outcomes),
        review=None if review is None else _row(review, names, spoken, now=now),
        votes=_votes(review, names, spoken),
        history=await _history(tx, found, spoken),
        payments=await rows_of_person(tx, user_id=event.user_id, limit=_PAYMENTS, spoken=spoken),
        subject=_address(found),
        may_decide=open_ and not own and not spoke,
        spoken_already=open_ and spoke,
        own=open_ and own,
        form=form or Filled(),
        done=done,
    )


async def _history(tx: Tx, found: Explained, spoken: Language) -> tuple[EarlierRow, ...]:
    """Return the other decisions about the same payment or payout, the latest first."""
    rows = []
    others = [
        one
        for one in await fraud.decisions_about(tx, subject=found.decision.subject)
        if one != found.decision.decision_id
    ]
    for decision_id in others[:_EARLIER]:
        earlier = (await fraud.explained(tx, decision_id=decision_id)).decision
        rows.append(
            EarlierRow(
                decision_id=earlier.decision_id,
                short=shown.short(earlier.decision_id),
                at=earlier.decided_at,
                verdict=words.chip(words.VERDICTS, earlier.verdict, spoken),
                score=_score(earlier.score_ppm, spoken),
            )
        )
    return tuple(rows)


def _row(one: Review, names: Names, spoken: Language, *, now: datetime) -> ReviewRow:
    return ReviewRow(
        decision_id=one.decision_id,
        short=shown.short(one.decision_id),
        kind=one.kind,
        person=shown.person(one.user_id, names),
        amount=one.amount,
        purpose=words.word(words.PURPOSES, one.purpose, spoken),
        score=_score(one.score_ppm, spoken),
        reasons=tuple(fraud.words_of(reason.code, locale=spoken.code) for reason in one.reasons),
        state=words.chip(words.REVIEW_STATES, one.state, spoken),
        opened_at=one.opened_at,
        due_at=one.due_at,
        decided_at=one.decided_at,
        late=one.late(now),
        needed=one.needed,
        agreed=sum(vote.judgement is Judgement.RELEASE for vote in one.votes),
    )


def _votes(review: Review | None, names: Names, spoken: Language) -> tuple[VoteRow, ...]:
    if review is None:
        return ()
    said = {
        Judgement.RELEASE: Chip(spoken.gettext("release"), words.GOOD),
        Judgement.REFUSE: Chip(spoken.gettext("refuse"), words.BAD),
    }
    return tuple(
        VoteRow(shown.person(vote.reviewer, names), said[vote.judgement], vote.note, vote.at) for vote in review.votes
    )


def _reasons(reasons: Sequence[Reason], spoken: Language) -> tuple[ReasonRow, ...]:
    pulls = [Decimal(reason.facts.get("pull", "0")) for reason in reasons]
    most = max(pulls, default=Decimal(0))
    return tuple(
        ReasonRow(
            words=fraud.words_of(reason.code, locale=spoken.code),
            code=reason.code,
            facts=_facts(reason),
            pull=f"+{pull:.2f}" if pull else "",
            share=math.ceil(pull * 12 / most) if most else 0,
        )
        for reason, pull in zip(reasons, pulls, strict=True)
    )


def _facts(reason: Reason) -> tuple[tuple[str, str], ...]:
    """Return what a reason was about, as feature and value."""
    facts = dict(reason.facts)
    facts.pop("pull", None)
    if "feature" in facts:
        return ((facts["feature"], facts.get("value", "")),)
    return tuple(facts.items())


def _features(features: dict[str, float], spoken: Language) -> tuple[tuple[str, str], ...]:
    """Return what was known as of the decision, by name; what was missing says so."""
    missing = spoken.gettext("not known")
    return tuple((name, missing if math.isnan(value) else f"{value:.6g}") for name, value in features.items())


def _score(ppm: int | None, spoken: Language) -> str:
    """Return a probability of fraud for people; empty when rules decided alone."""
    return "" if ppm is None else spoken.percent((Decimal(ppm) / _MILLION).quantize(_SHOWN), exact=True)


def _address(found: Explained) -> str:
    identity = shown.as_uuid(found.decision.subject)
    if identity is None:
        return ""
    return f"/finance/{'payments' if found.event.kind == 'payment' else 'payouts'}/{identity}"
