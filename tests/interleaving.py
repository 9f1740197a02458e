"""Two transactions on two connections, the one let in between any two statements of the other.

    async def prepare() -> Meanwhile: ...         # makes what both work on, and returns who comes in between
    async for turn in each_order(stepped, prepare):
        await stepped.run(work)                   # once for each place where the other can come in between
        if turn.other is not None:
            await turn.other
            ...                                   # what must hold whatever the order was

Who comes in between runs until it is done or waits for a lock of the other; then the other goes on. So every order of the
two that the server can bring about by itself is brought about, and each once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar

import psycopg

from vibestream.platform.database import Database, Isolation, Params, Tx

T = TypeVar("T")
_MOST = 200
Meanwhile = Callable[[], Coroutine[Any, Any, Any]]


class Turn:
    """Where the other comes in: before the statement with this number; the last number is the commit."""

    def __init__(self, at: int, meanwhile: Meanwhile, watch: psycopg.AsyncConnection[Any]) -> None:
        self._at, self._meanwhile, self._watch = at, meanwhile, watch
        self._seen = 0
        self.other: asyncio.Task[Any] | None = None
        self.waited = False

    async def before_statement(self) -> None:
        """Let the other in, if it is its turn."""
        if self._seen == self._at and self.other is None:
            self.other = asyncio.create_task(self._meanwhile())
            while not self.other.done() and not await self._is_waiting():  # noqa: ASYNC110 - nobody is told of a wait
                await asyncio.sleep(0.002)
            self.waited = not self.other.done()
        self._seen += 1

    async def _is_waiting(self) -> bool:
        cursor = await self._watch.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE datname = current_database() AND NOT granted"
        )
        row = await cursor.fetchone()
        return bool(row and row[0])


@dataclass(slots=True)
class SteppedTx(Tx):
    """A transaction that says before each statement that it comes."""

    turn: Any = None

    async def execute(self, statement: LiteralString, params: Params = ()) -> int:
        await self.turn.before_statement()
        return await Tx.execute(self, statement, params)

    async def one(self, into: Callable[..., T], statement: LiteralString, params: Params = ()) -> T | None:
        await self.turn.before_statement()
        return await Tx.one(self, into, statement, params)

    async def all(self, into: Callable[..., T], statement: LiteralString, params: Params = ()) -> list[T]:
        await self.turn.before_statement()
        return await Tx.all(self, into, statement, params)

    async def value(self, statement: LiteralString, params: Params = ()) -> Any:
        await self.turn.before_statement()
        return await Tx.value(self, statement, params)

    async def values(self, statement: LiteralString, params: Params = ()) -> list[Any]:
        await self.turn.before_statement()
        return await Tx.values(self, statement, params)


class SteppedDatabase(Database):
    """A database whose transactions let another in between two of their statements."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, max_size=4)
        self.turn: Turn | None = None

    @asynccontextmanager
    async def begin(
        self, *, isolation: Isolation = Isolation.READ_COMMITTED, read_only: bool = False
    ) -> AsyncIterator[Tx]:
        async with super().begin(isolation=isolation, read_only=read_only) as tx:
            if self.turn is None:
                yield tx
                return
            yield SteppedTx(tx.connection, turn=self.turn)
            await self.turn.before_statement()  # before the commit


async def each_order(
    database: SteppedDatabase, prepare: Callable[[], Awaitable[Meanwhile]], *, begin_at: int = 0
) -> AsyncIterator[Turn]:
    """Yield once for every place at which what `prepare` returns can come in between; run the transaction in the body.

    `prepare` makes what both work on, anew for every order. `begin_at`: the first place; before it the two are not at work
    at the same time. Ends after the order in which the other had no place left, which is not yielded as one.
    """
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as watch:
        for at in range(begin_at, _MOST):
            database.turn = None
            turn = Turn(at, await prepare(), watch)
            database.turn = turn
            yield turn
            database.turn = None
            if turn.other is None:
                return
            with suppress(psycopg.errors.SerializationFailure):
                await turn.other
    raise AssertionError(f"more than {_MOST} statements")
