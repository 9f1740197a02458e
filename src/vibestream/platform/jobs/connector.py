"""procrastinate on our connection pool, in a schema of its own.

Its SQL names its tables and functions without a schema. Rather than change the search path of every connection (which a
connection pooler in front of PostgreSQL would not keep), its statements are qualified here, and the migration pins the
search path of its functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, LiteralString

import psycopg
from procrastinate import exceptions
from procrastinate.connector import BaseAsyncConnector, Notify
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from vibestream.platform.database import Database

SCHEMA: Final = "jobs"
_NAME: Final = re.compile(r"\bprocrastinate_(?=[a-z])")
_QUEUEING_LOCK: Final = re.compile(r"\(queueing_lock\)=\((.*)\)")


class Connector(BaseAsyncConnector):
    """Runs procrastinate's statements on a database's pool, or on the connection of an open transaction.

    Without a database only statements on a given connection work, which is all that deferring needs.
    """

    def __init__(self, database: Database | None = None) -> None:
        self._database = database

    async def open_async(self, pool: object = None) -> None:
        """Do nothing: the pool is not ours to open."""

    async def close_async(self) -> None:
        """Do nothing: the pool is not ours to close."""

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run a statement in a transaction of its own."""
        with _translated():
            async with self._pool().begin() as tx:
                await tx.connection.execute(_qualified(query), _wrapped(arguments))

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        """Run a statement in a transaction of its own and return its first row."""
        return _first(await self.execute_query_all_async(query, **arguments))

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        """Run a statement in a transaction of its own and return its rows."""
        with _translated():
            async with self._pool().begin() as tx:
                return await _fetch(tx.connection, query, arguments)

    async def execute_query_one_async_with_connection(
        self, connection: Any, query: LiteralString, **arguments: Any
    ) -> dict[str, Any]:
        """Run a statement in the caller's transaction and return its first row."""
        return _first(await self.execute_query_all_async_with_connection(connection, query, **arguments))

    async def execute_query_all_async_with_connection(
        self, connection: Any, query: LiteralString, **arguments: Any
    ) -> list[dict[str, Any]]:
        """Run a statement in the caller's transaction and return its rows."""
        with _translated():
            return await _fetch(connection, query, arguments)

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Hand on notifications until cancelled; ends with an error when the connection does."""
        with _translated():
            async with self._pool().dedicated() as connection:
                for channel in channels:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                async for notification in connection.notifies():
                    await on_notification(channel=notification.channel, payload=notification.payload)

    def _pool(self) -> Database:
        if self._database is None:
            raise exceptions.AppNotOpen
        return self._database


async def _fetch(
    connection: psycopg.AsyncConnection[Any], query: LiteralString, arguments: dict[str, Any]
) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_qualified(query), _wrapped(arguments))
        return await cursor.fetchall()


@cache
def _qualified(query: LiteralString) -> LiteralString:
    return _NAME.sub(f"{SCHEMA}.procrastinate_", query)


def _wrapped(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: _wrap(value) for name, value in arguments.items()}


def _wrap(value: Any) -> Any:
    match value:
        case dict():
            return Jsonb(value)
        case list():
            return [_wrap(item) for item in value]
        case tuple():
            return tuple(_wrap(item) for item in value)
        case _:
            return value


def _first(rows: list[dict[str, Any]]) -> dict[str, Any]:
    if not rows:
        raise exceptions.NoResult
    return rows[0]


@contextmanager
def _translated() -> Iterator[None]:
    """Raise the driver's errors as procrastinate's, which its manager tells apart."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        found = _QUEUEING_LOCK.search(error.diag.message_detail or "")
        raise exceptions.UniqueViolation(
            constraint_name=error.diag.constraint_name or "", queueing_lock=found and found[1]
        ) from error
    except psycopg.Error as error:
        raise exceptions.ConnectorException from error
