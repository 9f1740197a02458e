"""A payment created, attempted and captured through checkout, against the bare SQL that this does.

The statements of payments that really ran are recorded with their parameters, transaction by transaction, and replayed by
psycopg alone on a database that is a copy of the one they began on: the same inserts, locks, postings and commits, without
deciding, encoding or reading anything. What a gateway would answer is made up beforehand on both sides: it is not measured.
Server on disk with fsync; rounds of the two alternate.

payment_create_capture    payments/s of 8 clients, four transactions each: start, screen, attempt, capture with its fee
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

import psycopg
import uvloop

from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain.states import Act
from vibestream.contexts.payment.checkout.invariants import INVARIANTS
from vibestream.contexts.payment.checkout.service import PaymentView, Purpose, risk
from vibestream.contexts.payment.checkout.service.recording import carry_out, lock
from vibestream.contexts.payment.checkout.store import keys
from vibestream.contexts.payment.gateways.service import GatewayName, ProviderPayment, ProviderState
from vibestream.contexts.payment.ledger.invariants import INVARIANTS as LEDGER
from vibestream.kernel.ids import PaymentId, UserId, new_id
from vibestream.kernel.money import USD, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx, as_app_role
from vibestream.platform.invariants import check_all
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

ROUNDS: Final = 3
PAYMENTS: Final = 300
CLIENTS: Final = 8
STRIPE: Final = GatewayName.STRIPE
_AMOUNT, _FEE = Money(1_000, USD), Money(59, USD)

Statement = tuple[Any, Any]
Story = list[list[Statement]]
"""The transactions of one payment, each as the statements that it made."""
_recorded: ContextVar[Story | None] = ContextVar("recorded", default=None)


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return the record."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(EmbeddedPostgres.start(root / "pg", binaries=find_binaries(), options={}))
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE ours")
            migrate.upgrade(server.dsn(database="ours"))
            admin.execute("CREATE DATABASE bare TEMPLATE ours")
        ours, bare = (as_app_role(server.dsn(database=name)) for name in ("ours", "bare"))
        return [uvloop.run(_measure(ours, bare))]


async def _measure(ours: str, bare: str) -> dict[str, Any]:
    async with Database(ours, max_size=CLIENTS, application="bench") as database:
        stories = await _record(database)
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        async with _connections(bare) as connections:
            await _replay(connections[0], stories[0])  # opens the accounts that all of them share
            size = (len(stories) - 1) // ROUNDS
            for number in range(ROUNDS):
                batch = stories[1 + number * size : 1 + (number + 1) * size]
                rates["bare"].append(await _rate(batch, connections, _replay))
                rates["ours"].append(await _rate([None] * size, [database] * CLIENTS, _pay))
        for checked in await check_all(database, (*INVARIANTS, *LEDGER)):
            if not checked.finding.ok:
                raise RuntimeError(f"{checked.invariant.name}: {checked.finding}")
    async with Database(bare, max_size=1, application="bench") as copy:
        replayed = await copy.run(
            lambda tx: tx.value("SELECT count(*) FROM payment.payment_view WHERE state = 'captured'")
        )
        if replayed != 1 + size * ROUNDS:
            raise RuntimeError(f"{replayed} payments were replayed to their end, not {1 + size * ROUNDS}")
    best, bar = (statistics.median(rates[side]) for side in ("ours", "bare"))
    statements = statistics.mean(sum(len(one) for one in story) for story in stories)
    return {
        "name": "payment_create_capture",
        "ours": round(best, 1),
        "reference": round(bar, 1),
        "ratio": best / bar,
        "reach": 0.4,
        "statements": statements,
    }


async def _pay(database: Database, _: object) -> None:
    """Take one payment as checkout's service and jobs do, with a gateway's answer that is there at once."""
    view: PaymentView = await database.run(_start)
    payment_id = view.payment_id
    await database.run(lambda tx: _screen(tx, payment_id))
    await database.run(lambda tx: _attempt(tx, payment_id))
    await database.run(lambda tx: _capture(tx, payment_id))


async def _start(tx: Tx) -> PaymentView:
    _next_transaction()
    return await service.start(
        tx,
        key=f"bench:{new_id()}",
        user_id=UserId(new_id()),
        purpose=Purpose.WALLET_TOP_UP,
        subject="",
        amount=_AMOUNT,
        description="Top-up",
        return_to="/wallet",
        gateway=STRIPE,
    )


async def _screen(tx: Tx, payment_id: PaymentId) -> None:
    _next_transaction()
    locked, now = await lock(tx, payment_id=payment_id), utc_now()
    told = await risk.screen(tx, payment=locked.payment, started_at=locked.started_at, signals={}, now=now)
    await carry_out(tx, told, locked=locked, now=now)


async def _attempt(tx: Tx, payment_id: PaymentId) -> None:
    _next_transaction()
    locked, now = await lock(tx, payment_id=payment_id), utc_now()
    command = c.Attempt(route=(STRIPE,), captures_later=frozenset({STRIPE}), site="https://vibe.example", at=now)
    after = await carry_out(tx, command, locked=locked, now=now)
    attempt = after.payment.attempts[-1]
    await keys.store_attempt(
        tx, key=attempt.key, payment_id=payment_id, gateway=STRIPE, act=Act.OPEN, request_hash=bytes(32), at=now
    )


async def _capture(tx: Tx, payment_id: PaymentId) -> None:
    _next_transaction()
    locked = await lock(tx, payment_id=payment_id)
    seen = ProviderPayment(
        payment_ref=f"cs_{payment_id.hex}",
        payment_id=payment_id,
        state=ProviderState.CAPTURED,
        amount=_AMOUNT,
        captured=_AMOUNT,
        refunded=Money.zero(USD),
        fee=_FEE,
    )
    await carry_out(tx, c.Observe(gateway=STRIPE, seen=seen), locked=locked, now=utc_now())
    await keys.store_ref(tx, gateway=STRIPE, payment_ref=seen.payment_ref, payment_id=payment_id)


async def _record(database: Database) -> list[Story]:
    """Take payments one by one, and return what each did."""
    execute = psycopg.AsyncCursor.execute

    async def recording(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        story = _recorded.get()
        if story is not None and story:
            story[-1].append((query, params))
        return await execute(self, query, params, **options)

    stories: list[Story] = []
    psycopg.AsyncCursor.execute = recording  # type: ignore[method-assign]
    try:
        for _ in range(1 + PAYMENTS):
            story: Story = []
            _recorded.set(story)
            await _pay(database, None)
            stories.append(story)
    finally:
        _recorded.set(None)
        psycopg.AsyncCursor.execute = execute  # type: ignore[method-assign]
    return stories


def _next_transaction() -> None:
    story = _recorded.get()
    if story is not None:
        story.append([])


async def _replay(connection: psycopg.AsyncConnection[Any], story: Story) -> None:
    for statements in story:
        async with connection.transaction():
            for query, params in statements:
                cursor = await connection.execute(query, params)
                if cursor.description is not None:
                    await cursor.fetchall()


@asynccontextmanager
async def _connections(dsn: str) -> AsyncIterator[list[psycopg.AsyncConnection[Any]]]:
    connections = [await psycopg.AsyncConnection.connect(dsn) for _ in range(CLIENTS)]
    try:
        yield connections
    finally:
        for connection in connections:
            await connection.close()


async def _rate(works: Sequence[Any], clients: Sequence[Any], do: Callable[[Any, Any], Awaitable[None]]) -> float:
    """Return how many of these are done per second, by as many clients."""
    left = list(works)

    async def client(one: Any) -> None:
        while left:
            await do(one, left.pop())

    began = time.perf_counter()
    await asyncio.gather(*(client(one) for one in clients))
    return len(works) / (time.perf_counter() - began)
