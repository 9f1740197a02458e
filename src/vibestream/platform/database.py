"""The connection pool and the transaction: one request, message, saga step or job is one transaction, opened here.

Nothing outside platform commits. A service or store function takes a `Tx` as its first argument and can only read,
write, set savepoints and ask for something to be done once the commit has succeeded.
"""

from __future__ import annotations

import enum
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString, Self, TypeVar

import psycopg
import structlog
from psycopg import errors, sql
from psycopg.rows import kwargs_row, scalar_row, tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from vibestream.kernel.errors import Unavailable
from vibestream.platform.arrays import adapters

T = TypeVar("T")
Params = Sequence[Any] | Mapping[str, Any]

APP_ROLE: Final = "vibestream_app"
"""The role the application works as: it owns nothing, and may write the ledger only through its posting function."""

RETRYABLE: Final = (errors.SerializationFailure, errors.DeadlockDetected)
"""Failures after which the same transaction, run again from its start, may succeed."""

_ATTEMPTS: Final = 5
_CONNECT_TIMEOUT_S: Final = 10
_log = structlog.get_logger()


class DatabaseBusy(Unavailable):
    """The same rows were contended for so long that the work was given up; nothing of it was kept."""

    code = "database.busy"


class DatabaseUnreachable(Unavailable):
    """No connection could be had in time."""

    code = "database.unreachable"


@contextmanager
def racing_for(constraint: str) -> Iterator[None]:
    """Say of a row that another session was faster to insert that the transaction lost a race.

    Args:
        constraint: the unique constraint's name; a violation of any other is left as it is.

    Raises:
        psycopg.errors.SerializationFailure: the race was lost; run again from the transaction's start.
    """
    try:
        yield
    except errors.UniqueViolation as error:
        if error.diag.constraint_name != constraint:
            raise
        raise errors.SerializationFailure("Another session was faster.") from error


class Isolation(enum.Enum):
    """Transaction isolation; the default suffices wherever rows are locked or guarded by a constraint."""

    READ_COMMITTED = psycopg.IsolationLevel.READ_COMMITTED
    REPEATABLE_READ = psycopg.IsolationLevel.REPEATABLE_READ
    SERIALIZABLE = psycopg.IsolationLevel.SERIALIZABLE


@dataclass(slots=True)
class Tx:
    """An open transaction. Statements are literal strings; values always travel as parameters."""

    connection: psycopg.AsyncConnection[Any]
    _after_commit: list[Callable[[], None]] = field(default_factory=list)

    async def execute(self, statement: LiteralString, params: Params = ()) -> int:
        """Run a statement and return how many rows it touched."""
        cursor = await self.connection.execute(statement, params)
        return cursor.rowcount

    async def one(self, into: Callable[..., T], statement: LiteralString, params: Params = ()) -> T | None:
        """Return the first row as `into(column=value, ...)`, or None when there is none."""
        cursor = await self.connection.cursor(row_factory=kwargs_row(into)).execute(statement, params)
        return await cursor.fetchone()

    async def all(self, into: Callable[..., T], statement: LiteralString, params: Params = ()) -> list[T]:
        """Return every row as `into(column=value, ...)`."""
        cursor = await self.connection.cursor(row_factory=kwargs_row(into)).execute(statement, params)
        return await cursor.fetchall()

    async def rows(self, statement: LiteralString, params: Params = ()) -> list[tuple[Any, ...]]:
        """Return every row as a tuple, in the order of its columns: for hot paths, where naming them costs a third."""
        cursor = await self.connection.cursor(row_factory=tuple_row).execute(statement, params)
        return await cursor.fetchall()

    async def value(self, statement: LiteralString, params: Params = ()) -> Any:
        """Return the first column of the first row, or None when there is no row."""
        cursor = await self.connection.cursor(row_factory=scalar_row).execute(statement, params)
        return await cursor.fetchone()

    async def values(self, statement: LiteralString, params: Params = ()) -> list[Any]:
        """Return the first column of every row."""
        cursor = await self.connection.cursor(row_factory=scalar_row).execute(statement, params)
        return await cursor.fetchall()

    async def execute_many(self, statement: LiteralString, rows: Iterable[Params]) -> None:
        """Run a statement once per row of parameters, in one round trip."""
        async with self.connection.cursor() as cursor:
            await cursor.executemany(statement, rows)

    async def copy(self, statement: LiteralString, rows: Iterable[Sequence[Any]]) -> None:
        """Bulk-load rows by a `COPY ... FROM STDIN` statement."""
        async with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the block did, and only that, when it raises."""
        kept = len(self._after_commit)
        try:
            async with self.connection.transaction():
                yield
        except BaseException:
            del self._after_commit[kept:]
            raise

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the transaction has committed; never if it did not. The callback must not raise or block.

        Only for wake-ups that may be lost (a relay polls anyway). Work that must happen is an event or a job, written
        in the transaction itself.
        """
        self._after_commit.append(callback)

    def run_after_commit(self) -> None:
        """Run what was asked for; called once by whoever committed."""
        callbacks, self._after_commit = self._after_commit, []
        for callback in callbacks:
            callback()


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """How many pooled connections are used and free now, and how many callers wait for one."""

    used: int
    free: int
    waiting: int


class Database:
    """A pool of connections to one PostgreSQL database. Use as an async context manager."""

    def __init__(self, dsn: str, *, min_size: int = 1, max_size: int = 10, application: str = "vibestream") -> None:
        self.dsn = dsn
        self._pool = AsyncConnectionPool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            open=False,
            timeout=_CONNECT_TIMEOUT_S,
            # What is a transaction is said by `begin`; the driver would open one before any statement, and ask for it alone.
            kwargs={"application_name": application, "autocommit": True, "context": adapters()},
            check=_check_if_it_speaks,
        )

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Open the pool and wait until one connection works.

        Raises:
            DatabaseUnreachable: no connection within ten seconds.
        """
        try:
            await self._pool.open(wait=True, timeout=_CONNECT_TIMEOUT_S)
        except PoolTimeout:
            await self._pool.close()
            raise DatabaseUnreachable(
                f"The database did not answer within {_CONNECT_TIMEOUT_S} s; check DATABASE_URL and that it is up."
            ) from None

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    def figures(self) -> PoolFigures:
        """Return how full the pool is."""
        stats = self._pool.get_stats()
        free = stats.get("pool_available", 0)
        return PoolFigures(stats.get("pool_size", 0) - free, free, stats.get("requests_waiting", 0))

    @asynccontextmanager
    async def begin(
        self, *, isolation: Isolation = Isolation.READ_COMMITTED, read_only: bool = False
    ) -> AsyncIterator[Tx]:
        """Open a transaction, commit it when the block ends, roll it back when the block raises."""
        async with self._pool.connection() as connection:
            if isolation is not Isolation.READ_COMMITTED:
                await connection.set_isolation_level(isolation.value)
            if read_only:
                await connection.set_read_only(True)
            try:
                async with connection.transaction():
                    tx = Tx(connection)
                    yield tx
            finally:
                if isolation is not Isolation.READ_COMMITTED:
                    await connection.set_isolation_level(None)
                if read_only:
                    await connection.set_read_only(None)
        tx.run_after_commit()

    async def run(self, work: Callable[[Tx], Awaitable[T]], *, isolation: Isolation = Isolation.READ_COMMITTED) -> T:
        """Run `work` in a transaction, again from its start when it lost a serialization conflict or a deadlock.

        `work` must therefore do nothing outside the transaction.

        Raises:
            DatabaseBusy: it lost five times in a row.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.begin(isolation=isolation) as tx:
                    return await work(tx)
            except RETRYABLE as error:
                _log.info("database.transaction.retried", attempt=attempt, sqlstate=error.sqlstate)
        raise DatabaseBusy("The database is busy with the same records. Try again in a moment.")

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[Tx]:
        """Give a `Tx` whose every statement is a transaction of its own, durable once it has returned.

        BEGIN and COMMIT are round trips, which cost a small transaction a sixth of its time. For work that is one
        statement, or whose statements do not need each other: what one has done stands whatever the next does. Nothing
        is run again. A savepoint is a transaction here.
        """
        async with self._pool.connection() as connection:
            tx = Tx(connection)
            yield tx
        tx.run_after_commit()

    async def look(self, question: Callable[[Tx], Awaitable[T]]) -> T:
        """Return the answer to a question, and undo whatever was written to find it."""
        async with self._pool.connection() as connection, connection.transaction(force_rollback=True):
            return await question(Tx(connection))

    @asynccontextmanager
    async def dedicated(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Open an autocommit connection outside the pool, for session locks, LISTEN and the like."""
        connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True, context=adapters())
        try:
            yield connection
        finally:
            await connection.close()


async def _check_if_it_speaks(connection: psycopg.AsyncConnection[Any]) -> None:
    """Ask a pooled connection whether it works, but only where there is reason to doubt it.

    The server says nothing on an idle connection, unless it closes it: then there is something to read. Looking costs
    microseconds, asking a round trip, which is a fifth of a small transaction.
    """
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    if watch.poll(0):
        await AsyncConnectionPool.check_connection(connection)


def as_app_role(owner_dsn: str) -> str:
    """Return the connection string of the application's role, given the owner's.

    The server drops to the role at connection start. That guards against mistakes; against an attacker who can run
    SQL, who could set the role back, production requires a login of its own (`Settings.database_url` beside
    `Settings.database_owner_url`).
    """
    return psycopg.conninfo.make_conninfo(owner_dsn, options=f"-c role={APP_ROLE}")


def is_address(dsn: str) -> bool:
    """Say whether libpq can read this as an address of a database, whether or not anything answers there."""
    try:
        psycopg.conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return False
    return True


def identifier(*parts: str) -> sql.Identifier:
    """Return a quoted SQL identifier, for the few statements that cannot take a name as a parameter."""
    return sql.Identifier(*parts)
