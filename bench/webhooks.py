"""From a gateway's request to our 2xx: proven, in the database with its job, committed, answered; over real HTTP.

webhook_intake_p99_ms        milliseconds, 99th percentile, at 50 deliveries a second of the three gateways in turn; the database's
                             data on a memory disk: what we take
webhook_intake_p50_ms        the median of the same run
webhook_intake_disk_p99_ms   the same on a disk with fsync: what we take and what the disk does
webhook_intake_disk_p50_ms

Every delivery is another event, signed as its gateway signs: PayPal's by RSA with a certificate that was fetched once. The
web server is a process of its own with its usual settings. The reference is the commit of one row on the same database, begun
at the same moments: what no durable answer can beat.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx2
import psycopg
import uvloop

from bench._bus import conditions, earned, fresh_database, take
from tests.contexts.music.uploads.server import WebServer
from tests.factories.gateways import Sandbox, running_sandbox
from tests.factories.webhooks import Posted, coinbase_body, paypal_body, signed_in, stripe_body, world_of
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database

RATE: Final = 50
SECONDS: Final = 20
REACH_MS: Final = 20
SHARES: Final = (99, 50)


def run() -> list[dict[str, Any]]:
    """Measure on fresh databases and return the records."""
    records = []
    under = conditions()
    for where, name in (("/dev/shm", "webhook_intake"), ("/var/tmp", "webhook_intake_disk")):  # noqa: S108 - on purpose
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
            sandbox = stack.enter_context(running_sandbox(folder / "sandbox"))
            owner, dsn = stack.enter_context(fresh_database(where))
            server = stack.enter_context(WebServer(owner, folder / "data", sandbox.variables))
            taken, commits = uvloop.run(_measure(server.url, dsn, _deliveries(sandbox, RATE * (SECONDS + 2))))
            _require_all(owner, RATE * (SECONDS + 2))
        for share in SHARES:
            ours, reference = _percentile(taken, share), _percentile(commits, share)
            records.append(
                {
                    "name": f"{name}_p{share}_ms",
                    "ours": ours,
                    "reference": reference,
                    "ratio": ours / reference,
                    "unit": "ms",
                    **under,
                    "reach": f"< {REACH_MS}" if share == max(SHARES) else None,
                }
            )
    return records


def _deliveries(sandbox: Sandbox, count: int) -> list[Posted]:
    with world_of(sandbox) as world:
        return [signed_in(world, *_event(number)) for number in range(count)]


def _event(number: int) -> tuple[str, bytes]:
    match number % 3:
        case 0:
            thing = {"object": "payment_intent", "id": f"pi_{number}", "filler": "x" * 4_000}
            return "stripe", stripe_body("payment_intent.succeeded", thing)
        case 1:
            order = {"related_ids": {"order_id": f"ORDER{number}"}}
            resource = {"id": f"CAP{number}", "supplementary_data": order, "filler": "x" * 2_000}
            return "paypal", paypal_body("PAYMENT.CAPTURE.COMPLETED", resource)
        case _:
            return "coinbase", coinbase_body("checkout.payment.success", f"co-{number}", filler="x" * 1_000)


async def _measure(url: str, dsn: str, deliveries: list[Posted]) -> tuple[list[float], list[float]]:
    took: list[float] = []
    commits: list[float] = []
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client, Database(dsn, application="bench") as database:
        warm = RATE * 2
        await _paced(lambda number: _deliver(client, deliveries[number], []), range(warm))

        async def both(number: int) -> None:
            await asyncio.gather(_deliver(client, deliveries[number], took), _commit(database, commits))

        await _paced(both, range(warm, len(deliveries)))
    return sorted(took), sorted(commits)


async def _paced(act: Any, numbers: range) -> None:
    """Begin an act `RATE` times a second, whether or not the last one has ended."""
    loop = asyncio.get_running_loop()
    begun, acts = loop.time(), []
    for place, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, begun + place / RATE - loop.time()))
        acts.append(asyncio.create_task(act(number)))
    await asyncio.gather(*acts)


async def _deliver(client: httpx2.AsyncClient, delivery: Posted, took: list[float]) -> None:
    began = time.perf_counter()
    answer = await client.post(f"/webhooks/{delivery.endpoint}", content=delivery.body, headers=delivery.headers)
    took.append(time.perf_counter() - began)
    if answer.status_code != 200:  # noqa: PLR2004 - HTTP
        raise RuntimeError(f"{delivery.endpoint} was answered {answer.status_code}: {answer.text}")


async def _commit(database: Database, commits: list[float]) -> None:
    began = time.perf_counter()
    async with database.begin() as tx:
        await take(tx, [earned(new_id())])
    commits.append(time.perf_counter() - began)


def _require_all(owner: str, count: int) -> None:
    with psycopg.connect(owner) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM payment.webhook), (SELECT count(*) FROM jobs.procrastinate_jobs"
            " WHERE task_name = 'payment.process_webhook')"
        ).fetchone()
    if row != (count, count):
        raise RuntimeError(f"{row} events and jobs are there, {count} were answered")


def _percentile(sorted_s: list[float], share: int) -> float:
    return sorted_s[min(len(sorted_s) - 1, len(sorted_s) * share // 100)] * 1000
