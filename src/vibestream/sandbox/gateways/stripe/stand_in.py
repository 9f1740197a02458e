"""The stand-in of Stripe as the sandbox runs it."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

from vibestream.sandbox.gateways.stand_in import StandIn
from vibestream.sandbox.gateways.stripe import deeds, pages
from vibestream.sandbox.gateways.stripe.call import routes
from vibestream.sandbox.gateways.stripe.objects import PROVIDER
from vibestream.sandbox.gateways.stripe.routes import TABLE
from vibestream.sandbox.gateways.stripe.signing import sign
from vibestream.sandbox.gateways.world import World


def _routes(world: World) -> list[BaseRoute]:
    return [*routes(world, TABLE), *pages.routes(world)]


STRIPE: Final = StandIn(
    name=PROVIDER,
    routes=_routes,
    sign=sign,
    book=deeds.book,
    deeds={
        "dispute": deeds.dispute,
        "refund": deeds.refund,
        "payout": deeds.payout,
        "settle": deeds.settle,
        "plant": deeds.plant,
    },
    tick=deeds.tick,
)
