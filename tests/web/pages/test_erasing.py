"""The page that deletes an account: what it asks, what it refuses, and the way back."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.factories.erasing import standing
from tests.factories.payment import make_wallet
from tests.factories.users import PASSWORD, User, make_artist, make_user
from tests.http_client import ClientFor
from tests.web.conftest import read
from vibestream.contexts.user.erasure.service import Music, State
from vibestream.kernel.money import USD
from vibestream.platform.database import Database

HTML = {"Accept": "text/html"}


async def somebody(database: Database, **made: str) -> User:
    async with database.begin() as tx:
        return await make_user(tx, **made)  # type: ignore[arg-type]  # a language


async def press(client: Any, user: User, **more: str) -> Any:
    return await client.post("/account/delete", data={"confirmation": user.email, **more}, headers=HTML)


async def test_it_signs_out_says_until_when_and_signing_in_cancels_it(client_for: ClientFor, database: Database):
    user = await somebody(database)
    client = await client_for(user)
    assert "Delete the account" in read(await client.get("/account", headers=HTML)).text
    answer = await press(client, user)
    assert (answer.status_code, answer.headers["location"]) == (303, "/goodbye")
    assert (await client.get("/api/v1/me")).status_code == 401
    assert "within 14 days" in read(await client.get("/goodbye", headers=HTML)).text
    assert (await standing(database, user)).state is State.WAITING
    again = await client.post("/api/v1/sessions", json={"email": user.email, "password": PASSWORD})
    assert again.status_code == 201
    assert (await standing(database, user)).state is State.CANCELLED


async def test_a_wrong_address_is_said_at_its_field_and_nothing_happens(client_for: ClientFor, database: Database):
    user = await somebody(database, locale="es")
    client = await client_for(user)
    answer = await client.post("/account/delete", data={"confirmation": "yes"}, headers=HTML)
    page = read(answer)
    assert answer.status_code == 422
    assert "Esta no es la dirección de tu cuenta." in page.text
    assert page.all("input", name="confirmation")[0]["aria-invalid"] == "true"
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_what_is_left_is_shown_and_must_be_given_up(client_for: ClientFor, database: Database):
    user = await somebody(database)
    async with database.begin() as tx:
        await make_wallet(tx, 1_250, user_id=user.user_id, currency=USD)
    client = await client_for(user)
    page = read(await client.get("/account/delete", headers=HTML))
    assert "12.50" in page.text
    assert page.all("input", name="give_up")[0].get("checked") is None, "nothing is given up without asking"
    assert (await press(client, user)).status_code == 409
    assert (await client.get("/api/v1/me/erasure")).json()["left"] == ["12.50 USD"]
    assert (await press(client, user, give_up="yes")).status_code == 303
    assert (await standing(database, user)).gives_up


@pytest.mark.parametrize(
    ("sent", "chosen"), [("keep", Music.KEEP), ("take_down", Music.TAKE_DOWN), ("x", Music.TAKE_DOWN)]
)
async def test_an_artist_chooses_what_becomes_of_their_music(
    client_for: ClientFor, database: Database, sent: str, chosen: Music
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    client = await client_for(artist.user)
    assert len(read(await client.get("/account/delete", headers=HTML)).all("input", name="music")) == 2
    assert (await press(client, artist.user, music=sent)).status_code == 303
    assert (await standing(database, artist)).music is chosen


async def test_it_wants_a_fresh_proof(client_for: ClientFor, database: Database, owner_dsn: str):
    user = await somebody(database)
    client = await client_for(user)
    async with await psycopg.AsyncConnection.connect(owner_dsn) as connection:
        await connection.execute("UPDATE users.session SET proved_at = NULL")
    answer = await press(client, user)
    assert answer.status_code == 403
    assert read(answer).all("input", name="proof_code")
    body = {"confirmation": user.email, "music": "take_down"}
    refused = await client.post("/api/v1/me/erasure", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "access.proof_too_old")


async def test_programs_ask_by_the_api(client_for: ClientFor, database: Database):
    user = await somebody(database)
    client = await client_for(user)
    assert (await client.get("/api/v1/me/erasure")).json()["last_state"] is None
    bad = {"confirmation": user.email, "music": "burn"}
    assert (await client.post("/api/v1/me/erasure", json=bad)).status_code == 422
    assert (await client.post("/api/v1/me/erasure", json={**bad, "music": "keep", "user_id": "x"})).status_code == 422
    asked = await client.post("/api/v1/me/erasure", json={"confirmation": user.email, "music": "keep"})
    assert asked.status_code == 202
    assert list(asked.json()) == ["due_at"]
    assert (await client.get("/api/v1/me")).status_code == 401
