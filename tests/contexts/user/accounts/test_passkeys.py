"""Passkeys over HTTP, with a mailbox: in by a key alone, a proof by it, and what others may not do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from tests.contexts.user.accounts.test_routes import SESSION, cookies_of, require_protected
from tests.contexts.user.conftest import Inbox
from tests.factories.factors import make_app
from tests.factories.passkeys import Authenticator
from tests.factories.users import PASSWORD, User, make_user, signed_in
from tests.http_client import open_client
from vibestream.app import create_app
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

COOKIE = "__Host-vs-passkey"
ENTER = "/api/v1/sessions/passkey"
OWN = "/api/v1/me/passkeys"
STEP_UP = "/api/v1/me/step-up/passkey"


@pytest.fixture
async def real(settings: Settings, runtime: Runtime) -> Any:
    application: FastAPI = create_app(settings, runtime=runtime)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def ana(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx, email="ana@example.org")


async def options(client: Any, path: str) -> dict[str, Any]:
    answer = await client.post(f"{path}/options")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["public_key"])


async def let_in(client: Any, database: Database, user: User, *, minutes_ago: int = 0) -> None:
    async with database.begin() as tx:
        token = await signed_in(tx, user, now=utc_now() - timedelta(minutes=minutes_ago))
    client.cookies.set(SESSION, token, domain="testserver.local")


async def add(client: Any, phone: Authenticator, *, name: str = "Phone") -> dict[str, Any]:
    credential = phone.create(await options(client, OWN))
    made = await client.post(OWN, json={"credential": credential, "name": name})
    assert made.status_code == 201, made.text
    return dict(made.json())


async def enter(client: Any, phone: Authenticator) -> Any:
    credential = phone.get(await options(client, ENTER))
    return await client.post(ENTER, json={"credential": credential})


async def test_a_passkey_alone_signs_in_where_the_password_would_want_an_app(
    real: FastAPI, database: Database, settings: Settings, ana: User, inbox: Inbox
):
    phone = Authenticator()
    async with open_client(real) as client:
        await let_in(client, database, ana)
        await add(client, phone)
    assert (await inbox(ana.email))[0].subject == "A passkey was added to your account"
    async with database.begin() as tx:
        await make_app(tx, ana, settings, now=utc_now() - timedelta(days=1))

    async with open_client(real) as other:
        assert (
            await other.post("/api/v1/sessions", json={"email": ana.email, "password": PASSWORD})
        ).status_code == 202
        asked = await other.post(f"{ENTER}/options")
        require_protected(cookies_of(asked)[COOKIE])
        answer = await other.post(ENTER, json={"credential": phone.get(asked.json()["public_key"])})
        assert answer.status_code == 201
        assert answer.json()["user_id"] == str(ana.user_id)
        sessions = (await other.get("/api/v1/me/sessions")).json()["sessions"]
        assert [one["entered_by"] for one in sessions if one["current"]] == ["passkey"]
        assert {one["entered_by"] for one in sessions if not one["current"]} == {"password"}
        # The proof is fresh: what wants one is done.
        assert (await other.delete("/api/v1/me/factors/totp")).status_code == 204


async def test_a_passkey_is_a_proof_and_gives_the_session_a_new_token(real: FastAPI, database: Database, ana: User):
    phone = Authenticator()
    async with open_client(real) as client:
        await let_in(client, database, ana)
        made = await add(client, phone)
        await let_in(client, database, ana, minutes_ago=6)
        path = f"{OWN}/{made['passkey_id']}"
        old = client.cookies[SESSION]
        refusals = [
            await client.post(f"{OWN}/options"),
            await client.patch(path, json={"name": "Mine"}),
            await client.delete(path),
        ]
        assert {(one.status_code, one.json()["code"]) for one in refusals} == {(403, "access.proof_too_old")}

        credential = phone.get(await options(client, STEP_UP))
        assert (await client.post(STEP_UP, json={"credential": credential})).status_code == 200
        assert client.cookies[SESSION] != old
        assert (await client.patch(path, json={"name": "Mine"})).status_code == 204
        assert [one["name"] for one in (await client.get(OWN)).json()["passkeys"]] == ["Mine"]

        again = await client.post(STEP_UP, json={"credential": credential})
        assert (again.status_code, again.json()["code"]) == (410, "passkey.expired")
        client.cookies.set(SESSION, old, domain="testserver.local")
        assert (await client.get("/api/v1/me")).status_code == 401


async def test_anothers_passkey_is_not_there_at_all(real: FastAPI, database: Database, ana: User):
    async with database.begin() as tx:
        bea = await make_user(tx)
    async with open_client(real) as hers, open_client(real) as others:
        await let_in(hers, database, ana)
        await let_in(others, database, bea)
        made = await add(hers, Authenticator())
        path = f"{OWN}/{made['passkey_id']}"
        for answer in (await others.patch(path, json={"name": "Mine"}), await others.delete(path)):
            assert (answer.status_code, answer.json()["code"]) == (404, "passkey.missing")
        assert (await others.get(OWN)).json() == {"passkeys": []}
        assert len((await hers.get(OWN)).json()["passkeys"]) == 1


async def test_a_wrong_answer_uses_its_challenge_up_and_is_written_down(real: FastAPI, database: Database, ana: User):
    phone = Authenticator()
    async with open_client(real) as client:
        await let_in(client, database, ana)
        await add(client, phone)
    async with open_client(real) as thief:
        asked = await options(thief, ENTER)
        wrong = await thief.post(ENTER, json={"credential": phone.get(asked, origin="https://evil.example")})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "passkey.refused")
        right = await thief.post(ENTER, json={"credential": phone.get(asked)})
        assert (right.status_code, right.json()["code"]) == (410, "passkey.expired")
        assert SESSION not in thief.cookies
    async with database.begin() as tx:
        found = await audit_log.search(tx, action=audit_log.Action.SIGN_IN_REFUSED)
    assert [(one.entry.user_id, one.entry.detail) for one in found] == [(None, "passkey")]


async def test_an_answer_that_was_overheard_is_worth_nothing_in_another_browser(
    real: FastAPI, database: Database, ana: User
):
    phone = Authenticator()
    async with open_client(real) as hers, open_client(real) as thief:
        await let_in(hers, database, ana)
        await add(hers, phone)
        overheard = phone.get(await options(hers, ENTER))
        await options(thief, ENTER)
        assert (await thief.post(ENTER, json={"credential": overheard})).status_code == 410


async def test_a_copy_stops_the_passkey_and_its_owner_is_told(
    real: FastAPI, database: Database, ana: User, inbox: Inbox
):
    key = Authenticator(counts=True, synchronised=False)
    async with open_client(real) as client:
        await let_in(client, database, ana)
        await add(client, key)
        assert (await enter(client, key)).status_code == 201
        key.count = 0
        copied = await enter(client, key)
        assert (copied.status_code, copied.json()["code"]) == (422, "passkey.copied")
        assert str(ana.user_id) not in copied.text
        key.count = 50
        assert (await enter(client, key)).json()["code"] == "passkey.refused"
        assert (await client.get(OWN)).json()["passkeys"][0]["suspected_at"] is not None
    assert (await inbox(ana.email))[0].subject == "A passkey of yours was stopped"
    async with database.begin() as tx:
        log = await audit_log.entries_of(tx, user_id=ana.user_id)
    assert ("factor.refused", "passkey") in [(one.action.value, one.detail) for one in log]


async def test_one_that_was_removed_enters_nothing_and_its_owner_is_told(
    real: FastAPI, database: Database, ana: User, inbox: Inbox
):
    phone = Authenticator()
    async with open_client(real) as client:
        await let_in(client, database, ana)
        first, second = await add(client, phone), await add(client, Authenticator())
        assert (await client.delete(f"{OWN}/{first['passkey_id']}")).status_code == 204
        assert (await enter(client, phone)).json()["code"] == "passkey.refused"
        left = (await client.get(OWN)).json()["passkeys"]
        assert [one["passkey_id"] for one in left] == [second["passkey_id"]]
    assert "A passkey was removed from your account" in {one.subject for one in await inbox(ana.email)}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", OWN), ("POST", OWN), ("POST", f"{OWN}/options"), ("POST", STEP_UP), ("POST", f"{STEP_UP}/options")],
)
async def test_ones_own_passkeys_want_somebody_who_is_signed_in(real: FastAPI, method: str, path: str):
    async with open_client(real) as client:
        assert (await client.request(method, path, json={})).status_code == 401


@pytest.mark.parametrize("body", [{}, {"credential": 1}, {"credential": {}, "more": 1}, []])
async def test_what_is_no_body_is_refused_before_anything_is_looked_at(real: FastAPI, body: Any):
    async with open_client(real) as client:
        assert (await client.post(ENTER, json=body)).status_code == 422
