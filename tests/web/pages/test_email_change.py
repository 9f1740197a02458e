"""Changing one's address and undoing it, by forms: what is said, what is not, and what stands in no address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.users import PASSWORD, User, make_user
from tests.web.conftest import read
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.email_changes.domain import code_of, undo_code_of
from vibestream.platform.database import Database

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
NEW = "ana.rio@example.net"


@pytest.fixture
async def ana(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx, email="ana@example.org")


async def value(database: Database, statement: Any) -> Any:
    async with database.begin() as tx:
        return await tx.value(statement)


async def asks(sender: Any, email: str = NEW) -> Any:
    return await sender.post("/account/email", data={"email": email}, headers=FORM)


async def test_one_asks_shows_the_code_and_undoes_it_from_the_other_mailbox(
    client, client_for, ana, database, settings
):
    owner = await client_for(ana)
    assert "/account/email" in {link.get("href") for link in read(await owner.get("/account")).all("a")}
    begun = await asks(owner)
    assert (begun.status_code, begun.headers["location"]) == (303, "/account/email/code")
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith("__Host-vs-email-change=")
    assert "HttpOnly" in cookie
    change_id = await value(database, "SELECT change_id FROM users.email_change")
    key = settings.signing_key()

    wrong = await owner.post("/account/email/code", data={"code": "0000 0000"}, headers=FORM)
    assert (wrong.status_code, read(wrong).all("input", name="code")[0]["aria-invalid"]) == (422, "true")
    assert await value(database, "SELECT tries_left FROM users.email_change") == 4
    code = code_of(key=key, change_id=change_id)
    done = await owner.post("/account/email/code", data={"code": code}, headers=FORM)
    assert (done.status_code, done.headers["location"]) == (303, "/account?done=email")
    page = read(await owner.get("/account?done=email")).text
    assert NEW in page
    assert "Your address was changed" in page

    undo = undo_code_of(key=key, undo_id=await value(database, "SELECT undo_id FROM users.email_undo"))
    assert read(await client.get("/undo-email")).all("input", name="code")[0]["data-fragment"] == ""
    back = await client.post("/undo-email", data={"code": undo.lower()}, headers=FORM)
    assert (back.status_code, back.headers["location"]) == (303, "/forgot-password?done=undone")
    assert "Choose a new password now" in read(await client.get("/forgot-password?done=undone")).text
    assert (await owner.get("/account")).status_code in {303, 401}
    async with database.begin() as tx:
        assert (await accounts.account(tx, user_id=ana.user_id)).email == "ana@example.org"


async def test_a_proof_that_is_too_old_is_asked_for_first_and_the_form_is_sent_again(client_for, ana, database):
    owner = await client_for(ana)
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '6 minutes'")
    asked = await asks(owner)
    assert asked.status_code == 403
    prompt = read(asked)
    assert prompt.all("input", name="email")[0]["value"] == NEW
    assert await value(database, "SELECT count(*) FROM users.email_change") == 0
    shown = await owner.post(
        "/step-up", data={"proof_code": PASSWORD, "proof_again": "/account/email", "email": NEW}, headers=FORM
    )
    assert (shown.status_code, shown.headers["location"]) == (307, "/account/email")
    assert (await asks(owner)).status_code == 303


async def test_an_address_that_has_an_account_is_answered_like_any_other(client_for, ana, database):
    async with database.begin() as tx:
        await make_user(tx, email="bea@example.org")
    owner = await client_for(ana)
    answers = []
    for email in ("bea@example.org", "nobody@example.net"):
        answer = await asks(owner, email)
        page = read(await owner.get("/account/email/code")).text
        wrong = await owner.post("/account/email/code", data={"code": "00000000"}, headers=FORM)
        answers.append((answer.status_code, answer.headers["location"], page, wrong.status_code, read(wrong).text))
    assert answers[0] == answers[1]


async def test_what_is_no_address_or_ones_own_is_said_beside_its_field(client_for, ana):
    owner = await client_for(ana)
    for email in ("no address", "ANA@example.org"):
        answer = await asks(owner, email)
        field = read(answer).all("input", name="email")[0]
        assert answer.status_code == 422
        assert (field["value"], field["aria-invalid"]) == (email, "true")


async def test_a_browser_that_asked_for_nothing_asks_first(client_for, ana):
    answer = await (await client_for(ana)).get("/account/email/code")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/email")


async def test_forms_of_another_site_do_nothing(client, client_for, ana, database):
    headers = {**FORM, "Sec-Fetch-Site": "cross-site"}
    owner = await client_for(ana)
    assert (await owner.post("/account/email", data={"email": NEW}, headers=headers)).status_code == 403
    assert (await client.post("/undo-email", data={"code": "A" * 20}, headers=headers)).status_code == 403
    assert await value(database, "SELECT count(*) FROM users.email_change") == 0


async def test_a_link_that_is_opened_undoes_nothing_and_a_code_in_the_query_is_not_taken(
    client, client_for, ana, database, settings
):
    owner = await client_for(ana)
    await asks(owner)
    change_id = await value(database, "SELECT change_id FROM users.email_change")
    code = code_of(key=settings.signing_key(), change_id=change_id)
    await owner.post("/account/email/code", data={"code": code}, headers=FORM)
    undo = undo_code_of(
        key=settings.signing_key(), undo_id=await value(database, "SELECT undo_id FROM users.email_undo")
    )
    opened = await client.get(f"/undo-email?code={undo}")
    assert undo not in opened.text
    assert (await client.post(f"/undo-email?code={undo}", headers=FORM)).status_code == 410
    async with database.begin() as tx:
        assert (await accounts.account(tx, user_id=ana.user_id)).email == NEW


async def test_a_code_of_nothing_is_said_and_every_page_speaks_spanish(client, client_for, database):
    answer = await client.post("/undo-email", data={"code": "<b>x</b>"}, headers={**FORM, "Accept-Language": "es"})
    assert answer.status_code == 410
    assert "Este código no deshace nada" in read(answer).text
    assert "<b>x</b>" not in answer.text
    async with database.begin() as tx:
        spaniard = await make_user(tx, locale="es")
    owner = await client_for(spaniard)
    assert "Cambiar tu dirección" in read(await owner.get("/account/email")).text


async def test_the_page_of_payouts_says_that_nothing_leaves_for_72_hours(client_for, database, ana):
    from tests.factories.users import make_artist
    from vibestream.contexts.payment.gateways.service import GatewayName
    from vibestream.contexts.payment.payouts import service as payouts
    from vibestream.kernel.time import utc_now

    async with database.begin() as tx:
        artist = await make_artist(tx, user=ana)
        await payouts.set_destination(
            tx,
            user_id=artist.user_id,
            method=GatewayName.PAYPAL,
            address="ana@example.org",
            ready=True,
            now=utc_now() - timedelta(days=9),
        )
    owner = await client_for(ana)
    assert "Your e-mail address was changed" not in read(await owner.get("/studio/payouts")).text
    async with database.begin() as tx:
        await payouts.freeze(tx, user_id=artist.user_id, since=utc_now())
    assert "Your e-mail address was changed" in read(await owner.get("/studio/payouts")).text
