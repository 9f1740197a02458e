"""What a run of packaging tells: to the database, fenced by its number; to other contexts; to the artist's browser."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from vibestream.contexts.music.events import AssetPlayable, AssetReady, AssetRefused
from vibestream.contexts.music.packaging import store
from vibestream.contexts.music.packaging.domain.asset import FAILED_SENTENCE, Cover, Rendition, State
from vibestream.contexts.music.packaging.domain.measures import Measures
from vibestream.contexts.music.packaging.domain.reasons import Reason, sentence
from vibestream.contexts.music.packaging.domain.source import Source
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import AssetId, UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.live import announce

PROGRESS: Final = "packaging.progress"
_EVERY_S: Final = 1.0
_MOST_UNFINISHED: Final = 99


class Overtaken(Conflict):
    """Another run of the same asset has begun since: this one stops."""

    code: ClassVar[str] = "packaging.overtaken"


@dataclass(slots=True)
class Report:
    """The voice of one run. Each call is a transaction of its own.

    Every method raises `Overtaken` when a later run has begun.
    """

    database: Database
    asset_id: AssetId
    run: int
    state: State
    percent: int = 0
    _said_at: float = field(default=-_EVERY_S)

    async def read(self, source: Source, tags: Tags) -> None:
        """Tell what the master says about itself."""
        async with self.database.begin() as tx:
            _check(kept=await store.save_reading(tx, asset_id=self.asset_id, run=self.run, source=source, tags=tags))
            await self._enter(tx, self.state if self.state.plays else State.PACKAGING)

    async def listed(self, rendition: Rendition, *, take: int) -> None:
        """Tell how far a rung is listed."""
        async with self.database.begin() as tx:
            _check(kept=await store.save_rendition(tx, run=self.run, rendition=rendition, take=take))

    async def playable(self, rendition: Rendition, *, take: int) -> None:
        """Tell that the first segments are listed; other contexts hear of it once."""
        async with self.database.begin() as tx:
            _check(kept=await store.save_rendition(tx, run=self.run, rendition=rendition, take=take))
            if self.state is not State.PLAYABLE:
                owners = await self._enter(tx, State.PLAYABLE)
                await publish(tx, AssetPlayable(occurred_at=utc_now(), asset_id=self.asset_id, user_ids=owners))

    async def measured(self, measures: Measures, rendition: Rendition, *, take: int) -> None:
        """Tell that the first rung is complete, and what decoding everything told."""
        async with self.database.begin() as tx:
            _check(kept=await store.save_rendition(tx, run=self.run, rendition=rendition, take=take))
            _check(kept=await store.save_measures(tx, asset_id=self.asset_id, run=self.run, measures=measures))

    async def pictured(self, covers: Sequence[Cover]) -> None:
        """Tell where the cover lies."""
        async with self.database.begin() as tx:
            _check(kept=await store.save_covers(tx, asset_id=self.asset_id, run=self.run, covers=covers))

    async def progress(self, percent: int) -> None:
        """Tell how much of the work is done, about once a second and never less than before."""
        self.percent = max(self.percent, min(percent, _MOST_UNFINISHED))
        if time.monotonic() - self._said_at >= _EVERY_S:
            async with self.database.begin() as tx:
                await self._enter(tx, self.state)

    async def ready(self, made: Sequence[tuple[Rendition, int]], *, duration_ms: int) -> None:
        """Tell that every rung is complete; `made` are those that became so last, with their takes."""
        self.percent = 100
        async with self.database.begin() as tx:
            for rendition, take in made:
                _check(kept=await store.save_rendition(tx, run=self.run, rendition=rendition, take=take))
            owners = await self._enter(tx, State.READY)
            await publish(
                tx,
                AssetReady(occurred_at=utc_now(), asset_id=self.asset_id, user_ids=owners, duration_ms=duration_ms),
            )

    async def refused(self, reason: Reason) -> None:
        """Tell that the master cannot be packaged; nothing of it plays from here on."""
        async with self.database.begin() as tx:
            owners = await self._enter(tx, State.REFUSED, reason=reason)
            await store.retire_renditions(tx, asset_id=self.asset_id)
            await publish(
                tx,
                AssetRefused(occurred_at=utc_now(), asset_id=self.asset_id, user_ids=owners, reason=reason.value),
            )

    async def failed(self) -> None:
        """Tell that it was given up through no fault of the master; nothing of it plays until it is asked for again."""
        async with self.database.begin() as tx:
            await self._enter(tx, State.FAILED)
            await store.retire_renditions(tx, asset_id=self.asset_id)

    async def _enter(self, tx: Tx, state: State, *, reason: Reason | None = None) -> tuple[UserId, ...]:
        kept = await store.save_state(
            tx, asset_id=self.asset_id, run=self.run, state=state, percent=self.percent, reason=reason
        )
        _check(kept=kept)
        self.state = state
        self._said_at = time.monotonic()
        return await announce_progress(tx, asset_id=self.asset_id, state=state, percent=self.percent, reason=reason)


async def announce_progress(
    tx: Tx, *, asset_id: AssetId, state: State, percent: int, reason: Reason | None = None
) -> tuple[UserId, ...]:
    """Tell the browsers of everybody who uploaded the master how far it is, and return who that is."""
    owners = await store.list_owners(tx, asset_id=asset_id)
    explanation = None if reason is None else sentence(reason)
    data = {
        "asset_id": asset_id,
        "state": state.value,
        "percent": percent,
        "reason": reason and reason.value,
        "explanation": FAILED_SENTENCE if state is State.FAILED else explanation,
    }
    for owner in owners:
        await announce(tx, topic=f"user:{owner}", kind=PROGRESS, data=data)
    return tuple(owners)


def _check(*, kept: bool) -> None:
    if not kept:
        raise Overtaken("A later run packages this recording.")
