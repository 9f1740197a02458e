"""HTTP for splits: who earns by a track."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import Share, SplitView
from vibestream.kernel.ids import TrackId, UserId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["royalties"])


class ShareBody(BaseModel):
    """A payee's part of what a track earns."""

    model_config = ConfigDict(extra="forbid")

    payee_id: UUID
    share_bp: int = Field(strict=True, ge=1, le=10_000, description="Basis points; all of a split are 10,000.")


class ProposalBody(BaseModel):
    """A split to propose."""

    model_config = ConfigDict(extra="forbid")

    shares: list[ShareBody] = Field(min_length=1, max_length=100)
    effective_from: str | None = Field(None, description="A month such as 2026-11; the present one unless told.")


class AcceptedShareBody(ShareBody):
    """A payee's part, and whether the payee agreed."""

    accepted: bool


class SplitBody(BaseModel):
    """A split and what has become of it."""

    split_id: UUID
    track_id: UUID
    title: str | None
    made_by: UUID
    made_at: datetime
    effective_from: date
    in_force_from: date | None = Field(
        description="The first month that it counts for; null while somebody has to accept."
    )
    withdrawn: bool
    shares: list[AcceptedShareBody]


class SplitsBody(BaseModel):
    """Splits, the newest first."""

    splits: list[SplitBody]


@router.get("/api/v1/royalties/splits", policy=SIGNED_IN)
async def list_splits(tx: TxDep, principal: PrincipalDep) -> SplitsBody:
    """Return the splits that one proposed or is named in."""
    found = await service.splits_of_person(tx, person=principal.user_id)
    return SplitsBody(splits=[_split(one) for one in found])


@router.get("/api/v1/royalties/tracks/{track_id}/splits", policy=SIGNED_IN)
async def list_splits_of_track(track_id: UUID, tx: TxDep, principal: PrincipalDep) -> SplitsBody:
    """Return every split of a track of one's own."""
    found = await service.splits_of_track(tx, track_id=TrackId(track_id), owner=principal.user_id)
    return SplitsBody(splits=[_split(one) for one in found])


@router.post("/api/v1/royalties/tracks/{track_id}/splits", policy=SIGNED_IN, status_code=201)
async def propose_split(
    track_id: UUID, body: ProposalBody, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> SplitBody:
    """Propose how a track of one's own is divided. It counts when everybody named in it has accepted."""
    month = None if body.effective_from is None else service.parse_month(body.effective_from)
    return _split(
        await service.set_splits(
            tx,
            track_id=TrackId(track_id),
            owner=principal.user_id,
            shares=[Share(UserId(one.payee_id), one.share_bp) for one in body.shares],
            effective_from=month,
            now=now,
        )
    )


@router.post("/api/v1/royalties/splits/{split_id}/accept", policy=SIGNED_IN)
async def accept_split(split_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> SplitBody:
    """Accept one's share of a split."""
    return _split(await service.accept_split(tx, split_id=split_id, payee=principal.user_id, now=now))


@router.post("/api/v1/royalties/splits/{split_id}/withdraw", policy=SIGNED_IN)
async def withdraw_split(split_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> SplitBody:
    """Take back a split one proposed, or decline one that one is named in, before it counts."""
    return _split(await service.withdraw_split(tx, split_id=split_id, person=principal.user_id, now=now))


def _split(found: SplitView) -> SplitBody:
    return SplitBody(
        split_id=found.split_id,
        track_id=found.track_id,
        title=found.title,
        made_by=found.made_by,
        made_at=found.made_at,
        effective_from=found.effective_from,
        in_force_from=found.in_force_from,
        withdrawn=found.withdrawn,
        shares=[
            AcceptedShareBody(
                payee_id=share.payee_id, share_bp=share.share_bp, accepted=share.payee_id in found.accepted
            )
            for share in found.shares
        ],
    )
