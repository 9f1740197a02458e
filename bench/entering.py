"""Signing in beside everything else: what 20 sign-ins at once do to other requests, and whether time tells who has an account.

The whole application in this process, over a fresh server, without sockets. `password_hash_concurrency`: the slowest
hundredth of requests for one's own account, in milliseconds, while 20 people sign in at once again and again; its
reference is the same without them. `enumeration_ratio`: of sign-in, reset and sign-up, the median time for an address
that has an account against one that has not, in alternating rounds, the larger over the smaller; and, while passwords are
guessed at many accounts, of a right password against one for an address that nobody has; the worst of the four.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import psycopg
import uvloop
from fastapi import FastAPI

from tests.factories.users import PASSWORD, User, make_user, signed_in
from tests.http_client import ORIGIN
from vibestream.app import HASHING_THREADS, create_app
from vibestream.contexts.payment.gateways.service import Gateways, open_gateways
from vibestream.contexts.user.attacks import store as attacks
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.http.limiter import Quota
from vibestream.platform.mail import Mailer
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

AT_ONCE: Final = 20
REACH_MS: Final = 100
REACH: Final = 1.2
SECONDS: Final = 20
ROUNDS: Final = 60
_RIGHT: Final = "copper violin meadow 19"
_numbers = itertools.count(1)


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return both records."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(
            EmbeddedPostgres.start(root / "pg", binaries=find_binaries(), options={"max_connections": "40"})
        )
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        migrate.upgrade(server.dsn(database="bench"))
        return uvloop.run(_measure(server.dsn(database="bench"), root))


async def _measure(owner: str, root: Path) -> list[dict[str, Any]]:
    settings = load_settings(
        environment=Environment.TEST, data_dir=root / "data", public_url=ORIGIN, database_url=as_app_role(owner)
    )
    threads = BoundedThreads(threads=HASHING_THREADS)
    async with Database(as_app_role(owner), max_size=10, application="bench") as database:
        runtime = Runtime(
            settings=settings,
            database=database,
            objects=open_store(settings),
            mailer=Mailer(settings),
            cpu=threads,
            parts={Gateways: open_gateways(settings)},
        )
        app = create_app(settings, runtime=runtime)
        async with app.router.lifespan_context(app):
            app.state.edge.limiter.hit = _unlimited
            records = [await _concurrency(app, database), await _enumeration(app, database)]
    threads.close()
    return records


async def _concurrency(app: FastAPI, database: Database) -> dict[str, Any]:
    async with database.begin() as tx:
        people = [await make_user(tx) for _ in range(AT_ONCE)]
        token = await signed_in(tx, people[0])
    async with _client(app) as asker:
        asker.cookies.set(app.state.edge.session_cookie.name, token, domain="testserver.local")
        await _asked(asker, until=time.monotonic() + 2)
        alone = await _asked(asker, until=time.monotonic() + SECONDS / 2)
        until = time.monotonic() + SECONDS
        entering = [asyncio.create_task(_enters(app, one, until=until)) for one in people]
        beside = await _asked(asker, until=until)
        entered = sum(await asyncio.gather(*entering))
    ours, reference = _slowest(beside), _slowest(alone)
    return {
        "name": "password_hash_concurrency",
        "ours": ours,
        "reference": reference,
        "ratio": ours / reference,
        "unit": "ms",
        "sign_ins_per_s": entered / SECONDS,
        "reach": f"< {REACH_MS}",
    }


async def _asked(client: httpx2.AsyncClient, *, until: float) -> list[float]:
    taken = []
    while time.monotonic() < until:
        began = time.perf_counter()
        answer = await client.get("/api/v1/me")
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(answer.text)
        await asyncio.sleep(0.01)
    return taken


async def _enters(app: FastAPI, person: User, *, until: float) -> int:
    done = 0
    async with _client(app) as client:
        while time.monotonic() < until:
            body = {"email": person.email, "password": PASSWORD}
            answer = await client.post("/api/v1/sessions", json=body)
            if answer.status_code != httpx2.codes.CREATED:
                raise RuntimeError(answer.text)
            done += 1
    return done


async def _enumeration(app: FastAPI, database: Database) -> dict[str, Any]:
    worst: dict[str, float] = {}
    for name, path in (
        ("sign_in", "/api/v1/sessions"),
        ("attacked", "/api/v1/sessions"),
        ("reset", "/api/v1/password-reset"),
        ("sign_up", "/api/v1/sign-up"),
    ):
        taken: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(ROUNDS):
            for known in (True, False):
                taken[known].append(await _answered(app, database, name, path, known=known))
        of_known, of_unknown = (statistics.median(taken[known][5:]) for known in (True, False))
        worst[name] = max(of_known / of_unknown, of_unknown / of_known)
    ratio = max(worst.values())
    return {
        "name": "enumeration_ratio",
        "ours": ratio,
        "reference": 1.0,
        "ratio": ratio,
        **worst,
        "reach": f"< {REACH}",
    }


async def _answered(app: FastAPI, database: Database, name: str, path: str, *, known: bool) -> float:
    """Ask about an address of its own, from a network of its own, so that no limit is what is measured.

    During an attack, a known address is shown the right password, and otherwise a wrong one.
    """
    number = next(_numbers)
    email = f"somebody-{number:06}@example.org"
    async with database.begin() as tx:
        if known:
            await make_user(tx, email=email, password=_RIGHT if name == "attacked" else PASSWORD)
        await tx.execute("UPDATE users.sign_in_count SET refused = 0")
        if name == "attacked":
            await attacks.begin(tx, now=utc_now(), until=utc_now() + timedelta(hours=1))
        else:
            await attacks.end(tx, now=utc_now() + timedelta(hours=1))
    body: dict[str, Any] = {"email": email}
    body |= {} if name == "reset" else {"password": _RIGHT}
    body |= {"display_name": "Somebody"} if name == "sign_up" else {}
    async with _client(app, address=f"198.18.{number // 250}.{number % 250}") as client:
        began = time.perf_counter()
        answer = await client.post(path, json=body)
        took = time.perf_counter() - began
    if answer.status_code != (401 if name == "sign_in" else 202):
        raise RuntimeError(answer.text)
    return took


def _client(app: FastAPI, *, address: str = "127.0.0.1") -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app, client=(address, 1)), base_url=ORIGIN)


def _slowest(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


def _unlimited(*_: object, **__: object) -> Quota:
    return Quota(admitted=True, remaining=1, reset_s=1)
