"""Signing in while passwords are being guessed at many accounts: over HTTP, with a mailbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tests.contexts.user.accounts.test_second_step import STEP, real
from tests.contexts.user.conftest import Inbox, code_in
from tests.factories.factors import App, make_app
from tests.factories.users import PASSWORD, User, make_user
from tests.http_client import open_client
from vibestream.contexts.user.attacks import store as attacks
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database

__all__ = ["real"]
WRONG = "wrong horse battery"
SENT = "Your code to sign in"


@pytest.fixture
async def user(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx, email="ana@example.org")


@pytest.fixture
async def attack(database: Database) -> None:
    await begin(database)


async def begin(database: Database) -> None:
    async with database.begin() as tx:
        assert await attacks.begin(tx, now=utc_now(), until=utc_now() + timedelta(hours=1))


async def end(database: Database) -> None:
    async with database.begin() as tx:
        assert await attacks.end(tx, now=utc_now() + timedelta(days=1)) is not None


async def shows(client: Any, email: str, password: str = PASSWORD) -> Any:
    return await client.post("/api/v1/sessions", json={"email": email, "password": password})


async def types(client: Any, code: str) -> tuple[int, str]:
    answer = await client.post(STEP, json={"code": code})
    return answer.status_code, answer.json().get("code", "")


async def codes(inbox: Inbox, to: str | None = None) -> list[str]:
    return [code_in(one) for one in await inbox(to) if one.subject == SENT]


WRONG_CODE = (422, "account.sign_in_code_wrong")
ENTERED = (201, "")


@pytest.mark.usefixtures("attack")
async def test_a_right_password_opens_nothing_until_the_mailed_code_is_shown_in_that_browser(
    real: FastAPI, user: User, inbox: Inbox, database: Database
):
    async with open_client(real) as client, open_client(real) as other:
        asked = await shows(client, user.email)
        assert (asked.status_code, asked.json()["shown_by"]) == (202, "app_or_mail")
        assert (await client.get("/api/v1/me")).status_code == 401
        (code,) = await codes(inbox)
        await shows(other, user.email, WRONG)
        assert await types(other, code) == WRONG_CODE
        assert await types(client, f"{code[:4]}-{code[4:]}") == ENTERED
        assert (await client.get("/api/v1/me")).json()["email"] == user.email
        assert await types(client, code) == (410, "account.second_step_expired")
        # The account knows the browser from now on.
        assert (await shows(client, user.email)).status_code == 201
    async with database.begin() as tx:
        log = [(one.action.value, one.detail) for one in await audit_log.entries_of(tx, user_id=user.user_id)]
    assert ("session.signed_in", "mailed code") in log
    assert [action for action, _ in log].count("session.sign_in_guarded") == 1


@pytest.mark.usefixtures("attack")
async def test_a_wrong_password_and_a_strange_address_are_asked_for_a_code_that_nobody_was_sent(
    real: FastAPI, user: User, inbox: Inbox
):
    async with open_client(real) as client:
        for email, password in ((user.email, WRONG), ("nobody@example.org", PASSWORD), ("no address", PASSWORD)):
            assert (await shows(client, email, password)).status_code == 202
            assert [await types(client, "0000 0000") for _ in range(6)] == [WRONG_CODE] * 5 + [
                (410, "account.second_step_expired")
            ]
    assert await codes(inbox) == []


@pytest.mark.usefixtures("attack")
async def test_five_wrong_codes_end_the_step_of_a_right_password_alike(real: FastAPI, user: User, inbox: Inbox):
    async with open_client(real) as client:
        await shows(client, user.email)
        (code,) = await codes(inbox)
        guesses = [str((int(code) + n) % 10**8).zfill(8) for n in range(1, 6)]
        assert [await types(client, one) for one in guesses] == [WRONG_CODE] * 5
        assert await types(client, code) == (410, "account.second_step_expired")


@pytest.mark.usefixtures("attack")
async def test_a_code_is_good_for_ten_minutes(real: FastAPI, user: User, inbox: Inbox, database: Database):
    async with open_client(real) as client:
        await shows(client, user.email)
        (code,) = await codes(inbox)
        async with database.begin() as tx:
            await tx.execute(
                "UPDATE users.second_step SET created_at = created_at - interval '10 minutes',"
                " expires_at = expires_at - interval '10 minutes'"
            )
        assert await types(client, code) == (410, "account.second_step_expired")


async def test_a_browser_that_the_account_knows_enters_all_the_while(
    real: FastAPI, user: User, inbox: Inbox, database: Database
):
    async with open_client(real) as client:
        assert (await shows(client, user.email)).status_code == 201
        await begin(database)
        assert (await shows(client, user.email)).status_code == 201
        assert (await shows(client, user.email, WRONG)).json()["code"] == "account.sign_in_refused"
        async with database.begin() as tx:
            other = await make_user(tx, email="other@example.org")
        assert (await shows(client, other.email)).status_code == 202  # another account does not know it
    assert await codes(inbox, user.email) == []


@pytest.mark.usefixtures("attack")
async def test_when_it_is_over_a_password_opens_again_and_what_was_begun_can_be_finished(
    real: FastAPI, user: User, inbox: Inbox, database: Database
):
    async with open_client(real) as client, open_client(real) as fresh:
        await shows(client, user.email)
        (code,) = await codes(inbox)
        await end(database)
        assert (await shows(fresh, user.email)).status_code == 201
        assert await types(client, code) == ENTERED


@pytest.fixture
async def app(database: Database, settings: Settings, user: User) -> App:
    async with database.begin() as tx:
        return await make_app(tx, user, settings, now=utc_now() - timedelta(days=1))


@pytest.mark.usefixtures("attack")
async def test_an_account_with_an_app_is_opened_by_its_code_and_nothing_is_mailed(
    real: FastAPI, user: User, app: App, inbox: Inbox
):
    async with open_client(real) as client:
        assert (await shows(client, user.email)).json()["shown_by"] == "app_or_mail"
        assert await codes(inbox) == []
        assert await types(client, "000000") == WRONG_CODE
        assert await types(client, app.code(utc_now())) == ENTERED


@pytest.mark.usefixtures("attack")
async def test_an_account_with_an_app_is_opened_by_it_however_many_codes_would_have_been_mailed(
    real: FastAPI, user: User, app: App
):
    for number in range(6):
        transport = httpx2.ASGITransport(real, client=(f"198.51.100.{number}", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="https://testserver") as client:
            await shows(client, user.email)
            if number == 5:
                assert await types(client, app.code(utc_now())) == ENTERED


@pytest.mark.usefixtures("attack")
async def test_a_recovery_code_opens_too_and_is_told(real: FastAPI, user: User, app: App, inbox: Inbox):
    async with open_client(real) as client:
        await shows(client, user.email)
        assert await types(client, app.recovery[0]) == ENTERED
        await shows(client, "nobody@example.org")
        assert await types(client, app.recovery[1]) == WRONG_CODE  # of nobody it opens nothing, and is not used up
    assert [one.subject for one in await inbox()] == ["A recovery code was used"]


@pytest.mark.usefixtures("attack")
async def test_who_guesses_at_codes_of_an_app_is_told_nothing_of_the_wait(
    real: FastAPI, user: User, app: App, database: Database
):
    async with database.begin() as tx:
        await tx.execute(
            "UPDATE users.totp SET failures = 20, retry_at = %s WHERE user_id = %s",
            [utc_now() + timedelta(hours=1), user.user_id],
        )
    async with open_client(real) as client:
        await shows(client, user.email)
        assert await types(client, app.code(utc_now())) == WRONG_CODE
        assert await types(client, app.recovery[0]) == ENTERED


@pytest.fixture
def happens(database: Database, settings: Settings, user: User) -> Callable[[str], Awaitable[None]]:
    async def to_the_account(what: str) -> None:
        async with database.begin() as tx:
            if what == "another password":
                other = await make_user(tx, password="another phrase 77")
                stored = await passwords.hash_of(tx, user_id=other.user_id)
                assert stored is not None
                await passwords.set_password(tx, user_id=user.user_id, password_hash=stored, now=utc_now())
            elif what == "an app":
                await make_app(tx, user, settings, now=utc_now() - timedelta(days=1))
            else:
                await sessions.end_all(tx, user_id=user.user_id, now=utc_now())

    return to_the_account


@pytest.mark.usefixtures("attack")
@pytest.mark.parametrize("what", ["another password", "everybody out", "an app"])
async def test_what_happens_to_the_account_meanwhile_makes_the_code_good_for_nothing(
    real: FastAPI, user: User, inbox: Inbox, happens: Callable[[str], Awaitable[None]], what: str
):
    async with open_client(real) as client:
        await shows(client, user.email)
        (code,) = await codes(inbox)
        await happens(what)
        assert await types(client, code) == WRONG_CODE


@pytest.mark.usefixtures("attack")
async def test_five_codes_an_hour_are_mailed_and_who_asks_for_more_is_not_told_that_none_was(
    real: FastAPI, user: User, inbox: Inbox
):
    for number in range(7):
        transport = httpx2.ASGITransport(real, client=(f"198.51.100.{number}", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="https://testserver") as client:
            assert (await shows(client, user.email)).status_code == 202
            await codes(inbox)
            assert await types(client, "0000 0000") == WRONG_CODE
    assert len(await codes(inbox)) == 5


@pytest.mark.usefixtures("attack")
async def test_what_was_counted_is_not_given_back_so_that_counting_does_not_tell(real: FastAPI, user: User):
    answers: dict[str, list[int]] = {}
    for email in (user.email, "nobody@example.org"):
        answers[email] = []
        for number in range(12):
            transport = httpx2.ASGITransport(real, client=(f"203.0.{number}.1", 1))
            async with httpx2.AsyncClient(transport=transport, base_url="https://testserver") as client:
                answers[email].append((await shows(client, email)).status_code)
    assert answers[user.email] == answers["nobody@example.org"] == [202] * 10 + [429] * 2
