"""Heartbeats taken by the service into the database, and by the whole application against an empty route of it.

`heartbeats_per_s`: listeners who each play a song of three minutes, one heartbeat every ten seconds of theirs, sent one at a
time as players do and gathered as the route gathers them; each is answered once it is committed to a disk with fsync. They are
at different places in their songs, so that at any time one in eighteen makes a listen count, which scores and announces it.
`heartbeats_http`: the same through the application with its middleware, sessions and checks, called in this process without
sockets, which would only add to both sides; its reference is a route that takes the same body from whoever is signed in and
does nothing. Rounds of the two alternate; the ratio is the median of theirs.
"""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
import uvloop
from fastapi import FastAPI

from tests.factories.listen_reward import GENEROUS, make_track, registered
from tests.factories.users import make_user, signed_in
from tests.http_client import ORIGIN
from vibestream.app import HASHING_THREADS, create_app
from vibestream.contexts.listen_reward.listening import service
from vibestream.contexts.listen_reward.listening.domain import Beat, Listen, Playing
from vibestream.contexts.listen_reward.listening.routes import Heartbeats
from vibestream.contexts.listen_reward.listening.service import Beats
from vibestream.contexts.payment.gateways.service import Gateways, open_gateways
from vibestream.flows.audit import INVARIANTS
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform import heap
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database, Tx, as_app_role
from vibestream.platform.group_commit import GroupCommit
from vibestream.platform.http.dependencies import PrincipalDep
from vibestream.platform.http.limiter import Quota
from vibestream.platform.http.routing import Router
from vibestream.platform.invariants import check_all
from vibestream.platform.mail import Mailer
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

LISTENERS: Final = 3_600
TRACKS: Final = 200
EVERY: Final = timedelta(seconds=10)
SONG: Final = 18
"""Heartbeats of a song."""
REACH: Final = 10_000
PEOPLE: Final = 400
CLIENTS: Final = 100


def run() -> list[dict[str, Any]]:
    """Measure on a fresh server and return both records."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vibestream-bench-", dir="/var/tmp")))
        root.chmod(0o755)
        server = stack.enter_context(EmbeddedPostgres.start(root / "pg", binaries=find_binaries(), options={}))
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench")
        migrate.upgrade(server.dsn(database="bench"))
        return uvloop.run(_measure(as_app_role(server.dsn(database="bench")), root))


async def _measure(dsn: str, root: Path) -> list[dict[str, Any]]:
    async with Database(dsn, max_size=10, application="bench") as database:
        heap.settle()  # as the web server does when it has started
        records = [await _through_service(database), await _over_http(database, dsn, root)]
        for checked in await check_all(database, INVARIANTS):
            if not checked.finding.ok:
                raise RuntimeError(f"{checked.invariant.name}: {checked.finding}")
    return records


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who listens."""

    listen: Listen
    token: str

    def beat(self, number: int) -> Beat:
        """Return the heartbeat that ends so many times ten seconds of the song."""
        at_ms = number * int(EVERY.total_seconds()) * 1_000
        return Beat(number + 1, at_ms, at_ms, Playing.PLAYING)

    def at(self, number: int) -> datetime:
        """Return when that heartbeat comes."""
        return self.listen.opened_at + number * EVERY


async def _through_service(database: Database) -> dict[str, Any]:
    """Let all play their songs, each from another place on, and measure while all are playing."""
    people = [(UserId(new_id()), "") for _ in range(LISTENERS)]
    players = await _players(database, people)
    commits = GroupCommit(database, _record)
    rates, spent = [], []
    for tick in range(2 * SONG - 1):
        due = [(one, tick - place % SONG) for place, one in enumerate(players) if 0 <= tick - place % SONG < SONG]
        sent = [Beats(one.listen.listen_id, one.listen.user_id, (one.beat(at),), one.at(at)) for one, at in due]
        began, cpu = time.perf_counter(), time.process_time()
        answers = await asyncio.gather(*map(commits.submit, sent))
        if len(due) >= len(players) - 2 * len(players) // SONG:
            rates.append(len(sent) / (time.perf_counter() - began))
            spent.append((time.process_time() - cpu) / len(sent))
        _require(answers, due)
    async with database.begin() as tx:
        kept = await tx.value("SELECT count(*) FROM listen_reward.heartbeat")
    if kept != LISTENERS * SONG:
        raise RuntimeError(f"{kept} heartbeats were kept")
    ours = statistics.median(rates)
    return {
        "name": "heartbeats_per_s",
        "ours": ours,
        "reference": REACH,
        "ratio": ours / REACH,
        "reach": f">= {REACH}/s",
        "best": max(rates),
        "cpu_us": 1_000_000 * statistics.median(spent),
    }


async def _record(tx: Tx, sent: Sequence[Beats]) -> Sequence[Listen | service.ListenNotFound]:
    return await service.record_beats(tx, sent=sent)


def _require(answers: Sequence[Listen | service.ListenNotFound], due: Sequence[tuple[Player, int]]) -> None:
    for answer, (_, number) in zip(answers, due, strict=True):
        if not isinstance(answer, Listen) or answer.last_seq != number + 1 or answer.reason is not None:
            raise RuntimeError(f"a heartbeat was not taken: {answer}")


async def _players(database: Database, people: Sequence[tuple[UserId, str]]) -> list[Player]:
    """Open a listen for each, of one of many tracks, with playback granted, so long ago that a song has passed."""
    opened_at = utc_now() - SONG * EVERY - timedelta(seconds=5)
    players = []
    async with database.begin() as tx:
        tracks = [await registered(tx, make_track(duration_ms=SONG * 10_000)) for _ in range(TRACKS)]
        for number, (user_id, token) in enumerate(people):
            track = tracks[number % TRACKS]
            listen = await service.open_listen(
                tx, user_id=user_id, track_id=track.track_id, player_id="tab-1", policy=GENEROUS, now=opened_at
            )
            await service.grant_evidence(
                tx, listen_id=listen.listen_id, track_id=track.track_id, attributed=False, now=opened_at
            )
            players.append(Player(listen, token))
    return players


async def _over_http(database: Database, dsn: str, root: Path) -> dict[str, Any]:
    settings = load_settings(environment=Environment.TEST, data_dir=root / "data", public_url=ORIGIN, database_url=dsn)
    threads = BoundedThreads(threads=HASHING_THREADS)
    runtime = Runtime(
        settings=settings,
        database=database,
        objects=open_store(settings),
        mailer=Mailer(settings),
        cpu=threads,
        parts={Gateways: open_gateways(settings)},
    )
    app = create_app(settings, runtime=runtime)
    app.router.routes[:0] = empty.routes  # found first, where ours is found after many
    async with database.begin() as tx:
        users = [await make_user(tx) for _ in range(PEOPLE)]
        people = [(one.user_id, await signed_in(tx, one)) for one in users]
    players = await _players(database, people)
    async with app.router.lifespan_context(app):
        app.state.edge.limiter.hit = _unlimited
        cookie = app.state.edge.session_cookie.name
        rounds = []
        for number in range(SONG):
            bare = await _sent(app, players, partial(_request, cookie, "/bench/empty", number))
            ours = await _sent(app, players, partial(_request, cookie, "/api/v1/listens", number))
            rounds.append((ours / bare, ours, bare))
    threads.close()
    ratio, ours, bare = sorted(rounds)[len(rounds) // 2]
    return {"name": "heartbeats_http", "ours": ours, "reference": bare, "ratio": ratio, "reach": 0.6}


empty = Router()


@empty.post("/bench/empty/{listen_id}/heartbeats", policy=SIGNED_IN)
async def _empty(listen_id: UUID, body: Heartbeats, principal: PrincipalDep) -> dict[str, str]:
    """Take what the other route takes, from whom it takes it, and do nothing with it."""
    del body, principal
    return {"listen_id": str(listen_id)}


def _request(cookie: str, path: str, number: int, player: Player) -> tuple[dict[str, Any], bytes]:
    """Return the scope and the body of a player's request."""
    beat = player.beat(number)
    said = {"seq": beat.seq, "at_client_ms": beat.at_ms, "position_ms": beat.position_ms, "state": beat.state.value}
    body = json.dumps({"beats": [said]}).encode()
    host = ORIGIN.split("://")[1]
    headers = {
        "host": host,
        "content-type": "application/json",
        "content-length": str(len(body)),
        "cookie": f"{cookie}={player.token}",
        "origin": ORIGIN,
        "sec-fetch-site": "same-origin",
    }
    target = f"{path}/{player.listen.listen_id}/heartbeats"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": (host, 80),
    }
    return scope, body


async def _sent(
    app: FastAPI, players: Sequence[Player], request: Callable[[Player], tuple[dict[str, Any], bytes]]
) -> float:
    """Send one request of each player, so many at a time; return how many were answered per second."""
    left = [request(one) for one in players]

    async def client() -> None:
        while left:
            await _answered(app, *left.pop())

    count, began = len(left), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return count / (time.perf_counter() - began)


async def _answered(app: FastAPI, scope: dict[str, Any], body: bytes) -> None:
    parts = iter([{"type": "http.request", "body": body, "more_body": False}])
    status = 0

    async def receive() -> dict[str, Any]:
        part = next(parts, None)
        if part is None:
            await asyncio.Event().wait()  # the client stays
        return part or {}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    if status != HTTPStatus.OK:
        raise RuntimeError(f"answered with {status}")


def _unlimited(*_: object, **__: object) -> Quota:
    return Quota(admitted=True, remaining=1, reset_s=1)
