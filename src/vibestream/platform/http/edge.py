"""What the whole edge shares in one process: settings, pool, runtime, and who authenticates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from vibestream.platform.config import Settings
from vibestream.platform.database import Database
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.exchange import Authenticate
from vibestream.platform.http.pagination import CursorKey
from vibestream.platform.http.rate_limits import RateLimiter

if TYPE_CHECKING:
    from vibestream.platform.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Edge:
    """The parts that every request meets; kept in `app.state.edge`."""

    settings: Settings
    database: Database
    runtime: Runtime
    authenticate: Authenticate
    session_cookie: SessionCookie
    cursor_key: CursorKey
    limiter: RateLimiter = field(default_factory=RateLimiter)


def edge_of(connection: HTTPConnection) -> Edge:
    """Return the edge that a request came in by."""
    edge = connection.scope["app"].state.edge
    if not isinstance(edge, Edge):
        msg = "app.state.edge is not set; build the application with vibestream.app.create_app"
        raise TypeError(msg)
    return edge
