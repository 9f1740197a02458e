"""The addresses of delivery, and what runs beside them while the process lives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from vibestream.contexts.music.delivery.routes import playback
from vibestream.contexts.music.delivery.routes.media import MEDIA
from vibestream.contexts.music.delivery.service import FLUSH_S, REFRESH_S, Delivery
from vibestream.platform.http.edge import Edge
from vibestream.platform.http.routing import Router
from vibestream.platform.recurring import recurring


@asynccontextmanager
async def _delivering(app: FastAPI) -> AsyncIterator[None]:
    edge: Edge = app.state.edge
    delivery = app.state.delivery = Delivery(edge.runtime)
    await delivery.withdrawals.refresh()  # a process that has just started must not serve what was taken down before
    async with (
        recurring(delivery.withdrawals.refresh, name="delivery.withdrawals", every_s=REFRESH_S),
        recurring(delivery.witness.flush, name="delivery.witness", every_s=FLUSH_S),
    ):
        yield


router = Router(lifespan=_delivering)
router.routes.append(MEDIA)
router.include_router(playback.router)
