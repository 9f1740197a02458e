"""The stand-in of PayPal as the sandbox runs it, and the table of methods that it has."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

from vibestream.sandbox.gateways.paypal import deeds, disputes, orders, pages, payments, payouts, signing, transactions
from vibestream.sandbox.gateways.paypal.call import Route, routes
from vibestream.sandbox.gateways.paypal.objects import PROVIDER
from vibestream.sandbox.gateways.stand_in import StandIn
from vibestream.sandbox.gateways.world import World

_ORDERS: Final = "/v2/checkout/orders"
_HELD: Final = "/v2/payments/authorizations"
_CAPTURES: Final = "/v2/payments/captures"
_PAYOUTS: Final = "/v1/payments/payouts"
_ITEMS: Final = "/v1/payments/payouts-item"
_DISPUTES: Final = "/v1/customer/disputes"

TABLE: Final = (
    Route("POST", _ORDERS, "order_request", orders.create, "create"),
    Route("GET", _ORDERS + "/{id}", "nothing", orders.retrieve),
    Route("POST", _ORDERS + "/{id}/capture", "order_capture_request", orders.capture, "capture"),
    Route("POST", _ORDERS + "/{id}/authorize", "order_authorize_request", orders.authorize, "capture"),
    Route("GET", _HELD + "/{id}", "nothing", payments.retrieve_authorization),
    Route("POST", _HELD + "/{id}/capture", "capture_request", payments.capture_authorization, "capture"),
    Route("POST", _HELD + "/{id}/void", "nothing", payments.void_authorization, "cancel"),
    Route("GET", _CAPTURES + "/{id}", "nothing", payments.retrieve_capture),
    Route("POST", _CAPTURES + "/{id}/refund", "refund_request", payments.refund_capture, "refund"),
    Route("GET", "/v2/payments/refunds/{id}", "nothing", payments.retrieve_refund),
    Route("POST", _PAYOUTS, "create_payout_request", payouts.create, "payout"),
    Route("GET", _PAYOUTS + "/{id}", "nothing", payouts.retrieve),
    Route("GET", _ITEMS + "/{id}", "nothing", payouts.retrieve_item),
    Route("POST", _ITEMS + "/{id}/cancel", "nothing", payouts.cancel_item, "cancel"),
    Route("GET", _DISPUTES, "nothing", disputes.list_disputes),
    Route("GET", _DISPUTES + "/{id}", "nothing", disputes.retrieve),
    Route("POST", _DISPUTES + "/{id}/accept-claim", "accept_claim", disputes.accept_claim),
    Route("GET", "/v1/reporting/transactions", "nothing", transactions.search),
    Route("POST", "/v1/notifications/verify-webhook-signature", "verify_webhook_signature", signing.verify),
)


def _routes(world: World) -> list[BaseRoute]:
    return [*routes(world, TABLE), *signing.routes(world), *pages.routes(world)]


PAYPAL: Final = StandIn(
    name=PROVIDER,
    routes=_routes,
    sign=signing.sign,
    book=deeds.book,
    deeds={
        "deny": deeds.deny,
        "dispute": deeds.dispute,
        "payout": deeds.payout,
        "plant": deeds.plant,
        "refund": deeds.refund,
        "settle": deeds.settle,
    },
    tick=deeds.tick,
)
