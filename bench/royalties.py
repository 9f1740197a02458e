"""Royalties: a run of 50,000 legs from stored usage to the books, and both engines on 100,000 listeners.

royalty_run_50k_legs_s    `run_month` whole: a million rows of usage read, both engines, statements hashed, one ledger
                          transaction of 50,001 legs, lines kept, committed to disk. The reference is the same legs posted
                          alone, by `ledger.post`, so the ratio says what all the rest costs.
                          Seconds on a clock: on a machine that others work on, `cpu_s` says what it would be without them.
royalty_engines_agree     minor units by which either engine misses the pool, and by which the user-centric one differs
                          from a second reckoning in plain Python, subscriber by subscriber. Both are nothing.
"""

from __future__ import annotations

import base64
import os
import random
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import psutil
import psycopg
import uvloop

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posting
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.domain.engines import ENGINES, count
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Rules
from vibestream.contexts.payment.royalties.domain.usage import Claim, Revenue, Usage
from vibestream.contexts.payment.royalties.invariants import INVARIANTS
from vibestream.contexts.payment.seal import service as seal
from vibestream.contexts.payment.seal.service import Head
from vibestream.kernel.ids import TransactionId, new_id
from vibestream.kernel.money import USD, Money, allocate
from vibestream.kernel.signing import SigningKey
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.invariants import check_all
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

LISTENERS: Final = 100_000
PAYEES: Final = 50_000
ROWS_EACH: Final = 10
FEE: Final = 999
MONTH: Final = date(2026, 10, 1)
NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)


def run() -> list[dict[str, Any]]:
    """Measure and return the two records."""
    usage, revenue = _month()
    records = [_engines(usage, revenue)]
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(EmbeddedPostgres.start(root / "pg", binaries=find_binaries()))
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        owner = server.dsn(database="bench")
        migrate.upgrade(owner)
        records.append(uvloop.run(_run(owner, usage, revenue)))
    return records


def _month() -> tuple[Usage, list[Revenue]]:
    """Return a month: few tracks are heard by many, many by few, and every payee has one that somebody heard."""
    dice = random.Random(20261001)
    tracks = [Claim(UUID(int=(1 << 100) + number), MONTH) for number in range(PAYEES)]
    listeners, claims, listens = [], [], []
    for number in range(LISTENERS):
        heard = {number % PAYEES, *(int(PAYEES * dice.random() ** 3) for _ in range(ROWS_EACH - 1))}
        for track in sorted(heard):
            listeners.append(UUID(int=(1 << 101) + number))
            claims.append(tracks[track])
            listens.append(1 + int(dice.expovariate(0.2)))
    usage = Usage.of_columns(listeners, claims, listens, [one * 180_000 for one in listens])
    revenue = [Revenue(one, FEE, 59 + number % 7, (one,)) for number, one in enumerate(usage.listeners)]
    return usage, revenue


def _engines(usage: Usage, revenue: list[Revenue]) -> dict[str, Any]:
    pool, rules = sum(one.net for one in revenue) * 7 // 10, Rules()
    began = time.perf_counter()
    counted = count(usage, revenue, rules=rules)
    seconds = {"count": time.perf_counter() - began}
    parts = {}
    for name, engine in ENGINES.items():
        began = time.perf_counter()
        parts[name] = engine(pool, counted, rules)
        seconds[name.value] = time.perf_counter() - began
    missed = sum(abs(pool - int(found.sum())) for found in parts.values())
    began = time.perf_counter()
    again = _second_reckoning(pool, usage, revenue)
    seconds["plain_python"] = time.perf_counter() - began
    differs = int(np.abs(parts[EngineName.USER_CENTRIC] - again).sum())
    return {
        "name": "royalty_engines_agree",
        "ours": missed + differs,
        "reference": 0,
        "reach": "0 units off",
        "detail": {
            "listeners": len(usage.listeners),
            "rows": len(usage),
            "pool_minor": pool,
            **{f"{name}_s": round(took, 3) for name, took in seconds.items()},
        },
    }


def _second_reckoning(pool: int, usage: Usage, revenue: list[Revenue]) -> np.ndarray[Any, Any]:
    heard: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for listener, claim, listens in zip(
        usage.listener.tolist(), usage.claim.tolist(), usage.listens.tolist(), strict=True
    ):
        heard[listener].append((claim, listens))
    earned: Counter[int] = Counter()
    fees = allocate(Money(pool, USD), [one.net for one in revenue])
    for listener, fee in enumerate(fees):
        mine = heard[listener]
        for (claim, _), part in zip(mine, allocate(fee, [listens for _, listens in mine]), strict=True):
            earned[claim] += part.minor
    return np.array([earned[claim] for claim in range(len(usage.claims))], dtype=np.int64)


async def _run(owner: str, usage: Usage, revenue: list[Revenue]) -> dict[str, Any]:
    await _store(owner, usage)
    async with Database(as_app_role(owner), max_size=2, application="bench") as database:
        alone = await _post_alone(database)
        async with database.begin() as tx:
            gross = Money(FEE * len(revenue), USD)
            clearing, deferred = await ledger.open_accounts(
                tx,
                names=[
                    AccountName(AccountKind.GATEWAY_CLEARING, "stripe", USD),
                    AccountName(AccountKind.DEFERRED_REVENUE, service.label(MONTH), USD),
                ],
            )
            await ledger.post(tx, posting=_posting(Leg(clearing, -gross), Leg(deferred, gross)))
            await service.close_month_with(tx, month=MONTH, currency=USD, revenue=revenue, closed_by=None, now=NOW)
        began, spent = time.perf_counter(), time.process_time()
        async with database.begin() as tx:
            backend = psutil.Process(await tx.value("SELECT pg_backend_pid()"))
            spent += sum(backend.cpu_times()[:2])
            made = await service.run_month(tx, month=MONTH, currency=USD, made_by=None, now=NOW)
        took = time.perf_counter() - began
        cpu = time.process_time() + sum(backend.cpu_times()[:2]) - spent
        async with database.begin() as tx:
            legs = await tx.value("SELECT count(*) FROM payment.entry WHERE transaction_id = %s", [made.transaction_id])
        proving = await _prove(database)
        # The listens behind the usage are not made here.
        stated = [one for one in INVARIANTS if one.name != "royalties.usage_is_what_was_heard"]
        checked = {one.invariant.name: one for one in await check_all(database, stated)}
    broken = [name for name, one in checked.items() if not one.finding.ok]
    if broken or legs <= PAYEES - PAYEES // 100:
        raise RuntimeError(f"{legs} legs; broken: {broken}")
    again = checked["royalties.runs_reckoned_again"]
    return {
        "name": "royalty_run_50k_legs_s",
        "ours": round(took, 3),
        "reference": round(alone, 3),
        "ratio": took / alone,
        "reach": "< 10 s",
        "detail": {
            "legs": legs,
            "usage_rows": len(usage),
            "unallocated": made.unallocated,
            "load_average": round(os.getloadavg()[0], 1),
            "cpu_s": round(cpu, 3),
            "prove_one_statement_s": round(proving, 3),
            "again_s": round(again.seconds, 3),
        },
    }


async def _prove(database: Database) -> float:
    """Return how long it takes to prove one payee's statement, once the run is sealed."""
    key = SigningKey.parse(base64.urlsafe_b64encode(bytes(range(32))).decode())
    sealed: Head | None = None
    while sealed is None or sealed.size < 4:  # noqa: PLR2004 - the transactions of this bench
        async with database.begin() as tx:
            sealed = await seal.seal_next(tx, key=key, now=NOW) or sealed
    async with database.begin() as tx:
        payee = await tx.value("SELECT payee_id FROM payment.royalty_share ORDER BY position LIMIT 1")
        began = time.perf_counter()
        document = await service.prove_statement(tx, payee_id=payee, month=MONTH, currency=USD, keys=[key.public])
        took = time.perf_counter() - began
    service.verify_statement(document, keys=seal.by_id([key.public]))
    return took


async def _store(owner: str, usage: Usage) -> None:
    """Write usage and tracks as the owner; each track has an owner of its own."""
    async with await psycopg.AsyncConnection.connect(owner) as connection, connection.cursor() as cursor:
        await cursor.execute("INSERT INTO payment.royalty_month (month) VALUES (%s)", [MONTH])
        async with cursor.copy("COPY payment.royalty_track (track_id, artist_id, owner_user_id) FROM STDIN") as copy:
            for claim in usage.claims:
                await copy.write_row((claim.track_id, claim.track_id, UUID(int=claim.track_id.int + (1 << 99))))
        columns = "month, listener_id, track_id, heard_month, listens, heard_ms"
        async with cursor.copy(f"COPY payment.royalty_usage ({columns}) FROM STDIN") as copy:
            rows = zip(
                *(one.tolist() for one in (usage.listener, usage.claim, usage.listens, usage.heard_ms)), strict=True
            )
            for listener, claim, listens, heard_ms in rows:
                of = usage.claims[claim]
                await copy.write_row((MONTH, usage.listeners[listener], of.track_id, of.heard_month, listens, heard_ms))
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")


async def _post_alone(database: Database) -> float:
    """Return how long as many legs take by themselves, their accounts opened with them."""
    names = [AccountName(AccountKind.WALLET, str(new_id()), USD) for _ in range(PAYEES)]
    began = time.perf_counter()
    async with database.begin() as tx:
        source = await ledger.open_account(tx, name=ledger.liquidity(currency=USD))
        accounts = await ledger.open_accounts(tx, names=names)
        legs = [Leg(account, Money(700, USD)) for account in accounts]
        await ledger.post(tx, posting=_posting(Leg(source, Money(-700 * PAYEES, USD)), *legs))
    return time.perf_counter() - began


def _posting(*legs: Leg) -> Posting:
    made = new_id()
    return Posting(transaction_id=TransactionId(made), key=f"bench:{made}", kind="bench", legs=legs)
