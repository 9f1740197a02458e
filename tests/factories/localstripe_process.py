"""Run localstripe, a stand-in for Stripe that other people wrote, on loopback: `python -m ... PORT`.

Its own program listens on every interface of the machine and keeps its memory in a file that all runs share; this one does
neither. And what of today's API it does not have and Stripe's objects always do is added here, to its objects and nowhere
else: an intent's `amount_received`, a `description` that is taken, and that no card network has warned of anything.
"""

from __future__ import annotations

import sys
from typing import Any

from aiohttp import web
from localstripe import resources, server  # type: ignore[import-untyped]

WARNINGS = "/v1/radar/early_fraud_warnings"


async def no_warnings(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "url": WARNINGS, "has_more": False, "data": []})


def main() -> None:
    intent = resources.PaymentIntent
    create = intent._api_create.__func__

    def with_description(cls: Any, /, description: str | None = None, **data: Any) -> Any:
        made = create(cls, **data)
        made.description = description
        return made

    intent._api_create = classmethod(with_description)
    intent.amount_received = property(lambda self: self.amount if self.status == "succeeded" else 0)
    server.app.router.add_get(WARNINGS, no_warnings)
    server.store.dump_to_disk = lambda: None
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
