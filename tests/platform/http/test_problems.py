"""How refusals and failures are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import httpx2
import pytest
from fastapi import Form, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tests.http_client import open_client
from vibestream.kernel import errors
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import USD, Money
from vibestream.platform.access import ANYONE
from vibestream.platform.http.application import build
from vibestream.platform.http.dependencies import TxDep
from vibestream.platform.http.edge import Edge
from vibestream.platform.http.problems import STATUS, Problem
from vibestream.platform.http.routing import Router


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(max_length=3)]
    amount: Annotated[int, Field(gt=0)]


class Basket(BaseModel):
    model_config = ConfigDict(extra="forbid")

    owner: UserId
    items: list[Item]


def is_problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:vibestream:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem


def test_every_kind_of_failure_has_a_status():
    assert {kind: STATUS[kind].value for kind in errors.Kind} == {
        errors.Kind.INVALID: 422,
        errors.Kind.UNAUTHENTICATED: 401,
        errors.Kind.FORBIDDEN: 403,
        errors.Kind.MISSING: 404,
        errors.Kind.CONFLICT: 409,
        errors.Kind.GONE: 410,
        errors.Kind.TOO_LARGE: 413,
        errors.Kind.UNSUPPORTED: 415,
        errors.Kind.LIMITED: 429,
        errors.Kind.UNAVAILABLE: 503,
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidInput, 422),
        (errors.Unauthenticated, 401),
        (errors.Forbidden, 403),
        (errors.Missing, 404),
        (errors.Conflict, 409),
        (errors.Gone, 410),
        (errors.TooLarge, 413),
        (errors.Unsupported, 415),
        (errors.Unavailable, 503),
    ],
)
async def test_a_foreseen_error_is_answered_by_its_kind(serve, error, status):
    router = Router()

    @router.get("/fails", policy=ANYONE)
    async def fails() -> None:
        raise error("Do something else.")

    problem = is_problem(await (await serve(router)).get("/fails"), status, error.code)
    assert problem["detail"] == "Do something else."
    assert "facts" not in problem


async def test_facts_are_told_whatever_they_are(serve):
    class Facts(errors.Conflict):
        code = "test.facts"

        def __init__(self) -> None:
            super().__init__("No.")
            self.user_id = UserId(new_id())
            self.at = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
            self.price = Money(1250, USD)
            self.roles = frozenset({"b", "a"})
            self._inside = "not told"

    router = Router()
    raised = Facts()

    @router.get("/fails", policy=ANYONE)
    async def fails() -> None:
        raise raised

    problem = is_problem(await (await serve(router)).get("/fails"), 409, "test.facts")
    assert problem["facts"] == {
        "user_id": str(raised.user_id),
        "at": "2026-11-24 09:30:00+00:00",
        "price": "12.50 USD",
        "roles": ["a", "b"],
    }


async def test_a_limit_says_when_to_come_back(serve):
    router = Router()

    @router.get("/limited", policy=ANYONE)
    async def limited() -> None:
        raise errors.Limited("Slowly.", retry_after_s=17)

    response = await (await serve(router)).get("/limited")
    assert is_problem(response, 429, "limited")["facts"] == {"retry_after_s": 17}
    assert response.headers["retry-after"] == "17"


async def test_a_protocol_may_fix_another_status(serve):
    class ChecksumMismatch(errors.InvalidInput):
        code = "test.checksum"
        http_status: ClassVar[int] = 460

    router = Router()

    @router.patch("/upload", policy=ANYONE)
    async def upload() -> None:
        raise ChecksumMismatch("The checksum does not match.")

    assert is_problem(await (await serve(router)).patch("/upload"), 460, "test.checksum")["title"] == "Refused"


async def test_every_wrong_field_is_named_and_nothing_that_was_sent_is_repeated(serve):
    router = Router()

    @router.post("/baskets/{number}", policy=ANYONE)
    async def make(number: int, body: Basket, size: Annotated[int, Query(ge=1)]) -> None:
        raise AssertionError

    sent = {"owner": "hunter2", "items": [{"name": "hunter2", "amount": 0, "a/b~c": 1}], "extra": "hunter2"}
    response = await (await serve(router)).post("/baskets/one?size=hunter2", json=sent)
    problem = is_problem(response, 422, "http.invalid_input")
    assert {(error["in"], error["field"], error["code"], error.get("pointer")) for error in problem["errors"]} == {
        ("path", "number", "int_parsing", None),
        ("query", "size", "int_parsing", None),
        ("body", "owner", "uuid_parsing", "#/owner"),
        ("body", "items.0.name", "string_too_long", "#/items/0/name"),
        ("body", "items.0.amount", "greater_than", "#/items/0/amount"),
        ("body", "items.0.a/b~c", "extra_forbidden", "#/items/0/a~1b~0c"),
        ("body", "extra", "extra_forbidden", "#/extra"),
    }
    assert "hunter2" not in response.text


async def test_a_missing_body_is_a_wrong_field_too(serve):
    router = Router()

    @router.post("/baskets", policy=ANYONE)
    async def make(body: Basket) -> None:
        raise AssertionError(body)

    problem = is_problem(await (await serve(router)).post("/baskets"), 422, "http.invalid_input")
    assert [(error["in"], error["code"]) for error in problem["errors"]] == [("body", "missing")]


async def test_a_wrong_form_is_told_alike(serve):
    router = Router()

    @router.post("/form", policy=ANYONE)
    async def form(body: Annotated[Item, Form()]) -> None:
        raise AssertionError(body)

    client = await serve(router)
    problem = is_problem(await client.post("/form", data={"name": "long"}), 422, "http.invalid_input")
    assert {error["field"] for error in problem["errors"]} == {"name", "amount"}
    is_problem(await client.post("/form", data={"name": "a\0b"}), 400, "http.malformed_body")


async def test_there_is_nothing_at_an_unknown_address(serve):
    is_problem(await (await serve(Router())).get("/nowhere/%2e%2e/é"), 404, "http.not_found")


async def test_a_wrong_method_is_told_every_right_one(serve):
    router = Router()

    @router.get("/things/{number}", policy=ANYONE)
    async def show(number: int) -> None: ...

    @router.delete("/things/{number}", policy=ANYONE)
    async def remove(number: int) -> None: ...

    response = await (await serve(router)).patch("/things/1")
    is_problem(response, 405, "http.method_not_allowed")
    assert response.headers["allow"] == "DELETE, GET, HEAD"


async def test_a_framework_error_is_told_in_our_words(serve):
    router = Router()

    @router.get("/teapot", policy=ANYONE)
    async def teapot() -> None:
        raise HTTPException(418, "internal words", headers={"X-Brew": "no"})

    response = await (await serve(router)).get("/teapot")
    is_problem(response, 418, "http.im_a_teapot")
    assert "internal words" not in response.text
    assert response.headers["x-brew"] == "no"


async def test_a_defect_shows_nothing_of_the_inside(serve, database, notes):
    router = Router()

    @router.get("/defect", policy=ANYONE)
    async def defect(tx: TxDep) -> None:
        await tx.execute("INSERT INTO platform.note VALUES (1, 'hunter2'), (1, 'hunter2')")

    @router.get("/worse", policy=ANYONE)
    async def worse() -> None:
        raise ExceptionGroup("hunter2", [ValueError("hunter2")])

    client = await serve(router)
    for path in ("/defect", "/worse"):
        response = await client.get(path)
        problem = is_problem(response, 500, "http.internal_error")
        assert set(problem) == {"type", "title", "status", "detail", "code", "request_id"}
        assert "hunter2" not in response.text + str(response.headers)
        assert "content-security-policy" in response.headers


async def test_a_defect_after_the_answer_began_cuts_the_connection(edge_runtime, directory):
    """An answer that ends early must not look whole."""
    router = Router()

    @router.get("/broken", policy=ANYONE)
    async def broken() -> Response:
        class Broken(Response):
            async def __call__(self, scope, receive, send):
                await send({"type": "http.response.start", "status": 200, "headers": []})
                raise ZeroDivisionError

        return Broken()

    app = build(Edge.of(edge_runtime, authenticate=directory), routers=[router])
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://testserver") as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/broken")


async def test_a_person_gets_a_page_and_a_program_the_problem(edge_runtime, directory):
    def page(_: Request, problem: Problem) -> Response:
        return Response(f"<h1>{problem.title}</h1>", problem.status, media_type="text/html")

    app = build(Edge.of(edge_runtime, authenticate=directory), routers=[], problem_page=page)
    async with open_client(app) as client:
        shown = await client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
        assert (shown.status_code, shown.text) == (404, "<h1>Not Found</h1>")
        assert "nonce-" in shown.headers["content-security-policy"]
        is_problem(await client.get("/nowhere"), 404, "http.not_found")
        is_problem(await client.get("/api/v1/nowhere", headers={"Accept": "text/html"}), 404, "http.not_found")


async def test_text_that_is_no_text_can_still_be_told(serve):
    router = Router()

    @router.get("/odd", policy=ANYONE)
    async def odd() -> None:
        raise errors.InvalidInput("half a pair: \ud800")

    response = await (await serve(router)).get("/odd")
    assert json.loads(response.content)["detail"] == "half a pair: ?"
