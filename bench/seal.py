"""Sealing the ledger, finding every root again, and proving, against PostgreSQL hashing the same rows by itself.

The reference reads each entry with its account and takes a SHA-256 of its columns, in one statement, without a tree: what
the server can do at best. A row is a transaction or an entry. Figures are per second of processor, ours and the server's together, because
elapsed time on a shared machine says how busy it is.

ledger_seal                        rows per CPU second sealed, in seals of 5,000 transactions, signed
ledger_verify                      rows per CPU second of the full audit: every leaf made again, every root found again
ledger_prove                       proofs per CPU second of one entry each, drawn at random, each verified
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final, LiteralString

import psutil
import psycopg
import uvloop

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import Leg, Posting
from vibestream.contexts.payment.seal import service as seal
from vibestream.contexts.payment.seal.invariants import books
from vibestream.kernel.ids import AccountId, TransactionId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.signing import SigningKey
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

TRANSACTIONS: Final = 100_000
ROWS: Final = 3 * TRANSACTIONS
WALLETS: Final = 1_000
PROOFS: Final = 200
_KEY: Final = SigningKey.parse("A" * 43)
_REFERENCE: Final[LiteralString] = """
    SELECT count(sha256(convert_to(concat_ws('|', e.line, e.account_id, a.kind, a.subject, a.currency, e.amount,
        e.balance_after, e.position, t.id, t.idempotency_key, t.kind, t.details, t.recorded_at, t.xid), 'UTF8')))
    FROM payment.entry e JOIN payment.account a ON a.id = e.account_id
    JOIN payment.transaction t ON t.id = e.transaction_id
"""


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return the records."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(EmbeddedPostgres.start(root / "pg", binaries=find_binaries()))
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        owner = server.dsn(database="bench")
        migrate.upgrade(owner)
        return uvloop.run(_measure(owner))


async def _measure(owner: str) -> list[dict[str, Any]]:
    async with Database(as_app_role(owner), max_size=1, application="bench") as database:
        wallets = await _post(database)
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute("VACUUM ANALYZE")
        sealed_s = await _cpu_s(database, _seal)
        hashed_s = await _cpu_s(database, _hash_in_server)
        verified_s = await _cpu_s(database, _verify)
        proved_s = await _cpu_s(database, partial(_prove, wallets=wallets))
    by_server = round(ROWS / hashed_s)
    return [
        _record("ledger_seal", round(ROWS / sealed_s), by_server),
        _record("ledger_verify", round(ROWS / verified_s), by_server, reach="100,000 rows per CPU second"),
        _record("ledger_prove", round(PROOFS / proved_s), by_server),
    ]


async def _cpu_s(database: Database, work: Callable[[Database], Awaitable[None]]) -> float:
    """Return the processor time that some work takes, here and in the server's process of the one connection."""
    async with database.begin() as tx:
        server = psutil.Process(await tx.value("SELECT pg_backend_pid()"))

    def spent() -> float:
        there = server.cpu_times()
        return time.process_time() + float(there.user) + float(there.system)

    before = spent()
    await work(database)
    return spent() - before


async def _post(database: Database) -> list[AccountId]:
    names = [ledger.wallet(user_id=UserId(new_id()), currency=VIBE) for _ in range(WALLETS)]
    async with database.begin() as tx:
        source, *wallets = await ledger.open_accounts(tx, names=[ledger.issuance(currency=VIBE), *names])
    for start in range(0, TRANSACTIONS, WALLETS):
        postings = [
            Posting(
                transaction_id=TransactionId(new_id()),
                key=f"reward:{new_id()}",
                kind="reward",
                legs=(Leg(source, Money(-10_000, VIBE)), Leg(wallet, Money(10_000, VIBE))),
                details={"reward_id": str(new_id()), "epoch": "2026-11-24", "number": str(start)},
            )
            for wallet in wallets
        ]
        async with database.begin() as tx:
            await ledger.post_batch(tx, postings=postings)
    return wallets


async def _seal(database: Database) -> None:
    size = 0
    while size < TRANSACTIONS:
        async with database.begin() as tx:
            head = await seal.seal_next(tx, key=_KEY, now=utc_now())
        if head is None:
            raise RuntimeError("nothing is due")
        size = head.size


async def _verify(database: Database) -> None:
    async with database.begin() as tx:
        found = await books.check(tx, blocks=None)
    if not found.ok or f"{TRANSACTIONS:,} transactions hashed again" not in found.figure:
        raise RuntimeError(found.detail or found.figure)


async def _hash_in_server(database: Database) -> None:
    async with database.begin() as tx:
        await tx.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        await tx.value(_REFERENCE)


async def _prove(database: Database, *, wallets: list[AccountId]) -> None:
    keys = seal.by_id([_KEY.public])
    for leaf in random.sample(range(TRANSACTIONS), PROOFS):
        async with database.begin() as tx:
            transaction = await tx.value("SELECT transaction_id FROM payment.sealed WHERE leaf = %s", [leaf])
            proofs = await seal.prove_entries(tx, transaction_ids=[transaction], account_ids=wallets)
        seal.verify_entry(proofs[0], keys=keys)


def _record(name: str, ours: int, reference: int, *, reach: str | None = None) -> dict[str, Any]:
    return {"name": name, "ours": ours, "reference": reference, "ratio": ours / reference, "reach": reach}
