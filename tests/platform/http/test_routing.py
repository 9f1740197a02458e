"""What a route made by `Router` promises: a policy, one transaction, and a second try after a lost race."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import psycopg
import pytest
from fastapi import Request, Response
from pydantic import BaseModel

from tests.platform.http.conftest import make_principal
from vibestream.kernel.errors import Conflict
from vibestream.platform.access import ANYONE, SIGNED_IN, holds
from vibestream.platform.database import Database, Isolation, Tx
from vibestream.platform.http import exchange
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router


class Taken(Conflict):
    code = "note.taken"


class TakenButCounted(Conflict):
    code = "note.taken_but_counted"
    keeps_transaction: ClassVar[bool] = True


class Add(BaseModel):
    amount: int


async def _notes(database: Database) -> list[str]:
    async with database.begin() as tx:
        return await tx.values("SELECT text FROM platform.note ORDER BY id")


async def _write(tx: Tx, number: int, text: str) -> None:
    await tx.execute("INSERT INTO platform.note VALUES (%s, %s)", [number, text])


def test_a_route_cannot_be_declared_without_a_policy():
    router = Router()
    for declare in (router.get, router.post, router.put, router.patch, router.delete, router.head, router.options):
        with pytest.raises(TypeError, match="policy"):
            declare("/open")  # type: ignore[call-arg]  # the point


async def test_the_policy_is_checked_before_the_body_is_understood(serve):
    router = Router()
    called = []

    @router.post("/signed-in", policy=SIGNED_IN)
    async def signed_in(body: dict[str, int]) -> None:
        called.append(body)

    @router.post("/artists", policy=holds("artist"))
    async def artists(body: dict[str, int]) -> None:
        called.append(body)

    nobody = await serve(router)
    refused = await nobody.post("/signed-in", content=b"{not json", headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (401, "access.not_signed_in")
    assert refused.headers["WWW-Authenticate"].startswith("Cookie ")
    fan = await serve(router, principal=make_principal())
    refused = await fan.post("/artists", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "access.role_missing")
    assert refused.json()["facts"] == {"role": "artist"}
    artist = await serve(router, principal=make_principal("artist"))
    assert (await artist.post("/artists", json={"a": 1})).status_code == 200
    assert called == [{"a": 1}]


async def test_routes_are_told_who_asks_and_when(serve):
    router = Router()

    @router.get("/who", policy=ANYONE)
    async def who(maybe: MaybePrincipalDep, now: NowDep) -> dict[str, str | None]:
        assert now.tzinfo is not None
        return {"user_id": str(maybe.user_id) if maybe else None}

    principal = make_principal()
    assert (await (await serve(router)).get("/who")).json() == {"user_id": None}
    assert (await (await serve(router, principal=principal)).get("/who")).json() == {"user_id": str(principal.user_id)}


async def test_a_principal_is_demanded_even_where_anyone_may_call(serve):
    router = Router()

    @router.get("/mine", policy=ANYONE)
    async def mine(principal: PrincipalDep) -> None:
        raise AssertionError(principal)

    assert (await (await serve(router)).get("/mine")).status_code == 401


async def test_a_wrong_or_ended_session_is_nobody(serve, directory):
    router = Router()

    @router.get("/mine", policy=SIGNED_IN)
    async def mine() -> None:
        return

    principal = make_principal()
    client = await serve(router, principal=principal)
    assert (await client.get("/mine")).status_code == 200
    directory.forget(principal)
    assert (await client.get("/mine")).status_code == 401
    for cookie in ("", "x" * 5000, "é", '"quoted"', "a=b"):
        forged = {"Cookie": f"__Host-vs={cookie}".encode()}
        assert (await (await serve(router)).get("/mine", headers=forged)).status_code == 401


async def test_commits_before_the_response_is_sent(serve, database, notes):
    router = Router()
    seen_by_others = []

    class Late(Response):
        async def __call__(self, scope, receive, send):
            seen_by_others.extend(await _notes(database))
            await super().__call__(scope, receive, send)

    @router.post("/notes", policy=ANYONE)
    async def write(tx: TxDep) -> Late:
        await _write(tx, 1, "kept")
        assert await _notes(database) == []
        return Late(status_code=201)

    assert (await (await serve(router)).post("/notes")).status_code == 201
    assert seen_by_others == ["kept"]


@pytest.mark.parametrize(
    ("outcome", "status", "left"),
    [
        (Taken("No."), 409, []),
        (TakenButCounted("No."), 409, ["written"]),
        (ZeroDivisionError(), 500, []),
        (Response(status_code=422), 422, []),
        (Response(status_code=399), 399, ["written"]),
    ],
    ids=["refused", "refused, but kept", "failed", "answered as refused", "answered"],
)
async def test_keeps_what_was_written_only_when_the_answer_says_so(*, serve, database, notes, outcome, status, left):
    router = Router()

    @router.post("/notes", policy=ANYONE)
    async def write(tx: TxDep) -> Response:
        await _write(tx, 1, "written")
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Response)
        return outcome

    assert (await (await serve(router)).post("/notes")).status_code == status
    assert await _notes(database) == left


async def test_a_response_that_cannot_be_written_down_keeps_nothing(serve, database, notes):
    router = Router()

    class Answer(BaseModel):
        number: int

    @router.post("/notes", policy=ANYONE, response_model=Answer)
    async def write(tx: TxDep) -> object:
        await _write(tx, 1, "written")
        return {"number": "not one"}

    assert (await (await serve(router)).post("/notes")).status_code == 500
    assert await _notes(database) == []


async def test_every_dependency_of_a_request_shares_one_transaction(serve):
    router = Router()

    @router.get("/same", policy=ANYONE)
    async def same(request: Request, tx: TxDep) -> bool:
        return tx is await exchange.current(request).transaction()

    assert (await (await serve(router)).get("/same")).json() is True


async def test_the_loser_of_a_race_is_run_again_with_the_same_body(serve, database, notes):
    router = Router()
    both_read = asyncio.Barrier(2)
    runs = []

    @router.post("/add", policy=ANYONE)
    async def add(body: Add, tx: TxDep) -> int:
        runs.append(body.amount)
        await tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        seen = int(await tx.value("SELECT text FROM platform.note WHERE id = 1"))
        if len(runs) <= 2:
            await both_read.wait()
        await tx.execute("UPDATE platform.note SET text = %s WHERE id = 1", [str(seen + body.amount)])
        return seen + body.amount

    async with database.begin() as tx:
        await _write(tx, 1, "0")
    client = await serve(router)
    answers = await asyncio.gather(client.post("/add", json={"amount": 1}), client.post("/add", json={"amount": 10}))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert max(answer.json() for answer in answers) == 11
    assert await _notes(database) == ["11"]
    assert len(runs) == 3


async def test_a_race_lost_at_the_commit_is_run_again_too(serve, database, notes):
    """Write skew: both statements succeed, one commit does not."""
    router = Router()
    both_read = asyncio.Barrier(2)
    runs = []

    @router.post("/leave/{me}", policy=ANYONE)
    async def leave(me: int, tx: TxDep) -> int:
        runs.append(me)
        await tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        on_call = await tx.value("SELECT count(*) FROM platform.note WHERE text = 'on call'")
        if len(runs) <= 2:
            await both_read.wait()
        if on_call > 1:
            await tx.execute("UPDATE platform.note SET text = 'gone' WHERE id = %s", [me])
        return int(on_call)

    async with database.begin() as tx:
        await _write(tx, 1, "on call")
        await _write(tx, 2, "on call")
    client = await serve(router)
    answers = await asyncio.gather(client.post("/leave/1"), client.post("/leave/2"))
    assert sorted(answer.json() for answer in answers) == [1, 2]
    assert sorted(await _notes(database)) == ["gone", "on call"]


async def test_a_deadlock_is_run_again(serve, database, notes):
    router = Router()
    both_hold = asyncio.Barrier(2)
    runs = []

    @router.post("/swap/{first}/{second}", policy=ANYONE)
    async def swap(first: int, second: int, tx: TxDep) -> None:
        runs.append(first)
        await tx.execute("UPDATE platform.note SET text = text || '.' WHERE id = %s", [first])
        if len(runs) <= 2:
            await both_hold.wait()
        await tx.execute("UPDATE platform.note SET text = text || '.' WHERE id = %s", [second])

    async with database.begin() as tx:
        await _write(tx, 1, "a")
        await _write(tx, 2, "b")
    client = await serve(router)
    answers = await asyncio.gather(client.post("/swap/1/2"), client.post("/swap/2/1"))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert await _notes(database) == ["a..", "b.."]
    assert len(runs) == 3


async def test_gives_up_after_five_lost_races_with_a_503(serve, database, notes):
    router = Router()
    runs = []

    @router.post("/unlucky", policy=ANYONE)
    async def unlucky(tx: TxDep) -> None:
        runs.append(1)
        await tx.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    refused = await (await serve(router)).post("/unlucky")
    assert (refused.status_code, refused.json()["code"]) == (503, "database.busy")
    assert len(runs) == 5


async def test_a_body_that_was_streamed_past_is_not_handled_twice(serve):
    router = Router()
    runs = []

    @router.post("/streamed", policy=ANYONE)
    async def streamed(request: Request, tx: TxDep) -> None:
        runs.append(b"".join([piece async for piece in request.stream()]))
        await tx.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")

    refused = await (await serve(router)).post("/streamed", content=b"once")
    assert (refused.status_code, refused.json()["code"]) == (503, "database.busy")
    assert runs == [b"once"]


async def test_a_database_that_does_not_answer_is_a_503(serve, database, owner_dsn):
    router = Router()

    @router.get("/read", policy=ANYONE)
    async def read(tx: TxDep) -> None:
        process = await tx.value("SELECT pg_backend_pid()")
        async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
            await owner.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
        await tx.execute("SELECT 1")

    refused = await (await serve(router)).get("/read")
    assert (refused.status_code, refused.json()["code"]) == (503, "database.unavailable")
    assert refused.headers["Retry-After"] == "2"
    async with database.begin() as tx:
        assert await tx.value("SELECT 1") == 1


async def test_a_route_without_a_transaction_keeps_no_connection_while_it_works(serve):
    """More of them work at the same time than the pool has connections."""
    router = Router()
    at_work = asyncio.Barrier(12)

    @router.get("/long", policy=SIGNED_IN)
    async def long(principal: PrincipalDep) -> None:
        async with asyncio.timeout(5):
            await at_work.wait()

    client = await serve(router, principal=make_principal())
    answers = await asyncio.gather(*(client.get("/long") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}


async def test_head_is_answered_as_get_without_a_body(serve):
    router = Router()

    @router.get("/page", policy=ANYONE)
    async def page() -> dict[str, str]:
        return {"a": "b"}

    client = await serve(router)
    head = await client.head("/page")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == (await client.get("/page")).headers["content-length"]


async def test_dependencies_of_the_edge_say_so_on_a_foreign_route(serve):
    from fastapi import APIRouter

    router = APIRouter()

    @router.get("/foreign")
    async def foreign(tx: TxDep) -> None:
        raise AssertionError(tx)

    assert (await (await serve(router)).get("/foreign")).status_code == 500


async def test_isolation_is_the_default_unless_asked_for(serve):
    router = Router()

    @router.get("/isolation", policy=ANYONE)
    async def isolation(tx: TxDep) -> str:
        return str(await tx.value("SHOW transaction_isolation"))

    assert (await (await serve(router)).get("/isolation")).json() == Isolation.READ_COMMITTED.name.lower().replace(
        "_", " "
    )
