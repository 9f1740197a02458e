"""Signing in in two steps, and showing once more that it is oneself: over HTTP, with a mailbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from tests.contexts.user.accounts.test_routes import SESSION, cookies_of, require_protected
from tests.contexts.user.conftest import Inbox
from tests.factories.factors import App, make_app, secret_of
from tests.factories.users import PASSWORD, User, make_user
from tests.http_client import open_client
from vibestream.app import create_app
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors.domain import code_at, step_of
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

STEP_COOKIE = "__Host-vs-second-step"
STEP = "/api/v1/sessions/second-step"


@pytest.fixture
async def real(settings: Settings, runtime: Runtime) -> Any:
    application: FastAPI = create_app(settings, runtime=runtime)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def guarded(database: Database, settings: Settings) -> tuple[User, App]:
    async with database.begin() as tx:
        user = await make_user(tx, email="ana@example.org")
        return user, await make_app(tx, user, settings, now=utc_now() - timedelta(days=1))


async def password(client: Any, user: User) -> Any:
    return await client.post("/api/v1/sessions", json={"email": user.email, "password": user.password})


async def enter(client: Any, user: User, code: str) -> Any:
    assert (await password(client, user)).status_code == 202
    return await client.post(STEP, json={"code": code})


async def test_the_password_alone_opens_nothing(real: FastAPI, guarded: tuple[User, App]):
    user, app = guarded
    async with open_client(real) as client:
        half = await password(client, user)
        assert half.status_code == 202
        assert list(half.json()) == ["second_step_expires_at", "shown_by"]
        assert half.json()["shown_by"] == "app"
        assert list(cookies_of(half)) == [STEP_COOKIE]
        require_protected(cookies_of(half)[STEP_COOKIE])
        assert (await client.get("/api/v1/me")).status_code == 401
        client.cookies.set(SESSION, cookies_of(half)[STEP_COOKIE].value, domain="testserver.local")
        assert (await client.get("/api/v1/me")).status_code == 401
        client.cookies.delete(SESSION)

        whole = await client.post(STEP, json={"code": app.code(utc_now())})
        assert whole.status_code == 201
        assert cookies_of(whole)[STEP_COOKIE].value == ""
        assert (await client.get("/api/v1/me")).json()["user_id"] == str(user.user_id)


async def test_the_second_step_is_bound_to_the_browser_of_the_first(real: FastAPI, guarded: tuple[User, App]):
    user, app = guarded
    async with open_client(real) as client, open_client(real) as other:
        await password(client, user)
        stolen = await other.post(STEP, json={"code": app.code(utc_now())})
        assert (stolen.status_code, stolen.json()["code"]) == (410, "account.second_step_expired")
        assert (await client.post(STEP, json={"code": app.code(utc_now())})).status_code == 201


async def test_a_code_that_entered_once_enters_nowhere_again(real: FastAPI, guarded: tuple[User, App]):
    user, app = guarded
    code = app.code(utc_now())
    async with open_client(real) as client, open_client(real) as other:
        assert (await enter(client, user, code)).status_code == 201
        assert (await enter(other, user, code)).json()["code"] == "factor.wrong"
        assert (await enter(other, user, app.recovery[0])).status_code == 201
        assert (await enter(client, user, app.recovery[0])).json()["code"] == "factor.wrong"


async def test_five_wrong_codes_end_the_step_and_each_is_counted(
    real: FastAPI, guarded: tuple[User, App], database: Database
):
    user, app = guarded
    async with open_client(real) as client:
        await password(client, user)
        for _ in range(5):
            wrong = await client.post(STEP, json={"code": "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa"})
            assert (wrong.status_code, wrong.json()["code"]) == (422, "factor.wrong")
        late = await client.post(STEP, json={"code": app.code(utc_now())})
        assert (late.status_code, late.json()["code"]) == (410, "account.second_step_expired")
    async with database.begin() as tx:
        found = [entry.action for entry in await audit_log.entries_of(tx, user_id=user.user_id)]
    assert found.count(audit_log.Action.FACTOR_REFUSED) == 5
    assert audit_log.Action.SIGNED_IN not in found


async def test_a_step_ends_after_ten_minutes(real: FastAPI, guarded: tuple[User, App], database: Database):
    user, app = guarded
    async with open_client(real) as client:
        await password(client, user)
        async with database.begin() as tx:
            await tx.execute(
                "UPDATE users.second_step SET created_at = created_at - interval '10 minutes',"
                " expires_at = expires_at - interval '10 minutes'"
            )
        assert (await client.post(STEP, json={"code": app.code(utc_now())})).status_code == 410


async def test_a_step_is_void_once_the_password_is_another(
    real: FastAPI, guarded: tuple[User, App], database: Database
):
    user, app = guarded
    async with open_client(real) as thief, open_client(real) as owner:
        await password(thief, user)
        assert (await enter(owner, user, app.recovery[0])).status_code == 201
        changed = {"current": user.password, "new": "orchard bicycle thunder 7"}
        assert (await owner.put("/api/v1/me/password", json=changed)).status_code == 204
        assert (await thief.post(STEP, json={"code": app.code(utc_now())})).status_code == 410

        # The new password does not do away with the second factor.
        new = await thief.post("/api/v1/sessions", json={"email": user.email, "password": changed["new"]})
        assert new.status_code == 202


async def test_the_owner_is_told_of_guessing_and_of_a_recovery_code(
    real: FastAPI, guarded: tuple[User, App], inbox: Inbox
):
    user, app = guarded
    bad = "000000" if app.code(utc_now()) != "000000" else "111111"
    async with open_client(real) as client:
        for _ in range(2):
            await password(client, user)
            for _ in range(5):
                await client.post(STEP, json={"code": bad})
        (told,) = await inbox(user.email)
        assert told.subject == "Somebody is guessing the codes of your app"
        await password(client, user)
        limited = await client.post(STEP, json={"code": app.code(utc_now())})
        assert (limited.status_code, limited.json()["code"]) == (429, "factor.limited")
        assert 50 <= int(limited.headers["retry-after"]) <= 61

        assert (await client.post(STEP, json={"code": app.recovery[1]})).status_code == 201
        assert "A recovery code was used" in [mail.subject for mail in await inbox(user.email)]


class TestSteppingUp:
    """What a session that was stolen an hour after signing in cannot do."""

    @pytest.fixture(autouse=True)
    async def an_hour_later(self, database: Database) -> None:
        self.database = database

    async def age(self) -> None:
        async with self.database.begin() as tx:
            await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '1 hour'")

    async def test_without_a_second_factor_the_password_is_the_proof(
        self, real: FastAPI, database: Database, inbox: Inbox
    ):
        async with database.begin() as tx:
            user = await make_user(tx, email="kito@example.org")
        async with open_client(real) as client:
            assert (await password(client, user)).status_code == 201
            await self.age()
            old = await client.post("/api/v1/me/factors/totp")
            assert (old.status_code, old.json()["code"]) == (403, "access.proof_too_old")
            assert old.json()["facts"] == {"max_age_s": 300}
            wrong = await client.post("/api/v1/me/step-up", json={"proof": "something else entirely"})
            assert (wrong.status_code, wrong.json()["code"]) == (422, "account.wrong_password")

            token = client.cookies[SESSION]
            proved = await client.post("/api/v1/me/step-up", json={"proof": PASSWORD})
            assert proved.status_code == 200
            assert client.cookies[SESSION] != token  # who knew the former token has not shown anything
            async with open_client(real) as thief:
                thief.cookies.set(SESSION, token, domain="testserver.local")
                assert (await thief.get("/api/v1/me")).status_code == 401

            begun = await client.post("/api/v1/me/factors/totp")
            assert begun.status_code == 201
            code = code_at(secret_of(begun.json()["uri"]), step_of(utc_now()))
            made = await client.post("/api/v1/me/factors/totp/confirm", json={"code": code})
            assert len(made.json()["recovery_codes"]) == 10
            assert (await client.get("/api/v1/me/factors")).json()["recovery_codes_left"] == 10
            assert [mail.subject for mail in await inbox(user.email)] == ["Signing in now asks for a second factor"]

    async def test_with_one_the_password_is_no_proof(self, real: FastAPI, guarded: tuple[User, App], inbox: Inbox):
        user, app = guarded
        async with open_client(real) as client:
            assert (await enter(client, user, app.recovery[0])).status_code == 201
            await self.age()
            assert (await client.delete("/api/v1/me/factors/totp")).status_code == 403
            wrong = await client.post("/api/v1/me/step-up", json={"proof": user.password})
            assert (wrong.status_code, wrong.json()["code"]) == (422, "factor.wrong")
            proof = {"proof": app.code(utc_now())}
            assert (await client.post("/api/v1/me/step-up", json=proof)).status_code == 200
            replayed = await client.post("/api/v1/me/step-up", json=proof)
            assert replayed.json()["code"] == "factor.wrong"
            assert (await client.delete("/api/v1/me/factors/totp")).status_code == 204
            assert "Your second factor was removed" in [mail.subject for mail in await inbox(user.email)]
            assert (await password(client, user)).status_code == 201

    async def test_once_there_is_a_second_factor_other_sessions_have_shown_nothing(
        self, real: FastAPI, database: Database
    ):
        async with database.begin() as tx:
            user = await make_user(tx)
        async with open_client(real) as here, open_client(real) as there:
            await password(here, user)
            await password(there, user)
            begun = await here.post("/api/v1/me/factors/totp")
            code = code_at(secret_of(begun.json()["uri"]), step_of(utc_now()))
            await here.post("/api/v1/me/factors/totp/confirm", json={"code": code})
            assert (await there.delete("/api/v1/me/factors/totp")).status_code == 403
            assert (await here.delete("/api/v1/me/factors/totp")).status_code == 204


async def test_a_stolen_session_does_not_change_the_password_of_who_has_a_second_factor(
    real: FastAPI, guarded: tuple[User, App], database: Database
):
    user, app = guarded
    changed = {"current": user.password, "new": "orchard bicycle thunder 7"}
    async with open_client(real) as thief:
        assert (await enter(thief, user, app.recovery[0])).status_code == 201
        async with database.begin() as tx:
            await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '6 minutes'")
        refused = await thief.put("/api/v1/me/password", json=changed)
        assert (refused.status_code, refused.json()["code"]) == (403, "access.proof_too_old")
        assert (await thief.post("/api/v1/me/step-up", json={"proof": app.recovery[1]})).status_code == 200
        assert (await thief.put("/api/v1/me/password", json=changed)).status_code == 204
