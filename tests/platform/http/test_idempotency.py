"""A request that may be sent again is carried out once, and answered the same each time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi import Response
from pydantic import BaseModel

from tests.platform.http.conftest import make_principal
from tests.platform.http.test_problems import is_problem
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.database import Database
from vibestream.platform.http import idempotency_store
from vibestream.platform.http.dependencies import IdempotencyDep, TxDep
from vibestream.platform.http.idempotency import IdempotencyKey
from vibestream.platform.http.routing import Router

KEY = {"Idempotency-Key": "4f6bde5f-6cbf-4bd5-a1bb-0d4e5a4b1c2e"}
JSON = {"Content-Type": "application/json"}


class Order(BaseModel):
    amount: int


class Refused(Conflict):
    code = "test.refused"


async def count(database: Database, table: str = "note") -> int:
    async with database.begin() as tx:
        return int(await tx.value(f"SELECT count(*) FROM platform.{table}"))  # noqa: S608 - a name of this test


@pytest.fixture
def router(notes) -> Router:
    router = Router()

    @router.post("/orders", policy=ANYONE, status_code=201)
    async def order(body: Order, tx: TxDep, key: IdempotencyDep, response: Response) -> dict[str, str]:
        if body.amount < 0:
            raise Refused("No.")
        await tx.execute("SELECT pg_sleep(0.05)")
        row = await tx.value(
            "INSERT INTO platform.note SELECT count(*) + 1, %s FROM platform.note RETURNING id", [str(key)]
        )
        response.headers["Location"] = f"/orders/{row}"
        return {"order": f"número {row}", "key": str(key)}

    return router


@pytest.fixture
async def client(serve, router):
    return await serve(router, principal=make_principal())


async def test_twenty_at_once_have_one_effect_and_every_retry_its_answer(client, database):
    async def send() -> Any:
        for _ in range(200):
            answer = await client.post("/orders", json={"amount": 5}, headers=KEY)
            if answer.status_code != 409:
                return answer
            is_problem(answer, 409, "http.request_in_progress")
            assert answer.headers["retry-after"] == "1"
            await asyncio.sleep(0.02)
        raise AssertionError("never answered")

    answers = await asyncio.gather(*(send() for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count(None) == 1
    assert await count(database) == 1
    assert await count(database, "idempotency_key") == 1


async def test_those_that_come_while_the_first_is_carried_out_are_told_to_ask_again(serve, notes):
    router, inside, go_on = Router(), asyncio.Event(), asyncio.Event()

    @router.post("/orders", policy=SIGNED_IN, status_code=201)
    async def order(key: IdempotencyDep) -> str:
        inside.set()
        await go_on.wait()
        return key.value

    client = await serve(router, principal=make_principal())
    async with asyncio.timeout(10):
        first = asyncio.create_task(client.post("/orders", headers=KEY))
        await inside.wait()
        others = await asyncio.gather(*(client.post("/orders", headers=KEY) for _ in range(5)))
        go_on.set()
        assert (await first).status_code == 201
    assert {answer.status_code for answer in others} == {409}
    assert (await client.post("/orders", headers=KEY)).headers["idempotency-replayed"] == "true"


async def test_the_same_request_sent_again_gets_the_same_answer(client, database):
    first = await client.post("/orders", json={"amount": 5}, headers=KEY)
    again = await client.post("/orders", json={"amount": 5}, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(database) == 1


@pytest.mark.parametrize(
    ("address", "body"), [("/orders", b'{"amount":6}'), ("/orders", b'{"amount": 5}'), ("/orders?x=1", b'{"amount":5}')]
)
async def test_another_request_under_the_same_key_is_refused(client, database, address, body):
    assert (await client.post("/orders", content=b'{"amount":5}', headers=KEY | JSON)).status_code == 201
    is_problem(await client.post(address, content=body, headers=KEY | JSON), 422, "http.idempotency_key_reused")
    assert await count(database) == 1


async def test_accounts_do_not_share_keys(serve, router, database):
    ana, ben = make_principal(), make_principal()
    first = await (await serve(router, principal=ana)).post("/orders", json={"amount": 5}, headers=KEY)
    second = await (await serve(router, principal=ben)).post("/orders", json={"amount": 5}, headers=KEY)
    assert first.json() == {"order": "número 1", "key": f"{ana.user_id}:{KEY['Idempotency-Key']}"}
    assert second.json() == {"order": "número 2", "key": f"{ben.user_id}:{KEY['Idempotency-Key']}"}
    assert await count(database) == 2


async def test_a_refusal_leaves_the_key_free_for_another_try(client, database):
    is_problem(await client.post("/orders", json={"amount": -1}, headers=KEY), 409, "test.refused")
    assert await count(database, "idempotency_key") == 0
    assert (await client.post("/orders", json={"amount": 5}, headers=KEY)).status_code == 201


@pytest.mark.parametrize(
    "key", [None, "", "short", "x" * 201, "with space!", "quote'", "a\tbcdefgh", "ключ-ключ"], ids=repr
)
async def test_a_missing_or_malformed_key_is_refused(client, database, key):
    headers = {} if key is None else {"Idempotency-Key": key.encode()}
    is_problem(await client.post("/orders", json={"amount": 5}, headers=headers), 400, "http.idempotency_key_missing")
    assert await count(database) == 0


async def test_a_key_may_be_written_as_a_structured_field(client, database):
    assert (await client.post("/orders", json={"amount": 5}, headers=KEY)).status_code == 201
    quoted = {"Idempotency-Key": f'"{KEY["Idempotency-Key"]}"'}
    assert (await client.post("/orders", json={"amount": 5}, headers=quoted)).headers["idempotency-replayed"] == "true"


async def test_nobody_has_keys(serve, router):
    is_problem(
        await (await serve(router)).post("/orders", json={"amount": 5}, headers=KEY), 401, "access.not_signed_in"
    )


async def test_a_crash_before_the_commit_leaves_neither_effect_nor_answer(client, database, owner_dsn):
    """The connection dies in the middle: the key is not taken, the next try is the first."""

    async def kill() -> None:
        async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
            for _ in range(500):
                killed = await owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.05)%' AND pid <> pg_backend_pid() AND state = 'active'"
                )
                if killed.rowcount:
                    return
                await asyncio.sleep(0.002)

    answer, _ = await asyncio.gather(client.post("/orders", json={"amount": 5}, headers=KEY), kill())
    is_problem(answer, 503, "database.unavailable")
    assert (await count(database), await count(database, "idempotency_key")) == (0, 0)
    assert (await client.post("/orders", json={"amount": 5}, headers=KEY)).json()["order"] == "número 1"


@pytest.mark.parametrize("defect", ["cookie", "large"])
async def test_an_answer_that_must_not_be_kept_is_a_defect_and_keeps_nothing(serve, database, notes, defect):
    router = Router()

    @router.post("/orders", policy=SIGNED_IN)
    async def order(tx: TxDep, key: IdempotencyDep) -> Response:
        await tx.execute("INSERT INTO platform.note VALUES (1, 'x')")
        response = Response(b"x" * (idempotency_store.MAX_BODY_BYTES + 1) if defect == "large" else b"")
        if defect == "cookie":
            response.set_cookie("a", "b")
        return response

    client = await serve(router, principal=make_principal())
    is_problem(await client.post("/orders", headers=KEY), 500, "http.internal_error")
    assert await count(database) == 0


async def test_an_answer_without_a_body_is_repeated_as_such(serve, notes):
    router = Router()

    @router.delete("/orders/1", policy=SIGNED_IN, status_code=204)
    async def cancel(key: IdempotencyDep) -> None: ...

    client = await serve(router, principal=make_principal())
    answers = [await client.delete("/orders/1", headers=KEY) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (204, b"")]
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true"]


async def test_keys_are_dropped_when_their_time_is_over(client, database):
    assert (await client.post("/orders", json={"amount": 5}, headers=KEY)).status_code == 201
    assert (
        await client.post("/orders", json={"amount": 5}, headers={"Idempotency-Key": "another-one"})
    ).status_code == 201
    async with database.begin() as tx:
        kept_until = await tx.value("SELECT min(expires_at) FROM platform.idempotency_key")
        assert kept_until > utc_now() + timedelta(hours=47)
        assert await idempotency_store.purge(tx, before=utc_now(), most=10) == 0
        await tx.execute(
            "UPDATE platform.idempotency_key SET expires_at = created_at + interval '1 microsecond' WHERE key = %s",
            ["another-one"],
        )
        assert await idempotency_store.purge(tx, before=utc_now(), most=10) == 1
        assert await tx.values("SELECT key FROM platform.idempotency_key") == [KEY["Idempotency-Key"]]


def test_a_key_is_unique_over_all_accounts():
    user_id = UserId(UUID("01936f2e-0000-7000-8000-000000000000"))
    key = IdempotencyKey("abcdefgh", user_id)
    assert str(key) == "01936f2e-0000-7000-8000-000000000000:abcdefgh"
