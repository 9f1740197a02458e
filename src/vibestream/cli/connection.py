"""How a command reaches the database: the configured one, the running embedded one, or the embedded one started for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from vibestream.cli.places import data_folder
from vibestream.platform.config import Settings
from vibestream.platform.postgres import embedded
from vibestream.platform.postgres.binaries import find_binaries


def embedded_root(settings: Settings) -> Path:
    """Return the folder of the embedded database."""
    return settings.data_dir / "postgres"


def seed_file(settings: Settings) -> Path:
    """Return the file that says who was made at the first start, and how to sign in as them."""
    return settings.data_dir / "seed.json"


@contextmanager
def reachable_owner_dsn(settings: Settings) -> Iterator[str]:
    """Yield the owner's address of a database that answers; an embedded one is started when it is not running."""
    if settings.owner_dsn is not None:
        yield settings.owner_dsn
        return
    data_folder(settings)
    place = embedded.locate(embedded_root(settings))
    if embedded.is_running(place):
        yield place.dsn()
        return
    with start_embedded(settings) as server:
        yield server.dsn()


def start_embedded(settings: Settings) -> embedded.EmbeddedPostgres:
    """Start the embedded database and make sure that our database is in it."""
    server = embedded.EmbeddedPostgres.start(
        embedded_root(settings), binaries=find_binaries(settings.postgres_bin), options={"max_connections": "100"}
    )
    with psycopg.connect(server.dsn(database="postgres"), autocommit=True) as connection:
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(known, [embedded.DATABASE]).fetchone() is None:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(embedded.DATABASE)))
    return server
