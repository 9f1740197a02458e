"""HTTP of reward pools' policies: proposing one, approving it as another person, trying one on a past day.

The addresses stand here because which named sources there are is payment's to know.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from vibestream.contexts.listen_reward.allocation import service as allocation
from vibestream.contexts.listen_reward.allocation.service import Policy, PoolPolicy, State, UnusableSources
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Simulated
from vibestream.contexts.payment.pool_sources import service as pool_sources
from vibestream.kernel.ids import PoolPolicyId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.access import holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["pools"])

_ADMIN: Final = holds("admin")
_BODY: Final = 16 * 1024
_PATH: Final = "/api/v1/operations/pool-policies"
_MOST_MINOR: Final = 10**15
Share = Annotated[StrictInt, Field(ge=0, le=10_000, description="Of a whole, in basis points.")]


class SpreadBody(BaseModel):
    """How a budget is spread."""

    model_config = ConfigDict(extra="forbid")

    listener_cap_bp: Share = Field(description="Of the budget, the most that one listener is paid.")
    track_cap_bp: Share
    artist_cap_bp: Share
    decay_bp: Share = Field(description="Each further listen of a song by a listener weighs so much of the one before.")
    boost_bp: StrictInt = Field(
        ge=10_000, le=100_000, description="What a listen of a new artist weighs, of what another would."
    )
    most_seconds: StrictInt = Field(ge=1, le=65_535, description="Longer listens weigh as if they were so long.")


class PolicyFigures(BaseModel):
    """A budget and how it is spread."""

    model_config = ConfigDict(extra="forbid")

    budget_vibe_minor: StrictInt = Field(ge=1, le=_MOST_MINOR)
    spread: SpreadBody
    new_artist_days: StrictInt = Field(ge=0, le=3_650, description="For so long an artist is new.")


class NamedSource(BaseModel):
    """What a named source is to give to a day's budget; the rest is issued."""

    model_config = ConfigDict(extra="forbid")

    source: Annotated[str, Field(min_length=1, max_length=100)]
    vibe_minor: StrictInt = Field(ge=1, le=_MOST_MINOR)


class PolicyRequest(PolicyFigures):
    """A policy, from an epoch on; it begins three days from today at the earliest."""

    effective_from: date
    warm_up_days: StrictInt = Field(
        0, ge=0, le=30, description="What an account earns in its first days is decided when they are over."
    )
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    sources: Annotated[list[NamedSource], Field(max_length=40)] = []


class TryRequest(PolicyFigures):
    """Figures to try on a past day."""

    epoch: date


class PoolPolicyBody(PolicyFigures):
    """A policy with who proposed it and who decided."""

    policy_id: UUID
    effective_from: date
    warm_up_days: int
    sources: list[NamedSource]
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    state: State
    decided_by: UUID | None
    decided_at: datetime | None


class InForceBody(BaseModel):
    """The policy of a day; null: each listen earns the same."""

    epoch: date
    policy: PoolPolicyBody | None


class SideBody(BaseModel):
    """What a day's listens are paid, in one way."""

    paid_vibe_minor: int
    listeners: int = Field(description="Who are paid anything.")
    most_of_a_listener_vibe_minor: int
    by_artist_vibe_minor: dict[UUID, int] = Field(description="What listens of each artist's songs earn listeners.")


class TriedBody(BaseModel):
    """What a policy would have paid for a day's listens, beside what was paid. Nothing was written."""

    epoch: date
    budget_vibe_minor: int
    listens: int
    weightless: int = Field(description="Listens that the policy gives no weight at all.")
    would: SideBody
    was: SideBody
    stays_vibe_minor: int = Field(description="What of the budget the policy would have left.")


@router.get(_PATH, policy=_ADMIN)
async def list_policies(tx: TxDep, paging: PagingDep) -> Page[PoolPolicyBody]:
    """List policies of pools, those that were proposed last first."""
    before = paging.after_values(datetime, UUID)
    rows = await allocation.policies(tx, before=before and (before[0], before[1]), limit=paging.fetch)
    return paging.page(rows, item=_body, position=lambda row: (row.proposed_at, row.policy_id))


@router.get(f"{_PATH}/in-force", policy=_ADMIN)
async def show_in_force(tx: TxDep, now: NowDep, epoch: date | None = None) -> InForceBody:
    """Show the policy that a day is opened with; today's when none is named."""
    day = epoch or now.date()
    found = await allocation.policy_at(tx, epoch=day)
    return InForceBody(epoch=day, policy=None if found is None else _body(found))


@router.post(f"{_PATH}/simulation", policy=_ADMIN, max_body_bytes=_BODY)
async def try_policy(body: TryRequest, tx: TxDep) -> TriedBody:
    """Say what figures would have paid for a past day's listens, beside what was paid. Nothing is written."""
    tried = await pools.simulate(
        tx,
        epoch=body.epoch,
        budget=Money(body.budget_vibe_minor, VIBE),
        spread=Policy(**body.spread.model_dump()),
        new_artist_days=body.new_artist_days,
    )
    return _tried(body.epoch, tried)


@router.post(_PATH, policy=_ADMIN, status_code=201, max_body_bytes=_BODY)
async def propose_policy(
    body: PolicyRequest, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> PoolPolicyBody:
    """Propose a policy. It counts for nothing until another person approves it."""
    made = await allocation.propose(
        tx,
        policy_id=PoolPolicyId(new_id()),
        effective_from=body.effective_from,
        budget=Money(body.budget_vibe_minor, VIBE),
        spread=Policy(**body.spread.model_dump()),
        new_artist_days=body.new_artist_days,
        warm_up_days=body.warm_up_days,
        reason=body.reason,
        proposed_by=principal.user_id,
        now=now,
        named=await _known(tx, body.sources),
    )
    return _body(made)


@router.post(f"{_PATH}/{{policy_id}}/approve", policy=_ADMIN)
async def approve_policy(policy_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> PoolPolicyBody:
    """Approve what somebody else proposed: every day that is opened from its first one on has it."""
    return _body(await allocation.approve(tx, policy_id=PoolPolicyId(policy_id), by=principal.user_id, now=now))


@router.post(f"{_PATH}/{{policy_id}}/withdraw", policy=_ADMIN)
async def withdraw_policy(policy_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> PoolPolicyBody:
    """Take a proposal back, one's own or another's. What was approved stays."""
    return _body(await allocation.withdraw(tx, policy_id=PoolPolicyId(policy_id), by=principal.user_id, now=now))


async def _known(tx: Tx, sources: list[NamedSource]) -> list[tuple[str, Money]]:
    """Return what sources are to give.

    Raises:
        UnusableSources: one of them is none.
    """
    known = await pool_sources.balances(tx) if sources else {}
    if any(one.source not in known for one in sources):
        raise UnusableSources("There is no source of this name.")
    return [(one.source, Money(one.vibe_minor, VIBE)) for one in sources]


def _body(one: PoolPolicy) -> PoolPolicyBody:
    spread = one.spread
    return PoolPolicyBody(
        policy_id=one.policy_id,
        effective_from=one.effective_from,
        budget_vibe_minor=one.budget.minor,
        spread=SpreadBody(
            listener_cap_bp=spread.listener_cap_bp,
            track_cap_bp=spread.track_cap_bp,
            artist_cap_bp=spread.artist_cap_bp,
            decay_bp=spread.decay_bp,
            boost_bp=spread.boost_bp,
            most_seconds=spread.most_seconds,
        ),
        new_artist_days=one.new_artist_days,
        warm_up_days=one.warm_up_days,
        sources=[NamedSource(source=name, vibe_minor=amount.minor) for name, amount in one.named],
        reason=one.reason,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        state=one.state,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
    )


def _side(one: pools.Side) -> SideBody:
    return SideBody(
        paid_vibe_minor=one.paid.minor,
        listeners=one.listeners,
        most_of_a_listener_vibe_minor=one.most_of_a_listener.minor,
        by_artist_vibe_minor={artist: amount.minor for artist, amount in one.by_artist.items()},
    )


def _tried(epoch: date, tried: Simulated) -> TriedBody:
    return TriedBody(
        epoch=epoch,
        budget_vibe_minor=tried.budget.minor,
        listens=tried.listens,
        weightless=tried.weightless,
        would=_side(tried.would),
        was=_side(tried.was),
        stays_vibe_minor=tried.stays.minor,
    )
