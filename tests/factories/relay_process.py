"""A relay in a process of its own, to be killed: `python -m tests.factories.relay_process DSN [PAGE]`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence

from tests.factories.events import Counted, write_effects
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.relay import relaying
from vibestream.platform.events.subscriptions import Consumers, Subscription


async def handle_batch(tx: Tx, events: Sequence[Counted]) -> None:
    await write_effects(tx, "count", events)
    await asyncio.sleep(0)


CONSUMERS = Consumers([Subscription(event=Counted, consumer="count", handle_batch=handle_batch)])


async def main(dsn: str, page: int) -> None:
    """Relay until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Database(dsn, application="relay") as database, relaying(database, CONSUMERS, page=page):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
