"""A published release whose objects are really there."""

from __future__ import annotations

import pytest

from tests.factories.music import Music, make_music
from tests.factories.music_assets import put_objects
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


@pytest.fixture
async def music(database: Database, runtime: Runtime) -> Music:
    """A published track of 30 seconds, its objects stored."""
    async with database.begin() as tx:
        music = await make_music(tx, duration_ms=30_000, rungs=("aac-160", "flac"))
    await put_objects(runtime.objects, music.asset)
    return music
