"""Tests run on a real PostgreSQL: one server for the run, one migrated template, one clone per worker.

`VIBESTREAM_TEST_DATABASE` chooses the server: `embedded` (the default: the wheel's, on a memory disk, without fsync),
`testcontainers` (needs a Docker engine), or the address of any PostgreSQL 15 or newer whose user may create databases
and roles.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import hypothesis
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from vibestream.platform.database import Database, Tx, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

pytest_plugins = ("tests.http_client", "tests.factories.gateways")

SERVER: Final = "VIBESTREAM_TEST_SERVER"
"""Set by the controlling process for its workers: the owner's address of the template database."""

_FOLDER: Final = "vibestream-test-"
_RECURSION_LIMIT: Final = 1_000
_cleanup = ExitStack()

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server once, in the process that the workers come from."""
    if SERVER not in os.environ:
        os.environ[SERVER] = _template(_start_server())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _cleanup.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """Put back Python's own limit of recursion before each test, whatever was imported since the last one.

    py-ecc and py-evm, which tests use and the product does not, raise it for the process to 100,000, far beyond what the C
    stack bears: JSON that is nested too deep would then end the process instead of being refused.
    """
    sys.setrecursionlimit(min(sys.getrecursionlimit(), _RECURSION_LIMIT))


def _start_server() -> str:
    chosen = os.environ.get("VIBESTREAM_TEST_DATABASE", "embedded")
    if chosen == "testcontainers":
        from testcontainers.postgres import PostgresContainer

        container = _cleanup.enter_context(PostgresContainer("postgres:18-alpine", driver=None))
        return str(container.get_connection_url())
    if chosen != "embedded":
        return chosen
    root = _folder_of_this_run()
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
    server = EmbeddedPostgres.start(root / "pg", binaries=find_binaries(), options=fast)
    _cleanup.callback(server.stop)
    return server.dsn(database="postgres")


def _folder_of_this_run() -> Path:
    """Make a folder, on a memory disk where there is one, and remove those of runs that were killed before they could."""
    memory = Path("/dev/shm")
    parent = memory if memory.is_dir() else Path(tempfile.gettempdir())
    for left in parent.glob(f"{_FOLDER}*"):
        with contextlib.suppress(OSError), (left / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    root = Path(tempfile.mkdtemp(prefix=_FOLDER, dir=parent))
    root.chmod(0o755)
    _cleanup.callback(shutil.rmtree, root, ignore_errors=True)
    held = _cleanup.enter_context((root / "lock").open("w"))
    fcntl.flock(held, fcntl.LOCK_EX)  # until this process ends, however it does
    return root


def _template(server: str) -> str:
    name = f"vibestream_template_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    template = make_conninfo(server, dbname=name)
    migrate.upgrade(template)
    _cleanup.callback(_drop, server, name)
    return template


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def clone_database(worker_id: str) -> Iterator[Callable[[], str]]:
    """Return a function that makes a migrated database of one's own and returns its owner's address."""
    template = os.environ[SERVER]
    template_name = str(conninfo_to_dict(template)["dbname"])
    server = make_conninfo(template, dbname="postgres")
    made: list[str] = []

    def clone() -> str:
        name = f"vibestream_{os.getpid()}_{worker_id}_{len(made)}"
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template_name} STRATEGY file_copy")
        made.append(name)
        return make_conninfo(server, dbname=name)

    yield clone
    for name in made:
        _drop(server, name)


@pytest.fixture(scope="session")
def shared_owner_dsn(clone_database: Callable[[], str]) -> str:
    """The owner's address of the database that this worker's rolled-back tests share."""
    return clone_database()


@pytest.fixture(scope="session")
async def shared_database(shared_owner_dsn: str) -> AsyncIterator[Database]:
    async with Database(as_app_role(shared_owner_dsn), application="vibestream-test") as database:
        yield database


class _RolledBack(Exception):
    pass


@pytest.fixture
async def tx(shared_database: Database) -> AsyncIterator[Tx]:
    """An open transaction as the application's role that is rolled back after the test."""
    try:
        async with shared_database.begin() as transaction:
            yield transaction
            raise _RolledBack
    except _RolledBack:
        pass


@pytest.fixture
def owner_dsn(clone_database: Callable[[], str]) -> Iterator[str]:
    """The owner's address of a fresh migrated database, for tests that commit; gone afterwards: it takes memory."""
    dsn = clone_database()
    yield dsn
    _drop(make_conninfo(dsn, dbname="postgres"), str(conninfo_to_dict(dsn)["dbname"]))


@pytest.fixture
async def database(owner_dsn: str) -> AsyncIterator[Database]:
    """A pool, as the application's role, on a fresh migrated database, for tests that commit."""
    async with Database(as_app_role(owner_dsn), application="vibestream-test") as fresh:
        yield fresh
