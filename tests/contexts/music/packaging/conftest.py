"""A runtime with a real database and object store, and masters handed to packaging and packaged here and now."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.packaging.jobs import package_asset
from vibestream.kernel.ids import AssetId, UploadId, UserId, new_id
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store
from vibestream.platform.storage.objects import digest_of_file


@pytest.fixture
async def runtime(database: Database, tmp_path: Path) -> AsyncIterator[Runtime]:
    settings = load_settings(environment=Environment.TEST, data_dir=tmp_path / "data")
    cpu = BoundedThreads(threads=1)
    yield Runtime(settings=settings, database=database, objects=open_store(settings), mailer=Mailer(settings), cpu=cpu)
    cpu.close()


@dataclass
class Studio:
    """An artist who uploads and waits."""

    runtime: Runtime
    user_id: UserId = field(default_factory=lambda: UserId(new_id()))

    async def hand_in(self, master: Path, *, file_name: str = "master.flac") -> AssetId:
        """Store an original and ask for it to be packaged, as a completed upload does."""
        sha256 = digest_of_file(master)
        await self.runtime.objects.put_file(
            packaging.original_key(sha256), master, content_type="application/octet-stream"
        )
        async with self.runtime.database.begin() as tx:
            return await packaging.request_packaging(
                tx, upload_id=UploadId(new_id()), user_id=self.user_id, sha256=sha256, file_name=file_name
            )

    async def package(self, master: Path, *, runtime: Runtime | None = None) -> packaging.Asset:
        """Hand a master in, run its job, and return what became of it."""
        asset_id = await self.hand_in(master)
        await package_asset(runtime or self.runtime, asset_id=str(asset_id))
        return await self.asset(asset_id)

    async def asset(self, asset_id: AssetId) -> packaging.Asset:
        async with self.runtime.database.begin() as tx:
            return await packaging.load_asset(tx, asset_id=asset_id)

    async def renditions(self, asset_id: AssetId) -> dict[str, packaging.Rendition]:
        async with self.runtime.database.begin() as tx:
            return {one.rung: one for one in await packaging.renditions(tx, asset_id=asset_id)}

    async def keys(self, asset: packaging.Asset) -> set[str]:
        """Return the keys of the asset's objects, without their prefix."""
        prefix = packaging.object_prefix(asset)
        return {key.removeprefix(prefix) async for key in self.runtime.objects.list_keys(prefix.rstrip("/"))}

    async def text(self, asset: packaging.Asset, name: str) -> str:
        return (await self.runtime.objects.get_bytes(packaging.object_prefix(asset) + name)).decode()

    def folder(self, asset: packaging.Asset) -> Path:
        """Return the folder of the asset's objects, as a player would see it."""
        return self.runtime.settings.data_dir / "objects" / packaging.object_prefix(asset)

    async def events(self) -> list[tuple[str, dict[str, object]]]:
        """Return what was announced to other contexts, in order."""
        async with self.runtime.database.begin() as tx:
            rows = await tx.all(
                lambda **row: (row["type"].removeprefix("vibestream.music."), row["data"]),
                "SELECT type, data FROM platform.outbox ORDER BY seq",
            )
        return [(kind, data if isinstance(data, dict) else json.loads(data)) for kind, data in rows]


@pytest.fixture
def studio(runtime: Runtime) -> Studio:
    return Studio(runtime)


Package = Callable[[Path], Awaitable[packaging.Asset]]
