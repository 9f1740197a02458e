"""What every stand-in works with: its memory, faults, keys, address and clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vibestream.kernel.time import utc_now
from vibestream.sandbox.gateways.faults import Faults
from vibestream.sandbox.gateways.keys import Keys, folder_of, load_or_make
from vibestream.sandbox.gateways.store import Store

_OFFSET: Final = "clock_offset_s"


@dataclass(slots=True, kw_only=True)
class World:
    """One running sandbox of gateways."""

    store: Store
    keys: Keys
    address: str
    """Where it serves, such as `http://127.0.0.1:8080`."""
    definitions: Path | None = None
    """Folder of the providers' own definitions, where there is one."""
    faults: Faults = field(init=False)
    in_use: set[tuple[str, str]] = field(default_factory=set)
    """Idempotency keys, by provider, of requests that are under way."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the sandbox ends: no answer is held back any longer."""

    def __post_init__(self) -> None:
        self.faults = Faults(self.store)

    @property
    def offset_s(self) -> int:
        """How far the stand-ins' time is ahead of the real one."""
        return int(self.store.fact(_OFFSET) or 0)

    def set_offset(self, seconds: int) -> None:
        """Move the stand-ins' time to this far ahead of the real one."""
        self.store.set_fact(_OFFSET, str(seconds))

    def now(self) -> int:
        """Return the stand-ins' time in Unix seconds: the real one, plus what a test moved it by."""
        return int(utc_now().timestamp()) + self.offset_s


def open_world(data_dir: Path, *, address: str, definitions: Path | None = None) -> World:
    """Open what a data folder remembers; on first use, with new keys."""
    folder = folder_of(data_dir)
    keys = load_or_make(folder)
    (folder / "books.sqlite").touch(mode=0o600)  # keys stand in it too
    return World(store=Store(folder / "books.sqlite"), keys=keys, address=address, definitions=definitions)
