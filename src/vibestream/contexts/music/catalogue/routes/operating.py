"""Addresses for operators: taking down what must not stay, and giving it back."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel

from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.domain import By, Release, Stage
from vibestream.kernel.ids import ReleaseId, TrackId
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import NowDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["operations"])

OPERATOR = holds("admin")


class Standing(BaseModel):
    """Where a release stands after an operator's decision."""

    release_id: UUID
    stage: Stage
    withdrawn_by: By | None
    withdrawn_tracks: list[UUID]


@router.post("/api/v1/operations/releases/{release_id}/hold", policy=OPERATOR)
async def hold_release(release_id: UUID, tx: TxDep, now: NowDep) -> Standing:
    """Take a release down, whoever's it is; its artist cannot publish it again."""
    return _standing(await service.hold_release(tx, release_id=ReleaseId(release_id), now=now))


@router.post("/api/v1/operations/releases/{release_id}/lift-hold", policy=OPERATOR)
async def lift_hold(release_id: UUID, tx: TxDep, now: NowDep) -> Standing:
    """Give a held release back to its artist, who may publish it again."""
    return _standing(await service.lift_hold(tx, release_id=ReleaseId(release_id), now=now))


@router.post("/api/v1/operations/releases/{release_id}/tracks/{track_id}/hold", policy=OPERATOR)
async def hold_track(release_id: UUID, track_id: UUID, tx: TxDep, now: NowDep) -> Standing:
    """Withdraw one track of a public release; its artist cannot give it back."""
    return _standing(
        await service.hold_track(tx, release_id=ReleaseId(release_id), track_id=TrackId(track_id), now=now)
    )


@router.post("/api/v1/operations/releases/{release_id}/tracks/{track_id}/lift-hold", policy=OPERATOR)
async def lift_hold_of_track(release_id: UUID, track_id: UUID, tx: TxDep, now: NowDep) -> Standing:
    """Give back a track that was withdrawn."""
    return _standing(
        await service.release_track(tx, release_id=ReleaseId(release_id), track_id=TrackId(track_id), now=now)
    )


def _standing(release: Release) -> Standing:
    return Standing(
        release_id=release.release_id,
        stage=release.stage,
        withdrawn_by=release.withdrawn_by,
        withdrawn_tracks=[track.track_id for track in release.tracks if track.withdrawn_by is not None],
    )
