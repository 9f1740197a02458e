"""Posting through the service, against PostgreSQL's own `pgbench` calling the same function on the same server.

The server is the embedded one with its data on disk and fsync on, because a posting that is not durable is none. Both
sides speak as the application's role. Rounds of the two alternate, so that whatever else the machine does hits both;
each side is given the number of clients that suits it best.

ledger_post                        postings/s, two random wallets of many, one statement each, as pgbench does
ledger_post_in_transaction         the same with BEGIN and COMMIT, as a posting that is not its flow's only statement
ledger_post_batched                postings/s in batches of 1,000 that all draw on one reward pool, whose balance is
                                   limited; pgbench posts one by one on the same pool
ledger_post_batched_append_only    the same on an account without a limit, where one by one does not queue either
"""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
import uvloop

from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.invariants import INVARIANTS
from vibestream.contexts.payment.ledger.service import Leg, Posting
from vibestream.kernel.ids import AccountId, TransactionId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform import heap
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.invariants import check_all
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

ROUNDS: Final = 3
ROUND_S: Final = 4
BATCH: Final = 1_000
FIRST, LAST = 10_000, 99_999
"""Wallets are numbered in five digits, which end their ids: so pgbench can name a random one without looking it up."""
CLIENTS: Final = (8, 16, 32)
HOT_CLIENTS: Final = (1, 2, 4, 16)
BATCHERS: Final = (1, 2, 3)
POINT: Final = Money(1, VIBE)
EPOCH: Final = date(2026, 11, 24)
_ID: Final = "01930000-0000-7000-8000-0000000"
_SINCE_UUIDV7: Final = 18

Measure = Callable[[int], Awaitable[float]]
"""Takes a number of clients, returns postings per second."""


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return the records."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(
            EmbeddedPostgres.start(root / "pg", binaries=find_binaries(), options={"max_connections": "100"})
        )
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        owner = server.dsn(database="bench")
        migrate.upgrade(owner)
        return uvloop.run(_measure(owner, Pgbench(server, root, as_app_role(owner))))


async def _measure(owner: str, pgbench: Pgbench) -> list[dict[str, Any]]:
    async with Database(as_app_role(owner), max_size=max(CLIENTS), application="bench") as database:
        issuance, pool = await _prepare(database, owner)
        heap.settle()  # as the web server does when it has started
        wallet = f"('{_ID}' || :b)::uuid"
        one = pgbench.script("one", f"('{_ID}' || :a)::uuid", wallet)
        hot = pgbench.script("pool", f"'{pool}'", wallet)
        free = pgbench.script("issuance", f"'{issuance}'", wallet)
        singles, batches = Side(_singles(database), CLIENTS), Side(_batches(database, pool), BATCHERS)
        bound = Side(_in_transactions(database), CLIENTS)
        records = [
            await _compare("ledger_post", reach=0.5, ours=singles, reference=Side(one, CLIENTS)),
            await _compare("ledger_post_in_transaction", reach=None, ours=bound, reference=Side(one, CLIENTS)),
            await _compare("ledger_post_batched", reach=8, ours=batches, reference=Side(hot, HOT_CLIENTS)),
            await _compare(
                "ledger_post_batched_append_only",
                reach=None,
                ours=Side(_batches(database, issuance), BATCHERS),
                reference=Side(free, CLIENTS),
            ),
        ]
        for checked in await check_all(database, INVARIANTS):
            if not checked.finding.ok:
                raise RuntimeError(f"{checked.invariant.name}: {checked.finding}")
        return records


async def _prepare(database: Database, owner: str) -> tuple[AccountId, AccountId]:
    """Open and fill the wallets and a pool, and return the issuance account and the pool."""
    async with database.begin() as tx:
        await service.fund_pool(tx, epoch=EPOCH, amount=Money(10**12, VIBE))
        names = [service.issuance(currency=VIBE), service.reward_pool(epoch=EPOCH)]
        issuance, pool = await service.open_accounts(tx, names=names)
        ids = [_wallet(number) for number in range(FIRST, LAST + 1)]
        await tx.execute(
            "SELECT count(*) FROM payment.open_accounts(%s::uuid[], array_fill('wallet'::text, %s), %s::text[], "
            "array_fill('VIBE'::text, %s))",
            [ids, [len(ids)], [str(one) for one in ids], [len(ids)]],
        )
        fill = 1_000_000
        legs = [Leg(one, Money(fill, VIBE)) for one in ids]
        legs.append(Leg(issuance, Money(-fill * len(legs), VIBE)))
        await service.post(tx, posting=_posting(*legs))
    async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    return issuance, pool


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: what to measure, and the numbers of clients to try."""

    measure: Measure
    clients: tuple[int, ...]


async def _compare(name: str, *, reach: float | None, ours: Side, reference: Side) -> dict[str, Any]:
    """Alternate the two over all their numbers of clients, and compare the best medians."""
    rates: dict[Side, dict[int, list[float]]] = {side: defaultdict(list) for side in (ours, reference)}
    for _ in range(ROUNDS):
        for side in (reference, ours):
            for clients in side.clients:
                rates[side][clients].append(await side.measure(clients))
    best, bar = (max(statistics.median(found) for found in rates[side].values()) for side in (ours, reference))
    return {"name": name, "ours": round(best), "reference": round(bar), "ratio": best / bar, "reach": reach}


def _singles(database: Database) -> Measure:
    async def work() -> int:
        async with database.statements() as tx:
            await service.post(tx, posting=_between_two())
        return 1

    return lambda clients: _rate(work, clients)


def _in_transactions(database: Database) -> Measure:
    async def work() -> int:
        posting = _between_two()
        await database.run(lambda tx: service.post(tx, posting=posting))
        return 1

    return lambda clients: _rate(work, clients)


def _between_two() -> Posting:
    a, b = random.sample(range(FIRST, LAST + 1), 2)
    return _posting(Leg(_wallet(a), -POINT), Leg(_wallet(b), POINT))


def _batches(database: Database, account: AccountId) -> Measure:
    async def work() -> int:
        wallets = random.sample(range(FIRST, LAST + 1), BATCH)
        batch = [_posting(Leg(account, -POINT), Leg(_wallet(number), POINT)) for number in wallets]
        outcomes = await database.run(lambda tx: service.post_batch(tx, postings=batch))
        return sum(outcome.accepted for outcome in outcomes)

    return lambda clients: _rate(work, clients)


async def _rate(work: Callable[[], Awaitable[int]], clients: int) -> float:
    """Return how much work as many clients get done per second."""

    async def client() -> int:
        done = 0
        while time.perf_counter() < began + ROUND_S:
            done += await work()
        return done

    began = time.perf_counter()
    done = sum(await asyncio.gather(*(client() for _ in range(clients))))
    return done / (time.perf_counter() - began)


def _wallet(number: int) -> AccountId:
    return AccountId(UUID(f"{_ID}{number}"))


def _posting(*legs: Leg) -> Posting:
    made = new_id()
    return Posting(transaction_id=TransactionId(made), key=f"bench:{made}", kind="bench", legs=legs)


class Pgbench:
    """PostgreSQL's own load generator, and scripts that call the posting function."""

    def __init__(self, server: EmbeddedPostgres, folder: Path, dsn: str) -> None:
        self._program = server.binaries.program("pgbench")
        self._new_id = "uuidv7()" if server.binaries.major >= _SINCE_UUIDV7 else "gen_random_uuid()"
        self._folder = folder
        self._dsn = dsn

    def script(self, name: str, source: str, target: str) -> Measure:
        """Return the measure of one point at a time from one account to another, both SQL expressions."""
        file = self._folder / f"{name}.sql"
        middle = (FIRST + LAST) // 2
        file.write_text(
            f"\\set a random({FIRST}, {middle})\n\\set b random({middle + 1}, {LAST})\n"
            f"SELECT outcome FROM (SELECT {self._new_id} AS id OFFSET 0) AS new, payment.post("
            "ARRAY[new.id], ARRAY['bench:' || new.id], ARRAY['bench'], ARRAY['{}'::jsonb], ARRAY[NULL::timestamptz], "
            "ARRAY[NULL::uuid], ARRAY[NULL::uuid], ARRAY[1, 1], "
            f"ARRAY[{source}, {target}]::uuid[], ARRAY['VIBE', 'VIBE'], ARRAY[-1, 1]::bigint[]);\n"
        )
        return lambda clients: asyncio.to_thread(self._rate, file, clients)

    def _rate(self, file: Path, clients: int) -> float:
        load = ["-c", str(clients), "-j", str(min(clients, 2)), "-T", str(ROUND_S)]
        ran = subprocess.run(
            [str(self._program), "-n", "-M", "prepared", *load, "-f", str(file), self._dsn],
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"tps = ([\d.]+)", ran.stdout)
        if found is None or "number of failed transactions: 0 " not in ran.stdout:
            raise RuntimeError(ran.stdout + ran.stderr)
        return float(found[1])
