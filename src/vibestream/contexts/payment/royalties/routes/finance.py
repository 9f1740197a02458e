"""HTTP for finance: months closed, run, compared, and taken back by two people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.payment.royalties import jobs, service
from vibestream.contexts.payment.royalties.service import EngineName, Exclusion, PayeeShare, PoolView, RunView
from vibestream.kernel.ids import RoyaltyRunId
from vibestream.kernel.money import Currency, decimal_text
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.jobs import defer

router = Router(tags=["royalties"])

FINANCE = holds("finance")
Limit = Annotated[int, Query(ge=1, le=1_000, description="How many at most.")]


class PoolBody(BaseModel):
    """A closed month in one currency."""

    month: str
    currency: str
    gross: str
    fees: str
    net: str
    pool_share_bp: int
    pool: str
    platform: str = Field(description="What the platform keeps, out of which the fees were paid.")
    policy_version: int
    closed_by: UUID | None
    closed_at: datetime
    transaction_id: UUID


class PoolsBody(BaseModel):
    """Closed months, the newest first."""

    pools: list[PoolBody]


class RunBody(BaseModel):
    """A pool shared out."""

    run_id: UUID
    month: str
    currency: str
    number: int
    engine: EngineName
    policy_version: int
    pool: str
    unallocated: str
    usage_hash: str
    statements_root: str
    made_by: UUID | None
    made_at: datetime
    transaction_id: UUID
    reversed_at: datetime | None
    reversal_transaction_id: UUID | None


class RunsBody(BaseModel):
    """Runs, those of the newest month first."""

    runs: list[RunBody]


class ExclusionBody(BaseModel):
    """Artificial listens that are not counted: of a listener, of a track, or of one of the other."""

    model_config = ConfigDict(extra="forbid")

    listener_id: UUID | None = None
    track_id: UUID | None = None
    reason: str = Field(min_length=1, max_length=200)


class ExclusionsBody(BaseModel):
    """What a run leaves out."""

    model_config = ConfigDict(extra="forbid")

    exclusions: list[ExclusionBody] = Field(default_factory=list, max_length=10_000)


class DifferenceBody(BaseModel):
    """What both engines give to one payee."""

    payee_id: UUID
    pro_rata: str
    user_centric: str
    difference: str = Field(description="User-centric less pro-rata.")
    payable: str


class ComparisonBody(BaseModel):
    """Both engines side by side; those payees first for whom the engine matters most."""

    currency: str
    engine: EngineName = Field(description="The one that pays.")
    pool: str
    allocated: dict[str, str]
    payees: int
    differences: list[DifferenceBody]


class AcceptedBody(BaseModel):
    """It will be done by a worker within moments."""

    month: str
    currency: str


class ReasonBody(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class ReversalBody(BaseModel):
    """A run that somebody wants reversed; it waits for another person."""

    run_id: UUID
    asked_by: UUID
    asked_at: datetime
    reason: str


class ReversalsBody(BaseModel):
    """What waits for a second person, the oldest first."""

    reversals: list[ReversalBody]


@router.get("/api/v1/finance/royalties/pools", policy=FINANCE)
async def list_pools(tx: TxDep, limit: Limit = 100) -> PoolsBody:
    """Return closed months with their pools."""
    return PoolsBody(pools=[_pool(one) for one in await service.pools(tx, limit=limit)])


@router.post("/api/v1/finance/royalties/months/{month}/{currency}/close", policy=FINANCE)
async def settle_month(month: str, currency: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> PoolBody:
    """Close a month that is over: its revenue becomes the pool and the platform's. Closing again returns the pool."""
    return _pool(
        await service.close_month(
            tx,
            month=service.parse_month(month),
            currency=Currency.of(currency),
            closed_by=principal.user_id,
            now=now,
        )
    )


@router.post("/api/v1/finance/royalties/months/{month}/{currency}/preview", policy=FINANCE)
async def preview_month(
    month: str, currency: str, body: ExclusionsBody, tx: TxDep, limit: Limit = 100
) -> ComparisonBody:
    """Return what both engines would give as things stand, of a closed or an open month, and move nothing."""
    found = await service.preview(
        tx, month=service.parse_month(month), currency=Currency.of(currency), exclusions=_exclusions(body)
    )
    differing = sorted(found.reckoning.payees, key=lambda one: -abs(one.user_centric - one.pro_rata))
    return ComparisonBody(
        currency=currency,
        engine=found.engine,
        pool=decimal_text(found.reckoning.pool, found.currency),
        allocated={name: decimal_text(sum_, found.currency) for name, sum_ in found.reckoning.allocated.items()},
        payees=len(differing),
        differences=[_difference(one, found.currency) for one in differing[:limit]],
    )


@router.post("/api/v1/finance/royalties/months/{month}/{currency}/run", policy=FINANCE, status_code=202)
async def run_month(
    month: str, currency: str, body: ExclusionsBody, tx: TxDep, principal: PrincipalDep
) -> AcceptedBody:
    """Have a worker share a closed month's pool. A month that has been run and not reversed is not run again."""
    first, of = service.parse_month(month), Currency.of(currency)
    await service.pool(tx, month=first, currency=of)
    exclusions = _exclusions(body)
    await defer(
        tx,
        jobs.run_royalties,
        month=month,
        currency=currency,
        exclusions=[
            [str(one.listener_id) if one.listener_id else None, str(one.track_id) if one.track_id else None, one.reason]
            for one in exclusions
        ],
        made_by=str(principal.user_id),
        lock=f"royalties:{month}:{currency}",
    )
    return AcceptedBody(month=month, currency=currency)


@router.get("/api/v1/finance/royalties/runs", policy=FINANCE)
async def list_runs(tx: TxDep, limit: Limit = 100) -> RunsBody:
    """Return runs, reversed ones too."""
    return RunsBody(runs=[_run(one) for one in await service.list_runs(tx, limit=limit)])


@router.get("/api/v1/finance/royalties/runs/{run_id}", policy=FINANCE)
async def show_run(run_id: UUID, tx: TxDep) -> RunBody:
    """Return a run."""
    return _run(await service.run(tx, run_id=RoyaltyRunId(run_id)))


@router.get("/api/v1/finance/royalties/runs/{run_id}/comparison", policy=FINANCE)
async def compare_run(run_id: UUID, tx: TxDep, limit: Limit = 100) -> ComparisonBody:
    """Return what both engines gave to payees in a run."""
    run = await service.run(tx, run_id=RoyaltyRunId(run_id))
    found = await service.compare(tx, run_id=run.run_id, limit=limit)
    totals = await service.totals_of(tx, run_id=run.run_id)
    return ComparisonBody(
        currency=run.currency.code,
        engine=run.engine,
        pool=decimal_text(run.pool, run.currency),
        allocated={name: decimal_text(sum_, run.currency) for name, sum_ in totals.allocated.items()},
        payees=totals.payees,
        differences=[_difference(one, run.currency) for one in found],
    )


@router.get("/api/v1/finance/royalties/reversals", policy=FINANCE)
async def list_reversals(tx: TxDep) -> ReversalsBody:
    """Return the reversals that wait for a second person."""
    return ReversalsBody(
        reversals=[
            ReversalBody(run_id=one.run_id, asked_by=one.asked_by, asked_at=one.asked_at, reason=one.reason)
            for one in await service.open_reversals(tx)
        ]
    )


@router.post("/api/v1/finance/royalties/runs/{run_id}/reversal", policy=FINANCE, status_code=204)
async def ask_reversal(run_id: UUID, body: ReasonBody, tx: TxDep, principal: PrincipalDep) -> None:
    """Ask for a run to be reversed. Nothing moves until another person agrees."""
    await service.ask_reversal(tx, run_id=RoyaltyRunId(run_id), asked_by=principal.user_id, reason=body.reason)


@router.post("/api/v1/finance/royalties/runs/{run_id}/reversal/approval", policy=FINANCE)
async def approve_reversal(run_id: UUID, tx: TxDep, principal: PrincipalDep) -> RunBody:
    """Agree to a reversal that another person asked for: the run is reversed, and the month can be run anew."""
    return _run(await service.approve_reversal(tx, run_id=RoyaltyRunId(run_id), approved_by=principal.user_id))


def _exclusions(body: ExclusionsBody) -> list[Exclusion]:
    return [Exclusion(one.listener_id, one.track_id, one.reason) for one in body.exclusions]


def _pool(one: PoolView) -> PoolBody:
    return PoolBody(
        month=service.label(one.month),
        currency=one.currency.code,
        gross=decimal_text(one.gross, one.currency),
        fees=decimal_text(one.fees, one.currency),
        net=decimal_text(one.net, one.currency),
        pool_share_bp=one.pool_share_bp,
        pool=decimal_text(one.pool, one.currency),
        platform=decimal_text(one.gross - one.pool, one.currency),
        policy_version=one.policy_version,
        closed_by=one.closed_by,
        closed_at=one.closed_at,
        transaction_id=one.transaction_id,
    )


def _run(one: RunView) -> RunBody:
    return RunBody(
        run_id=one.run_id,
        month=service.label(one.month),
        currency=one.currency.code,
        number=one.number,
        engine=one.engine,
        policy_version=one.policy_version,
        pool=decimal_text(one.pool, one.currency),
        unallocated=decimal_text(one.unallocated, one.currency),
        usage_hash=one.usage_hash.hex(),
        statements_root=one.statements_root.hex(),
        made_by=one.made_by,
        made_at=one.made_at,
        transaction_id=one.transaction_id,
        reversed_at=one.reversed_at,
        reversal_transaction_id=one.reversal_transaction_id,
    )


def _difference(one: PayeeShare, currency: Currency) -> DifferenceBody:
    return DifferenceBody(
        payee_id=one.payee_id,
        pro_rata=decimal_text(one.pro_rata, currency),
        user_centric=decimal_text(one.user_centric, currency),
        difference=decimal_text(one.user_centric - one.pro_rata, currency),
        payable=decimal_text(one.settlement.payable, currency),
    )
