"""What did not change is not sent again; what may not be seen any more is not said to be unchanged."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from tests.platform.http.conftest import make_principal
from vibestream.kernel.errors import Missing
from vibestream.platform.access import ANYONE
from vibestream.platform.http.dependencies import MaybePrincipalDep
from vibestream.platform.http.routing import Router


class Gone(Missing):
    code = "thing.gone"


def routes(state: dict[str, Any]) -> Router:
    router = Router()

    @router.get("/thing", policy=ANYONE, conditional=True)
    async def thing(response: Response, principal: MaybePrincipalDep) -> dict[str, object]:
        if state.get("gone"):
            raise Gone("It is gone.")
        response.headers["Vary"] = "Accept-Language"
        return {"name": state["name"], "own": principal is not None}

    @router.get("/other", policy=ANYONE)
    async def other() -> dict[str, str]:
        return {"name": "as ever"}

    return router


async def test_an_asker_who_has_it_is_told_so_and_one_who_has_another_gets_it(serve):
    state = {"name": "Nebula"}
    client = await serve(routes(state))

    first = await client.get("/thing")
    tag = first.headers["etag"]
    same = [await client.get("/thing", headers={"If-None-Match": one}) for one in (tag, f'"x", W/{tag}', "*")]
    head = await client.head("/thing", headers={"If-None-Match": tag})
    state["name"] = "Norte"
    changed = await client.get("/thing", headers={"If-None-Match": tag})

    assert (first.status_code, first.json()) == (200, {"name": "Nebula", "own": False})
    assert first.headers["cache-control"] == "private, no-cache"
    assert [(one.status_code, one.content, one.headers["etag"]) for one in [*same, head]] == [(304, b"", tag)] * 4
    assert {one.headers["cache-control"] for one in same} == {"private, no-cache"}
    assert {one.headers["vary"] for one in same} == {"Accept-Language"}
    assert "content-length" not in same[0].headers or same[0].headers["content-length"] == "0"
    assert (changed.status_code, changed.json()["name"]) == (200, "Norte")
    assert changed.headers["etag"] != tag


async def test_what_is_gone_and_what_is_somebody_elses_to_see_is_never_unchanged(serve):
    state: dict[str, Any] = {"name": "Nebula"}
    nobody, fan = await serve(routes(state)), await serve(routes(state), principal=make_principal())
    tag = (await nobody.get("/thing")).headers["etag"]

    theirs = await fan.get("/thing", headers={"If-None-Match": tag})
    state["gone"] = True
    gone = [await nobody.get("/thing", headers={"If-None-Match": one}) for one in (tag, "*")]

    assert (theirs.status_code, theirs.json()["own"]) == (200, True)
    assert [(one.status_code, one.headers["cache-control"]) for one in gone] == [(404, "no-store")] * 2
    assert "etag" not in gone[0].headers


async def test_a_route_that_does_not_say_so_keeps_nothing(serve):
    answer = await (await serve(routes({}))).get("/other", headers={"If-None-Match": "*"})

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "etag" not in answer.headers
