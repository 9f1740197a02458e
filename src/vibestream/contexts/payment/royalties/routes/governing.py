"""HTTP for finance: policies, withholding, advances."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import EngineName, Idle, Policy, Rate, Rules
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import IdempotencyDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["royalties"])

FINANCE = holds("finance")


class PolicyBody(BaseModel):
    """How royalties are shared from a month on."""

    model_config = ConfigDict(extra="forbid")

    effective_from: str = Field(description="A month such as 2026-11.")
    engine: EngineName = Field(description="The one that pays; the other is reckoned beside it.")
    pool_share_bp: int = Field(strict=True, ge=0, le=10_000, description="What part of the net revenue is shared.")
    least_listens: int = Field(1, strict=True, ge=0, description="A track with fewer counted listens earns nothing.")
    most_per_track: int | None = Field(
        None, strict=True, ge=1, description="More listens of a track by one listener do not count."
    )
    most_per_listener: int | None = Field(
        None, strict=True, ge=1, description="Listens of one listener are scaled down to this."
    )
    subscribers_only: bool = Field(
        default=True, strict=True, description="Only listens that a fee pays for count, also pro-rata."
    )
    idle: Idle = Field(Idle.SPREAD, description="What becomes of the fee of a subscriber of whom nothing counted.")
    hold_days: int = Field(14, strict=True, ge=0, le=365, description="How long royalties stay pending.")
    note: str = Field(min_length=1, max_length=500, description="Why it is made.")


class VersionedPolicyBody(PolicyBody):
    """A policy as it is kept."""

    version: int


class PoliciesBody(BaseModel):
    """Every policy there ever was, the oldest version first."""

    policies: list[VersionedPolicyBody]


class RateBody(BaseModel):
    """What part of royalties is withheld for a country from a month on."""

    model_config = ConfigDict(extra="forbid")

    country: str = Field(min_length=2, max_length=2)
    effective_from: str = Field(description="A month such as 2026-11.")
    rate_bp: int = Field(strict=True, ge=0, le=10_000)


class AdvanceBody(BaseModel):
    """Money given to a payee before it is earned."""

    model_config = ConfigDict(extra="forbid")

    payee_id: UUID
    amount: str = Field(max_length=30, description="An exact decimal such as 250.00.")
    currency: str = Field(max_length=5)
    note: str = Field(min_length=1, max_length=500)


class AdvanceGrantedBody(BaseModel):
    """Where it stands in the ledger."""

    advance_id: UUID
    transaction_id: UUID


@router.get("/api/v1/finance/royalties/policies", policy=FINANCE)
async def list_policies(tx: TxDep) -> PoliciesBody:
    """Return every royalty policy."""
    return PoliciesBody(policies=[_policy(one) for one in await service.policies(tx)])


@router.post("/api/v1/finance/royalties/policies", policy=FINANCE, status_code=201)
async def set_policy(body: PolicyBody, tx: TxDep, principal: PrincipalDep) -> VersionedPolicyBody:
    """Add a policy that counts from a month on. Earlier versions are kept for earlier runs."""
    policy = Policy(
        engine=body.engine,
        pool_share_bp=body.pool_share_bp,
        hold_days=body.hold_days,
        effective_from=service.parse_month(body.effective_from),
        note=body.note,
        rules=Rules(
            least_listens=body.least_listens,
            most_per_track=body.most_per_track,
            most_per_listener=body.most_per_listener,
            subscribers_only=body.subscribers_only,
            idle=body.idle,
        ),
    )
    version = await service.set_policy(tx, policy=policy, made_by=principal.user_id)
    return VersionedPolicyBody(version=version, **body.model_dump())


@router.post("/api/v1/finance/royalties/withholding-rates", policy=FINANCE, status_code=204)
async def set_withholding_rate(body: RateBody, tx: TxDep, principal: PrincipalDep) -> None:
    """Withhold a part of royalties for a country's tax office from an open month on."""
    rate = Rate(body.country, service.parse_month(body.effective_from), body.rate_bp)
    await service.set_withholding_rate(tx, rate=rate, made_by=principal.user_id)


@router.post("/api/v1/finance/royalties/advances", policy=FINANCE, status_code=201)
async def grant_advance(
    body: AdvanceBody,
    tx: TxDep,
    principal: PrincipalDep,
    _key: IdempotencyDep,
) -> AdvanceGrantedBody:
    """Give a payee an advance: available at once, recouped from royalties."""
    advance_id = new_id()
    transaction_id = await service.grant_advance(
        tx,
        advance_id=advance_id,
        payee_id=UserId(body.payee_id),
        amount=Money.parse(body.amount, Currency.of(body.currency)),
        note=body.note,
        granted_by=principal.user_id,
    )
    return AdvanceGrantedBody(advance_id=advance_id, transaction_id=transaction_id)


def _policy(one: Policy) -> VersionedPolicyBody:
    return VersionedPolicyBody(
        version=one.version,
        effective_from=service.label(one.effective_from),
        engine=one.engine,
        pool_share_bp=one.pool_share_bp,
        least_listens=one.rules.least_listens,
        most_per_track=one.rules.most_per_track,
        most_per_listener=one.rules.most_per_listener,
        subscribers_only=one.rules.subscribers_only,
        idle=one.rules.idle,
        hold_days=one.hold_days,
        note=one.note,
    )
