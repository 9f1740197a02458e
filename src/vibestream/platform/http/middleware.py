"""What every request passes on its way in and every response on its way out, in one layer.

In: the caller behind our proxies, the request's ids, refusal of text no database holds and of other sites' writes.
Out: the ids, the security headers, the answer to what nobody foresaw, one log line, the figures.
"""

from __future__ import annotations

import time
from typing import Final

import structlog
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vibestream.kernel.errors import InvalidInput
from vibestream.platform.http import cross_site, foreign_origins, request_ids
from vibestream.platform.http.edge import Edge
from vibestream.platform.http.problems import Answers
from vibestream.platform.http.proxies import TrustedProxies
from vibestream.platform.http.security_headers import SecurityHeaders
from vibestream.platform.observability.metrics import HTTP_IN_PROGRESS, HTTP_REQUESTS, HTTP_SECONDS

CLIENT_WENT: Final = 499
"""Logged when the caller hung up before the answer, as nginx does; never sent."""
_FAILED: Final = 500
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET: Final = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})
_log = structlog.get_logger()


class NulInAddress(InvalidInput):
    """The address holds a NUL character, which no text here can hold."""

    code = "http.nul_in_address"


class EdgeMiddleware:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, edge: Edge, answers: Answers) -> None:
        self._app = app
        self._answers = answers
        self._shared = edge.shared
        self._database = edge.database
        self._own_origin = edge.settings.base_url
        self._proxies = TrustedProxies.parse(edge.settings.trusted_proxies)
        self._headers = SecurityHeaders(https=self._own_origin.startswith("https://"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(scope, send, self._headers)
        self._proxies.resolve(scope)
        with structlog.contextvars.bound_contextvars(request_id=passage.ids.request, trace_id=passage.ids.trace):
            HTTP_IN_PROGRESS.inc()
            try:
                await self._handle(scope, receive, passage)
            finally:
                HTTP_IN_PROGRESS.dec()
                passage.account()

    async def _handle(self, scope: Scope, receive: Receive, passage: _Passage) -> None:
        try:
            _check_address(scope)
            asked = await self._from_here_or_admitted(scope, passage)
            await (asked or self._app)(scope, receive, passage.send)
        except ClientDisconnect:
            passage.status = passage.status or CLIENT_WENT
        except Exception as error:
            if not isinstance(error, InvalidInput | cross_site.CrossSite):
                _log.exception("http.request.failed", route=passage.route)
                passage.failed = True
            if passage.status:
                raise  # half an answer is out: only a cut connection tells the caller that it is not whole
            response = await self._answers(Request(scope, receive), error)
            await response(scope, receive, passage.send)

    async def _from_here_or_admitted(self, scope: Scope, passage: _Passage) -> Response | None:
        """Return the answer to a question whether something may be sent; None: it is sent, and may be."""
        origin = await self._shared.admitted(scope, own_origin=self._own_origin, database=self._database)
        passage.more_headers = self._shared.headers(scope, origin)
        if origin is None:
            if not self._shared.takes_posts(scope):
                cross_site.check(scope, own_origin=self._own_origin)
            return None
        foreign_origins.forget_cookies(scope)
        return foreign_origins.preflight(scope)


def _check_address(scope: Scope) -> None:
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise NulInAddress("The address holds a NUL character.")


class _Passage:
    """One request's passage: what was sent of its answer, and when."""

    def __init__(self, scope: Scope, send: Send, headers: SecurityHeaders) -> None:
        self.ids = request_ids.identify(scope)
        self.status = 0
        self.failed = False
        self.more_headers: list[tuple[bytes, bytes]] = []
        self._scope = scope
        self._send = send
        self._headers = headers
        self._head = scope["method"] == "HEAD"
        self._began = time.perf_counter()
        self._stream = False

    @property
    def route(self) -> str:
        """The template of the route that answered, so that no path with somebody's name becomes a label."""
        route = self._scope.get("route")
        if route is not None:
            return str(route.path_format)
        return "/static/" if self._scope["path"].startswith("/static/") else "(none)"

    async def send(self, message: Message) -> None:
        """Pass a message of the response on, completed."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            headers = list(message.get("headers", ()))
            self._stream = (b"content-type", b"text/event-stream; charset=utf-8") in headers
            headers.append((b"x-request-id", self.ids.request.encode()))
            headers.extend(self.more_headers)
            self._headers.add(self._scope, headers)
            message["headers"] = headers
        elif self._head and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)

    def account(self) -> None:
        """Write the request's log line and count it."""
        seconds = time.perf_counter() - self._began
        method = self._scope["method"] if self._scope["method"] in _METHODS else "OTHER"
        route = self.route
        HTTP_REQUESTS.labels(method, route, self.status).inc()
        if not self._stream:
            HTTP_SECONDS.labels(method, route).observe(seconds)
        log = _log.debug if route in _QUIET else _log.warning if self.failed else _log.info
        log("http.request", method=method, route=route, status=self.status, duration_ms=round(seconds * 1000, 2))
