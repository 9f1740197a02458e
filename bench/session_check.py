"""From the cookie's token to who it stands for, against the bare select on the unique index that finds its row.

Both sides run on one connection in one open transaction, in alternating rounds over the same 10,000 sessions of as many
accounts; a third of the accounts are artists. The reference prepares the same lookup and fetches one column; ours hashes
the token, joins the profile, gathers the roles and builds the principal.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
import uvloop

from vibestream.contexts.user.sessions import service
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

SESSIONS: Final = 10_000
ROUNDS: Final = 150
CALLS: Final = 100
REACH: Final = 0.5


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return the record, in checks per second."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(
            EmbeddedPostgres.start(root / "pg", binaries=find_binaries(), options={"max_connections": "20"})
        )
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        owner = server.dsn(database="bench")
        migrate.upgrade(owner)
        return [uvloop.run(_measure(owner))]


async def _measure(owner: str) -> dict[str, Any]:
    now = utc_now()
    async with Database(as_app_role(owner), max_size=1, application="bench") as database:
        async with database.begin() as tx:
            tokens = await _prepare(tx, now)
        async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
            await connection.execute("VACUUM ANALYZE")
        ours, reference = [], []
        async with database.begin() as tx:
            for _ in range(ROUNDS + 1):
                chosen = random.choices(tokens, k=CALLS)
                ours.append(await _principals(tx, chosen, now))
                reference.append(await _bare(tx, [hashlib.sha256(token.encode()).digest() for token in chosen]))
        ratio = statistics.median(mine / bare for mine, bare in zip(ours[1:], reference[1:], strict=True))
    return {
        "name": "session_check",
        "ours": statistics.median(ours[1:]),
        "reference": statistics.median(reference[1:]),
        "ratio": ratio,
        "reach": REACH,
    }


async def _principals(tx: Tx, tokens: list[str], now: datetime) -> float:
    began = time.perf_counter()
    for token in tokens:
        if await service.authenticate(tx, token=token, now=now) is None:
            raise RuntimeError("a good token was refused")
    return len(tokens) / (time.perf_counter() - began)


async def _bare(tx: Tx, hashes: list[bytes]) -> float:
    began = time.perf_counter()
    for token_hash in hashes:
        cursor = await tx.connection.execute("SELECT user_id FROM users.session WHERE token_hash = %s", [token_hash])
        if await cursor.fetchone() is None:
            raise RuntimeError("a row is missing")
    return len(hashes) / (time.perf_counter() - began)


async def _prepare(tx: Tx, now: datetime) -> list[str]:
    tokens = [secrets.token_urlsafe(32) for _ in range(SESSIONS)]
    users = [new_id() for _ in tokens]
    hashes = [hashlib.sha256(token.encode()).digest() for token in tokens]
    await tx.execute("INSERT INTO users.account SELECT unnest(%s::uuid[]), %s", [users, now])
    await tx.execute("INSERT INTO users.fan_profile SELECT unnest(%s::uuid[]), 'Ana', 'en', 'system'", [users])
    await tx.execute("INSERT INTO users.role_grant SELECT unnest(%s::uuid[]), 'artist', %s", [users[::3], now])
    await tx.execute(
        "INSERT INTO users.session (session_id, user_id, token_hash, created_at, last_seen_at, idle_for, expires_at,"
        " user_agent, network) SELECT gen_random_uuid(), u, h, %(now)s, %(now)s, interval '14 days',"
        " %(now)s + interval '90 days', '', '' FROM unnest(%(users)s::uuid[], %(hashes)s::bytea[]) AS made (u, h)",
        {"now": now, "users": users, "hashes": hashes},
    )
    return tokens
