"""Bringing a database to the schema that this code expects, one upgrade at a time.

The application refuses to work on a schema older than its own. Whether it is older is one query and one listing of
a folder; Alembic, which takes a second to import, is loaded only when there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import psycopg
import structlog

from vibestream.kernel.errors import Unavailable
from vibestream.platform.database import DatabaseUnreachable

LOCK_KEY: Final = 0x5649_4245_4D49_4752
"""The advisory lock that upgrades take turns by: without it, two of three concurrent upgrades fail."""

_log = structlog.get_logger()


class SchemaBehind(Unavailable):
    """The database's schema is older than the code's; run `vibestream migrate`."""

    code = "database.schema_behind"

    def __init__(self, *, found: str | None, expected: str) -> None:
        super().__init__(
            f"The database is at schema {found or 'none'}, this code needs {expected}: run `vibestream migrate`."
        )
        self.found = found
        self.expected = expected


def migrations_folder() -> Path:
    """Return the folder of migrations: the wheel's copy, or the checkout's."""
    package = Path(__file__).parents[2]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


def head() -> str:
    """Return the newest revision that the code knows. Files are named `date_revision_subject.py`."""
    return max(path.name.split("_")[1] for path in (migrations_folder() / "versions").glob("[0-9]*_*.py"))


def current(dsn: str) -> str | None:
    """Return the revision that the database is at, None for a database without any.

    Raises:
        DatabaseUnreachable: it does not answer.
    """
    with _connect(dsn) as connection:
        exists = connection.execute("SELECT to_regclass('public.alembic_version')").fetchone()
        if exists is None or exists[0] is None:
            return None
        row = connection.execute("SELECT version_num FROM public.alembic_version").fetchone()
        return None if row is None else str(row[0])


def require_head(dsn: str) -> None:
    """Return when the database is at the code's schema or a newer one (expand before contract).

    Raises:
        SchemaBehind: it is older.
    """
    found, expected = current(dsn), head()
    if found is None or found < expected:
        raise SchemaBehind(found=found, expected=expected)


def upgrade(owner_dsn: str) -> str:
    """Upgrade to the newest revision, waiting for any upgrade that is under way, and return that revision.

    `owner_dsn` is the role that owns the tables. Concurrent calls are safe: the later ones find nothing to do.
    """
    found, expected = current(owner_dsn), head()
    if found is not None and found >= expected:
        return found
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["dsn"] = owner_dsn
    command.upgrade(config, "head")
    _log.info("database.upgraded", found=found, now=expected)
    return expected


def _connect(dsn: str) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        return psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(f"The database does not answer; check DATABASE_URL. It said: {error}") from None
