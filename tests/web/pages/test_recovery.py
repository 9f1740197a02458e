"""Resetting a password by forms."""

from __future__ import annotations

from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.contexts.user.recovery.domain import code_of

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
NEW = "orchard bicycle thunder 7"


async def test_one_asks_shows_the_code_and_signs_in_with_the_new_password(client, database, settings):
    async with database.begin() as tx:
        user = await make_user(tx)
    assert "/forgot-password" in {link["href"] for link in read(await client.get("/sign-in")).all("a")}
    begun = await client.post("/forgot-password", data={"email": user.email}, headers=FORM)
    assert (begun.status_code, begun.headers["location"]) == (303, "/reset-password")
    async with database.begin() as tx:
        reset_id = await tx.value("SELECT reset_id FROM users.password_reset WHERE user_id = %s", [user.user_id])
    code = code_of(key=settings.signing_key(), reset_id=reset_id)

    short = await client.post("/reset-password", data={"code": code, "new": "short"}, headers=FORM)
    page = read(short)
    assert short.status_code == 422
    assert page.all("input", name="code")[0]["value"] == code
    assert page.all("input", name="new")[0]["aria-invalid"] == "true"
    assert "value" not in page.all("input", name="new")[0]

    done = await client.post("/reset-password", data={"code": code, "new": NEW}, headers=FORM)
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?done=reset")
    assert "every session has ended" in read(await client.get("/sign-in?done=reset")).text
    entered = await client.post("/sign-in", data={"email": user.email, "password": NEW}, headers=FORM)
    assert entered.status_code == 303


async def test_a_browser_that_asked_for_nothing_asks_first(client):
    answer = await client.get("/reset-password")
    assert (answer.status_code, answer.headers["location"]) == (303, "/forgot-password")


async def test_what_is_no_address_is_said_beside_its_field(client):
    answer = await client.post("/forgot-password", data={"email": "no address"}, headers=FORM)
    field = read(answer).all("input", name="email")[0]
    assert answer.status_code == 422
    assert (field["value"], field["aria-invalid"]) == ("no address", "true")


async def test_a_form_of_another_site_mails_nothing(client, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    headers = {**FORM, "Sec-Fetch-Site": "cross-site"}
    assert (await client.post("/forgot-password", data={"email": user.email}, headers=headers)).status_code == 403
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.password_reset") == 0
