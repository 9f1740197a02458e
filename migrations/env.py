"""Run migrations one at a time: every upgrade first takes the same advisory lock."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

from vibestream.platform.postgres.migrate import LOCK_KEY

dsn = context.config.attributes["dsn"]


def connect() -> object:
    """Open the driver's connection; the connection string is libpq's own, so SQLAlchemy must not parse it."""
    import psycopg

    return psycopg.connect(dsn)


engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=pool.NullPool)
with engine.connect() as connection:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
    # A migration that waits for a lock blocks everyone behind it, and one that runs long blocks them as well: fail
    # instead, and let the operator choose the moment. A backfill that needs longer says so in its own file.
    connection.execute(text("SET lock_timeout = '4s'"))
    connection.execute(text("SET statement_timeout = '30s'"))
    connection.commit()
    context.configure(connection=connection, version_table_schema="public")
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
