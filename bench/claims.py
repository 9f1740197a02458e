"""Claims verified and paid, and proofs made by a browser.

`claims_per_s` is how many claims a second `pay_claim` verifies and posts, each answered once it is committed to a disk with fsync,
50 at a time; its reference is `verify_claim` alone on the same claims, as many at a time, with the same threads, in rounds that
alternate with those that pay; the median of the rounds' ratios. `claim_paths_ms` is how
long one's receipts of an epoch of 100,000 leaves take with their paths; its reference is rebuilding that epoch's tree, which every
request did before trees were kept. `proof_browser_s` and `proof_browser_single_s` are the wall time of a proof in Chromium, in the
worker that is shipped and under its own policy, with files in the cache: the median of both modes; 2 s is what it may take.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
import uvloop

from bench._browser import prove_in_chromium
from tests.factories.listen_reward import GENEROUS, NOON
from tests.factories.receipts import TODAY, claim_body, closed, listened, listener, own_receipts, settings, tools
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service.spending import Asked
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Policy
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field
from vibestream.contexts.listen_reward.receipts.domain.tree import beside
from vibestream.contexts.listen_reward.receipts.store import nodes
from vibestream.flows.audit import INVARIANTS
from vibestream.flows.pay_claims import pay_claim
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform import heap
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.invariants import check_all
from vibestream.platform.mail import Mailer
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

CLAIMS: Final = 301
CLIENTS: Final = 50
CONNECTIONS: Final = 10
PAY_ROUNDS: Final = 3
LEAVES: Final = 100_000
ROUNDS: Final = 5
PROOFS: Final = 3


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return the records."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(EmbeddedPostgres.start(root / "pg", binaries=find_binaries(), options={}))
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE ours")
        migrate.upgrade(server.dsn(database="ours"))
        paid, paths = uvloop.run(_measure(as_app_role(server.dsn(database="ours"))))
    both = [prove_in_chromium(single_thread=single, proofs=PROOFS) for single in (False, True)]
    return [
        paid,
        paths,
        *(
            {"name": name, "ours": seconds, "reference": 2.0, "ratio": seconds / 2.0, "reach": "<= 2"}
            for name, seconds in zip(("proof_browser_s", "proof_browser_single_s"), both, strict=True)
        ),
    ]


async def _measure(dsn: str) -> tuple[dict[str, Any], dict[str, Any]]:
    threads = BoundedThreads(threads=2)
    chosen = settings()
    async with Database(dsn, max_size=CONNECTIONS, application="bench") as database:
        runtime = Runtime(
            settings=chosen, database=database, objects=open_store(chosen), mailer=Mailer(chosen), cpu=threads
        )
        bodies = await _proved(database)
        heap.settle()  # as the web server does when it has started
        record = await _paying(runtime, bodies)
        for checked in await check_all(database, INVARIANTS):
            if not checked.finding.ok:
                raise RuntimeError(f"{checked.invariant.name}: {checked.finding}")
        paths = await _looking_up(database)
    threads.close()
    return record, paths


async def _proved(database: Database) -> list[dict[str, Any]]:
    """Let as many listen as there are claims, close the day, and prove for each."""
    budget = Policy(Money(CLAIMS * GENEROUS.per_listen.minor, VIBE), GENEROUS.per_listen)
    await database.run(partial(pools.open_epochs, policy=budget, now=NOON))
    fans = [await listener(database, secret=number + 1) for number in range(CLAIMS)]
    for fan in fans:
        await listened(database, fan, paid=fan is fans[-1])
    await closed(database)
    owns = [await own_receipts(database, fan) for fan in fans]
    bodies = [claim_body(own, secret=at + 1, wallet=f"ed25519:{at:064x}") for at, own in enumerate(owns)]
    return [
        one | {"accepts_recognition": False} for one in bodies
    ]  # as many hide each other, so the floor is looked at


async def _paying(runtime: Runtime, bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    _, verifier = tools()

    async def verify(body: dict[str, Any]) -> None:
        work = partial(claims.verify_claim, verifier=verifier, proof=body["proof"], signals=body["public_signals"])
        await runtime.cpu.run(work)

    async def pay(body: dict[str, Any]) -> None:
        asked = Asked(TODAY, body["wallet"], datetime.fromisoformat(body["expires_at"]), body["accepts_recognition"])
        await pay_claim(runtime, proof=body["proof"], signals=body["public_signals"], asked=asked, now=utc_now())

    await pay(bodies[0])  # opens what all share
    rounds = []
    for number in range(PAY_ROUNDS):
        chosen = bodies[1 + number :: PAY_ROUNDS]
        alone = [await _rate(chosen, verify)]
        paid = await _rate(chosen, pay)
        alone.append(await _rate(chosen, verify))
        rounds.append((paid / statistics.mean(alone), paid, statistics.mean(alone)))
    ratio, paid, reference = sorted(rounds)[len(rounds) // 2]
    return {
        "name": "claims_per_s",
        "ours": round(paid, 1),
        "reference": round(reference, 1),
        "ratio": ratio,
        "reach": 0.7,
    }


async def _rate(bodies: Sequence[dict[str, Any]], do: Callable[[dict[str, Any]], Awaitable[None]]) -> float:
    left = list(bodies)

    async def client() -> None:
        while left:
            await do(left.pop())

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return len(bodies) / (time.perf_counter() - began)


async def _looking_up(database: Database) -> dict[str, Any]:
    """Keep a tree over many leaves for the day that is closed, and look up paths of a listener of nine summaries in it."""
    leaves = [Field(pow(7, number + 1, ORDER)) for number in range(LEAVES)]
    began = time.perf_counter()
    tree = receipts.final_tree(leaves)
    rebuilt = time.perf_counter() - began
    other = TODAY + timedelta(days=1)
    await closed(database, epoch=other)
    async with database.begin() as tx:
        await nodes.insert_rows(tx, other, tree.rows)
    wanted = beside([7 * number * 1_571 % LEAVES for number in range(1, 10)])
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        async with database.begin() as tx:
            await nodes.load_nodes(tx, other, wanted)
        seconds.append(time.perf_counter() - began)
    ours = statistics.median(seconds) * 1000
    return {
        "name": "claim_paths_ms",
        "ours": ours,
        "reference": rebuilt * 1000,
        "ratio": ours / (rebuilt * 1000),
        "reach": "<= 50",
    }
