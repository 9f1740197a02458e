"""A server of its own for tests that no other test's open transaction may disturb."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.postgres.binaries import find_binaries
from vibestream.platform.postgres.embedded import EmbeddedPostgres

_numbers = itertools.count()


@pytest.fixture(scope="module")
def server_folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="vibestream-payment-", dir=memory if memory.is_dir() else None))
    root.chmod(0o755)
    yield root
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def own_server(server_folder: Path) -> Iterator[str]:
    """The owner's address of a migrated template on a server that nobody else uses, with no vacuum of its own."""
    options = {"autovacuum": "off", "fsync": "off"}
    with EmbeddedPostgres.start(server_folder / "pg", binaries=find_binaries(), options=options) as server:
        with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as admin:
            admin.execute("CREATE DATABASE template")
        migrate.upgrade(server.dsn(database="template"))
        yield server.dsn(database="template")


@pytest.fixture
def lone_owner_dsn(own_server: str) -> str:
    """The owner's address of a fresh database of the server that nobody else uses."""
    name = f"lone_{next(_numbers)}"
    with psycopg.connect(make_conninfo(own_server, dbname="postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template").format(sql.Identifier(name)))
    return make_conninfo(own_server, dbname=name)


@pytest.fixture
async def lone_database(lone_owner_dsn: str) -> AsyncIterator[Database]:
    """A pool, as the application's role, on that database."""
    async with Database(as_app_role(lone_owner_dsn), application="vibestream-test") as database:
        yield database
