"""`python -m vibestream.sandbox.gateways`: serve until told to stop."""

from __future__ import annotations

import asyncio
import signal

import structlog

from vibestream.kernel.errors import InvalidInput
from vibestream.platform.config import Settings, load_settings
from vibestream.platform.observability.logging import configure_logging
from vibestream.sandbox.gateways import webhooks
from vibestream.sandbox.gateways.server import serving

_log = structlog.get_logger()


class PortMissing(InvalidInput):
    """Nobody said where to serve."""

    code = "sandbox.port_missing"


def _receiver(settings: Settings) -> str:
    """Return where this machine's web server takes webhooks, whatever address people type."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - not bound, only recognised
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


async def _run() -> None:
    settings = load_settings()
    configure_logging(settings)
    port = settings.sandbox_gateways_port
    if port is None:
        raise PortMissing("Set VIBESTREAM_SANDBOX_GATEWAYS_PORT; `vibestream up` does.")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(settings, port=port) as running:
        webhooks.send_to(running.world, _receiver(settings), own=True)
        _log.info("sandbox.gateways.up", address=running.world.address)
        await running.until(stop)


asyncio.run(_run())
