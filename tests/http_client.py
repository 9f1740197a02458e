"""An application over a fresh database, and clients of it that need no socket.

    async def test_signs_out(client_for, database):
        async with database.begin() as tx:
            user = await make_user(tx)
        client = await client_for(user)              # signed in: a real session of a made account
        assert (await client.post("/api/v1/sign-out")).status_code == 204

`client_for` also takes a `Principal`, of an account that need not exist; `client` is nobody's. All speak https to
`https://testserver`, because a `Secure` cookie goes nowhere else. A server error is an answer, not an exception.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from vibestream.platform.access import Principal
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database, Tx

# A test that needs no application must not pay for its import, nor fail because of it.
if TYPE_CHECKING:
    import httpx2
    from fastapi import FastAPI

    from tests.factories.users import User
    from vibestream.platform.http.edge import Edge
    from vibestream.platform.runtime import Runtime

ORIGIN = "https://testserver"


def pytest_configure(config: pytest.Config) -> None:
    """Log plain tracebacks: the decorated ones that structlog writes by default take seconds each."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


ClientFor = Callable[[Any], Awaitable[Any]]
"""Takes a `Principal` or a `User`, returns a signed-in `httpx2.AsyncClient`."""


class Directory:
    """Authenticates principals that a test made up, and everybody else as the application does."""

    def __init__(self) -> None:
        self._made: dict[str, Principal] = {}

    def token_for(self, principal: Principal) -> str:
        token = secrets.token_urlsafe(32)
        self._made[token] = principal
        return token

    def forget(self, principal: Principal) -> None:
        """End the sessions of a principal."""
        self._made = {token: held for token, held in self._made.items() if held != principal}

    async def __call__(self, tx: Tx, *, token: str, now: datetime) -> Principal | None:
        if token in self._made:
            return self._made[token]
        from vibestream.contexts.user.sessions.service import authenticate

        return await authenticate(tx, token=token, now=now)


@pytest.fixture
def settings(tmp_path: Path, database: Database) -> Settings:
    """Settings of the test environment, over https, with a data folder of its own."""
    return load_settings(
        environment=Environment.TEST, data_dir=tmp_path / "data", public_url=ORIGIN, database_url=database.dsn
    )


@pytest.fixture
def runtime(settings: Settings, database: Database) -> Iterator[Runtime]:
    """What the application works with: the fresh database, a local object store, a mailer, two threads, no gateway."""
    from vibestream.contexts.payment.fraud.service.signals import Signals, open_signals
    from vibestream.contexts.payment.gateways.service import Gateways, open_gateways
    from vibestream.platform.mail import Mailer
    from vibestream.platform.runtime import Runtime
    from vibestream.platform.storage import open_store

    threads = BoundedThreads(threads=2)
    yield Runtime(
        settings=settings,
        database=database,
        objects=open_store(settings),
        mailer=Mailer(settings),
        cpu=threads,
        # None: a test's settings have no keys.
        parts={Gateways: open_gateways(settings), Signals: open_signals(settings)},
    )
    threads.close()


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
async def app(settings: Settings, runtime: Runtime, directory: Directory) -> AsyncIterator[FastAPI]:
    """The application, started, over the fresh `database`."""
    from vibestream.app import create_app

    application = create_app(settings, runtime=runtime, authenticate=directory)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
def edge(app: FastAPI) -> Edge:
    edge: Edge = app.state.edge
    return edge


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that nobody is signed in with."""
    async with open_client(app) as anybody:
        yield anybody


@pytest.fixture
async def client_for(app: FastAPI, directory: Directory, database: Database) -> AsyncIterator[ClientFor]:
    """Return a function that makes a client of somebody: a `Principal`, or a `User` that a test made and committed."""
    from tests.factories.users import signed_in

    async with AsyncExitStack() as stack:

        async def make(who: Principal | User) -> httpx2.AsyncClient:
            if isinstance(who, Principal):
                token = directory.token_for(who)
            else:
                async with database.begin() as tx:
                    token = await signed_in(tx, who)
            client = await stack.enter_async_context(open_client(app))
            client.cookies.set(app.state.edge.session_cookie.name, token, domain="testserver.local")
            return client

        yield make


def open_client(app: Any, *, base_url: str = ORIGIN) -> httpx2.AsyncClient:
    """Return a client of an ASGI application, in process. Redirects are not followed."""
    import httpx2

    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=base_url)
