"""Signing up, in and out by forms."""

from __future__ import annotations

import re

import pytest

from tests.factories.users import PASSWORD, make_user
from tests.web.conftest import read

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


async def test_a_refused_sign_up_keeps_what_was_typed_but_never_the_password(client):
    form = {"email": "ana@example.org", "display_name": "Ana", "password": "short one", "next": "/studio"}
    answer = await client.post("/sign-up", data=form, headers=FORM)
    page = read(answer)

    assert answer.status_code == 422
    assert page.all("input", name="email")[0]["value"] == "ana@example.org"
    assert "/studio" in {hidden["value"] for hidden in page.all("input", name="next")}
    password = page.all("input", name="password")[0]
    assert "value" not in password
    assert password["aria-invalid"] == "true"
    assert page.all("p", id=password["aria-describedby"]) != []
    assert "Use 15 to 256 characters" in page.text


async def test_a_code_that_is_wrong_counts_although_its_answer_is_an_error(client):
    form = {"email": "kito@example.org", "display_name": "Kito", "password": PASSWORD}
    started = await client.post("/sign-up", data=form, headers=FORM)
    assert started.status_code == 303
    assert started.headers["location"] == "/verify"
    left = []
    for _ in range(2):
        answer = await client.post("/verify", data={"code": "00000000"}, headers=FORM)
        found = re.search(r"Tries left: (\d)", read(answer).text)
        assert found is not None
        left.append(int(found[1]))

    assert left == [4, 3]


async def test_signing_in_goes_on_to_where_it_was_asked_for_and_nowhere_else(client, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    form = {"email": user.email, "password": user.password}
    asked = await client.post("/sign-in", data={**form, "next": "/wallet"}, headers=FORM)
    away = await client.post("/sign-in", data={**form, "next": "https://evil.example"}, headers=FORM)

    assert (asked.status_code, asked.headers["location"]) == (303, "/wallet")
    assert away.headers["location"] == "/"
    cookie = asked.headers["set-cookie"]
    assert all(part in cookie for part in ("__Host-vs=", "HttpOnly", "Secure", "SameSite=lax", "Path=/"))
    assert "Domain" not in cookie


@pytest.mark.parametrize("email", ["nobody@example.org", "not an address"])
async def test_a_refused_sign_in_says_the_same_whatever_is_wrong(client, email: str):
    answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=FORM)

    assert answer.status_code == 401
    assert "The address or the password is wrong." in read(answer).text


async def test_signing_out_ends_the_session(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    assert (await client.get("/account", headers=FORM)).status_code == 200
    answer = await client.post("/sign-out", headers=FORM)

    assert answer.headers["location"] == "/"
    assert "cookies" in answer.headers["clear-site-data"]
    assert (await client.get("/account", headers=FORM)).status_code == 303


async def test_the_account_page_ends_one_of_several_sessions(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx, display_name="Ana Soler")
    here, there = await client_for(user), await client_for(user)
    page = read(await here.get("/account", headers=FORM))
    ends = [form["action"] for form in page.all("form") if form["action"].endswith("/end")]
    assert len(ends) == 1
    assert (await here.post(ends[0], headers=FORM)).status_code == 303

    assert (await there.get("/account", headers=FORM)).status_code == 303
    assert (await here.get("/account", headers=FORM)).status_code == 200


async def test_a_name_that_cannot_be_shown_is_refused_beside_its_field(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    answer = await client.post("/account/name", data={"display_name": "\u202eevil"}, headers=FORM)

    assert answer.status_code == 422
    assert read(answer).all("input", name="display_name")[0]["aria-invalid"] == "true"
