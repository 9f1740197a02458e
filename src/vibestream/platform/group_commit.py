"""Group commit: many small writes of one process share a transaction, and each waits until it is durable.

While one transaction commits, whatever else arrives gathers for the next. A lone write therefore waits for nothing, and
under load the cost of a commit is shared by hundreds. When a gathered transaction fails, its items are tried one by
one, so that only the item at fault fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from vibestream.platform.database import Database, Tx

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[Tx, Sequence[Item]], Awaitable[Sequence[Result]]]

_MOST_IN_ONE: Final = 1_000


class GroupCommit(Generic[Item, Result]):
    """Gathers items for `work`, which returns one result per item, in order."""

    def __init__(self, database: Database, work: Work[Item, Result], *, most: int = _MOST_IN_ONE) -> None:
        self._database = database
        self._work = work
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Write an item and return its result once the transaction that holds it has committed.

        Raises whatever `work` raises for this item. When the caller is cancelled, the item may still be written.
        """
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return await done

    async def drain(self) -> None:
        """Return once everything submitted so far was written; called when the process stops."""
        if self._flusher is not None:
            await self._flusher

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                await self._write(batch)
            except Exception as error:
                if len(batch) == 1:
                    _fail(batch[0][1], error)
                    continue
                for one in batch:
                    try:
                        await self._write([one])
                    except Exception as own:
                        _fail(one[1], own)

    async def _write(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        items = [item for item, _ in batch]
        results = await self._database.run(lambda tx: self._work(tx, items))
        for (_, done), result in zip(batch, results, strict=True):
            if not done.done():
                done.set_result(result)


class SharedGroupCommit(Generic[Item, Result]):
    """One group commit per database for the same work: what a route module holds, and finds its own process's by."""

    def __init__(self, work: Work[Item, Result], *, most: int = _MOST_IN_ONE) -> None:
        self._work = work
        self._most = most
        self._by_database: WeakKeyDictionary[Database, GroupCommit[Item, Result]] = WeakKeyDictionary()

    def of(self, database: Database) -> GroupCommit[Item, Result]:
        """Return the group commit of a database, the same one every time."""
        found = self._by_database.get(database)
        if found is None:
            found = self._by_database[database] = GroupCommit(database, self._work, most=self._most)
        return found


def _fail(done: asyncio.Future[Result], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
