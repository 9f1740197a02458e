"""What others ask about assets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from vibestream.contexts.music.packaging import store
from vibestream.contexts.music.packaging.domain import layout
from vibestream.contexts.music.packaging.domain.asset import Asset, Rendition, UploadedAsset
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import AssetId, UploadId, UserId
from vibestream.platform.database import Tx


class NoSuchAsset(Missing):
    """There is no asset with this id."""

    code: ClassVar[str] = "packaging.no_such_asset"

    def __init__(self, *, asset_id: AssetId) -> None:
        super().__init__("There is no such recording.")
        self.asset_id = asset_id


async def load_asset(tx: Tx, *, asset_id: AssetId) -> Asset:
    """Return an asset, however far it is.

    Raises:
        NoSuchAsset: there is none.
    """
    asset = await store.load_asset(tx, asset_id=asset_id)
    if asset is None:
        raise NoSuchAsset(asset_id=asset_id)
    return asset


async def list_assets(tx: Tx, *, asset_ids: Sequence[AssetId]) -> dict[AssetId, Asset]:
    """Return by id those of the assets that exist."""
    return {asset.asset_id: asset for asset in await store.list_assets(tx, asset_ids=asset_ids)}


async def list_assets_of_uploads(
    tx: Tx, *, upload_ids: Sequence[UploadId], user_id: UserId | None
) -> dict[UploadId, UploadedAsset]:
    """Return by upload what became of those that were handed to packaging: this account's, or with None anybody's."""
    return {one.upload_id: one for one in await store.list_uploaded(tx, upload_ids=upload_ids, user_id=user_id)}


async def owns_asset(tx: Tx, *, asset_id: AssetId, user_id: UserId) -> bool:
    """Say whether this account uploaded the asset's master, and so may release it."""
    return await store.has_owner(tx, asset_id=asset_id, user_id=user_id)


async def renditions(tx: Tx, *, asset_id: AssetId) -> tuple[Rendition, ...]:
    """Return the rungs that can be listened to, lightest first; none unless the asset is playable or ready.

    Raises:
        NoSuchAsset: there is no such asset.
    """
    asset = await load_asset(tx, asset_id=asset_id)
    if not asset.state.plays:
        return ()
    return tuple(one for one in await store.list_renditions(tx, asset_id=asset_id) if one.segments)


def object_prefix(asset: Asset) -> str:
    """Return the prefix of the asset's objects, with a slash at its end: what a delivery signature covers."""
    return layout.prefix_of(asset.address)
