"""What packaging says of the audio behind tracks, in the catalogue's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from vibestream.contexts.music.catalogue.domain import Audio, AudioState, CoverImage, Release
from vibestream.contexts.music.catalogue.domain.drafting import Master, Tags
from vibestream.contexts.music.packaging import service as packaging
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import AssetId, UploadId, UserId
from vibestream.platform.database import Tx

_STATES: Final = {
    packaging.State.WAITING: AudioState.PREPARING,
    packaging.State.PROBING: AudioState.PREPARING,
    packaging.State.PACKAGING: AudioState.PREPARING,
    packaging.State.PLAYABLE: AudioState.PLAYABLE,
    packaging.State.READY: AudioState.READY,
    packaging.State.REFUSED: AudioState.FAILED,
    packaging.State.FAILED: AudioState.FAILED,
}


class UploadMissing(Missing):
    """There is no such upload of this account, or its last byte has not arrived."""

    code: ClassVar[str] = "catalogue.upload_missing"

    def __init__(self, *, upload_id: UploadId) -> None:
        super().__init__("There is no such finished upload.")
        self.upload_id = str(upload_id)


async def audio_of(tx: Tx, *, release: Release) -> dict[AssetId, Audio]:
    """Return how far packaging is with each track's asset."""
    assets = await packaging.list_assets(tx, asset_ids=[track.asset_id for track in release.tracks])
    return {asset_id: Audio(_STATES[asset.state], asset.duration_ms) for asset_id, asset in assets.items()}


async def uploaded_masters(tx: Tx, *, user_id: UserId, upload_ids: Sequence[UploadId]) -> list[Master]:
    """Return the masters that an account's uploads became, in the order named.

    Raises:
        UploadMissing: one is not finished, or not this account's.
    """
    found = await packaging.list_assets_of_uploads(tx, upload_ids=upload_ids, user_id=user_id)
    return _in_order(found, upload_ids)


async def masters_of(tx: Tx, *, upload_ids: Sequence[UploadId]) -> list[Master]:
    """Return the masters of uploads that are on a release already, whoever uploaded them, in the order named.

    Raises:
        UploadMissing: one is not there any more.
    """
    return _in_order(await packaging.list_assets_of_uploads(tx, upload_ids=upload_ids, user_id=None), upload_ids)


def _in_order(found: Mapping[UploadId, packaging.UploadedAsset], upload_ids: Sequence[UploadId]) -> list[Master]:
    masters = []
    for upload_id in dict.fromkeys(upload_ids):
        one = found.get(upload_id)
        if one is None:
            raise UploadMissing(upload_id=upload_id)
        masters.append(Master(upload_id, one.asset.asset_id, one.file_name, _tags(one.asset.tags)))
    return masters


async def embedded_cover(tx: Tx, *, asset_ids: Sequence[AssetId]) -> tuple[CoverImage, ...]:
    """Return the first cover that came inside one of these assets' masters; nothing when none has one."""
    assets = await packaging.list_assets(tx, asset_ids=asset_ids)
    covers = (assets[asset_id].covers for asset_id in asset_ids if asset_id in assets)
    found = next((cover for cover in covers if cover), ())
    return tuple(CoverImage(image.key, image.width, image.height) for image in found)


def _tags(tags: packaging.Tags) -> Tags:
    return Tags(
        title=tags.title or "",
        album=tags.album or "",
        date=tags.date or "",
        genres=tuple(tags.genre.replace(";", ",").replace("/", ",").split(",")) if tags.genre else (),
        isrc=tags.isrc or "",
        disc_no=tags.disc_no,
        track_no=tags.track_no,
    )
