"""One attempt at answering one request: who asks, in which transaction, at which instant.

The transaction is opened when it is first wanted and ended by the route before the response is sent, so that a client
never reads "created" for something that was then rolled back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from vibestream.platform.access import NotSignedIn, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.edge import Edge

_SCOPE_KEY: Final = "vibestream.exchange"
_HEADERS_KEY: Final = "vibestream.response_headers"


class OutsideRouter(RuntimeError):
    """A dependency of this module was used on a route that `routing.Router` did not make: a defect."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not a route of vibestream.platform.http.routing.Router")


@dataclass(slots=True)
class Exchange:
    """One attempt at one request. Routes see it through the dependencies, never directly."""

    edge: Edge
    stack: AsyncExitStack
    now: datetime
    principal: Principal | None = None
    response_headers: dict[str, str] = field(default_factory=dict)
    """Headers that the answer carries, whether it is the response or a problem; kept from attempt to attempt."""
    before_commit: list[Callable[[Response], Awaitable[None]]] = field(default_factory=list)
    """Called with the response, in the transaction, before it is committed."""
    _tx: Tx | None = None

    async def transaction(self) -> Tx:
        """Return the attempt's one transaction, opened at the first call."""
        if self._tx is None:
            self._tx = await self.stack.enter_async_context(self.edge.database.begin())
        return self._tx

    def signed_in(self) -> Principal:
        """Return who asks.

        Raises:
            NotSignedIn: nobody is signed in.
        """
        if self.principal is None:
            raise NotSignedIn("Sign in first.")
        return self.principal


def attach(connection: HTTPConnection, exchange: Exchange) -> None:
    """Make an exchange the current one of a request, in place of the attempt before."""
    exchange.response_headers = response_headers(connection)
    connection.scope[_SCOPE_KEY] = exchange


def current(connection: HTTPConnection) -> Exchange:
    """Return the current exchange of a request.

    Raises:
        OutsideRouter: the route was not made by `routing.Router`.
    """
    exchange = connection.scope.get(_SCOPE_KEY)
    if not isinstance(exchange, Exchange):
        raise OutsideRouter(connection.scope["path"])
    return exchange


def response_headers(connection: HTTPConnection) -> dict[str, str]:
    """Return the headers that a request's answer carries, whichever way it is answered."""
    headers: dict[str, str] = connection.scope.setdefault(_HEADERS_KEY, {})
    return headers
