"""What days' pools were filled from, as JSON for operators: listening knows what each source gave, payment what each holds."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel, Field

from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.payment.pool_sources import service as pool_sources
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import NowDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["pools"])

_ADMIN: Final = holds("admin")
_MOST_DAYS: Final = 90


class SourceBody(BaseModel):
    """A named source, and what it holds."""

    source: str
    held_vibe_minor: int


class GivenBody(BaseModel):
    """What a source was to give a day, and gave."""

    source: str = Field(description="`issuance` is of points that did not exist before.")
    wanted_vibe_minor: int
    given_vibe_minor: int


class DayBody(BaseModel):
    """A day's pool and where it came from."""

    epoch: date
    budget_vibe_minor: int = Field(description="What the day can pay in all: what its sources gave, or what is issued.")
    planned_vibe_minor: int
    granted_vibe_minor: int
    sources: list[GivenBody] = Field(description="Empty: all of it is issued when it is first paid from.")


class PoolsBody(BaseModel):
    """The sources, and the days that were opened, the newest first."""

    sources: list[SourceBody]
    days: list[DayBody]


@router.get("/api/v1/operations/pools", policy=_ADMIN)
async def list_pools(tx: TxDep, now: NowDep, days: Annotated[int, Query(ge=1, le=_MOST_DAYS)] = 14) -> PoolsBody:
    """List what sources hold, and the pools of the last days with what each source gave them."""
    asked = [now.date() - timedelta(days=n) for n in range(-1, days)]
    given: dict[date, list[GivenBody]] = {}
    for one in await pools.sourced(tx, epochs=asked):
        body = GivenBody(source=one.source, wanted_vibe_minor=one.wanted.minor, given_vibe_minor=one.given.minor)
        given.setdefault(one.epoch, []).append(body)
    return PoolsBody(
        sources=[
            SourceBody(source=source, held_vibe_minor=one.minor)
            for source, one in (await pool_sources.balances(tx)).items()
        ],
        days=[
            DayBody(
                epoch=one.epoch,
                budget_vibe_minor=one.budget.minor,
                planned_vibe_minor=one.policy.budget.minor,
                granted_vibe_minor=one.granted.minor,
                sources=given.get(one.epoch, []),
            )
            for one in reversed(await pools.list_epochs(tx, epochs=asked))
        ],
    )
