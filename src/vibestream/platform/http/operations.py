"""What machines and operators ask a process: does it live, has it started, is it ready, how does it do.

`/livez` asks nobody but the event loop: a process must not be restarted for what others keep from it. `/readyz` asks
for what a request needs: a database that answers in 200 ms, at a schema this code knows. What only makes the service
poorer (event streams that hear nothing) is told as degraded, and is ready all the same.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

import psycopg
from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from vibestream.platform.access import ANYONE, holds
from vibestream.platform.database import Database
from vibestream.platform.http.edge import edge_of
from vibestream.platform.http.routing import Router
from vibestream.platform.postgres import migrate

_PING_WITHIN_S: Final = 0.2
_MOST_LAG_S: Final = 1.0
_UNAVAILABLE: Final = 503

router = Router(tags=["operations"])


@router.get("/livez", policy=ANYONE, include_in_schema=False)
async def livez(request: Request) -> Response:
    """Say whether the event loop turns."""
    return _answer({"event_loop": edge_of(request).sampler.lag_s < _MOST_LAG_S})


@router.get("/startupz", policy=ANYONE, include_in_schema=False)
async def startupz(request: Request) -> Response:
    """Say whether the process has finished starting."""
    return _answer({"started": edge_of(request).started.is_set()})


@router.get("/readyz", policy=ANYONE, include_in_schema=False)
async def readyz(request: Request) -> Response:
    """Say whether requests can be answered."""
    edge = edge_of(request)
    schema = await _schema(edge.database)
    checks = {
        "started": edge.started.is_set(),
        "database": schema is not None,
        "schema": schema is not None and schema >= _expected(),
    }
    return _answer(checks, degraded={"live": edge.live.listening.is_set()})


@router.get("/metrics", policy=holds("admin"), include_in_schema=False)
async def metrics() -> Response:
    """Return this process's metrics to an operator; scrapers are given a port of their own."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@cache
def _expected() -> str:
    return migrate.head()


async def _schema(database: Database) -> str | None:
    try:
        async with asyncio.timeout(_PING_WITHIN_S), database.statements() as tx:
            return str(await tx.value("SELECT version_num FROM public.alembic_version"))
    except (psycopg.Error, TimeoutError):
        return None


def _answer(checks: dict[str, bool], *, degraded: dict[str, bool] | None = None) -> Response:
    degraded = degraded or {}
    ready = all(checks.values())
    status = "failing" if not ready else "ok" if all(degraded.values()) else "degraded"
    return JSONResponse({"status": status, "checks": {**checks, **degraded}}, 200 if ready else _UNAVAILABLE)
