"""`/media/`: segments, playlists and covers.

Not made by `Router`: its route looks a session up in the database for every request that carries a cookie, and a browser
sends its cookie with every segment. Here the address is the permission, and the database is asked only when the address
is for its owner's ears.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, cast

from fastapi import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from vibestream.contexts.music.delivery.domain.files import AssetFile, CoverFile, parse_path
from vibestream.contexts.music.delivery.domain.links import ToOwner
from vibestream.contexts.music.delivery.domain.representation import (
    Conditions,
    Failed,
    NotModified,
    Outcome,
    Part,
    Unsatisfiable,
    Whole,
    choose,
)
from vibestream.contexts.music.delivery.service import Delivery, FileMissing, Offer, require_part
from vibestream.kernel.time import utc_now
from vibestream.platform.access import ANYONE
from vibestream.platform.http.edge import edge_of
from vibestream.platform.storage import ObjectMissing

_PATHSEND: Final = "http.response.pathsend"
Headers = list[tuple[bytes, bytes]]


class Media:
    """The ASGI application behind `/media/`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD."""
        scope["route"] = MEDIA  # for the log and the figures, which name the route
        request = Request(scope, receive)
        delivery = delivery_of(request)
        match parse_path(scope["path"]):
            case AssetFile() as file:
                grant = delivery.admit(file, now_s=int(time.time()))
                if isinstance(grant, ToOwner):
                    await _require_part(request, grant)
                offer = await delivery.offer(file, grant=grant)
                outcome = await _Answer(request, send, delivery, offer).give()
                # A part proves nothing: a byte of each segment is cheap. Nor does what was only asked about, or was
                # there already.
                if request.method == "GET" and (isinstance(outcome, Whole) or outcome == Part(0, offer.info.size)):
                    delivery.served(file, grant=grant, at_ms=int(time.time() * 1000))
            case CoverFile() as file:
                await _Answer(request, send, delivery, await delivery.offer_cover(file)).give()
            case None:
                raise FileMissing


def delivery_of(request: Request) -> Delivery:
    """Return what this process serves media by."""
    return cast("Delivery", request.scope["app"].state.delivery)


class _MediaRoute(Route):
    policy = ANYONE
    """The signed address is checked instead, and for an owner's address the session as well."""


MEDIA: Final = _MediaRoute("/media/{path:path}", Media(), methods=["GET"], name="media", include_in_schema=False)


async def _require_part(request: Request, grant: ToOwner) -> None:
    edge = edge_of(request)
    token = edge.session_cookie.read(request)
    async with edge.database.begin() as tx:
        principal = None if token is None else await edge.authenticate(tx, token=token, now=utc_now())
        await require_part(tx, grant=grant, user_id=None if principal is None else principal.user_id)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to one request for one file."""

    request: Request
    send: Send
    delivery: Delivery
    offer: Offer

    async def give(self) -> Outcome:
        """Send what the request asks for of the file, and return what that was."""
        outcome = choose(self._conditions(), etag=self.offer.etag, size=self.offer.info.size)
        match outcome:
            case NotModified():
                await self._nothing(304, self._kept())
            case Failed():
                await self._nothing(412, [])
            case Unsatisfiable():
                await self._nothing(416, [(b"content-range", f"bytes */{self.offer.info.size}".encode())])
            case Part(start, end):
                extent = (b"content-range", f"bytes {start}-{end - 1}/{self.offer.info.size}".encode())
                await self._bytes(206, [*self._described(end - start), extent], start, end)
            case Whole():
                await self._whole()
        return outcome

    async def _whole(self) -> None:
        headers = self._described(self.offer.info.size)
        if self.delivery.accel is not None and self.offer.content is None:
            await self._by_nginx(self.delivery.accel)
        elif self.request.method == "HEAD":
            await self._nothing(200, headers)
        elif (path := self._path()) is not None:
            await self._start(200, headers)
            await self.send({"type": _PATHSEND, "path": path})
        else:
            await self._bytes(200, headers, 0, self.offer.info.size)

    async def _by_nginx(self, location: str) -> None:
        # nginx looks the size up itself and answers HEAD itself.
        redirect = (b"x-accel-redirect", f"{location}{self.offer.info.key}".encode())
        content_type = (b"content-type", self.offer.info.content_type.encode())
        await self._nothing(200, [*self._kept(), content_type, redirect])

    def _path(self) -> str | None:
        """Return the file that the server can send by itself, when it can and there is one."""
        if self.offer.content is not None or _PATHSEND not in self.request.scope.get("extensions", {}):
            return None
        return self.delivery.objects.local_path(self.offer.info.key)

    async def _bytes(self, status: int, headers: Headers, start: int, end: int) -> None:
        if self.offer.content is not None:
            await self._start(status, headers)
            await self.send({"type": "http.response.body", "body": self.offer.content[start:end]})
            return
        async with aclosing(self._pieces(start, end)) as pieces:
            first = await anext(pieces, b"")  # before the status: an object that is gone is 404, not half an answer
            await self._start(status, headers)
            await self.send({"type": "http.response.body", "body": first, "more_body": True})
            async for piece in pieces:
                await self.send({"type": "http.response.body", "body": piece, "more_body": True})
        await self.send({"type": "http.response.body", "body": b""})

    async def _pieces(self, start: int, end: int) -> AsyncGenerator[bytes]:
        try:
            async for piece in self.delivery.objects.open_range(self.offer.info.key, start, end):
                yield piece
        except ObjectMissing:
            self.delivery.forget(self.offer.info.key)
            raise FileMissing from None

    async def _nothing(self, status: int, headers: Headers) -> None:
        await self._start(status, headers)
        await self.send({"type": "http.response.body", "body": b""})

    async def _start(self, status: int, headers: Headers) -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    def _conditions(self) -> Conditions:
        headers = self.request.headers
        return Conditions(
            method=self.request.method,
            range=headers.get("range"),
            if_range=headers.get("if-range"),
            if_match=headers.get("if-match"),
            if_none_match=headers.get("if-none-match"),
        )

    def _described(self, length: int) -> Headers:
        return [
            (b"content-type", self.offer.info.content_type.encode()),
            (b"content-length", str(length).encode()),
            (b"accept-ranges", b"bytes"),
            *self._kept(),
        ]

    def _kept(self) -> Headers:
        return [(b"etag", self.offer.etag.encode()), (b"cache-control", self.offer.keeping.value.encode())]
