"""Every route of the application, whoever wrote it: it has a policy, refuses other sites, and answers with our headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from tests.platform.http.conftest import make_principal
from vibestream.platform.access import ANYONE, SIGNED_IN, Policy
from vibestream.platform.http.routing import Route

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STREAMS = frozenset({"/events"})
PUBLIC = frozenset({"/livez", "/readyz", "/startupz", "/api/openapi.json"})


@dataclass(frozen=True)
class Listed:
    """One route as a caller meets it."""

    path: str
    methods: frozenset[str]
    policy: Policy
    name: str

    def address(self) -> str:
        """An address that the route answers, with ids of nothing."""
        nothing = str(UUID(int=0))
        return re.sub(r"\{[^}]*\}", nothing, self.path)


def unguarded(routes: list[BaseRoute]) -> list[str]:
    """Return the addresses of routes that declare no policy, or one that nothing checks.

    A route of `Router` checks its policy. One made past it can only say that anyone may call it.
    """
    return [
        str(context.path)
        for context in iter_route_contexts(routes)
        if not isinstance(policy := getattr(context.original_route, "policy", None), Policy)
        or (policy is not ANYONE and not isinstance(context.original_route, Route))
    ]


def listed(app: FastAPI) -> Iterator[Listed]:
    for context in iter_route_contexts(app.routes):
        policy = getattr(context.original_route, "policy", None)
        assert isinstance(policy, Policy), context.path
        yield Listed(str(context.path), frozenset(context.methods or ()), policy, str(context.name))


async def test_every_route_declares_who_may_call_it(app):
    assert unguarded(app.routes) == []
    assert len(list(listed(app))) > 60  # that the list is the application's, and not empty


def test_a_route_without_a_policy_would_be_found():
    app = FastAPI(openapi_url=None)
    assert unguarded(app.routes) == []

    @app.get("/open")
    async def no_policy() -> None: ...

    app.router.routes.append(APIRoute("/bare", no_policy))
    app.router.routes.append(Route("/made-past-the-router", no_policy))
    app.mount("/mounted", FastAPI(openapi_url=None))
    unchecked = APIRoute("/unchecked", no_policy)
    unchecked.policy = SIGNED_IN  # type: ignore[attr-defined]  # the point
    app.router.routes.append(unchecked)
    assert unguarded(app.routes) == ["/open", "/bare", "/made-past-the-router", "/mounted", "/unchecked"]


async def test_no_two_routes_answer_the_same_address_by_the_same_method(app):
    seen: set[tuple[str, str]] = set()
    for route in listed(app):
        for method in route.methods:
            shape = (method, re.sub(r"\{[^}:]*", "{", route.path))
            assert shape not in seen, shape
            seen.add(shape)


async def test_what_changes_something_is_never_a_get(app):
    """By name: a handler that answers GET says what it shows, not what it does."""
    doing = re.compile(
        r"^(create|make|add|delete|remove|change|update|save|end|close|publish|send|sign_(in|up|out)|post)_?"
    )
    assert [route for route in listed(app) if route.methods & {"GET"} and doing.match(route.name)] == []


async def test_nobody_gets_past_a_policy(app, client):
    """Every guarded route refuses a stranger, before it looks at what was sent."""
    for route in listed(app):
        if route.policy is ANYONE:
            continue
        for method in route.methods:
            answer = await client.request(
                method, route.address(), content=b"{", headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 401, (method, route.path, answer.text)


async def test_a_role_is_needed_where_a_policy_says_so(app, client_for):
    """Somebody who is signed in and holds no role is forbidden; an admin is not."""
    fan, admin = await client_for(make_principal()), await client_for(make_principal("admin"))
    guarded = [route for route in listed(app) if route.policy.name.startswith("holds ")]
    assert {route.policy.name for route in guarded} >= {"holds artist", "holds admin"}
    for route in guarded:
        for method in route.methods:
            assert (await fan.request(method, route.address())).status_code == 403, (method, route.path)
            answer = await admin.request(method, route.address())
            if answer.status_code == 403 and method not in SAFE:  # let in, and asked to show once more that it is them
                assert answer.json()["code"] == "access.proof_too_old", (method, route.path)
            else:
                assert answer.status_code not in {401, 403}, (method, route.path)


async def test_every_write_from_another_site_is_refused(app, client):
    for route in listed(app):
        for method in route.methods - SAFE:
            for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
                answer = await client.request(method, route.address(), headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (403, "http.cross_site"), (method, route.path)


REQUIRED = {
    "x-content-type-options": re.compile("nosniff"),
    "referrer-policy": re.compile(r"strict-origin-when-cross-origin|no-referrer|same-origin"),
    "strict-transport-security": re.compile(r"max-age=31536000; includeSubDomains"),
    "cross-origin-opener-policy": re.compile("same-origin(-allow-popups)?"),
    "cross-origin-resource-policy": re.compile("same-(origin|site)"),
    "permissions-policy": re.compile(r".*camera=\(\).*"),
    "content-security-policy": re.compile(r".*default-src 'none'.*"),
    "cache-control": re.compile(".+"),
    "x-request-id": re.compile("[0-9a-f]{32}"),
}


async def _addresses(app: FastAPI) -> list[tuple[str, str]]:
    found = [
        (method, route.address())
        for route in listed(app)
        if route.path not in STREAMS
        for method in sorted(route.methods)
    ]
    return [
        *found,
        ("GET", "/no/such/page"),
        ("GET", "/api/v1/nothing"),
        ("GET", "/static/nothing.js"),
        ("GET", "/media/nothing"),
        ("PATCH", "/livez"),
    ]


@pytest.mark.parametrize("signed_in", [False, True], ids=["nobody", "admin"])
async def test_every_answer_carries_every_header(app, client, client_for, signed_in):
    who = await client_for(make_principal("admin")) if signed_in else client
    for method, address in await _addresses(app):
        answer = await who.request(method, address, headers={"Accept": "text/html" if "api" not in address else "*/*"})
        assert answer.status_code != 500, (method, address, answer.text)
        for name, pattern in REQUIRED.items():
            [value] = answer.headers.get_list(name) or [""]
            assert pattern.fullmatch(value), (method, address, answer.status_code, name, value)
        csp = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in csp
        assert "unsafe-eval" not in csp.replace("wasm-unsafe-eval", "")
        if answer.content and method != "HEAD":
            kind = answer.headers["content-type"]
            assert not kind.startswith("text/") or "charset=utf-8" in kind.lower(), (address, kind)
        for cookie in answer.headers.get_list("set-cookie"):
            assert cookie.startswith("__Host-"), (address, cookie)
            assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; ")), (address, cookie)
            assert re.search("SameSite=(lax|strict)", cookie), (address, cookie)


async def test_an_answer_that_failed_carries_every_header_too(app, client, database):
    """The database is gone, and then something nobody foresaw."""
    await database.close()
    for address in ("/readyz", "/api/v1/artists/" + str(UUID(int=0)), "/"):
        answer = await client.get(address, headers={"Accept": "text/html"})
        assert answer.status_code >= 500, address
        for name, pattern in REQUIRED.items():
            assert pattern.fullmatch(answer.headers[name]), (address, name, answer.headers[name])


async def test_the_description_of_the_interface_is_complete_and_without_a_double(app, client):
    described = (await client.get("/api/openapi.json")).json()
    operations = [operation["operationId"] for path in described["paths"].values() for operation in path.values()]
    assert len(operations) == len(set(operations))
    api = {
        (route.path, method.lower())
        for route in listed(app)
        for method in route.methods
        if route.path.startswith("/api/v1/")
    }
    known = {(path, method) for path, methods in described["paths"].items() for method in methods}
    assert {(path, method) for path, method in api if method not in {"head", "options"}} - known == set()
