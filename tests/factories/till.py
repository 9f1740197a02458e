"""A till over TCP, and the saga of an order that uses it: reserve, charge, hand over, send a note.

The till keeps a book by idempotency key, as payment services do. Told to, it fails before its effect, after it, or slowly.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from vibestream.kernel.errors import Conflict
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime
from vibestream.platform.sagas import Call, Local, NotSent, Outside, Refused, Saga, declare

CUT_BEFORE, CUT_AFTER, REFUSE, ERROR = "cut before", "cut after", "refuse", "error"


class Till:
    """The other side: what it was asked to do, and what it did, once per key."""

    def __init__(self) -> None:
        self.book: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.fault: Callable[[str], str | None] = lambda _: None
        """Given an operation (`charge`, `refund`, `note`, `ask`), the fault to inject, or None."""
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            operation, key = request["do"], request["key"]
            fault = self.fault(operation)
            if fault != CUT_BEFORE:
                reply = self._act(operation, key, refuse=fault == REFUSE)
                if fault == ERROR:
                    writer.write(b"no json\n")
                elif fault != CUT_AFTER:
                    writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        except (ValueError, ConnectionError):
            pass
        finally:
            writer.close()

    def _act(self, operation: str, key: str, *, refuse: bool) -> dict[str, Any]:
        if operation == "ask":
            self.asked[key] += 1
            return {"found": self.book.get(key)}
        self.calls[key] += 1
        if key not in self.book:
            self.book[key] = "refused" if refuse else "done"
        return {"found": self.book[key]}

    def done(self, suffix: str) -> int:
        """Return how many operations of a kind had their effect."""
        return len([key for key, result in self.book.items() if key.endswith(suffix) and result == "done"])


@asynccontextmanager
async def open_till(port_file: Path | None = None) -> AsyncIterator[Till]:
    """Open a till for the time of the block, and write where it listens."""
    till = Till()
    server = await asyncio.start_server(till.answer, "127.0.0.1", 0)
    till.port = server.sockets[0].getsockname()[1]
    if port_file is not None:
        port_file.parent.mkdir(parents=True, exist_ok=True)
        port_file.write_text(str(till.port))
    async with server:
        yield till


def port_file(runtime: Runtime) -> Path:
    """Return where a runtime finds the till's port."""
    return runtime.settings.data_dir / "till"


async def _request(runtime: Runtime, operation: str, key: str) -> str | None:
    port = int(port_file(runtime).read_text())
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError as error:
        raise NotSent("The till is closed.") from error
    try:
        writer.write(json.dumps({"do": operation, "key": key}).encode() + b"\n")
        await writer.drain()
        async with asyncio.timeout(2):
            line = await reader.readline()
    finally:
        writer.close()
    found: str | None = json.loads(line)["found"]
    return found


@dataclass(frozen=True)
class Order:
    """The data of the saga."""

    order_id: UUID
    amount: int
    decline: bool = False
    charged: bool = False
    refunded: bool = False
    noted: bool = False


def _make(operation: str, **outcome: bool) -> Call[Order]:
    async def make(runtime: Runtime, order: Order, key: str) -> Order:
        return _outcome(order, await _request(runtime, operation, key), outcome)

    async def ask(runtime: Runtime, order: Order, key: str) -> Order | None:
        found = await _request(runtime, "ask", key)
        return None if found is None else _outcome(order, found, outcome)

    return Call(make=make, ask=ask)


def _outcome(order: Order, found: str | None, outcome: dict[str, bool]) -> Order:
    if found == "refused":
        raise Refused("The till says no.")
    return replace(order, **outcome)  # type: ignore[arg-type]  # names of its flags


async def _move(tx: Tx, order: Order, what: str, n: int) -> Order:
    await tx.execute(
        "INSERT INTO platform.effect (consumer, key, n) VALUES (%s, %s, %s)", [what, str(order.order_id), n]
    )
    return order


async def _reserve(tx: Tx, order: Order) -> Order:
    return await _move(tx, order, "reserved", order.amount)


async def _release(tx: Tx, order: Order) -> Order:
    return await _move(tx, order, "reserved", -order.amount)


async def _hand_over(tx: Tx, order: Order) -> Order:
    if order.decline:
        raise Conflict("nothing left to hand over")
    return await _move(tx, order, "handed over", order.amount)


ORDER = declare(
    Saga(
        name="test.order",
        data=Order,
        steps=(
            Local(name="reserve", do=_reserve, undo=_release),
            Outside(name="charge", do=_make("charge", charged=True), undo=_make("refund", refunded=True)),
            Outside(name="note", do=_make("note", noted=True)),
            Local(name="hand_over", do=_hand_over),
        ),
    )
)
