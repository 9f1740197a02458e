"""`python -m vibestream.sandbox.push PORT`: serve until told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys

import structlog

from vibestream.platform.config import load_settings
from vibestream.sandbox.push.server import serve

_log = structlog.get_logger()


async def _run(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(load_settings(), port=port) as server:
        _log.info("sandbox.push.up", url=server.url)
        await stop.wait()


asyncio.run(_run(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
