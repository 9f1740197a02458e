"""Which assets may not be served any more, as one web process knows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.delivery.domain.links import LONGEST_LIFE_S
from vibestream.contexts.music.packaging import service as packaging
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

REFRESH_S: Final = 2.0
"""How often a process asks what was withdrawn: how long a withdrawn asset may still be served, plus one query."""
_LOOK_BACK: Final = timedelta(seconds=LONGEST_LIFE_S) + timedelta(hours=1)
"""Whoever was given an address longer ago holds an expired one. The hour is for clocks that disagree."""


class Withdrawals:
    """The addresses of assets that were public and are not: asked at every request, so it is a set in memory.

    A process that cannot reach the database serves by what it knew last: taking down needs the same database, and music
    that goes on playing while it is away is worth more than certainty about what cannot have changed much.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._addresses: frozenset[str] = frozenset()

    def __contains__(self, address: object) -> bool:
        return address in self._addresses

    async def refresh(self) -> None:
        """Learn what is withdrawn now."""
        async with self._database.begin(read_only=True) as tx:
            self._addresses = await _withdrawn(tx)


async def _withdrawn(tx: Tx) -> frozenset[str]:
    asset_ids = await catalogue.withdrawn_assets(tx, since=utc_now() - _LOOK_BACK)
    if not asset_ids:
        return frozenset()
    assets = await packaging.list_assets(tx, asset_ids=asset_ids)
    return frozenset(asset.address for asset in assets.values())
