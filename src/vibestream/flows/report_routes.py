"""HTTP of reports: saying that something is wrong, and deciding about what people said.

The addresses stand here because what is reported is of two contexts: people and artists are user's, releases music's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.pictures import service as pictures
from vibestream.contexts.user.pictures.service import Place
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Case, Decision, Kind, Open, Reason, Verdict
from vibestream.flows import reported
from vibestream.flows.reported import Reported
from vibestream.kernel.ids import UserId
from vibestream.platform.access import SIGNED_IN, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["reports"])

_BODY: Final = 16 * 1024
_MODERATOR: Final = holds("moderator")


class ReportRequest(BaseModel):
    """What is wrong with it."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason
    words: Annotated[str, Field(max_length=4_000)] = ""


class ReportBody(BaseModel):
    """A report that a person looks at."""

    report_id: UUID
    kind: Kind
    reason: Reason
    reported_at: datetime


class DecisionBody(BaseModel):
    """What was decided, and why."""

    verdict: Verdict
    decided_at: datetime
    note: str


class OwnDecisionBody(DecisionBody):
    """What was decided about something of one's own, and why."""

    kind: Kind


class OwnDecisions(BaseModel):
    """What was decided about what is one's own, the newest first, at most fifty."""

    items: list[OwnDecisionBody]


class OpenBody(BaseModel):
    """Something that waits for a moderator."""

    kind: Kind
    subject_id: UUID
    name: str
    reports: int
    since: datetime
    reasons: list[Reason]


class SaidBody(BaseModel):
    """What one person said of it; who, is nobody's to know."""

    reason: Reason
    words: str
    reported_at: datetime
    decided: bool


class CaseBody(BaseModel):
    """Everything that was said and decided of one thing."""

    kind: Kind
    subject_id: UUID
    name: str
    path: str = Field(description="Its page on this site; empty when it is there no more.")
    hidden: bool
    reports: list[SaidBody]
    decisions: list[DecisionBody]
    verdicts: list[Verdict] = Field(description="What can be decided now.")
    own: bool = Field(description="Whether it is one's own, or one reported it: somebody else has to decide.")
    pictures: list[str] = Field(description="Where whoever can decide fetches the page's pictures, hidden or not.")


class VerdictRequest(BaseModel):
    """What a moderator decides, and why: whoever it is about reads it, unless it is dismissed."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    note: Annotated[str, Field(min_length=1, max_length=4_000)]


@router.post("/api/v1/people/{handle}/reports", policy=SIGNED_IN, status_code=201, max_body_bytes=_BODY)
async def report_person(
    *, handle: str, body: ReportRequest, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> ReportBody:
    """Report a person's page to the moderators, once; ten things within a day at most."""
    seen = await reported.person(tx, handle=handle, viewer=principal.user_id)
    return await _report(tx, principal.user_id, seen, body, now)


@router.post("/api/v1/artists/{handle}/reports", policy=SIGNED_IN, status_code=201, max_body_bytes=_BODY)
async def report_artist(
    *, handle: str, body: ReportRequest, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> ReportBody:
    """Report an artist's page to the moderators, once; ten things within a day at most."""
    return await _report(tx, principal.user_id, await reported.artist(tx, handle=handle), body, now)


@router.post("/api/v1/releases/{release_id}/reports", policy=SIGNED_IN, status_code=201, max_body_bytes=_BODY)
async def report_release(
    *, release_id: UUID, body: ReportRequest, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> ReportBody:
    """Report a release to the moderators, once; ten things within a day at most."""
    return await _report(tx, principal.user_id, await reported.release(tx, release_id=release_id), body, now)


@router.get("/api/v1/me/decisions", policy=SIGNED_IN)
async def list_own_decisions(tx: TxDep, principal: PrincipalDep) -> OwnDecisions:
    """List what moderators decided about what is one's own, and why; not what was dismissed."""
    found = await reports.decisions_about(tx, user_id=principal.user_id)
    return OwnDecisions(
        items=[
            OwnDecisionBody(kind=kind, verdict=one.verdict, decided_at=one.decided_at, note=one.note)
            for kind, one in found
        ]
    )


@router.get("/api/v1/moderation/reports", policy=_MODERATOR)
async def list_reported(tx: TxDep, paging: PagingDep) -> Page[OpenBody]:
    """List what waits for a decision, the longest waiting first."""
    after = paging.after_values(datetime, UUID)
    rows = await reports.queue(tx, limit=paging.fetch, after=after and (after[0], after[1]))
    names = {
        one.subject_id: (await reported.named(tx, kind=one.kind, subject_id=one.subject_id))[0]
        for one in rows[: paging.limit]
    }
    return paging.page(
        rows, item=lambda row: _open(row, names[row.subject_id]), position=lambda row: (row.since, row.subject_id)
    )


@router.get("/api/v1/moderation/reports/{kind}/{subject_id}", policy=_MODERATOR)
async def show_reported(kind: Kind, subject_id: UUID, tx: TxDep, principal: PrincipalDep) -> CaseBody:
    """Show everything that was said and decided of one thing, and what can be decided now."""
    return await _case(tx, kind, subject_id, principal.user_id)


@router.post(
    "/api/v1/moderation/reports/{kind}/{subject_id}/decisions",
    policy=_MODERATOR,
    status_code=201,
    max_body_bytes=_BODY,
)
async def decide_reported(
    *,
    kind: Kind,
    subject_id: UUID,
    body: VerdictRequest,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    _key: IdempotencyDep,
) -> CaseBody:
    """Decide about everything that is open of one thing; never about what is one's own, or what one reported."""
    await reports.decide(
        tx, kind=kind, subject_id=subject_id, verdict=body.verdict, by=principal.user_id, note=body.note, now=now
    )
    return await _case(tx, kind, subject_id, principal.user_id)


async def _report(tx: Tx, reporter: UserId, seen: Reported, body: ReportRequest, now: datetime) -> ReportBody:
    made = await reports.report(
        tx, reporter=reporter, subject=seen.subject, reason=body.reason, words=body.words, now=now
    )
    return ReportBody(
        report_id=made.report_id, kind=made.subject.kind, reason=made.reason, reported_at=made.reported_at
    )


async def _case(tx: Tx, kind: Kind, subject_id: UUID, reader: UserId) -> CaseBody:
    case: Case = await reports.case_of(tx, kind=kind, subject_id=subject_id)
    name, path = await reported.named(tx, kind=kind, subject_id=subject_id)
    seen = await pictures.pictures_to_judge(tx, kind=kind, subject_id=subject_id, by=reader)
    return CaseBody(
        kind=kind,
        subject_id=subject_id,
        name=name,
        path=path,
        hidden=case.hidden,
        reports=[
            SaidBody(reason=one.reason, words=one.words, reported_at=one.reported_at, decided=one.decided)
            for one in case.reports
        ],
        decisions=[_decision(one) for one in case.decisions],
        verdicts=list(case.verdicts),
        own=case.involves(reader),
        pictures=[pictures.judged_at(seen[one], kind=kind) for one in Place if one in seen],
    )


def _open(row: Open, name: str) -> OpenBody:
    return OpenBody(
        kind=row.kind,
        subject_id=row.subject_id,
        name=name,
        reports=row.reports,
        since=row.since,
        reasons=list(row.reasons),
    )


def _decision(one: Decision) -> DecisionBody:
    return DecisionBody(verdict=one.verdict, decided_at=one.decided_at, note=one.note)
