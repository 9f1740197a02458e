"""The server of the three stand-ins, and the sender of their webhooks, in one process and one thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.routing import Mount

from vibestream.platform.config import Settings
from vibestream.sandbox.gateways import control, webhooks
from vibestream.sandbox.gateways.coinbase.stand_in import COINBASE
from vibestream.sandbox.gateways.paypal.stand_in import PAYPAL
from vibestream.sandbox.gateways.stand_in import StandIn
from vibestream.sandbox.gateways.stripe.stand_in import STRIPE
from vibestream.sandbox.gateways.world import World, open_world
from vibestream.sandbox.guard import refuse_in_production

HOST: Final = "127.0.0.1"
"""Always: whoever reaches these pages can make payments that VibeStream believes."""
STAND_INS: Final[tuple[StandIn, ...]] = (STRIPE, PAYPAL, COINBASE)
_TICK_S: Final = 1.0


def application(world: World) -> Starlette:
    """Return the application that serves a world."""
    mounts = [Mount(f"/{one.name}", routes=one.routes(world)) for one in STAND_INS]
    return Starlette(routes=[Mount("/_sandbox", routes=control.routes(world, STAND_INS)), *mounts])


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that serves."""

    world: World
    tasks: tuple[asyncio.Future[None], ...]
    """The server, the sender of webhooks, the clockwork: all of them run until the sandbox ends."""

    async def until(self, stop: asyncio.Event) -> None:
        """Wait until it is told to stop.

        Raises:
            Exception: one of its parts failed, which then ends all of it.
        """
        stopping = asyncio.create_task(stop.wait())
        waited: set[asyncio.Future[Any]] = {stopping, *self.tasks}
        ended, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for one in ended:
            one.result()


@asynccontextmanager
async def serving(settings: Settings, *, port: int) -> AsyncIterator[Running]:
    """Serve on a loopback port until the block ends, and deliver webhooks.

    Raises:
        SandboxRefused: this is production.
        OSError: the port is taken.
    """
    refuse_in_production(settings, part="payment gateways")
    world = open_world(settings.data_dir, address=f"http://{HOST}:{port}", definitions=settings.sandbox_definitions)
    server = Server(
        application(world), address=HOST, port=port, interface=Interfaces.ASGINL, log_enabled=False, websockets=False
    )
    tasks = (
        asyncio.ensure_future(server.serve()),
        asyncio.create_task(webhooks.deliver(world, {one.name: one.sign for one in STAND_INS})),
        asyncio.create_task(_tick(world)),
    )
    try:
        yield Running(world, tasks)
    finally:
        world.stopping.set()
        server.stop()  # type: ignore[no-untyped-call]  # granian says no types here
        for task in tasks[1:]:
            task.cancel()
        await asyncio.wait(tasks)
        world.store.close()


async def _tick(world: World) -> None:
    while True:
        with world.store.transaction():
            for one in STAND_INS:
                one.tick(world)
        await asyncio.sleep(_TICK_S)
