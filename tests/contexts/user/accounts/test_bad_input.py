"""Addresses and names that are spelled to be mistaken, broken or enormous, and forms that another site sends."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from tests.contexts.user.conftest import Inbox
from tests.factories.users import DEVICE, MADE_AT, PASSWORD, make_user
from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.accounts.service import SignInRefused
from vibestream.platform.database import Database
from vibestream.platform.http.limiter import Quota
from vibestream.platform.runtime import Runtime

FORM = {"Accept": "text/html"}


@pytest.mark.parametrize("spelled", ["josé@example.org", unicodedata.normalize("NFD", "josé@example.org")])
async def test_an_address_is_one_however_its_letters_are_composed(runtime: Runtime, database: Database, spelled: str):
    async with database.begin() as tx:
        user = await make_user(tx, email="jos\u00e9@example.org")
    entered = await service.sign_in(runtime, email=spelled, password=PASSWORD, device=DEVICE, now=MADE_AT)
    assert isinstance(entered, service.SignedIn)
    assert entered.user_id == user.user_id


@pytest.mark.parametrize(
    "alike",
    [
        "\u0430na@example.org",  # a Cyrillic letter for the first
        "an\u0251@example.org",
        "ana@ex\u0430mple.org",
        "\uff41na@example.org",  # full width
        "ana\u200b@example.org",
        "%na@example.org",
        "_na@example.org",
        "ana@example.org\r\nBcc: all@example.org",
    ],
)
async def test_an_address_that_looks_like_anothers_enters_nothing_of_theirs(
    runtime: Runtime, database: Database, alike: str
):
    async with database.begin() as tx:
        await make_user(tx, email="ana@example.org")
    with pytest.raises(SignInRefused):
        await service.sign_in(runtime, email=alike, password=PASSWORD, device=DEVICE, now=MADE_AT)


@pytest.mark.parametrize("text", ["Ana\r\nBcc: all", "Ana\nX", "Ana\x00", "Ana\u202egnp", "\u2028"])
async def test_what_would_break_a_mails_head_is_no_address(client: Any, inbox: Inbox, text: str):
    body = {"email": f"{text}@example.org", "password": PASSWORD, "display_name": "Ana"}
    answer = await client.post("/api/v1/sign-up", json=body)

    assert answer.status_code in {400, 422}, answer.text
    assert await inbox("all@example.org") == []


async def test_a_name_of_several_lines_becomes_one_and_adds_nothing_to_a_mail(client: Any, inbox: Inbox):
    body = {"email": "ana@example.org", "password": PASSWORD, "display_name": "Ana\r\nBcc: all@example.org"}
    assert (await client.post("/api/v1/sign-up", json=body)).status_code == 202

    (message,) = await inbox("ana@example.org")
    assert await inbox("all@example.org") == []
    head = message.source.replace("\r\n", "\n").partition("\n\n")[0]
    assert "subject:" in head.lower()
    assert "bcc:" not in head.lower()


@pytest.mark.parametrize("text", ["Ana\x00", "Ana\u202egnp", "\u200b", " "])
async def test_a_name_that_cannot_be_shown_signs_nobody_up(client: Any, inbox: Inbox, text: str):
    body = {"email": "ana@example.org", "password": PASSWORD, "display_name": text}
    assert (await client.post("/api/v1/sign-up", json=body)).status_code in {400, 422}
    assert await inbox("ana@example.org") == []


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-up", "/forgot-password", "/api/v1/sessions", "/api/v1/password-reset"]
)
@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
async def test_a_form_of_another_site_enters_nobody_and_mails_nothing(
    client: Any, database: Database, path: str, headers: dict[str, str]
):
    async with database.begin() as tx:
        await make_user(tx, email="ana@example.org")
    fields = {"email": "ana@example.org", "password": PASSWORD, "display_name": "Ana"}
    answer = await client.post(path, data=fields, headers=headers | FORM)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs") == 0
        assert await tx.value("SELECT count(*) FROM users.session") == 0


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/api/v1/sessions", "/api/v1/sign-up"])
@pytest.mark.parametrize("field", ["email", "password", "display_name"])
async def test_a_megabyte_in_a_field_is_refused_before_it_is_looked_at(
    app: Any, client: Any, database: Database, path: str, field: str
):
    app.state.edge.limiter.hit = lambda *_, **__: Quota(admitted=True, remaining=1, reset_s=1)
    fields = {"email": "ana@example.org", "password": PASSWORD, "display_name": "Ana", field: "é" * 500_000}
    sent = {"json": fields} if path.startswith("/api") else {"data": fields, "headers": FORM}
    answer = await client.post(path, **sent)

    assert answer.status_code == 413, answer.text[:300]
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.sign_in_attempts") == 0
