"""Accounts over HTTP: what is answered, which cookies are set, what is refused."""

from __future__ import annotations

import statistics
import time
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from fastapi import FastAPI

from tests.contexts.user.conftest import Inbox, code_in
from tests.factories.users import PASSWORD, make_artist, make_user
from tests.http_client import ClientFor, open_client
from vibestream.platform.database import Database

EMAIL = "ana@example.org"
SIGN_UP = {"email": EMAIL, "password": PASSWORD, "display_name": "Ana"}
SESSION = "__Host-vs"
SIGN_UP_COOKIE = "__Host-vs-sign-up"
DEVICE_COOKIE = "__Host-vs-device"


def cookies_of(response: Any) -> dict[str, Morsel[str]]:
    jar: SimpleCookie = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        jar.load(header)
    return dict(jar)


def require_protected(cookie: Morsel[str]) -> None:
    assert cookie.key.startswith("__Host-")
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""


async def test_sign_up_show_the_code_use_it_sign_out(client: Any, inbox: Inbox):
    asked = await client.post("/api/v1/sign-up", json={**SIGN_UP, "locale": "es"})
    assert asked.status_code == 202
    assert list(asked.json()) == ["code_expires_at"]
    waiting = cookies_of(asked)
    assert list(waiting) == [SIGN_UP_COOKIE]
    require_protected(waiting[SIGN_UP_COOKIE])
    assert waiting[SIGN_UP_COOKIE]["max-age"] == "3600"

    (message,) = await inbox(EMAIL)
    shown = await client.post("/api/v1/verify-email", json={"code": code_in(message)})
    assert shown.status_code == 200
    given = cookies_of(shown)
    assert set(given) == {SESSION, SIGN_UP_COOKIE, DEVICE_COOKIE}
    require_protected(given[SESSION])
    require_protected(given[DEVICE_COOKIE])
    assert given[DEVICE_COOKIE]["max-age"] == str(365 * 24 * 3600)
    assert len(given[SESSION].value) == 43
    assert given[SIGN_UP_COOKIE].value == ""

    me = await client.get("/api/v1/me")
    assert me.status_code == 200
    assert me.headers["cache-control"] == "no-store"
    assert me.json() == {
        "user_id": shown.json()["user_id"],
        "email": EMAIL,
        "display_name": "Ana",
        "locale": "es",
        "theme": "system",
        "roles": ["fan"],
        "artists": [],
    }

    gone = await client.delete("/api/v1/sessions/current")
    assert gone.status_code == 204
    assert cookies_of(gone)[SESSION].value == ""
    assert gone.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    client.cookies.set(SESSION, given[SESSION].value, domain="testserver.local")  # what a thief would have kept
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_wrong_code_is_counted_although_it_is_answered_with_an_error(client: Any, inbox: Inbox):
    await client.post("/api/v1/sign-up", json=SIGN_UP)
    (message,) = await inbox(EMAIL)
    for left in (4, 3, 2, 1, 0):
        wrong = await client.post("/api/v1/verify-email", json={"code": "0000 0000"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "account.code_wrong")
        assert wrong.json()["facts"] == {"tries_left": left}
    late = await client.post("/api/v1/verify-email", json={"code": code_in(message)})
    assert (late.status_code, late.json()["code"]) == (410, "account.code_expired")
    assert SESSION not in cookies_of(late)


async def test_another_browser_cannot_use_the_code(app: FastAPI, client: Any, inbox: Inbox):
    await client.post("/api/v1/sign-up", json=SIGN_UP)
    (message,) = await inbox(EMAIL)
    async with open_client(app) as thief:
        stolen = await thief.post("/api/v1/verify-email", json={"code": code_in(message)})
    assert stolen.status_code == 410
    assert (await client.post("/api/v1/verify-email", json={"code": code_in(message)})).status_code == 200


async def test_asking_for_another_code_needs_half_a_minute_and_a_browser_that_signed_up(client: Any):
    nobody = await client.post("/api/v1/verify-email/resend")
    assert (nobody.status_code, nobody.json()["code"]) == (410, "account.code_expired")
    await client.post("/api/v1/sign-up", json=SIGN_UP)
    soon = await client.post("/api/v1/verify-email/resend")
    assert soon.status_code == 429
    assert 1 <= int(soon.headers["retry-after"]) <= 30


class TestWhetherAnAddressHasAnAccountIsNotTold:
    @pytest.fixture(autouse=True)
    async def owner(self, database: Database) -> None:
        async with database.begin() as tx:
            await make_user(tx, email="known@example.org")

    @pytest.mark.parametrize("wrong", [{"password": "short"}, {"display_name": " "}, {"locale": "xx"}, {}])
    async def test_by_the_answer_to_a_sign_up(self, client: Any, wrong: dict[str, str]):
        def comparable(response: Any) -> Any:
            body = response.json()
            for varying in ("code_expires_at", "request_id"):
                body.pop(varying, None)
            shapes = {name: len(cookie.value) for name, cookie in cookies_of(response).items()}
            ignored = {"x-request-id", "ratelimit", "set-cookie", "content-security-policy"}
            headers = sorted((name, value) for name, value in response.headers.items() if name not in ignored)
            return response.status_code, body, shapes, headers

        answers = [
            comparable(await client.post("/api/v1/sign-up", json={**SIGN_UP, "email": email, **wrong}))
            for email in ("known@example.org", "unknown@example.org")
        ]
        assert answers[0] == answers[1]

    async def test_by_the_answer_to_a_sign_in(self, client: Any):
        bodies = []
        for email in ("known@example.org", "unknown@example.org"):
            refused = await client.post("/api/v1/sessions", json={"email": email, "password": "not this one at all"})
            assert refused.status_code == 401
            assert cookies_of(refused) == {}
            body = refused.json()
            del body["request_id"]
            bodies.append(body)
        assert bodies[0] == bodies[1]

    async def test_by_the_time_that_a_sign_in_takes(self, app: FastAPI, client: Any, database: Database):
        """Processor time of the whole request, all threads, so that the machine's other load does not blur it."""
        seconds: dict[str, list[float]] = {"known@example.org": [], "unknown@example.org": []}
        for _ in range(20):
            app.state.edge.limiter._hits.clear()  # it is not the limits that are measured
            async with database.begin() as tx:
                await tx.execute("DELETE FROM users.sign_in_attempts")
            for email, taken in seconds.items():
                began = time.process_time()
                refused = await client.post("/api/v1/sessions", json={"email": email, "password": "x" * 20})
                taken.append(time.process_time() - began)
                assert refused.status_code == 401
        known, unknown = (statistics.median(taken[4:]) for taken in seconds.values())
        assert 1 / 1.2 < unknown / known < 1.2


async def test_signing_in_gives_a_new_session_and_ends_the_one_it_replaces(
    client: Any, database: Database, client_for: ClientFor
):
    async with database.begin() as tx:
        user, attacker = await make_user(tx), await make_user(tx)
    planted = (await client_for(attacker)).cookies[SESSION]
    client.cookies.set(SESSION, planted, domain="testserver.local")
    entered = await client.post("/api/v1/sessions", json={"email": user.email, "password": PASSWORD})
    assert entered.status_code == 201
    cookie = cookies_of(entered)[SESSION]
    require_protected(cookie)
    assert cookie["expires"]
    assert cookie.value != planted
    assert entered.json()["user_id"] == str(user.user_id)
    client.cookies.clear()
    client.cookies.set(SESSION, planted, domain="testserver.local")
    assert (await client.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/sign-up", {**SIGN_UP, "roles": ["admin"]}),
        ("/api/v1/sign-up", {**SIGN_UP, "email": ["ana@example.org"]}),
        ("/api/v1/sign-up", {**SIGN_UP, "password": 123456789012345678}),
        ("/api/v1/sign-up", {**SIGN_UP, "password": None}),
        ("/api/v1/sign-up", {**SIGN_UP, "email": "ana@example.org\nBcc: x@example.org"}),
        ("/api/v1/sign-up", {**SIGN_UP, "display_name": "\u202eanA"}),
        ("/api/v1/sign-up", {"email": EMAIL}),
        ("/api/v1/sign-up", []),
        ("/api/v1/sessions", {"email": EMAIL, "password": PASSWORD, "user_id": "1"}),
        ("/api/v1/sessions", {"email": {"$ne": ""}, "password": PASSWORD}),
        ("/api/v1/verify-email", {"code": 12345678}),
        ("/api/v1/verify-email", {"code": "1" * 33}),
    ],
)
async def test_what_does_not_fit_is_refused_with_a_problem(client: Any, path: str, body: Any):
    refused = await client.post(path, json=body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert cookies_of(refused) == {}


@pytest.mark.parametrize("field", ["email", "password", "display_name"])
async def test_a_field_of_a_megabyte_is_refused_by_size(client: Any, field: str):
    refused = await client.post("/api/v1/sign-up", json={**SIGN_UP, field: "a" * 1_000_000})
    assert refused.status_code == 413


@pytest.mark.parametrize("path", ["/api/v1/sign-up", "/api/v1/sessions", "/api/v1/verify-email"])
async def test_a_form_of_another_site_is_refused(client: Any, database: Database, path: str):
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert (await client.post(path, json=SIGN_UP, headers=foreign)).status_code == 403
    plain = {"content-type": "text/plain"}
    assert (await client.post(path, content=b'{"email":"a"}', headers=plain)).status_code in {415, 422}
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.account") == 0


async def test_ten_sign_ins_a_minute_are_tried_from_one_address(client: Any):
    statuses = [
        (await client.post("/api/v1/sessions", json={"email": EMAIL, "password": "x" * 15})).status_code
        for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]


async def test_one_changes_name_language_and_theme(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist = await make_artist(tx, handle="rio-lento")
    client = await client_for(artist.user)
    changed = await client.patch("/api/v1/me", json={"theme": "dark", "display_name": "Ri\u0301o"})
    assert changed.status_code == 200
    assert changed.json() == {
        "user_id": str(artist.user_id),
        "email": artist.user.email,
        "display_name": "Río",
        "locale": "en",
        "theme": "dark",
        "roles": ["artist", "fan"],
        "artists": [{"artist_id": str(artist.artist_id), "name": "Río Lento", "handle": "rio-lento"}],
    }
    for wrong in ({"roles": ["admin"]}, {"theme": "pink"}, {"email": "x@example.org"}, {"display_name": "\u200b"}):
        assert (await client.patch("/api/v1/me", json=wrong)).status_code == 422
    assert (await client.get("/api/v1/me")).json() == changed.json()


async def test_one_changes_the_password(client_for: ClientFor, client: Any, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
    mine, other = await client_for(user), await client_for(user)
    new = "orchard bicycle thunder 7"
    wrong = await mine.put("/api/v1/me/password", json={"current": "no, not this one", "new": new})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "account.wrong_password")
    done = await mine.put("/api/v1/me/password", json={"current": PASSWORD, "new": new})
    assert done.status_code == 204
    assert (await mine.get("/api/v1/me")).status_code == 200
    assert (await other.get("/api/v1/me")).status_code == 401
    for password, status in ((PASSWORD, 401), (new, 201)):
        entered = await client.post("/api/v1/sessions", json={"email": user.email, "password": password})
        assert entered.status_code == status
