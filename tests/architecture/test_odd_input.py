"""Whatever is sent to whichever route: it is answered, never a server error, and nothing odd is repeated as markup."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any, Final
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from tests.factories.users import make_artist, make_user
from vibestream.platform.http.limiter import Quota

ODD: Final = (
    "' OR 1=1 --", '"><script>alert(1)</script>', "%", "_", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "\\", "{{7*7}}",
    "\u202egnp", "ﬃ", "I\u0307", "e\u0301" * 50, "\U0001f3b5", "\ufeff", "\u200b", "\x7f", "\x85", "\ud7ff", "a" * 5_000,
    "-1", "0", "9223372036854775808", "1e400", "NaN", "true", "null", "[]", "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "2026-13-45", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", " ", "\r\nX: y",
)  # fmt: skip
VALUES: Final[tuple[Any, ...]] = (
    *ODD, None, True, -1, 0, 1, 2**31, 2**63 - 1, 10**30, 1.5, [], {}, [[]], [None] * 300, {"": ""}, [{"a": []}], ["x"] * 50,
)  # fmt: skip
STREAMS: Final = frozenset({"/events"})


def _routes(app: FastAPI) -> list[APIRoute]:
    return [
        context.original_route
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and context.path not in STREAMS
    ]


def _addresses(route: APIRoute) -> list[str]:
    names = re.findall(r"\{([^}:]+)", route.path)
    fields = [field.alias for field in route.dependant.query_params]
    fields += [field.alias for inner in route.dependant.dependencies for field in inner.query_params]
    found = []
    for odd in ODD:
        path = (
            re.sub(r"\{[^}]*\}", (quote(odd, safe="") or "x").replace("\\", "\\\\"), route.path)
            if names
            else route.path
        )
        query = "&".join(f"{name}={quote(odd)}" for name in fields)
        found.append(f"{path}?{query}&{quote(odd)}=1")
    return list(dict.fromkeys(found)) if names or fields else [f"{route.path}?{quote(ODD[1])}={quote(ODD[0])}"]


def _bodies(route: APIRoute) -> list[Any]:
    """Every field of the route's model with every odd value, one odd field at a time and all of them."""
    if route.body_field is None:
        return [{}]
    model = route.body_field.field_info.annotation
    names = list(getattr(model, "model_fields", {})) or [route.body_field.name]
    bodies: list[Any] = [dict.fromkeys(names, value) for value in VALUES]
    likely: dict[str, Any] = dict.fromkeys(names, "likely")
    bodies += [likely | {name: value} for name, value in itertools.product(names, VALUES)]
    return [*bodies, [], "text", 1, None, {"unknown": 1}]


@pytest.mark.parametrize("who", ["nobody", "artist", "admin"])
async def test_no_address_whatever_it_says_is_a_server_error(app, client, client_for, database, who):
    sender = await _sender(who, client, client_for, database)
    for route in _routes(app):
        for address in _addresses(route):
            for method in sorted((route.methods or set()) & {"GET", "HEAD", "DELETE"}):
                answer = await sender.request(method, address, headers={"Accept": "text/html"})
                assert answer.status_code < 500 or answer.status_code == 503, (method, address, answer.text[:500])
                assert "<script>alert(1)" not in answer.text, (method, address)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", ["nobody", "artist", "admin"])
async def test_no_body_whatever_it_says_is_a_server_error(app, client, client_for, database, who):
    sender = await _sender(who, client, client_for, database)
    app.state.edge.limiter.hit = _unlimited  # the limits are not what is tried here
    for route in _routes(app):
        address = re.sub(r"\{[^}]*\}", "00000000-0000-7000-8000-000000000000", route.path)
        is_form = route.body_field is not None and type(route.body_field.field_info).__name__ == "Form"
        for method, body in itertools.product(
            sorted((route.methods or set()) & {"POST", "PUT", "PATCH"}), _bodies(route)
        ):
            if is_form:
                fields = (
                    {name: value for name, value in body.items() if isinstance(value, str)}
                    if isinstance(body, dict)
                    else {}
                )
                answer = await sender.request(method, address, data=fields)
            else:
                content = json.dumps(body, allow_nan=False).encode()
                answer = await sender.request(
                    method, address, content=content, headers={"Content-Type": "application/json"}
                )
            assert answer.status_code < 500, (method, address, body, answer.text[:500])


async def _sender(who: str, client: Any, client_for: Any, database: Any) -> Any:
    if who == "nobody":
        return client
    async with database.begin() as tx:
        user = await make_user(tx, roles=["admin"]) if who == "admin" else (await make_artist(tx)).user
    return await client_for(user)


def _unlimited(*_: object, **__: object) -> Any:
    return Quota(admitted=True, remaining=1, reset_s=1)
