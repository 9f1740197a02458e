"""The pages of apps: registering one, with a fresh proof and without; its secret, shown once; what others cannot do to it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.factories.users import PASSWORD, User, make_user
from tests.http_client import ClientFor
from tests.web.conftest import read
from vibestream.contexts.user.oauth import service
from vibestream.platform.database import Database

HTML = {"Accept": "text/html"}
APP: dict[str, Any] = {
    "name": "Larkspur",
    "confidence": "confidential",
    "redirect_uris": "https://app.example/back\nhttps://app.example/other",
    "scopes": ["openid", "profile"],
}


async def somebody(database: Database, locale: str = "en") -> User:
    async with database.begin() as tx:
        return await make_user(tx, locale=locale)


async def forget_proofs(owner_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(owner_dsn) as connection:
        await connection.execute("UPDATE users.session SET proved_at = NULL")


async def test_an_app_is_registered_and_its_secret_is_shown_once(client_for: ClientFor, database: Database):
    user = await somebody(database)
    client = await client_for(user)
    shown = await client.post("/account/developer", data=APP, headers=HTML)

    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    assert "vss_" in read(shown).text
    page = read(await client.get("/account/developer", headers=HTML))
    assert "Larkspur" in page.text
    assert "https://app.example/other" in page.text
    assert "vss_" not in page.text
    async with database.begin() as tx:
        (one,) = await service.clients_of(tx, owner_id=user.user_id)
    assert (one.redirect_uris, one.scopes) == (
        ("https://app.example/back", "https://app.example/other"), ("openid", "profile"),
    )  # fmt: skip


async def test_an_old_proof_is_not_enough_and_after_a_new_one_nothing_is_typed_twice(
    client_for: ClientFor, database: Database, owner_dsn: str
):
    user = await somebody(database)
    client = await client_for(user)
    await forget_proofs(owner_dsn)
    asked = await client.post("/account/developer", data=APP, headers=HTML)

    assert asked.status_code == 403
    carried = {one["name"]: one["value"] for one in read(asked).all("input", type="hidden") if "name" in one}
    assert carried["redirect_uris"] == APP["redirect_uris"]
    again = await client.post("/step-up", data={**carried, "scopes": APP["scopes"], "proof_code": PASSWORD})
    assert (again.status_code, again.headers["location"]) == (307, "/account/developer")
    async with database.begin() as tx:
        assert await service.clients_of(tx, owner_id=user.user_id) == []
    assert "vss_" in (await client.post("/account/developer", data=APP, headers=HTML)).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "This is empty, too long, or holds characters that cannot be shown."),
        ({"redirect_uris": ""}, "One of these addresses cannot be gone back to. See the hint."),
        (
            {"redirect_uris": "https://ok.example/ javascript:alert(1)"},
            "One of these addresses cannot be gone back to.",
        ),
        ({"redirect_uris": "http://127.0.0.1/back"}, "One of these addresses cannot be gone back to."),
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["openid", "admin"]}, "Choose at least one."),
    ],
)
async def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_made(
    client_for: ClientFor, database: Database, changes: dict[str, Any], sentence: str
):
    user = await somebody(database)
    answer = await (await client_for(user)).post("/account/developer", data=APP | changes, headers=HTML)

    assert answer.status_code == 422
    assert sentence in read(answer).text
    async with database.begin() as tx:
        assert await service.clients_of(tx, owner_id=user.user_id) == []


async def test_nobody_touches_anothers_app(client_for: ClientFor, database: Database):
    owner, other = await somebody(database), await somebody(database)
    mine, theirs = await client_for(owner), await client_for(other)
    await mine.post("/account/developer", data=APP)
    async with database.begin() as tx:
        (one,) = await service.clients_of(tx, owner_id=owner.user_id)
    for what in ("secret", "delete"):
        answer = await theirs.post(f"/account/developer/{one.client_id}/{what}", headers=HTML)
        assert answer.status_code == 404
    assert (await theirs.get("/account/developer")).text.count("Larkspur") == 0
    renewed = read(await mine.post(f"/account/developer/{one.client_id}/secret", headers=HTML))
    assert "vss_" in renewed.text
    deleted = await mine.post(f"/account/developer/{one.client_id}/delete", headers=HTML)
    assert deleted.headers["location"] == "/account/developer?done=deleted"


async def test_the_pages_are_in_spanish_too(client_for: ClientFor, database: Database):
    client = await client_for(await somebody(database, "es"))
    assert "Ninguna aplicación puede hacer nada en tu nombre." in read(await client.get("/account/apps")).text
    await client.post("/account/developer", data=APP)
    assert "con secreto" in read(await client.get("/account/developer")).text
