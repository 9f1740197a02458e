"""The page of one's data: copies asked for and fetched, and consents, of which none is there beforehand."""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg
import pytest

from tests.factories.users import User, make_user
from tests.http_client import ClientFor
from tests.web.conftest import read
from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.domain import VERSIONS
from vibestream.contexts.user.consents.service import Purpose
from vibestream.contexts.user.exports import service as exports
from vibestream.flows import export_person
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime
from vibestream.web.localization import language
from vibestream.web.pages.privacy import ASKED

HTML = {"Accept": "text/html"}
PAGE = "/account/privacy"
TEXTS = {
    (Purpose.ANALYTICS, 1): "fa070fb902860d2d",
    (Purpose.ANALYTICS, 2): "9c28eaf13659ee04",
    (Purpose.PERSONALISATION, 1): "2bfaaa2503888b04",
    (Purpose.MARKETING_MAIL, 1): "45a8bd258b2d569b",
}
"""The beginning of the SHA-256 of what each version says, in English and in Spanish."""
VERSION = {one.value: str(number) for one, number in VERSIONS.items()}


async def somebody(database: Database, **made: str) -> User:
    async with database.begin() as tx:
        return await make_user(tx, **made)  # type: ignore[arg-type]  # a language


async def says(client: Any, purpose: str, said: str, **more: str) -> Any:
    form = {"purpose": purpose, "said": said, "version": VERSION.get(purpose, "1"), **more}
    return await client.post(f"{PAGE}/consents", data=form, headers=HTML)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_text_that_is_changed_has_another_number(purpose: Purpose):
    said = "\n".join(language(code).gettext(part) for code in ("en", "es") for part in ASKED[purpose])
    assert hashlib.sha256(said.encode()).hexdigest()[:16] == TEXTS[purpose, VERSIONS[purpose]]


async def test_nothing_is_chosen_beforehand_and_taking_back_is_one_press_like_giving(
    client_for: ClientFor, database: Database
):
    user = await somebody(database)
    client = await client_for(user)
    page = read(await client.get(PAGE, headers=HTML))
    assert [one["value"] for one in page.all("button", name="said")] == ["yes", "yes", "yes"]
    assert [one for one in page.all("input") if one.get("name") == "said"] == [], (
        "buttons, and no box that could be ticked"
    )
    assert page.text.count("not agreed") == 3

    given = await says(client, "analytics", "yes")
    assert (given.status_code, given.headers["location"]) == (303, f"{PAGE}?done=given#consents")
    page = read(await client.get(f"{PAGE}?done=given", headers=HTML))
    assert [one["value"] for one in page.all("button", name="said")] == ["no", "yes", "yes"]
    assert "You agreed. You can take it back here at any time." in page.text
    async with database.begin() as tx:
        assert await consents.has(tx, user_id=user.user_id, purpose=Purpose.ANALYTICS)

    assert (await says(client, "analytics", "no")).status_code == 303
    assert (await says(client, "analytics", "no")).status_code == 303, "pressed twice"
    async with database.begin() as tx:
        assert not await consents.has(tx, user_id=user.user_id, purpose=Purpose.ANALYTICS)
        assert await tx.value("SELECT count(*) FROM users.consent") == 2


async def test_who_read_another_text_is_shown_this_one_and_nothing_is_kept(client_for: ClientFor, database: Database):
    client = await client_for(await somebody(database, locale="es"))
    refused = await says(client, "marketing_mail", "yes", version="2")
    assert refused.status_code == 409
    assert "El texto ha cambiado" in read(refused).text
    for purpose, said in (("everything", "yes"), ("analytics", "perhaps"), ("", "")):
        assert (await says(client, purpose, said)).status_code == 422
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.consent") == 0


async def test_a_form_of_another_site_agrees_to_nothing(client_for: ClientFor, database: Database):
    client = await client_for(await somebody(database))
    form = {"purpose": "analytics", "said": "yes", "version": str(VERSIONS[Purpose.ANALYTICS])}
    refused = await client.post(f"{PAGE}/consents", data=form, headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.consent") == 0


async def test_a_copy_is_asked_for_once_shown_while_it_is_made_and_fetched(
    client_for: ClientFor, runtime: Runtime, database: Database
):
    user = await somebody(database)
    client = await client_for(user)
    assert "You have not asked for one yet." in read(await client.get(PAGE, headers=HTML)).text
    for _ in range(2):  # pressed twice
        asked = await client.post(f"{PAGE}/exports", headers=HTML)
        assert (asked.status_code, asked.headers["location"]) == (303, PAGE)
    async with database.begin() as tx:
        (one,) = await exports.exports_of(tx, user_id=user.user_id)
    page = read(await client.get(PAGE, headers=HTML))
    assert page.all("progress")[0]["value"] == "0"
    assert page.all("form", action=f"{PAGE}/exports") == []
    await export_person.make_export(runtime, export_id=str(one.export_id))
    assert "ready" in read(await client.get(PAGE, headers=HTML)).text
    led = await client.post(f"{PAGE}/exports/{one.export_id}/fetch", headers=HTML)
    assert led.status_code == 303
    fetched = await client.get(led.headers["location"])
    assert (fetched.status_code, fetched.content[:2]) == (200, b"PK")


async def test_both_want_a_fresh_proof_and_a_strangers_copy_is_not_there(
    client_for: ClientFor, runtime: Runtime, database: Database, owner_dsn: str
):
    user, other = await somebody(database), await somebody(database)
    client, stranger = await client_for(user), await client_for(other)
    await client.post(f"{PAGE}/exports", headers=HTML)
    async with database.begin() as tx:
        (one,) = await exports.exports_of(tx, user_id=user.user_id)
    await export_person.make_export(runtime, export_id=str(one.export_id))
    fetch = f"{PAGE}/exports/{one.export_id}/fetch"
    assert (await stranger.post(fetch, headers=HTML)).status_code == 404
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        await owner.execute("UPDATE users.session SET proved_at = NULL")
    for path in (f"{PAGE}/exports", fetch):
        asked = await client.post(path, headers=HTML)
        assert asked.status_code == 403
        assert "Is it you?" in read(asked).text
