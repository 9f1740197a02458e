"""Telling people something, as consumers of events do: notifications that come to stand in people's lists per second.

Four connections tell 4,000 people of a tip each, a hundred to a transaction, as batches of events are consumed; each is
numbered, counted, announced to open pages, and its mail is deferred in the same transaction.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import psycopg
import uvloop

from vibestream.contexts.user.notifications.domain.kinds import Facts
from vibestream.contexts.user.notifications.service import Kind, tell
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

PEOPLE: Final = 4_000
TOGETHER: Final = 100
CONNECTIONS: Final = 4
REACH_PER_S: Final = 5_000


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return the record, in notifications per second."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(
            EmbeddedPostgres.start(root / "pg", binaries=find_binaries(), options={"max_connections": "20"})
        )
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        migrate.upgrade(server.dsn(database="bench"))
        return [uvloop.run(_measure(server.dsn(database="bench")))]


async def _measure(owner: str) -> dict[str, Any]:
    people = [UserId(new_id()) for _ in range(PEOPLE)]
    async with Database(as_app_role(owner), max_size=CONNECTIONS, application="bench") as database:
        async with database.begin() as tx:
            await tx.execute("INSERT INTO users.account SELECT unnest(%s::uuid[]), now()", [people])
            await tx.execute(
                "INSERT INTO users.address (user_id, email, lookup, verified_at)"
                " SELECT u, u::text || '@example.org', u::text || '@example.org', now() FROM unnest(%s::uuid[]) AS u",
                [people],
            )
            await tx.execute("INSERT INTO users.fan_profile SELECT unnest(%s::uuid[]), 'Ana', 'en', 'system'", [people])
        await _told(database, people[:TOGETHER])
        began = time.perf_counter()
        share = PEOPLE // CONNECTIONS
        await asyncio.gather(*(_told(database, people[at : at + share]) for at in range(0, PEOPLE, share)))
        took = time.perf_counter() - began
        async with database.begin() as tx:
            stand = int(await tx.value("SELECT count(*) FROM users.notification WHERE seq IS NOT NULL"))
    if stand != PEOPLE + TOGETHER:
        raise RuntimeError(f"{stand} stand in lists")
    ours = PEOPLE / took
    return {
        "name": "notification_fanout",
        "ours": ours,
        "reference": float(REACH_PER_S),
        "ratio": ours / REACH_PER_S,
        "unit": "/s",
        "reach": f">= {REACH_PER_S}/s",
    }


async def _told(database: Database, people: list[UserId]) -> None:
    for at in range(0, len(people), TOGETHER):
        async with database.begin() as tx:
            for user_id in people[at : at + TOGETHER]:
                facts: Facts = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}
                await tell(tx, user_id=user_id, kind=Kind.TIP_RECEIVED, key=str(new_id()), facts=facts, now=utc_now())
