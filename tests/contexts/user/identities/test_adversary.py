"""What a hostile issuer tries, and whoever holds somebody's account there after it was taken off the account here."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contexts.user.identities.test_presets import FORM, there, there_and_back
from tests.contexts.user.identities.test_presets import settings as settings  # noqa: PLC0414 - a fixture
from tests.factories.users import User, make_user
from tests.http_client import ORIGIN, ClientFor
from tests.web.conftest import read
from vibestream.platform.database import Database
from vibestream.sandbox.issuers.server import IssuersServer

__all__ = ["settings", "there"]

CONNECTED = "/account/connected"


@pytest.fixture
async def ana(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx, email="ana@example.org")


async def _signed_in(client: httpx2.AsyncClient) -> bool:
    return bool((await client.get("/api/v1/me")).status_code == 200)


async def _connections(database: Database) -> int:
    async with database.begin() as tx:
        return len(await tx.values("SELECT identity_id FROM users.identity"))


async def test_what_its_owner_took_off_comes_back_by_their_hand_alone(
    client, client_for: ClientFor, there: IssuersServer, database: Database, ana: User
):
    """Else whoever has got hold of somebody's Discord is in again by the address that both have."""
    there.person = {"user": {"id": "7", "username": "ana", "email": "ana@example.org", "verified": True}}
    hers = await client_for(ana)
    assert (await there_and_back(hers, "discord")).headers["location"] == CONNECTED
    assert (await hers.post(CONNECTED, headers=FORM)).status_code == 303
    page = read(await hers.get(CONNECTED, headers=FORM))
    [remove] = [form["action"] for form in page.all("form") if form["action"].endswith("/remove")]
    assert (await hers.post(remove, headers=FORM)).status_code == 303

    assert (await there_and_back(client, "discord")).headers["location"] == "/sign-in-with"
    assert (await _signed_in(client), await _connections(database)) == (False, 0)
    made = await client.post("/sign-in-with", data={"display_name": "Ana"}, headers=FORM)
    assert (made.status_code, await _signed_in(client)) == (409, False)

    await there_and_back(hers, "discord")
    assert (await hers.post(CONNECTED, headers=FORM)).status_code == 303
    assert (await there_and_back(client, "discord")).headers["location"] == "/"
    assert await _signed_in(client)


async def test_another_issuer_that_vouches_is_still_taken_at_its_word(
    client, client_for: ClientFor, there: IssuersServer, database: Database, ana: User
):
    there.person = {
        "user": {"id": 7, "login": "ana", "username": "ana", "email": "ana@example.org", "verified": True},
        "emails": [{"email": "ana@example.org", "primary": True, "verified": True}],
    }
    hers = await client_for(ana)
    await there_and_back(hers, "discord")
    await hers.post(CONNECTED, headers=FORM)
    page = read(await hers.get(CONNECTED, headers=FORM))
    [remove] = [form["action"] for form in page.all("form") if form["action"].endswith("/remove")]
    await hers.post(remove, headers=FORM)
    await there_and_back(client, "github")
    assert (await _signed_in(client), await _connections(database)) == (True, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"id_token_signing_alg_values_supported": 5},
        {"id_token_signing_alg_values_supported": None},
        {"authorization_endpoint": "https://[::1"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "//there.example/token"},
        {"jwks_uri": 7},
        {"issuer": "https://another.example"},
    ],
)
async def test_an_issuer_that_describes_itself_oddly_is_unavailable_and_no_failure_of_ours(
    client, there: IssuersServer, changes: dict[str, Any]
):
    there.described = changes
    answer = await client.get("/sign-in-with/google", headers=FORM)
    assert (answer.status_code, "location" in answer.headers) == (503, False)


async def test_what_one_issuer_answers_is_taken_at_no_others_address(client, there: IssuersServer, database: Database):
    there.person = {"claims": {"sub": "7", "email": "ana@gmail.com", "email_verified": True}}
    sent = await client.get("/sign-in-with/google")
    async with httpx2.AsyncClient() as browser:
        back = (await browser.get(sent.headers["location"])).headers["location"].removeprefix(ORIGIN)
    elsewhere = await client.get(back.replace("/google/", "/apple/"), headers=FORM)
    assert elsewhere.status_code == 410
    foreign = await client.get(f"{back}&iss=https%3A%2F%2Fevil.example", headers=FORM)
    assert foreign.status_code == 401
    assert "POST /openid/token" not in there.heard  # the code went nowhere
    assert await _connections(database) == 0


async def test_a_description_of_somebody_else_than_the_token_is_refused(client, there: IssuersServer):
    """Else the address of one person makes another the owner of their account here."""
    there.described = {"userinfo_endpoint": f"{there.url}/openid/userinfo"}
    there.person = {
        "claims": {"sub": "7"},
        "said": {"sub": "8", "email": "ana@gmail.com", "email_verified": True},
    }
    assert (await there_and_back(client, "google")).status_code == 401
    there.person["said"]["sub"] = "7"
    assert (await there_and_back(client, "google")).headers["location"] == "/sign-in-with"


@pytest.mark.parametrize(
    "said",
    [
        {"email": "\ud800@example.org", "verified": True},
        {"email": "a\u0000b@example.org", "verified": True},
        {"email": "<script>alert(1)</script>@example.org", "verified": True},
        {"email": "x" * 9_000 + "@example.org", "verified": True},
        {"global_name": "\ud800\u0000\u202e" + "x" * 9_000},
        {"email": ["ana@example.org"], "global_name": {"a": 1}, "verified": True},
    ],
)
async def test_whatever_an_issuer_says_of_somebody_is_shown_or_refused(
    client, there: IssuersServer, said: dict[str, Any]
):
    there.person = {"user": {"id": "7", "username": "ana", **said}}
    assert (await there_and_back(client, "discord")).headers["location"] == "/sign-in-with"
    page = await client.get("/sign-in-with", headers=FORM)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    made = await client.post("/sign-in-with", data={"display_name": "Ana"}, headers=FORM)
    assert made.status_code in {409, 422}, made.text
    assert not await _signed_in(client)
