"""What the whole edge shares in one process: settings, runtime, who authenticates, keys, limits, the event streams."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from starlette.requests import HTTPConnection

from vibestream.kernel.ids import UserId
from vibestream.platform.access import Principal
from vibestream.platform.config import Settings
from vibestream.platform.database import Database, Tx
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.cursors import CursorKey
from vibestream.platform.http.foreign_origins import NOTHING, Shared
from vibestream.platform.http.limiter import RateLimiter
from vibestream.platform.live import Announcement, LiveHub
from vibestream.platform.observability.sampling import Probe, Sampler
from vibestream.platform.runtime import Runtime


class Authenticate(Protocol):
    """Says whose session a token opens at an instant, or None; given by the composition root."""

    async def __call__(self, tx: Tx, *, token: str, now: datetime) -> Principal | None:
        """Return who it is."""


async def no_apps(tx: Tx, *, token: str, now: datetime) -> Principal | None:
    """Return None: nobody gives access tokens here."""
    del tx, token, now
    return None


class Replay(Protocol):
    """Says what an account was told, in order, after an event that one of its streams has heard; from the composition root."""

    async def __call__(self, tx: Tx, *, user_id: UserId, event_id: int) -> list[Announcement]:
        """Return what the stream has to say first."""


async def nothing_missed(tx: Tx, *, user_id: UserId, event_id: int) -> list[Announcement]:
    """Return nothing: no event has an id that a stream could go on from."""
    del tx, user_id, event_id
    return []


@dataclass(frozen=True, kw_only=True)
class Edge:
    """The parts that every request meets; kept in `app.state.edge`."""

    runtime: Runtime
    authenticate: Authenticate
    session_cookie: SessionCookie
    cursor_key: CursorKey
    live: LiveHub
    sampler: Sampler
    replay: Replay = nothing_missed
    authenticate_app: Authenticate = no_apps
    """Says whom an access token stands for, and what the app that holds it may."""
    shared: Shared = NOTHING
    """What scripts of other sites may use."""
    limiter: RateLimiter = field(default_factory=RateLimiter)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the process can answer requests."""

    @classmethod
    def of(
        cls,
        runtime: Runtime,
        *,
        authenticate: Authenticate,
        probes: Sequence[Probe] = (),
        replay: Replay = nothing_missed,
        authenticate_app: Authenticate = no_apps,
        shared: Shared = NOTHING,
    ) -> Edge:
        """Return the edge of a process."""
        return cls(
            runtime=runtime,
            authenticate=authenticate,
            session_cookie=SessionCookie.of(runtime.settings),
            cursor_key=CursorKey.of(runtime.settings.signing_key()),
            live=LiveHub(runtime.database),
            sampler=Sampler(runtime.database, probes=probes),
            replay=replay,
            authenticate_app=authenticate_app,
            shared=shared,
        )

    @property
    def settings(self) -> Settings:
        """The deployment's settings."""
        return self.runtime.settings

    @property
    def database(self) -> Database:
        """The pool that every transaction comes from."""
        return self.runtime.database


class EdgeMissing(RuntimeError):
    """The application was not built by `vibestream.app.create_app`: a defect."""


def edge_of(connection: HTTPConnection) -> Edge:
    """Return the edge that a request came in by."""
    edge = connection.scope["app"].state.edge
    if not isinstance(edge, Edge):
        raise EdgeMissing
    return edge
