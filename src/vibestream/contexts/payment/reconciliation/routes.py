"""HTTP for finance: what was compared, what differs, and for how long gateways have had our money."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.reconciliation import service
from vibestream.contexts.payment.reconciliation.service import Ageing, Class, Finding, FindingState, Kind, Run
from vibestream.kernel.money import decimal_text
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["reconciliation"])
_FINANCE = holds("finance")
_BASE = "/api/v1/operations/reconciliation"
_RUNS = 200


class RunBody(BaseModel):
    """How the last comparison of a gateway's day ended."""

    gateway: GatewayName
    day: date
    run_at: datetime
    lines: int = Field(description="Lines of the gateway's book that were read.")
    matched: int
    differing: int
    waiting: int = Field(description="Too new to be missing from the other book.")


class FindingBody(BaseModel):
    """Where two books differ."""

    finding_id: UUID
    gateway: GatewayName
    class_: Class = Field(serialization_alias="class")
    kind: Kind
    subject: str = Field(description="payment:<id> or payout:<id> of ours, or the gateway's id of what is not ours.")
    currency: str
    ours: str | None = Field(description="What our books say; null: nothing.")
    theirs: str | None = Field(description="What theirs say; null: nothing.")
    line_ref: str | None = Field(description="A line of the gateway's book that shows it.")
    day: date
    occurred_at: datetime
    found_at: datetime
    state: FindingState
    note: str | None
    decided_by: UUID | None
    decided_at: datetime | None


class AgeingBody(BaseModel):
    """How long what a gateway has of ours has been there."""

    currency: str
    up_to_2_days: str
    up_to_7_days: str
    up_to_30_days: str
    older: str
    overdrawn: str = Field(description="What it gave out more than it had taken in.")
    total: str


class NoteBody(BaseModel):
    """Why, in words."""

    model_config = ConfigDict(extra="forbid")

    note: StrictStr = Field(min_length=1, max_length=1000)


@router.get(f"{_BASE}/runs", policy=_FINANCE)
async def list_runs(tx: TxDep) -> list[RunBody]:
    """Return how the last comparisons ended, the newest day first."""
    return [_run(one) for one in await service.runs(tx, limit=_RUNS)]


@router.get(f"{_BASE}/findings", policy=_FINANCE)
async def list_findings(
    tx: TxDep,
    paging: PagingDep,
    gateway: Annotated[GatewayName | None, Query(description="Only of this gateway.")] = None,
    state: Annotated[FindingState | None, Query(description="Only in this state.")] = None,
) -> Page[FindingBody]:
    """Return what was found, the newest first."""
    after = paging.after_values(UUID)
    found = await service.findings(
        tx,
        gateway=gateway,
        states=None if state is None else {state},
        before=None if after is None else after[0],
        limit=paging.fetch,
    )
    return paging.page(found, item=_finding, position=lambda one: (one.finding_id,))


@router.get(f"{_BASE}/findings/{{finding_id}}", policy=_FINANCE)
async def show_finding(finding_id: UUID, tx: TxDep) -> FindingBody:
    """Return one finding."""
    return _finding(await service.finding(tx, finding_id=finding_id))


@router.post(f"{_BASE}/findings/{{finding_id}}/explain", policy=_FINANCE)
async def explain_finding(
    finding_id: UUID, body: NoteBody, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> FindingBody:
    """Say why two books differ and will go on to."""
    found = await service.explain(tx, finding_id=finding_id, note=body.note, by=principal.user_id, now=now)
    return _finding(found)


@router.post(f"{_BASE}/findings/{{finding_id}}/resolve", policy=_FINANCE)
async def resolve_finding(
    finding_id: UUID, body: NoteBody, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> FindingBody:
    """Say what was done so that the books agree."""
    found = await service.resolve(tx, finding_id=finding_id, note=body.note, by=principal.user_id, now=now)
    return _finding(found)


@router.get(f"{_BASE}/ageing/{{gateway}}", policy=_FINANCE)
async def show_ageing(gateway: GatewayName, tx: TxDep, now: NowDep) -> list[AgeingBody]:
    """Return, by currency, how long what a gateway has of ours has been there."""
    return [_ageing(one) for one in await service.ageing(tx, gateway=gateway, now=now)]


def _run(found: Run) -> RunBody:
    return RunBody(
        gateway=found.gateway,
        day=found.day,
        run_at=found.run_at,
        lines=found.lines,
        matched=found.matched,
        differing=found.differing,
        waiting=found.waiting,
    )


def _finding(found: Finding) -> FindingBody:
    return FindingBody(
        finding_id=found.finding_id,
        gateway=found.gateway,
        class_=found.class_,
        kind=found.kind,
        subject=found.subject,
        currency=found.currency.code,
        ours=None if found.ours is None else decimal_text(found.ours, found.currency),
        theirs=None if found.theirs is None else decimal_text(found.theirs, found.currency),
        line_ref=found.line_ref,
        day=found.day,
        occurred_at=found.occurred_at,
        found_at=found.found_at,
        state=found.state,
        note=found.note,
        decided_by=found.decided_by,
        decided_at=found.decided_at,
    )


def _ageing(found: Ageing) -> AgeingBody:
    return AgeingBody(
        currency=found.currency.code,
        up_to_2_days=decimal_text(found.up_to_2_days, found.currency),
        up_to_7_days=decimal_text(found.up_to_7_days, found.currency),
        up_to_30_days=decimal_text(found.up_to_30_days, found.currency),
        older=decimal_text(found.older, found.currency),
        overdrawn=decimal_text(found.overdrawn, found.currency),
        total=decimal_text(found.total, found.currency),
    )
