"""Asking for a master to be packaged."""

from __future__ import annotations

from vibestream.contexts.music.packaging import store
from vibestream.contexts.music.packaging.domain.asset import State
from vibestream.contexts.music.packaging.domain.ladder import LADDER_VERSION
from vibestream.contexts.music.packaging.service.queries import NoSuchAsset
from vibestream.contexts.music.packaging.service.reporting import announce_progress
from vibestream.contexts.music.packaging.service.work import package_asset
from vibestream.kernel.ids import AssetId, UploadId, UserId, new_id
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer
from vibestream.platform.media.programs import ffmpeg
from vibestream.platform.media.sandbox import open_sandbox


async def request_packaging(tx: Tx, *, upload_id: UploadId, user_id: UserId, sha256: str, file_name: str) -> AssetId:
    """Have the master of a completed upload packaged, and return its asset.

    The same master, whoever uploaded it before, is the same asset: one that is finished or under way is not begun
    again. Asking twice for one upload is asking once.

    Args:
        tx: the transaction; the job runs once it has committed.
        upload_id: the upload that brought the master.
        user_id: whose it is.
        sha256: of the original, in lower-case hexadecimal; the original lies at `original_key(sha256)` already.
        file_name: as the artist knows it, for lists; at most 255 characters.
    """
    asset_id = await store.insert_asset(tx, asset_id=AssetId(new_id()), sha256=sha256, ladder_version=LADDER_VERSION)
    await store.insert_upload(tx, upload_id=upload_id, asset_id=asset_id, user_id=user_id, file_name=file_name)
    await _start(tx, asset_id)
    return asset_id


async def retry_packaging(tx: Tx, *, asset_id: AssetId, user_id: UserId) -> None:
    """Have a failed asset packaged again; nothing happens to one in any other state.

    Raises:
        NoSuchAsset: there is none, or this account did not upload it.
    """
    if not await store.has_owner(tx, asset_id=asset_id, user_id=user_id):
        raise NoSuchAsset(asset_id=asset_id)
    asset = await store.lock_asset(tx, asset_id=asset_id)
    if asset is not None and asset.state is State.FAILED:
        await _start(tx, asset_id)


def require_packaging(settings: Settings) -> None:
    """Return when masters can be packaged on this machine: asked before an upload is accepted.

    Raises:
        SandboxMissing: bubblewrap is required and does not work.
        ProgramMissing: there is no ffmpeg.
    """
    ffmpeg(settings.ffmpeg, sandbox=open_sandbox(settings.media_sandbox), work=settings.data_dir / "packaging")


async def _start(tx: Tx, asset_id: AssetId) -> None:
    asset = await store.lock_asset(tx, asset_id=asset_id)
    if asset is None:
        raise NoSuchAsset(asset_id=asset_id)
    if asset.state is State.FAILED:
        await store.start_over(tx, asset_id=asset_id)
    if asset.state in {State.WAITING, State.FAILED}:
        await defer(tx, package_asset, lock=str(asset_id), asset_id=str(asset_id))
        await announce_progress(tx, asset_id=asset_id, state=State.WAITING, percent=0)
    else:
        await announce_progress(tx, asset_id=asset_id, state=asset.state, percent=asset.percent, reason=asset.reason)
