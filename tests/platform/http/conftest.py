"""An application of nothing but a test's own routes, over the fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx2
import psycopg
import pytest

from tests.http_client import ORIGIN, Directory, open_client
from vibestream.kernel.ids import SessionId, UserId, new_id
from vibestream.platform.access import Principal
from vibestream.platform.config import load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.http.application import build
from vibestream.platform.http.edge import Edge
from vibestream.platform.http.routing import Router
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

Serve = Callable[..., Awaitable[httpx2.AsyncClient]]


def make_principal(*roles: str) -> Principal:
    return Principal(UserId(new_id()), SessionId(new_id()), frozenset({"fan", *roles}))


@pytest.fixture
def edge_runtime(request: pytest.FixtureRequest) -> Runtime:
    """The runtime over the fresh `database` when the test uses that one, else over the worker's shared one."""
    if {"database", "owner_dsn", "notes"} & set(request.fixturenames):
        fresh: Runtime = request.getfixturevalue("runtime")
        return fresh
    shared: Runtime = request.getfixturevalue("shared_runtime")
    return shared


@pytest.fixture(scope="session")
def shared_runtime(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    settings = load_settings(
        environment="test",
        data_dir=tmp_path_factory.mktemp("edge"),
        public_url=ORIGIN,
        database_url=shared_database.dsn,
    )
    return Runtime(
        settings=settings,
        database=shared_database,
        objects=open_store(settings),
        mailer=Mailer(settings),
        cpu=BoundedThreads(threads=1),
    )


@pytest.fixture
async def serve(edge_runtime: Runtime, directory: Directory) -> AsyncIterator[Serve]:
    """Return a function that answers with a router's routes: a client of it, signed in as `principal` when given."""
    async with AsyncExitStack() as stack:

        async def answer_with(router: Router, *, principal: Principal | None = None) -> httpx2.AsyncClient:
            app = build(Edge.of(edge_runtime, authenticate=directory), routers=[router])
            await stack.enter_async_context(app.router.lifespan_context(app))
            client = await stack.enter_async_context(open_client(app))
            if principal is not None:
                name = app.state.edge.session_cookie.name
                client.cookies.set(name, directory.token_for(principal), domain="testserver.local")
            return client

        yield answer_with


@pytest.fixture
async def notes(owner_dsn: str) -> None:
    """A table to write to: `platform.note (id int primary key, text text)`."""
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute("CREATE TABLE platform.note (id int PRIMARY KEY, text text NOT NULL)")
        await owner.execute("GRANT ALL ON platform.note TO vibestream_app")
