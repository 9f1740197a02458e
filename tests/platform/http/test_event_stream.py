"""`/events`, read as a browser does, message by message."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.types import Message

from tests.platform.http.conftest import make_principal
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.http import event_stream
from vibestream.platform.http.application import build
from vibestream.platform.http.edge import Edge
from vibestream.platform.live import BACKLOG, RESYNC, Announcement, announce, sessions_ended
from vibestream.platform.tasks import cancel_and_wait


class Reader:
    """One browser's stream. `stalled` makes the socket take nothing more."""

    def __init__(self, app: FastAPI, token: str | None) -> None:
        self._app = app
        self._token = token
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self._gone = asyncio.Event()
        self.stalled = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.whole = False

    async def run(self) -> None:
        cookie = [(b"cookie", f"__Host-vs={self._token}".encode())] if self._token else []
        scope = {
            "type": "http", "method": "GET", "path": "/events", "query_string": b"", "root_path": "",
            "headers": cookie, "client": ("127.0.0.1", 1), "scheme": "https",
        }  # fmt: skip
        await self._app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self.stalled.is_set():
            await asyncio.Event().wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.whole = not message.get("more_body", False)
            await self._sent.put(message)

    async def next(self, within_s: float = 5) -> str:
        async with asyncio.timeout(within_s):
            return str((await self._sent.get())["body"].decode())

    def leave(self) -> None:
        self._gone.set()


@pytest.fixture
def app(edge_runtime, directory) -> FastAPI:
    return build(Edge.of(edge_runtime, authenticate=directory), routers=[])


@pytest.fixture
async def started(app) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        await app.state.edge.live.listening.wait()
        yield app


@asynccontextmanager
async def reading(app: FastAPI, token: str | None) -> AsyncIterator[Reader]:
    reader = Reader(app, token)
    task = asyncio.create_task(reader.run())
    try:
        yield reader
    finally:
        await cancel_and_wait(task)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for belongs to somebody else
            await asyncio.sleep(0.01)


async def finished(app: FastAPI) -> None:
    """Wait until no stream is open."""
    await until(lambda: not app.state.edge.live._by_topic)


def ended(reason: str) -> float:
    return REGISTRY.get_sample_value("vibestream_live_streams_ended_total", {"reason": reason}) or 0


async def say(database, principal: Principal, kind: str, **data: object) -> None:
    async with database.begin() as tx:
        await announce(tx, topic=f"user:{principal.user_id}", kind=kind, data=data)


async def test_a_stream_says_hello_and_carries_what_is_announced_to_its_account(started, database, directory):
    ana, ben = make_principal(), make_principal()
    async with reading(started, directory.token_for(ana)) as hers, reading(started, directory.token_for(ben)) as his:
        assert await hers.next() == "retry: 3000\nevent: hello\ndata: {}\n\n"
        assert await his.next() == "retry: 3000\nevent: hello\ndata: {}\n\n"
        await say(database, ana, "packaging.progress", percent=40)
        await say(database, ben, "reward.paid", amount="1.0000 VIBE")
        assert await hers.next() == 'event: packaging.progress\ndata: {"percent":40}\n\n'
        assert await his.next() == 'event: reward.paid\ndata: {"amount":"1.0000 VIBE"}\n\n'
        assert hers.status == 200
        assert hers.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert hers.headers["cache-control"] == "no-store"
        assert hers.headers["x-accel-buffering"] == "no"
        assert "content-length" not in hers.headers
        assert hers.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_nobody_has_a_stream(started):
    async with reading(started, None) as reader:
        assert '"access.not_signed_in"' in await reader.next()
        assert reader.status == 401


async def test_a_stream_keeps_no_pooled_connection(started, database, directory):
    async with reading(started, directory.token_for(make_principal())) as reader:
        await reader.next()
        await until(lambda: database.figures().used == 0)


async def test_a_heartbeat_comes_when_nothing_else_does(started, directory, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.05)
    async with reading(started, directory.token_for(make_principal())) as reader:
        await reader.next()
        assert [await reader.next(), await reader.next()] == ["event: heartbeat\ndata: {}\n\n"] * 2


async def test_a_session_that_ran_out_ends_its_stream_at_the_next_heartbeat(started, directory, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.1)
    ana, before = make_principal(), ended("session_ended")
    async with reading(started, directory.token_for(ana)) as reader:
        await reader.next()
        directory.forget(ana)
        assert await reader.next() == ""
        assert reader.whole
        await finished(started)
    assert ended("session_ended") == before + 1


async def test_a_session_that_is_ended_ends_its_stream_at_once_and_no_other(started, database, directory):
    ana = make_principal()
    elsewhere = Principal(ana.user_id, make_principal().session_id, ana.roles)
    began = time.monotonic()
    async with (
        reading(started, directory.token_for(ana)) as here,
        reading(started, directory.token_for(elsewhere)) as there,
    ):
        await here.next()
        await there.next()
        directory.forget(ana)
        async with database.begin() as tx:
            await sessions_ended(tx, user_id=ana.user_id)
        assert await here.next() == ""
        assert here.whole
        await say(database, ana, "still", here=True)
        assert await there.next() == 'event: still\ndata: {"here":true}\n\n'
    assert time.monotonic() - began < event_stream.HEARTBEAT_S


async def test_a_busy_stream_of_a_session_that_ran_out_ends_as_well(started, database, directory, monkeypatch):
    """Nobody announces that a session ran out; where there is always news no heartbeat would ever ask."""
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.4)
    ana = make_principal()
    async with reading(started, directory.token_for(ana)) as reader:
        await reader.next()
        directory.forget(ana)
        heard = 0
        async with asyncio.timeout(5):
            while heard < 20:
                await say(database, ana, "n", n=heard)
                if await reader.next() == "":
                    break
                heard += 1
                await asyncio.sleep(0.1)
        assert reader.whole, f"{heard} announcements were passed on to a session that had ended"


async def test_where_announcements_may_have_been_lost_it_is_asked_whether_the_session_is_open(started, directory):
    """The one that is lost may be that it ended."""
    ana = make_principal()
    async with reading(started, directory.token_for(ana)) as reader:
        await reader.next()
        directory.forget(ana)
        for subscription in started.state.edge.live._everyone():
            subscription.pass_on(Announcement.of(RESYNC, {}))
        assert await reader.next() == ""
        assert reader.whole


async def test_asking_whether_a_session_is_open_does_not_keep_it_open(started, database, directory, notes, monkeypatch):
    """Else a forgotten tab would keep a session alive for ever."""
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.05)
    ana = make_principal()
    asked = []

    async def counts_activity(tx: Tx, *, token: str, now: datetime) -> Principal:
        asked.append(now)
        await tx.execute("INSERT INTO platform.note VALUES (%s, 'seen')", [len(asked)])
        return ana

    monkeypatch.setattr(
        type(directory), "__call__", lambda _, tx, *, token, now: counts_activity(tx, token=token, now=now)
    )
    async with reading(started, "any") as reader:
        for _ in range(4):
            await reader.next()
    assert len(asked) >= 4
    async with database.begin() as tx:
        assert await tx.values("SELECT id FROM platform.note") == [1]  # the request's own, of opening the stream


async def test_a_database_that_does_not_answer_ends_the_stream(started, directory, monkeypatch):
    import psycopg

    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.05)
    ana = make_principal()

    async def fails(_, tx, *, token, now):
        raise psycopg.OperationalError

    async with reading(started, directory.token_for(ana)) as reader:
        await reader.next()
        monkeypatch.setattr(type(directory), "__call__", fails)
        assert await reader.next() == ""
        assert reader.whole


async def test_a_reader_who_goes_is_forgotten(started, directory):
    before = ended("reader_gone")
    async with reading(started, directory.token_for(make_principal())) as reader:
        await reader.next()
        reader.leave()
        await finished(started)
    assert ended("reader_gone") == before + 1


async def test_a_reader_who_takes_nothing_is_dropped_and_the_others_are_not(started, database, directory):
    ana, before = make_principal(), ended("slow_reader")
    async with reading(started, directory.token_for(ana)) as slow, reading(started, directory.token_for(ana)) as quick:
        await slow.next()
        await quick.next()
        slow.stalled.set()
        for number in range(BACKLOG + 2):  # one is in the stalled socket's hands, BACKLOG wait, one is too many
            await say(database, ana, "n", n=number)
            assert await quick.next() == f'event: n\ndata: {{"n":{number}}}\n\n'
        await until(lambda: ended("slow_reader") > before)
        quick.leave()
        await finished(started)
    assert not slow.whole


async def test_a_socket_that_takes_nothing_for_too_long_is_dropped_without_any_news(started, directory, monkeypatch):
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(event_stream, "SEND_WITHIN_S", 0.05)
    before = ended("slow_reader")
    async with reading(started, directory.token_for(make_principal())) as slow:
        await slow.next()
        slow.stalled.set()
        await finished(started)
    assert ended("slow_reader") == before + 1


async def test_a_server_that_goes_ends_every_stream_whole(app, directory):
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(app.state.edge.live.listening.wait(), timeout=20)
        async with reading(app, directory.token_for(make_principal())) as reader:
            await reader.next()
            app.state.edge.live.close("server_going")
            assert await reader.next() == ""
            assert reader.whole
