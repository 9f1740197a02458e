"""Upgrades take turns, and an older schema is refused."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from vibestream.platform.database import APP_ROLE, DatabaseUnreachable
from vibestream.platform.postgres import migrate


@pytest.fixture
def empty_dsn(clone_database: Callable[[], str]) -> str:
    """A database in which nothing was ever migrated."""
    dsn = clone_database()
    with psycopg.connect(dsn, autocommit=True) as owner:
        schemas = owner.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')"
        ).fetchall()
        for (schema,) in schemas:
            owner.execute(psycopg.sql.SQL("DROP SCHEMA {} CASCADE").format(psycopg.sql.Identifier(schema)))
        owner.execute("DROP TABLE alembic_version")
    return dsn


def test_the_newest_file_is_alembics_head_and_the_line_does_not_fork():
    config = Config()
    config.set_main_option("script_location", str(migrate.migrations_folder()))

    assert ScriptDirectory.from_config(config).get_heads() == [migrate.head()]


def test_three_upgrades_at_once_all_succeed(empty_dsn: str):
    program = "import sys; from vibestream.platform.postgres.migrate import upgrade; print(upgrade(sys.argv[1]))"
    running = [
        subprocess.Popen([sys.executable, "-c", program, empty_dsn], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [one.communicate() for one in running]

    assert [one.returncode for one in running] == [0, 0, 0], said
    assert migrate.current(empty_dsn) == migrate.head()


def test_an_owner_who_may_make_no_roles_migrates_once_an_administrator_has_made_the_applications(empty_dsn: str):
    owner = f"owner_{secrets.token_hex(4)}"
    database = str(conninfo_to_dict(empty_dsn)["dbname"])
    with psycopg.connect(empty_dsn, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {owner}")
        admin.execute(f"GRANT {APP_ROLE} TO {owner}")
        admin.execute(f"GRANT {owner} TO CURRENT_USER")
        admin.execute(f"ALTER DATABASE {database} OWNER TO {owner}")
        try:
            assert migrate.upgrade(make_conninfo(empty_dsn, options=f"-c role={owner}")) == migrate.head()
            tables = "SELECT tableowner FROM pg_tables WHERE schemaname = 'payment'"
            assert {name for (name,) in admin.execute(tables)} == {owner}
        finally:
            admin.execute(f"REASSIGN OWNED BY {owner} TO CURRENT_USER")
            admin.execute(f"DROP OWNED BY {owner}")
            admin.execute(f"DROP ROLE {owner}")


def test_an_older_schema_is_refused_and_a_newer_one_is_not(owner_dsn: str):
    migrate.require_head(owner_dsn)
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '9999'")
        migrate.require_head(owner_dsn)
        assert migrate.upgrade(owner_dsn) == "9999"
        owner.execute("UPDATE alembic_version SET version_num = '0001'")
        with pytest.raises(migrate.SchemaBehind, match="run `vibestream migrate`") as refused:
            migrate.require_head(owner_dsn)
        owner.execute("DELETE FROM alembic_version")
        with pytest.raises(migrate.SchemaBehind, match="at schema none"):
            migrate.require_head(owner_dsn)
    assert refused.value.facts() == {"found": "0001", "expected": migrate.head()}


def test_a_database_that_does_not_answer_is_said_so():
    with pytest.raises(DatabaseUnreachable, match="does not answer"):
        migrate.current("host=/nowhere dbname=x user=y")
