"""`/events`: the one stream of server-sent events that a browser keeps open.

It begins with `hello`, sends `heartbeat` every 15 s, and carries what is announced to its account and its session. It
ends when the session does, when the reader is too slow, or when the server goes; the browser then connects anew and
reads the state again. Announcements have no ids: nothing is replayed, because nothing here is a record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import psycopg
from fastapi import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from vibestream.kernel.time import utc_now
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import PrincipalDep
from vibestream.platform.http.edge import Edge, edge_of
from vibestream.platform.http.routing import Router
from vibestream.platform.live import SESSION_CHECK, Announcement, LiveHub, Subscription
from vibestream.platform.observability.metrics import LIVE_ENDED
from vibestream.platform.tasks import cancel_and_wait

HEARTBEAT_S: Final = 15.0
_HEARTBEAT: Final = Announcement("heartbeat", "{}")
_ASKING: Final = frozenset({SESSION_CHECK, _HEARTBEAT.kind})
_RETRY_MS: Final = 3_000
SEND_WITHIN_S: Final = 20.0

router = Router(tags=["live"])


@router.get(
    "/events", policy=SIGNED_IN, response_class=Response, responses={200: {"content": {"text/event-stream": {}}}}
)
async def events(request: Request, principal: PrincipalDep) -> Response:
    """Stream what happens to whoever is signed in, as server-sent events."""
    edge = edge_of(request)
    token = edge.session_cookie.read(request) or ""

    async def still_open() -> bool:
        return await _is_open(edge, token)

    topics = (f"user:{principal.user_id}", f"session:{principal.session_id}")
    return EventStream(edge.live, topics, still_open=still_open)


class EventStream(Response):
    """A response that lasts: it holds no transaction and no pooled connection between two heartbeats."""

    media_type = "text/event-stream"

    def __init__(
        self,
        hub: LiveHub,
        topics: tuple[str, ...],
        *,
        still_open: Callable[[], Awaitable[bool]],
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._topics = topics
        self._still_open = still_open

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
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    announcement = await subscription.waiting.get()
            except TimeoutError:
                announcement = _HEARTBEAT
            if announcement.kind in _ASKING and not await self._still_open():
                subscription.end("session_ended")
                return
            if announcement.kind == SESSION_CHECK:
                continue
            try:
                await _send_event(send, f"event: {announcement.kind}\ndata: {announcement.data}\n\n")
            except TimeoutError:
                subscription.end("slow_reader")
                return


async def _send_event(send: Send, text: str) -> None:
    message: Message = {"type": "http.response.body", "body": text.encode(), "more_body": True}
    async with asyncio.timeout(SEND_WITHIN_S):
        await send(message)


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
