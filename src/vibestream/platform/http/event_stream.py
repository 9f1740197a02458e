"""`/events`: the one stream of server-sent events that a browser keeps open.

It begins with `hello`, sends `heartbeat` every 15 s, and carries what is announced to its account and its session. It
ends when the session does, when the reader is too slow, or when the server goes; the browser then connects anew and
reads the state again. Most announcements have no id: nothing of them is replayed, because they are no record. What has
one is kept: a browser that comes back with `Last-Event-ID` (or `?after=`, where a script opens the stream anew) is first
told what it missed, each once.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import psycopg
from fastapi import Header, Query, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from vibestream.kernel.time import utc_now
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import PrincipalDep
from vibestream.platform.http.edge import Edge, edge_of
from vibestream.platform.http.routing import Router
from vibestream.platform.live import RESYNC, SESSION_CHECK, Announcement, LiveHub, Subscription
from vibestream.platform.observability.metrics import LIVE_ENDED
from vibestream.platform.tasks import cancel_and_wait

HEARTBEAT_S: Final = 15.0
_HEARTBEAT: Final = Announcement("heartbeat", "{}")
_ASKING: Final = frozenset({SESSION_CHECK, RESYNC, _HEARTBEAT.kind})
"""What is followed by the question whether the session is still open; what was lost may have said that it ended."""
_RETRY_MS: Final = 3_000
SEND_WITHIN_S: Final = 20.0
_EVENT_ID: Final = re.compile(r"[0-9]{1,18}", re.ASCII)

router = Router(tags=["live"])


@router.get(
    "/events", policy=SIGNED_IN, response_class=Response, responses={200: {"content": {"text/event-stream": {}}}}
)
async def events(
    request: Request,
    principal: PrincipalDep,
    after: Annotated[str, Query(max_length=64, description="The id of the last event that was heard.")] = "",
    last_event_id: Annotated[str, Header(max_length=64, description="As `after`; a browser's own word.")] = "",
) -> Response:
    """Stream what happens to whoever is signed in, as server-sent events, going on after the last event that was heard."""
    edge = edge_of(request)
    heard = _number(last_event_id) or _number(after)
    token = edge.session_cookie.read(request) or ""

    async def still_open() -> bool:
        return await _is_open(edge, token)

    async def missed() -> list[Announcement]:
        if heard is None:
            return []
        return await edge.database.look(lambda tx: edge.replay(tx, user_id=principal.user_id, event_id=heard))

    topics = (f"user:{principal.user_id}", f"session:{principal.session_id}")
    return EventStream(edge.live, topics, still_open=still_open, missed=missed)


async def _nothing() -> list[Announcement]:
    return []


class EventStream(Response):
    """A response that lasts: it holds no transaction and no pooled connection between two heartbeats."""

    media_type = "text/event-stream"

    def __init__(
        self,
        hub: LiveHub,
        topics: tuple[str, ...],
        *,
        still_open: Callable[[], Awaitable[bool]],
        missed: Callable[[], Awaitable[list[Announcement]]] = _nothing,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._topics = topics
        self._still_open = still_open
        self._missed = missed
        self._heard = 0
        """The id of the newest event that was sent: what is replayed and announced at the same time is sent once."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the reader goes or the stream must end."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        with self._hub.subscribed(*self._topics) as subscription:
            parts = [
                asyncio.create_task(self._pump(subscription, send)),
                asyncio.create_task(_reader_gone(receive, subscription)),
                asyncio.create_task(subscription.ended.wait()),
            ]
            try:
                await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            finally:
                errors = await cancel_and_wait(*parts)
            LIVE_ENDED.labels(subscription.reason or "failed").inc()
            for error in filter(None, errors):
                raise error
        if subscription.reason not in {"reader_gone", "slow_reader"}:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, subscription: Subscription, send: Send) -> None:
        await _send_event(send, f"retry: {_RETRY_MS}\nevent: hello\ndata: {{}}\n\n")
        # The stream is subscribed already, so that nothing falls between what was missed and what comes.
        try:
            for announcement in await self._missed():
                await self._pass_on(announcement, send)
        except psycopg.OperationalError:
            subscription.end("database_lost")  # the browser comes back, and asks again
            return
        except TimeoutError:
            subscription.end("slow_reader")
            return
        # The session may have ended since the request was let in, before the stream was subscribed: asked at the first event.
        asked_at = -math.inf
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    announcement = await subscription.waiting.get()
            except TimeoutError:
                announcement = _HEARTBEAT
            # Where there is always news no heartbeat comes, and nobody announces that a session ran out.
            if announcement.kind in _ASKING or time.monotonic() - asked_at >= HEARTBEAT_S:
                if not await self._still_open():
                    subscription.end("session_ended")
                    return
                asked_at = time.monotonic()
            if announcement.kind == SESSION_CHECK:
                continue
            try:
                await self._pass_on(announcement, send)
            except TimeoutError:
                subscription.end("slow_reader")
                return

    async def _pass_on(self, announcement: Announcement, send: Send) -> None:
        number = announcement.event_id
        if number is not None and number <= self._heard:
            return
        self._heard = number or self._heard
        line = "" if number is None else f"id: {number}\n"
        await _send_event(send, f"{line}event: {announcement.kind}\ndata: {announcement.data}\n\n")


async def _send_event(send: Send, text: str) -> None:
    message: Message = {"type": "http.response.body", "body": text.encode(), "more_body": True}
    async with asyncio.timeout(SEND_WITHIN_S):
        await send(message)


def _number(said: str) -> int | None:
    """Return an event's number; what is none is as if nothing was said: the browser reads its state anew."""
    return int(said) if _EVENT_ID.fullmatch(said) else None


async def _reader_gone(receive: Receive, subscription: Subscription) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.end("reader_gone")


async def _is_open(edge: Edge, token: str) -> bool:
    """Say whether the session is still open, without counting the question as activity that keeps it so."""
    try:
        return await edge.database.look(lambda tx: edge.authenticate(tx, token=token, now=utc_now())) is not None
    except psycopg.OperationalError:
        return False  # it cannot be told, so the browser has to come back and ask
