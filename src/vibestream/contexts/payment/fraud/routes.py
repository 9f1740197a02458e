"""HTTP for those who look after money: the review queue, decisions explained, the policy, deny lists, models, drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, status
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.payment.fraud import service
from vibestream.contexts.payment.fraud.service import (
    Denied,
    DenyList,
    Explained,
    Judgement,
    Reason,
    Review,
    Verdict,
    registry,
)
from vibestream.contexts.payment.fraud.service.registry import Drift, RegisteredModel
from vibestream.kernel.ids import RiskDecisionId
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["fraud"])

_FINANCE: Final = holds("finance")
_ROOT: Final = "/api/v1/operations/fraud"


class ReasonBody(BaseModel):
    code: str
    words: str = Field(description="In the reader's language.")
    facts: dict[str, str]


class VoteBody(BaseModel):
    reviewer: UUID
    verdict: Judgement
    note: str
    at: datetime


class ReviewBody(BaseModel):
    decision_id: UUID
    kind: str
    subject: str
    user_id: UUID
    amount: str
    currency: str
    purpose: str
    score_ppm: int | None = Field(description="Probability of fraud in millionths; null when rules decided alone.")
    reasons: list[ReasonBody]
    opened_at: datetime
    due_at: datetime
    late: bool
    closes_at: datetime | None = Field(description="Given up at this instant; null: it waits.")
    needed: int = Field(description="How many different people must agree before it is released.")
    state: str
    decided_at: datetime | None
    votes: list[VoteBody]


class OutcomeBody(BaseModel):
    outcome: str
    at: datetime


class DecisionBody(BaseModel):
    decision_id: UUID
    decided_at: datetime
    verdict: Verdict
    proposed: Verdict = Field(description="What it would have been, had none been let through to learn.")
    propensity_ppm: int
    score_ppm: int | None
    model: str | None
    challenger: str | None
    challenger_score_ppm: int | None
    policy: int
    rules: list[str]
    reasons: list[ReasonBody]
    signals: dict[str, Any]
    features: dict[str, float | None] = Field(description="What was known as of the decision; null is missing.")
    event: dict[str, Any]
    outcomes: list[OutcomeBody]
    review: ReviewBody | None


class JudgementBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    verdict: Judgement
    note: str = Field(min_length=1, max_length=2_000)


class PolicyBody(BaseModel):
    version: int
    policy: dict[str, Any]


class NewPolicyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    after: int = Field(ge=0, le=2**31 - 2, description="The version that it replaces.")
    document: str = Field(max_length=100_000, description="The whole policy as JSON text.")


class DeniedBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    list: DenyList
    value: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=500)
    until: datetime | None = None


class ModelBody(BaseModel):
    model: str
    role: str
    role_since: datetime
    trained_on: str
    trained_at: datetime
    metrics: dict[str, Any]


class ServingBody(BaseModel):
    rules_only: bool = Field(description="No model decides in this process now.")
    trouble: str | None = Field(description="Why not, when one should.")
    models: list[ModelBody]


class DriftBody(BaseModel):
    measured_on: str
    model: str
    feature: str
    psi_ppm: int = Field(description="Population stability index in millionths; 250,000 and more is drift.")
    decisions: int


@router.get(f"{_ROOT}/reviews", policy=_FINANCE)
async def list_reviews(tx: TxDep, principal: PrincipalDep, paging: PagingDep, now: NowDep) -> Page[ReviewBody]:
    """Return what waits for a person's look, the soonest due first."""
    after = paging.after_values(datetime, UUID)
    found = await service.reviews(
        tx, after=None if after is None else (after[0], RiskDecisionId(after[1])), limit=paging.fetch
    )
    return paging.page(
        found,
        item=lambda one: _review(one, now=now, locale=principal.locale),
        position=lambda one: (one.due_at, one.decision_id),
    )


@router.get(f"{_ROOT}/reviews/closed", policy=_FINANCE)
async def list_closed_reviews(tx: TxDep, principal: PrincipalDep, paging: PagingDep, now: NowDep) -> Page[ReviewBody]:
    """Return reviews that were decided or lapsed, the latest first."""
    before = paging.after_values(datetime, UUID)
    found = await service.closed_reviews(
        tx, before=None if before is None else (before[0], RiskDecisionId(before[1])), limit=paging.fetch
    )
    return paging.page(
        found,
        item=lambda one: _review(one, now=now, locale=principal.locale),
        position=lambda one: (one.decided_at or now, one.decision_id),
    )


@router.get(f"{_ROOT}/decisions/{{decision_id}}", policy=_FINANCE)
async def show_decision(decision_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> DecisionBody:
    """Return a decision with all it was made from, its review and what became of it."""
    found = await service.explained(tx, decision_id=RiskDecisionId(decision_id))
    return _decision(found, now=now, locale=principal.locale)


@router.post(f"{_ROOT}/reviews/{{decision_id}}/verdict", policy=_FINANCE)
async def decide_review(
    decision_id: UUID, body: JudgementBody, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> ReviewBody:
    """Release or refuse what waits. Above the policy's limit a release takes two different people."""
    decided = await service.decide_review(
        tx,
        decision_id=RiskDecisionId(decision_id),
        reviewer=principal.user_id,
        verdict=body.verdict,
        note=body.note,
        now=now,
    )
    return _review(decided, now=now, locale=principal.locale)


@router.get(f"{_ROOT}/policy", policy=_FINANCE)
async def show_policy(tx: TxDep, now: NowDep) -> PolicyBody:
    """Return the policy in force: costs, capacity, rules."""
    version, document = await service.policy_document(tx, now=now)
    return PolicyBody(version=version, policy=document)


@router.post(f"{_ROOT}/policy", policy=holds("admin"))
async def set_policy(body: NewPolicyBody, tx: TxDep, principal: PrincipalDep, now: NowDep) -> PolicyBody:
    """Put a policy in force; earlier versions stay with the decisions they made."""
    await service.set_policy(tx, document=body.document, after=body.after, set_by=principal.user_id, now=now)
    return await show_policy(tx, now)


@router.get(f"{_ROOT}/denied", policy=_FINANCE)
async def list_denied(tx: TxDep, limit: Annotated[int, Query(ge=1, le=1_000)] = 200) -> list[DeniedBody]:
    """Return what is denied, the newest first."""
    return [_denied(one) for one in await service.denied(tx, limit=limit)]


@router.put(f"{_ROOT}/denied", policy=_FINANCE, status_code=status.HTTP_204_NO_CONTENT)
async def deny(body: DeniedBody, tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """Block whatever has this value from now on."""
    await service.deny(
        tx,
        list_=body.list,
        value=body.value,
        reason=body.reason,
        added_by=principal.user_id,
        now=now,
        until=body.until,
    )


@router.delete(f"{_ROOT}/denied/{{list_}}", policy=_FINANCE, status_code=status.HTTP_204_NO_CONTENT)
async def deny_no_longer(
    list_: DenyList, value: Annotated[str, Query(min_length=1, max_length=200)], tx: TxDep
) -> None:
    """Take a value off a list."""
    await service.deny_no_longer(tx, list_=list_, value=value)


@router.get(f"{_ROOT}/models", policy=_FINANCE)
async def list_models(tx: TxDep) -> ServingBody:
    """Return every model, and whether one decides in the process that answers."""
    known = await registry.registered(tx)
    champions = {one.model for one in known if one.role.value == "champion"}
    return ServingBody(
        rules_only=not any(service.SHELF.get(model) for model in champions),
        trouble=service.SHELF.trouble,
        models=[_model(one) for one in known],
    )


@router.get(f"{_ROOT}/drift", policy=_FINANCE)
async def list_drift(tx: TxDep, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[DriftBody]:
    """Return how far the latest measured week lay from what the model was trained on, the farthest first."""
    return [_drift(one) for one in await registry.drift(tx, limit=limit)]


def _review(review: Review, *, now: datetime, locale: str | None) -> ReviewBody:
    return ReviewBody(
        decision_id=review.decision_id,
        kind=review.kind,
        subject=review.subject,
        user_id=review.user_id,
        amount=review.amount.decimal,
        currency=review.amount.currency.code,
        purpose=review.purpose,
        score_ppm=review.score_ppm,
        reasons=_reasons(review.reasons, locale),
        opened_at=review.opened_at,
        due_at=review.due_at,
        late=review.late(now),
        closes_at=review.closes_at,
        needed=review.needed,
        state=review.state.value,
        decided_at=review.decided_at,
        votes=[
            VoteBody(reviewer=vote.reviewer, verdict=vote.judgement, note=vote.note, at=vote.at)
            for vote in review.votes
        ],
    )


def _decision(found: Explained, *, now: datetime, locale: str | None) -> DecisionBody:
    decision, event = found.decision, found.event
    return DecisionBody(
        decision_id=decision.decision_id,
        decided_at=decision.decided_at,
        verdict=decision.verdict,
        proposed=decision.proposed,
        propensity_ppm=decision.propensity_ppm,
        score_ppm=decision.score_ppm,
        model=decision.model,
        challenger=decision.challenger,
        challenger_score_ppm=decision.challenger_score_ppm,
        policy=decision.policy,
        rules=list(decision.rules),
        reasons=_reasons(decision.reasons, locale),
        signals=dict(decision.signals),
        features=_known(found.features),
        event={
            "subject": event.subject,
            "kind": event.kind,
            "user_id": event.user_id,
            "at": event.at,
            "amount": event.amount.decimal,
            "currency": event.amount.currency.code,
            "purpose": event.purpose,
            "gateway": event.gateway,
            "method": event.method,
            "device": event.device,
            "network": event.network,
            "email_domain": event.email_domain,
            "country": event.country,
            "beneficiary": event.beneficiary,
        },
        outcomes=[OutcomeBody(outcome=outcome.value, at=at) for outcome, at in found.outcomes],
        review=None if found.review is None else _review(found.review, now=now, locale=locale),
    )


def _reasons(reasons: Iterable[Reason], locale: str | None) -> list[ReasonBody]:
    return [
        ReasonBody(code=one.code, words=service.words_of(one.code, locale=locale or "en"), facts=dict(one.facts))
        for one in reasons
    ]


def _known(features: Mapping[str, float]) -> dict[str, float | None]:
    # JSON has no NaN: what is missing is null.
    return {name: value if value == value else None for name, value in features.items()}  # noqa: PLR0124


def _denied(one: Denied) -> DeniedBody:
    return DeniedBody(list=one.list, value=one.value, reason=one.reason, until=one.until)


def _model(one: RegisteredModel) -> ModelBody:
    return ModelBody(
        model=one.model,
        role=one.role.value,
        role_since=one.role_since,
        trained_on=one.trained_on,
        trained_at=one.trained_at,
        metrics=dict(one.metrics),
    )


def _drift(one: Drift) -> DriftBody:
    return DriftBody(
        measured_on=one.measured_on.isoformat(),
        model=one.model,
        feature=one.feature,
        psi_ppm=one.psi_ppm,
        decisions=one.decisions,
    )
