"""Telling people something: notifications that come to stand in people's lists per second.

Two connections tell 20,000 people of a tip each, 500 to a transaction; each is numbered in its inbox, counted, announced
to open pages, and its mail is deferred in the same transaction. Half of them had been told something before.

The reference inserts the same rows of the two tables, the same many to a transaction over as many connections, and does
nothing else: it locks no inbox, counts nothing, tells no open page and defers no job. Both run in turns, three times
each, and the medians are compared.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import psycopg
import uvloop

from vibestream.contexts.user.notifications.domain.kinds import Facts
from vibestream.contexts.user.notifications.service import Kind, Telling, tell_many
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

PEOPLE: Final = 20_000
TOGETHER: Final = 500
CONNECTIONS: Final = 2
ROUNDS: Final = 3
REACH_PER_S: Final = 5_000
Work = Callable[[Database, list[UserId], int], Awaitable[None]]
TIP: Final[Facts] = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}


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
        await _told(database, people[: PEOPLE // 2], 0)
        ours, bare = list[float](), list[float]()
        for number in range(1, ROUNDS + 1):
            ours.append(await _rate(database, people, _told, number))
            bare.append(await _rate(database, people, _inserted, number))
        async with database.begin() as tx:
            stand = int(await tx.value("SELECT count(*) FROM users.notification WHERE starts_with(key, 'told')"))
            jobs = int(await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs"))
    if (stand, jobs) != (PEOPLE * ROUNDS + PEOPLE // 2,) * 2:
        raise RuntimeError(f"{stand} stand in lists, {jobs} mails wait")
    told, inserted = statistics.median(ours), statistics.median(bare)
    return {
        "name": "notification_fanout",
        "ours": told,
        "reference": inserted,
        "ratio": told / inserted,
        "unit": "/s",
        "reach": f">= {REACH_PER_S}/s",
    }


async def _rate(database: Database, people: list[UserId], work: Work, number: int) -> float:
    share = PEOPLE // CONNECTIONS
    began = time.perf_counter()
    await asyncio.gather(*(work(database, people[at : at + share], number) for at in range(0, PEOPLE, share)))
    return PEOPLE / (time.perf_counter() - began)


async def _told(database: Database, people: list[UserId], number: int) -> None:
    for at in range(0, len(people), TOGETHER):
        async with database.begin() as tx:
            tellings = (
                Telling(user_id=user_id, key=f"told {number}", facts=TIP) for user_id in people[at : at + TOGETHER]
            )
            await tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=tellings, now=utc_now())


async def _inserted(database: Database, people: list[UserId], number: int) -> None:
    """Insert the rows that telling leaves in the two tables; their numbers are far from those that inboxes give."""
    for at in range(0, len(people), TOGETHER):
        some, now = people[at : at + TOGETHER], utc_now()
        ids = [new_id() for _ in some]
        async with database.begin() as tx:
            await tx.execute(
                "INSERT INTO users.notification (notification_id, user_id, kind, key, facts, count, seq, told_at)"
                " SELECT n, u, %s, %s, %s, 1, %s, %s FROM unnest(%s::uuid[], %s::uuid[]) AS t (n, u)",
                [Kind.TIP_RECEIVED.value, f"bare {number}", json.dumps(TIP), 10**6 + number, now, ids, some],
            )
            await tx.execute(
                "INSERT INTO users.notification_delivery (delivery_id, notification_id, channel, due_at, state)"
                " SELECT d, n, 'email', %s, 'waiting' FROM unnest(%s::uuid[], %s::uuid[]) AS t (d, n)",
                [now, [new_id() for _ in some], ids],
            )
