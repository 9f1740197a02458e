"""`/_sandbox`: the switches of the sandbox. What a test, a demonstration or a person sets, and what they look at.

GET  /_sandbox/health                      is it up, and which stand-ins are there
POST /_sandbox/clock                       {"offset_s": n} or {"advance_s": n}: move the stand-ins' time, do what is due
GET  /_sandbox/webhooks                    what was and is to be delivered; ?provider=
POST /_sandbox/webhooks                    {"to": address or null, "forget": true}: where webhooks go
GET  /_sandbox/webhooks/waiting            how many are to be delivered
POST /_sandbox/webhooks/resend             {"event": id}: deliver once more
POST /_sandbox/{provider}/faults           {"kind", "times": 1, "on": "*", ...options}; GET lists, DELETE clears
GET  /_sandbox/{provider}/book             the provider's own books
POST /_sandbox/{provider}/{deed}           dispute, refund, payout, settle, plant
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from vibestream.sandbox.gateways import webhooks
from vibestream.sandbox.gateways.answers import ProviderError
from vibestream.sandbox.gateways.faults import ANY, Fault
from vibestream.sandbox.gateways.html import HERE
from vibestream.sandbox.gateways.stand_in import Refused, StandIn
from vibestream.sandbox.gateways.world import World
from vibestream.sandbox.guard import LABEL

_MOST_TIMES: Final = 1_000_000

Handle = Callable[[Request, dict[str, Any]], Any]


def routes(world: World, stand_ins: tuple[StandIn, ...]) -> list[Route]:
    """Return the switches of a sandbox."""
    control = _Control(world, {one.name: one for one in stand_ins})
    return [
        Route(
            "/style.css", lambda _: FileResponse(HERE / "static" / "style.css", headers={"cache-control": "no-cache"})
        ),
        Route("/health", _answered(control.health)),
        Route("/clock", _answered(control.clock), methods=["GET", "POST"]),
        Route("/webhooks", _answered(control.webhooks), methods=["GET", "POST"]),
        Route("/webhooks/waiting", _answered(control.waiting)),
        Route("/webhooks/resend", _answered(control.resend), methods=["POST"]),
        Route("/{provider}/faults", _answered(control.faults), methods=["GET", "POST", "DELETE"]),
        Route("/{provider}/book", _answered(control.book)),
        Route("/{provider}/{deed}", _answered(control.deed), methods=["POST"]),
    ]


def _answered(handle: Handle) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise Refused("the body is a JSON object")
            return JSONResponse(handle(request, body))
        except json.JSONDecodeError:
            return JSONResponse({"error": "the body is not JSON"}, 400)
        except webhooks.NotLoopback as error:
            return JSONResponse({"error": str(error)}, 400)
        except ProviderError as error:
            return JSONResponse(error.answer.body, error.answer.status)

    return endpoint


class _Control:
    def __init__(self, world: World, stand_ins: dict[str, StandIn]) -> None:
        self._world = world
        self._stand_ins = stand_ins

    def health(self, _request: Request, _body: dict[str, Any]) -> Any:
        return {"label": LABEL, "gateways": sorted(self._stand_ins)}

    def clock(self, request: Request, body: dict[str, Any]) -> Any:
        if request.method == "POST":
            offset = body.get("offset_s", self._world.offset_s + _whole(body, "advance_s", default=0))
            if type(offset) is not int:
                raise Refused("offset_s: whole seconds")
            with self._world.store.transaction():
                self._world.set_offset(offset)
                for one in self._stand_ins.values():
                    one.tick(self._world)
        return {"offset_s": self._world.offset_s, "now": self._world.now()}

    def webhooks(self, request: Request, body: dict[str, Any]) -> Any:
        if request.method == "POST":
            to = body.get("to")
            if to is not None and not isinstance(to, str):
                raise Refused("to: an address, or null")
            webhooks.send_to(self._world, to, forget=body.get("forget") is True)
        listed = webhooks.list_deliveries(self._world, provider=request.query_params.get("provider"))
        return {"waiting": webhooks.count_waiting(self._world), "deliveries": listed}

    def waiting(self, _request: Request, _body: dict[str, Any]) -> Any:
        return {"waiting": webhooks.count_waiting(self._world)}

    def resend(self, _request: Request, body: dict[str, Any]) -> Any:
        return {"resent": webhooks.resend(self._world, event=str(body.get("event")))}

    def faults(self, request: Request, body: dict[str, Any]) -> Any:
        name = self._stand_in(request).name
        if request.method == "DELETE":
            self._world.faults.clear(name)
        if request.method == "POST":
            options = {key: value for key, value in body.items() if key not in ("kind", "times", "on")}
            try:
                kind = Fault(str(body.get("kind")))
            except ValueError:
                raise Refused(f"kind: one of {', '.join(Fault)}") from None
            times, act = _whole(body, "times", default=1), str(body.get("on", ANY))
            self._world.faults.add(name, kind, act=act, times=times, options=options)
        return {"faults": self._world.faults.left(name)}

    def book(self, request: Request, _body: dict[str, Any]) -> Any:
        return {"lines": self._stand_in(request).book(self._world)}

    def deed(self, request: Request, body: dict[str, Any]) -> Any:
        one = self._stand_in(request)
        deed = one.deeds.get(request.path_params["deed"])
        if deed is None:
            raise Refused(f"{one.name} can be asked for {', '.join(sorted(one.deeds))}")
        with self._world.store.transaction():
            return deed(self._world, body)

    def _stand_in(self, request: Request) -> StandIn:
        try:
            return self._stand_ins[request.path_params["provider"]]
        except KeyError:
            raise Refused(f"one of {', '.join(self._stand_ins)}") from None


def _whole(body: dict[str, Any], name: str, *, default: int) -> int:
    value = body.get(name, default)
    if type(value) is not int or not 0 <= value <= _MOST_TIMES * 100:
        raise Refused(f"{name}: a whole number that is not negative")
    return value
