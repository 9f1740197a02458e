"""Resetting a password over HTTP, with a mailbox, as its owner and as somebody who is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contexts.user.accounts.test_routes import SESSION, cookies_of, require_protected
from tests.contexts.user.conftest import Inbox, code_in
from tests.factories.factors import make_app
from tests.factories.users import PASSWORD, User, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database

COOKIE = "__Host-vs-password-reset"
ASK, FINISH = "/api/v1/password-reset", "/api/v1/password-reset/finish"
NEW = "orchard bicycle thunder 7"


@pytest.fixture
async def ana(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx, email="ana@example.org", locale="es")


async def asked(client: Any, email: str = "ana@example.org") -> Any:
    answer = await client.post(ASK, json={"email": email})
    assert answer.status_code == 202, answer.text
    return answer


async def finish(client: Any, code: str, new: str = NEW, **more: str) -> tuple[int, str]:
    answer = await client.post(FINISH, json={"code": code, "new": new, **more})
    return answer.status_code, "" if answer.status_code == 204 else answer.json()["code"]


async def sign_in(client: Any, password: str) -> int:
    answer = await client.post("/api/v1/sessions", json={"email": "ana@example.org", "password": password})
    return int(answer.status_code)


def wrong_for(code: str) -> str:
    return "00000000" if code != "00000000" else "11111111"


async def test_the_code_gives_a_new_password_ends_every_session_and_opens_none(
    client: Any, client_for: ClientFor, ana: User, inbox: Inbox, database: Database
):
    inside = await client_for(ana)
    answer = await asked(client, " Ana@Example.org ")
    assert list(answer.json()) == ["code_expires_at"]
    given = cookies_of(answer)
    assert list(given) == [COOKIE]
    require_protected(given[COOKIE])
    (message,) = await inbox("ana@example.org")
    assert message.subject == "Tu código para restablecer la contraseña"
    code = code_in(message)

    done = await client.post(FINISH, json={"code": code, "new": NEW})
    assert done.status_code == 204
    assert SESSION not in cookies_of(done)
    assert cookies_of(done)[COOKIE].value == ""
    assert (await inside.get("/api/v1/me")).status_code == 401
    assert await sign_in(client, PASSWORD) == 401
    assert await sign_in(client, NEW) == 201
    told = await inbox("ana@example.org")
    assert len(told) == 2
    assert "contraseña" in told[0].subject
    async with database.begin() as tx:
        actions = [entry.action.value for entry in await audit_log.entries_of(tx, user_id=ana.user_id)]
    assert {"password.reset_asked", "password.reset", "session.ended"} <= set(actions)


async def test_a_code_is_good_once_and_only_in_the_browser_that_asked(
    client: Any, client_for: ClientFor, ana: User, inbox: Inbox, database: Database
):
    async with database.begin() as tx:
        mallory = await make_user(tx, email="mallory@example.org")
    thief = await client_for(mallory)
    await asked(client)
    code = code_in((await inbox("ana@example.org"))[0])
    assert await finish(thief, code) == (410, "recovery.expired")
    kept = client.cookies.get(COOKIE)
    assert await finish(client, code) == (204, "")
    client.cookies.set(COOKIE, kept, domain="testserver.local")
    assert await finish(client, code, new="another lantern of wool 9") == (410, "recovery.expired")
    assert await sign_in(client, NEW) == 201


async def test_shown_twice_at_once_a_code_is_taken_once(client: Any, ana: User, inbox: Inbox):
    await asked(client)
    code = code_in((await inbox("ana@example.org"))[0])
    results = await asyncio.gather(finish(client, code), finish(client, code))
    assert sorted(status for status, _ in results) == [204, 410]


async def test_five_wrong_codes_end_it_even_for_the_right_one(client: Any, ana: User, inbox: Inbox):
    await asked(client)
    code = code_in((await inbox("ana@example.org"))[0])
    left = []
    for _ in range(5):
        answer = await client.post(FINISH, json={"code": wrong_for(code), "new": NEW})
        assert answer.json()["code"] == "account.code_wrong"
        left.append(answer.json()["facts"]["tries_left"])
    assert left == [4, 3, 2, 1, 0]
    assert await finish(client, code) == (410, "recovery.expired")
    assert await sign_in(client, PASSWORD) == 201


async def test_a_bad_new_password_costs_no_try(client: Any, ana: User, inbox: Inbox):
    await asked(client)
    code = code_in((await inbox("ana@example.org"))[0])
    for new, says in (("short", "length"), ("ana@example.org ana", "personal"), ("passwordpassword", "common")):
        assert await finish(client, code, new=new) == (422, f"password.{says}")
    assert await finish(client, code) == (204, "")


async def test_it_expires_after_ten_minutes(client: Any, ana: User, inbox: Inbox, database: Database):
    await asked(client)
    code = code_in((await inbox("ana@example.org"))[0])
    async with database.begin() as tx:
        await tx.execute(
            "UPDATE users.password_reset SET created_at = created_at - interval '10 minutes',"
            " expires_at = expires_at - interval '10 minutes'"
        )
    assert await finish(client, code) == (410, "recovery.expired")


async def test_a_password_that_is_changed_meanwhile_makes_the_code_void(
    client: Any, client_for: ClientFor, ana: User, inbox: Inbox
):
    await asked(client)
    code = code_in((await inbox("ana@example.org"))[0])
    owner = await client_for(ana)
    changed = await owner.put("/api/v1/me/password", json={"current": PASSWORD, "new": "a quiet kettle at dawn 3"})
    assert changed.status_code == 204
    assert await finish(client, code) == (410, "recovery.expired")


async def test_the_second_factor_is_asked_for_too(
    client: Any, ana: User, inbox: Inbox, database: Database, settings: Settings
):
    async with database.begin() as tx:
        app = await make_app(tx, ana, settings)
    await asked(client)
    code = code_in((await inbox("ana@example.org"))[0])
    assert await finish(client, code) == (422, "recovery.second_factor_wanted")
    shown = app.code(utc_now())
    assert await finish(client, code, second_factor=wrong_for(shown)[:6]) == (422, "factor.wrong")
    assert await finish(client, code, second_factor=shown) == (204, "")
    assert await sign_in(client, NEW) == 202  # and the new password alone does not enter


@pytest.mark.parametrize("email", ["nobody@example.org", "%na@example.org", "an_@example.org", "\u0430na@example.org"])
async def test_an_unknown_address_is_answered_alike_and_gets_no_mail(client: Any, ana: User, inbox: Inbox, email: str):
    known, unknown = await asked(client), await asked(client, email)
    assert list(known.json()) == list(unknown.json())
    assert list(cookies_of(known)) == list(cookies_of(unknown))
    assert {name.lower() for name in known.headers} == {name.lower() for name in unknown.headers}
    assert [message.to for message in await inbox()] == ["ana@example.org"]
    answer = await client.post(FINISH, json={"code": "12345678", "new": NEW})
    assert (answer.status_code, answer.json()["facts"]["tries_left"]) == (422, 4)


async def test_nobody_resets_what_was_never_verified(client: Any, inbox: Inbox, database: Database):
    async with database.begin() as tx:
        await make_user(tx, email="ana@example.org", verified=False)
    await asked(client)
    assert await inbox("ana@example.org") == []


@pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org"])
async def test_the_fourth_within_an_hour_is_refused_whoever_has_the_address(client: Any, ana: User, email: str):
    for _ in range(3):
        await asked(client, email)
    fourth = await client.post(ASK, json={"email": email})
    assert (fourth.status_code, fourth.json()["code"]) == (429, "account.codes_limited")
    assert 3500 < int(fourth.headers["retry-after"]) <= 3600
    await asked(client, "somebody@example.org")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"email": "ana@example.org\r\nBcc: evil@example.org"}, 422),
        ({"email": "a" * 1_000_000 + "@example.org"}, 413),
        ({"email": "ana@example.org", "user_id": "x"}, 422),
        ({"email": ["ana@example.org"]}, 422),
    ],
)
async def test_odd_input_mails_nobody(client: Any, ana: User, inbox: Inbox, body: dict[str, Any], status: int):
    assert (await client.post(ASK, json=body)).status_code == status
    assert await inbox() == []


async def test_another_site_cannot_ask_nor_finish(client: Any, ana: User, inbox: Inbox):
    for path, body in ((ASK, {"email": ana.email}), (FINISH, {"code": "12345678", "new": NEW})):
        answer = await client.post(path, json=body, headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.json()["code"]) == (403, "http.cross_site")
    assert await inbox() == []


async def test_a_megabyte_as_a_code_or_password_is_refused(client: Any, ana: User):
    await asked(client)
    for body in ({"code": "1" * 1_000_000, "new": NEW}, {"code": "1", "new": "n" * 1_000_000}):
        assert (await client.post(FINISH, json=body)).status_code == 413
