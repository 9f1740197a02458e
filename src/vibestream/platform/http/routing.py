"""The router that every capability uses: no route without a policy, one request one transaction.

A route made by it, in this order: bounds and strictly reads the body; authenticates; checks the policy; runs the
handler; commits; and only then sends. When the database refuses the transaction because it lost a race (serialization
failure or deadlock, at any statement or at the commit), everything after the body is run again from its start.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Final, TypeVar

import psycopg
import structlog
from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.responses import Response

from vibestream.kernel.errors import Unavailable, VibeStreamError
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Policy, Principal
from vibestream.platform.database import RETRYABLE, DatabaseBusy, Tx
from vibestream.platform.http import dependencies, exchange
from vibestream.platform.http.bearer import Bearer, bearer_of
from vibestream.platform.http.conditional import as_kept
from vibestream.platform.http.edge import Edge, edge_of
from vibestream.platform.http.exchange import Exchange
from vibestream.platform.http.idempotency import Replayed
from vibestream.platform.http.requests import (
    MAX_BODY_BYTES,
    StrictRequest,
    check_form,
    require_form_charset,
    require_json_type,
)
from vibestream.platform.observability.metrics import HTTP_RETRIED

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_ATTEMPTS: Final = 5
_REFUSED: Final = 400
_log = structlog.get_logger()


class DatabaseUnavailable(Unavailable):
    """The database does not answer, or every connection to it is taken."""

    code = "database.unavailable"
    retry_after_s = 2


class _Undo(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Route(APIRoute):
    """A route with a policy. Made by `Router` only."""

    policy: Policy
    max_body_bytes: int = MAX_BODY_BYTES
    conditional: bool = False

    def get_route_handler(self) -> Handler:
        """Return the handler, wrapped as this module says."""
        plain = super().get_route_handler()
        field = self.body_field
        takes_form = field is not None and isinstance(field.field_info, Form)
        in_transaction = _asks_for(self.dependant, dependencies.transaction)

        async def inner(request: Request) -> Response:
            if takes_form:
                require_form_charset(request)
                check_form(value for _, value in (await request.form()).multi_items())
            elif field is not None and await request.body():
                require_json_type(request)
                await request.json()
            answer = await plain(request)
            return as_kept(request, answer) if self.conditional else answer

        async def handle(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive, request._send, max_body_bytes=self.max_body_bytes)  # noqa: SLF001 - there is no public way to hand it on
            if field is not None:  # before a connection is taken from the pool: a slow sender must not keep one
                await strict.body()
            return await self._until_settled(strict, inner, in_transaction=in_transaction)

        return handle

    async def _until_settled(self, request: StrictRequest, inner: Handler, *, in_transaction: bool) -> Response:
        edge = edge_of(request)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._attempt(request, inner, edge, in_transaction=in_transaction)
            except RETRYABLE as error:
                HTTP_RETRIED.labels(self.path_format).inc()
                _log.info("http.request.retried", route=self.path_format, attempt=attempt, sqlstate=error.sqlstate)
                if not request.can_be_handled_again:
                    break
            except psycopg.OperationalError as error:
                _log.warning("http.database.unavailable", error=type(error).__name__, sqlstate=error.sqlstate)
                raise DatabaseUnavailable("The database does not answer. Try again in a moment.") from error
        raise DatabaseBusy("The database is busy with the same records. Try again in a moment.")

    async def _attempt(self, request: StrictRequest, inner: Handler, edge: Edge, *, in_transaction: bool) -> Response:
        try:
            async with AsyncExitStack() as stack:
                here = Exchange(edge=edge, stack=stack, now=utc_now())
                exchange.attach(request, here)
                here.principal = await _authenticated(request, here, in_transaction=in_transaction)
                self.policy.admit(here.principal)
                answer = await _answer_or_refusal(request, inner)
                if isinstance(answer, Response):
                    await _settle(here, answer)
        except _Undo as undo:
            return undo.response
        if isinstance(answer, VibeStreamError):
            raise answer
        return answer


class Router(APIRouter):
    """An APIRouter whose every route declares who may call it.

    `max_body_bytes` bounds the body, 1 MiB unless given; a handler that reads `request.stream()` is bounded alike.
    `conditional`: what is answered is kept by the asker and asked about each time, as `conditional.as_kept` says.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=Route, **options)

    def get(self, path: str, *, policy: Policy, **options: Any) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]
        """Answer GET, and HEAD as the same without a body."""
        get = self._answer(path, ["GET"], policy, options)
        head = self._answer(path, ["HEAD"], policy, {**options, "include_in_schema": False})
        return lambda endpoint: head(get(endpoint))

    def post(self, path: str, *, policy: Policy, **options: Any) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]
        """Answer POST."""
        return self._answer(path, ["POST"], policy, options)

    def put(self, path: str, *, policy: Policy, **options: Any) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]
        """Answer PUT."""
        return self._answer(path, ["PUT"], policy, options)

    def patch(self, path: str, *, policy: Policy, **options: Any) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]
        """Answer PATCH."""
        return self._answer(path, ["PATCH"], policy, options)

    def delete(self, path: str, *, policy: Policy, **options: Any) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]
        """Answer DELETE."""
        return self._answer(path, ["DELETE"], policy, options)

    def head(self, path: str, *, policy: Policy, **options: Any) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]
        """Answer HEAD alone, where it is not simply GET without a body."""
        return self._answer(path, ["HEAD"], policy, options)

    def options(self, path: str, *, policy: Policy, **options: Any) -> Callable[[Endpoint], Endpoint]:  # type: ignore[override]
        """Answer OPTIONS."""
        return self._answer(path, ["OPTIONS"], policy, options)

    def _answer(
        self, path: str, methods: list[str], policy: Policy, options: dict[str, Any]
    ) -> Callable[[Endpoint], Endpoint]:
        max_body_bytes = options.get("max_body_bytes", MAX_BODY_BYTES)
        conditional = options.get("conditional", False)
        options = {name: value for name, value in options.items() if name not in {"max_body_bytes", "conditional"}}

        def decorate(endpoint: Endpoint) -> Endpoint:
            self.add_api_route(path, endpoint, methods=methods, **options)
            route = self.routes[-1]
            assert isinstance(route, Route)  # noqa: S101 - add_api_route has just made it
            route.policy, route.max_body_bytes, route.conditional = policy, max_body_bytes, conditional
            return endpoint

        return decorate


async def _authenticated(request: Request, here: Exchange, *, in_transaction: bool) -> Principal | None:
    bearer = bearer_of(request)  # an app comes as an app, whatever cookie comes along
    token = here.edge.session_cookie.read(request) if bearer is None else bearer.token
    if token is None:
        return None
    if in_transaction:
        return await _known(await here.transaction(), here, token, bearer)
    # The handler may take long, or stream: it must not keep a pooled connection that it does not use. Who asks is read in
    # one statement; that they were here is noted by another, which may stand without it.
    async with here.edge.database.statements() as tx:
        return await _known(tx, here, token, bearer)


async def _known(tx: Tx, here: Exchange, token: str, bearer: Bearer | None) -> Principal | None:
    if bearer is None:
        return await here.edge.authenticate(tx, token=token, now=here.now)
    return bearer.require(await here.edge.authenticate_app(tx, token=token, now=here.now))


async def _answer_or_refusal(request: Request, inner: Handler) -> Response | VibeStreamError:
    """Return the handler's answer, or the refusal that leaves what was written before it in place."""
    try:
        return await inner(request)
    except Replayed as replayed:
        return replayed.response
    except VibeStreamError as error:
        if getattr(error, "keeps_transaction", False):
            return error
        raise


async def _settle(here: Exchange, response: Response) -> None:
    response.headers.update(here.response_headers)
    if response.status_code >= _REFUSED:
        raise _Undo(response)
    for keep in here.before_commit:
        await keep(response)


def _asks_for(dependant: Dependant, call: Callable[..., Any]) -> bool:
    return any(inner.call is call or _asks_for(inner, call) for inner in dependant.dependencies)
