"""`python -m vibestream.sandbox.mail`: serve until told to stop."""

from __future__ import annotations

import asyncio
import signal

import structlog

from vibestream.platform.config import load_settings
from vibestream.sandbox.mail.server import serve

_log = structlog.get_logger()


async def _run() -> None:
    settings = load_settings()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(settings, host=settings.smtp_host or "127.0.0.1", port=settings.smtp_port) as server:
        _log.info("sandbox.mail.up", host=server.host, port=server.port)
        await stop.wait()


asyncio.run(_run())
