"""Sealing the ledger, finding every root again, and proving, against PostgreSQL hashing the same rows by itself.

The reference reads each entry with its account and takes a SHA-256 of its columns, in one statement, without a tree: what
the server can do at best. A row is a transaction or an entry.

ledger_seal                        rows/s sealed, in seals of 5,000 transactions, signed
ledger_verify                      rows/s of the full audit: every leaf made again, every root found again
ledger_prove                       proofs/s of one entry each, for entries drawn at random, each verified
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
import uvloop

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import Leg, Posting
from vibestream.contexts.payment.seal import service as seal
from vibestream.contexts.payment.seal.invariants import invariants_of
from vibestream.contexts.payment.seal.service import SealingKey
from vibestream.kernel.ids import AccountId, TransactionId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.invariants import check_all
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres
from vibestream.platform.storage.local import LocalObjectStore

TRANSACTIONS: Final = 100_000
ROWS: Final = 3 * TRANSACTIONS
WALLETS: Final = 1_000
PROOFS: Final = 200
_KEY: Final = SealingKey.parse("A" * 43)
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
        return uvloop.run(_measure(owner, root / "objects"))


async def _measure(owner: str, objects: Path) -> list[dict[str, Any]]:
    async with Database(as_app_role(owner), application="bench") as database:
        wallets = await _post(database)
        with psycopg.connect(owner, autocommit=True) as admin:
            admin.execute("VACUUM ANALYZE")
        sealed_s = await _seal(database)
        hashed_s = [await _reference(database)]
        checks = invariants_of(LocalObjectStore(objects), seal.by_id([_KEY.public]), blocks=None)
        verified = [one for one in await check_all(database, checks) if one.invariant.name == "seal.unchanged"]
        if not verified[0].finding.ok or f"{TRANSACTIONS:,} transactions" not in verified[0].finding.figure:
            raise RuntimeError(verified[0].finding.detail or verified[0].finding.figure)
        hashed_s.append(await _reference(database))
        proved_s = await _prove(database, wallets)
    by_server = int(ROWS / min(hashed_s))
    return [
        _record("ledger_seal", int(ROWS / sealed_s), by_server),
        _record("ledger_verify", int(ROWS / verified[0].seconds), by_server, reach="100,000 rows/s"),
        _record("ledger_prove", int(PROOFS / proved_s), by_server),
    ]


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


async def _seal(database: Database) -> float:
    began = time.perf_counter()
    size = 0
    while size < TRANSACTIONS:
        async with database.begin() as tx:
            head = await seal.seal_next(tx, key=_KEY, now=utc_now())
        if head is None:
            await asyncio.sleep(0.01)
        else:
            size = head.size
    return time.perf_counter() - began


async def _reference(database: Database) -> float:
    async with database.begin() as tx:
        began = time.perf_counter()
        await tx.value(_REFERENCE)
        return time.perf_counter() - began


async def _prove(database: Database, wallets: list[AccountId]) -> float:
    chosen = random.sample(range(TRANSACTIONS), PROOFS)
    keys = seal.by_id([_KEY.public])
    spent = 0.0
    for leaf in chosen:
        async with database.begin() as tx:
            transaction = await tx.value("SELECT transaction_id FROM payment.sealed WHERE leaf = %s", [leaf])
            began = time.perf_counter()
            proofs = await seal.prove_entries(tx, transaction_ids=[transaction], account_ids=wallets)
        seal.verify_entry(proofs[0], keys=keys)
        spent += time.perf_counter() - began
    return spent


def _record(name: str, ours: int, reference: int, *, reach: str | None = None) -> dict[str, Any]:
    return {"name": name, "ours": ours, "reference": reference, "ratio": ours / reference, "reach": reach}
