"""Asking for a track's addresses."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Protocol, Self, cast
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.music.delivery import service
from vibestream.contexts.music.delivery.routes.media import delivery_of
from vibestream.contexts.music.delivery.service import Playback
from vibestream.kernel.ids import ListenId, SessionId, TrackId, UserId
from vibestream.platform.access import ANYONE
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["delivery"])


class PlaybackRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    listen_id: UUID | None = Field(None, description="The listen that this is for; segments fetched count for it.")


class MasterView(BaseModel):
    family: str = Field(description="`lossy` or `lossless`. Switch between families only by loading anew.")
    url: str = Field(description="Address of the HLS master playlist, on this origin.")


class RungView(BaseModel):
    name: str
    family: str
    codecs: str
    average_bps: int
    sample_rate: int
    channels: int
    bits: int | None
    complete: bool


class PlaybackView(BaseModel):
    track_id: UUID
    duration_ms: int
    masters: list[MasterView] = Field(description="One per family, the lossy one first.")
    rungs: list[RungView]
    complete: bool = Field(description="False while better renditions are still being made.")
    gain_db: float = Field(description="Apply it while playing: brings the track to -14 LUFS, never over its peak.")
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    waveform: str = Field(description="The outline: base64 of up to 1,800 bytes, each 0 to 255; empty while unknown.")
    expires_at: datetime = Field(description="Ask again before then, or when an address answers 403.")
    attributed: bool = Field(description="Whether what is fetched counts as served to the listen.")

    @classmethod
    def of(cls, playback: Playback) -> Self:
        return cls(
            track_id=playback.track_id,
            duration_ms=playback.duration_ms,
            masters=[MasterView(family=one.family, url=one.url) for one in playback.masters],
            rungs=[RungView.model_validate(one, from_attributes=True) for one in playback.rungs],
            complete=playback.complete,
            gain_db=playback.gain_db,
            loudness_lufs=playback.loudness_lufs,
            true_peak_dbtp=playback.true_peak_dbtp,
            waveform=base64.b64encode(playback.waveform).decode(),
            expires_at=playback.expires_at,
            attributed=playback.attributed,
        )


class OwnListen(Protocol):
    """Knows in which session a listen was opened: another context's business, given by the composition root."""

    async def __call__(self, tx: Tx, *, listen_id: ListenId, user_id: UserId, session_id: SessionId) -> None:
        """Return when it was opened in this session; raise what is Missing otherwise."""


def own_listen_of(request: Request) -> OwnListen:
    """Return what the composition root gave."""
    return cast("OwnListen", request.app.state.own_listen)


@router.post("/api/v1/tracks/{track_id}/playback", policy=ANYONE)
async def grant_playback(
    *,
    track_id: UUID,
    request: Request,
    tx: TxDep,
    principal: MaybePrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    body: PlaybackRequest | None = None,
) -> PlaybackView:
    """Hand out the addresses that play a track; an artist's own drafts to their artist alone.

    A listen that was not opened in this session is not there.
    """
    listen_id = None if body is None or body.listen_id is None else ListenId(body.listen_id)
    if listen_id is not None and principal is not None:
        await own_listen_of(request)(
            tx, listen_id=listen_id, user_id=principal.user_id, session_id=principal.session_id
        )
    playback = await service.grant_playback(
        tx,
        keyring=delivery_of(request).keyring,
        track_id=TrackId(track_id),
        user_id=None if principal is None else principal.user_id,
        listen_id=listen_id,
        seen=not runtime.settings.media_cdn,
        now=now,
    )
    return PlaybackView.of(playback)
