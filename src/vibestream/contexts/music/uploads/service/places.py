"""Where this process keeps the bytes of unfinished uploads, and how much room is left there."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from vibestream.contexts.music.uploads.store.parts import Parts
from vibestream.platform.config import Settings
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage.objects import StorageFull


class NoRoom(StorageFull):
    """The disk is too full for the upload, or for going on with it. What had arrived is kept; try later."""

    code: ClassVar[str] = "upload.no_room"


async def parts_of(runtime: Runtime) -> Parts:
    """Return the folder of part files that the settings name; made when it is not there."""
    return await asyncio.to_thread(_parts_at, folder_of(runtime.settings))


def folder_of(settings: Settings) -> Path:
    """Return which folder the settings name."""
    return settings.uploads_dir or settings.data_dir / "uploads"


async def require_room(runtime: Runtime, *, parts: Parts, wanted_bytes: int) -> None:
    """Return when so many bytes can be written without using up the reserve.

    Raises:
        NoRoom: they cannot.
    """
    free = await asyncio.to_thread(parts.free_bytes)
    if free - wanted_bytes < runtime.settings.disk_reserve_bytes:
        raise NoRoom("The server has not enough room for this. What you have sent is kept; try again later.")


@lru_cache(maxsize=8)
def _parts_at(folder: Path) -> Parts:
    return Parts.at(folder)
