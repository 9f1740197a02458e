"""What an artist sees of uploads: how far each has come, from its first byte to what packaging made of it."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.uploads.domain.upload import State, Upload, check_alive
from vibestream.contexts.music.uploads.service.places import parts_of
from vibestream.contexts.music.uploads.store import rows
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import AssetId, UploadId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime

_PATIENCE_S: Final = 1.0
_PATIENCE: Final = 20


class NoSuchUpload(Missing):
    """The artist has no upload of this id."""

    code: ClassVar[str] = "upload.missing"


class Stage(enum.StrEnum):
    """How far an upload has come, in the artist's eyes."""

    RECEIVING = "receiving"
    """Bytes are still to come."""
    STORED = "stored"
    """All arrived; packaging has not begun."""
    PACKAGING = "packaging"
    PLAYABLE = "playable"
    """Can be listened to while the rest is being made."""
    READY = "ready"
    REFUSED = "refused"
    """Cannot become a track; the reason says what to do."""
    FAILED = "failed"
    """Our side failed; the original is safe, and packaging can be asked for again."""
    EXPIRED = "expired"
    """Was not finished in time; its bytes are dropped."""
    TERMINATED = "terminated"
    """Was ended by the artist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """An upload and what became of it."""

    upload: Upload
    stage: Stage
    percent: int
    """Of what is under way: of the bytes while they arrive, of packaging afterwards. 0 to 100."""
    asset_id: AssetId | None
    """What its original is packaged as; None until it is stored."""
    reason: str | None
    """Stable code of why it is refused."""
    explanation: str | None
    """Why it is refused or failed and what to do about it, in one sentence or two."""


_STAGE_OF: Final[Mapping[packaging.State, Stage]] = {
    packaging.State.WAITING: Stage.STORED,
    packaging.State.PROBING: Stage.PACKAGING,
    packaging.State.PACKAGING: Stage.PACKAGING,
    packaging.State.PLAYABLE: Stage.PLAYABLE,
    packaging.State.READY: Stage.READY,
    packaging.State.REFUSED: Stage.REFUSED,
    packaging.State.FAILED: Stage.FAILED,
}


async def upload_of(tx: Tx, *, upload_id: UploadId, user_id: UserId) -> Upload:
    """Return an artist's upload as its row says, whatever its state.

    Raises:
        NoSuchUpload: there is none, or it is another artist's.
    """
    upload = await rows.load_upload(tx, upload_id=upload_id, user_id=user_id)
    if upload is None:
        raise NoSuchUpload("There is no such upload.")
    return upload


async def settled_upload(
    runtime: Runtime, *, upload_id: UploadId, user_id: UserId, clock: Callable[[], datetime]
) -> Upload:
    """Return an artist's upload that was accepted or can still be continued, once a cut request has been wound up.

    A client whose connection broke asks at once how far it got, often before what arrived last is on disk and noted. A
    second of patience spares it from sending that again.

    Raises:
        NoSuchUpload: there is none, or it is another artist's.
        UploadGone: it expired or was ended.
    """
    async with runtime.database.begin() as tx:
        upload = await upload_of(tx, upload_id=upload_id, user_id=user_id)
    parts = await parts_of(runtime)
    for _ in range(_PATIENCE):
        if upload.state is not State.RECEIVING or not await asyncio.to_thread(parts.is_busy, upload_id):
            break
        await asyncio.sleep(_PATIENCE_S / _PATIENCE)
    async with runtime.database.begin() as tx:
        upload = await upload_of(tx, upload_id=upload_id, user_id=user_id)
    check_alive(upload, now=clock())
    return upload


async def get_upload(tx: Tx, *, upload_id: UploadId, user_id: UserId, now: datetime) -> UploadView:
    """Return what became of an artist's upload.

    Raises:
        NoSuchUpload: there is none, or it is another artist's.
    """
    upload = await upload_of(tx, upload_id=upload_id, user_id=user_id)
    (view,) = await _viewed(tx, [upload], now=now)
    return view


async def list_uploads(
    tx: Tx, *, user_id: UserId, before: UploadId | None, limit: int, now: datetime
) -> list[UploadView]:
    """Return what became of an artist's uploads, newest first, at most `limit` from before one of them.

    Those that the artist ended are left out.
    """
    return await _viewed(tx, await rows.list_uploads(tx, user_id=user_id, before=before, limit=limit), now=now)


async def _viewed(tx: Tx, uploads: Sequence[Upload], *, now: datetime) -> list[UploadView]:
    """Return the views of one artist's uploads."""
    if not uploads:
        return []
    assets = await packaging.list_assets_of_uploads(
        tx, upload_ids=[upload.upload_id for upload in uploads], user_id=uploads[0].user_id
    )
    return [_view(upload, assets.get(upload.upload_id), now=now) for upload in uploads]


def _view(upload: Upload, packaged: packaging.UploadedAsset | None, *, now: datetime) -> UploadView:
    if packaged is not None:
        asset = packaged.asset
        return UploadView(
            upload=upload,
            stage=_STAGE_OF[asset.state],
            percent=asset.percent,
            asset_id=asset.asset_id,
            reason=None if asset.reason is None else asset.reason.value,
            explanation=asset.explanation,
        )
    overdue = upload.state is State.RECEIVING and upload.expires_at <= now
    return UploadView(
        upload=upload,
        stage=Stage.EXPIRED if overdue else Stage(upload.state.value),
        percent=upload.received_bytes * 100 // upload.size_bytes if upload.state is State.RECEIVING else 0,
        asset_id=None,
        reason=None,
        explanation="It was not finished in time. Upload the file again."
        if overdue or upload.state is State.EXPIRED
        else None,
    )
