"""Google, Apple, GitHub and Discord, each as it is particular, over sockets and through our own pages."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from prometheus_client import REGISTRY

from tests.http_client import ORIGIN, open_client
from tests.web.conftest import read
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database
from vibestream.sandbox.guard import SandboxRefused
from vibestream.sandbox.issuers.server import IssuersServer, serve

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
CROSS = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site", "Origin": "https://appleid.apple.com"}
OURS = ec.generate_private_key(ec.SECP256R1())
PRIVATE = OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
SECRET = "a secret"
BASES = {"google": "openid", "apple": "openid", "github": "github", "discord": "discord"}


@pytest.fixture
async def there() -> AsyncIterator[IssuersServer]:
    async with serve(load_settings(environment=Environment.TEST), client_id="us", secret=SECRET, back=ORIGIN) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database: Database, there: IssuersServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VIBESTREAM_THEIRS", SECRET)
    monkeypatch.setenv("VIBESTREAM_APPLE", PRIVATE)
    apples = {"team_id": "T1", "key_id": "K1", "secret": "VIBESTREAM_APPLE"}
    issuers = tuple(
        {
            "preset": preset, "client_id": "us", "secret": "VIBESTREAM_THEIRS", "issuer": f"{there.url}/{base}",
            **(apples if preset == "apple" else {}),
        }
        for preset, base in BASES.items()
    )  # fmt: skip
    return load_settings(
        environment=Environment.TEST, data_dir=tmp_path / "data", public_url=ORIGIN, database_url=database.dsn,
        login_issuers=issuers,
    )  # fmt: skip


async def there_and_back(client: httpx2.AsyncClient, preset: str) -> httpx2.Response:
    sent = await client.get(f"/sign-in-with/{preset}")
    assert sent.status_code == 303, sent.text
    async with httpx2.AsyncClient() as browser:
        agreed = await browser.get(sent.headers["location"])
    assert agreed.status_code == 302, agreed.text
    return await client.get(agreed.headers["location"].removeprefix(ORIGIN), headers=FORM)


async def newcomer(client: httpx2.AsyncClient) -> tuple[str, bool]:
    """Return the name that is suggested, and whether the address counts as vouched for."""
    page = read(await client.get("/sign-in-with", headers=FORM))
    fields = page.all("input", name="display_name")
    return (fields[0]["value"] if fields else "", bool(fields))


async def subjects(database: Database) -> list[tuple[Any, ...]]:
    async with database.begin() as tx:
        cursor = await tx.connection.execute("SELECT provider, subject, label FROM users.identity ORDER BY subject")
        return await cursor.fetchall()


def emails(**primary: Any) -> list[dict[str, Any]]:
    return [
        {"email": "old@example.org", "primary": False, "verified": True},
        {"email": "ana@example.org", "primary": True, "verified": True, **primary},
    ]


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"user": {"id": 7, "login": "ana", "name": "Ana"}, "emails": emails()}, ("Ana", True)),
        ({"user": {"id": 7, "login": "ana", "name": None}, "emails": emails()}, ("ana", True)),
        ({"user": {"id": 7, "login": "ana"}, "emails": emails(verified=False)}, ("", False)),
        ({"user": {"id": 7, "login": "ana", "email": "ana@example.org"}}, ("", False)),  # the scope was withheld
        ({"user": {"id": 7, "login": "ana"}, "emails": {"message": "odd"}}, ("", False)),
        ({"user": {"id": 7, "login": "ana"}, "emails": [7, None, {"primary": True, "verified": "yes"}]}, ("", False)),
    ],
)
async def test_of_github_the_verified_primary_address_counts_and_no_other(
    client, there: IssuersServer, person: dict[str, Any], expected: tuple[str, bool]
):
    there.person = person
    assert (await there_and_back(client, "github")).status_code == 303
    assert await newcomer(client) == expected


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (
            {"id": "81", "username": "ana", "global_name": "Ana", "email": "a@b.example", "verified": True},
            ("Ana", True),
        ),
        ({"id": "81", "username": "ana", "email": "a@b.example", "verified": False}, ("", False)),
        ({"id": "81", "username": "ana", "email": "a@b.example"}, ("", False)),
        ({"id": "81", "username": "ana", "email": None, "verified": True}, ("", False)),
        ({"id": "81", "username": "ana", "email": "a@b.example", "verified": "true"}, ("", False)),
    ],
)
async def test_of_discord_the_address_counts_when_it_is_verified(
    client, there: IssuersServer, user: dict[str, Any], expected: tuple[str, bool]
):
    there.person = {"user": user}
    assert (await there_and_back(client, "discord")).status_code == 303
    assert await newcomer(client) == expected


@pytest.mark.parametrize(
    ("claims", "vouched"),
    [
        ({"email": "ana@gmail.com", "email_verified": True}, True),
        ({"email": "ana@b.example", "email_verified": True, "hd": "b.example"}, True),
        ({"email": "ana@b.example", "email_verified": True}, False),
        ({"email": "ana@gmail.com.b.example", "email_verified": True}, False),
        ({"email": "ana@gmail.com", "email_verified": False}, False),
        ({"email": "ana@gmail.com", "email_verified": "true"}, False),
    ],
)
async def test_of_google_its_own_addresses_count(client, there: IssuersServer, claims: dict[str, Any], vouched: bool):
    there.person = {"claims": {"sub": "1", "name": "Ana", **claims}}
    assert (await there_and_back(client, "google")).status_code == 303
    assert (await newcomer(client))[1] is vouched


@pytest.mark.parametrize("verified", [True, "true"])
async def test_apple_posts_people_back_with_a_cookie_made_for_it_alone(
    client, app, there: IssuersServer, database: Database, verified: object
):
    there.apple_key, there.team_id = PUBLIC, "T1"
    name = {"name": {"firstName": "Ana", "lastName": "Río"}, "email": "x@y.example"}
    there.person = {"claims": {"sub": "001.a", "email": "ana@b.example", "email_verified": verified}, "user": name}
    sent = await client.get("/sign-in-with/apple")
    made = {one.split("=", 1)[0]: one for one in sent.headers.get_list("set-cookie")}
    cookie = made["__Host-vs-sign-in-from"]
    assert all(part in cookie for part in ("SameSite=none", "Secure", "HttpOnly"))
    assert dict(parse_qsl(urlsplit(sent.headers["location"]).query))["response_mode"] == "form_post"
    async with httpx2.AsyncClient() as browser:
        page = (await browser.get(sent.headers["location"])).text
    fields = {name: html.unescape(text) for name, text in re.findall(r'name="(\w+)" value="([^"]*)"', page)}

    async with open_client(app) as from_there:  # a browser sends nothing but that cookie with another site's form
        token = cookie.split("=", 1)[1].split(";")[0]
        from_there.cookies.set("__Host-vs-sign-in-from", token, domain="testserver.local")
        back = await from_there.post("/sign-in-with/apple/back", data=fields, headers=CROSS)
        assert (back.status_code, back.headers["location"]) == (303, "/sign-in-with")
        again = await from_there.post("/sign-in-with/apple/back", data=fields, headers=CROSS)
        assert again.status_code == 410
    assert await newcomer(client) == ("Ana Río", True)
    await client.post("/sign-in-with", data={"display_name": "Ana"}, headers=FORM)
    assert await subjects(database) == [("apple", "001.a", "ana@b.example")]


async def test_a_form_of_another_site_is_taken_at_that_address_alone_and_from_a_browser_that_was_sent(
    client, there: IssuersServer
):
    there.apple_key, there.team_id = PUBLIC, "T1"
    forged = {"state": "x", "code": "y"}
    assert (await client.post("/sign-in-with/apple/back", data=forged, headers=CROSS)).status_code == 410
    for other in ("/sign-in-with", "/sign-in", "/account/connected", "/sign-in-with/apple/back/"):
        assert (await client.post(other, data=forged, headers=CROSS)).status_code in {403, 404}
    assert there.heard == []


async def test_a_code_that_apple_gives_is_worth_nothing_without_our_key(client, there: IssuersServer):
    stranger = ec.generate_private_key(ec.SECP256R1()).public_key()
    there.apple_key = stranger.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    there.team_id, there.person = "T1", {"claims": {"sub": "1"}}
    sent = await client.get("/sign-in-with/apple")
    async with httpx2.AsyncClient() as browser:
        page = (await browser.get(sent.headers["location"])).text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    assert (await client.post("/sign-in-with/apple/back", data=fields, headers=CROSS)).status_code == 401


async def test_keys_that_an_issuer_changes_are_fetched_again_and_not_at_every_turn(client, there: IssuersServer):
    there.person = {"claims": {"sub": "1", "email": "ana@gmail.com", "email_verified": True}}
    assert (await there_and_back(client, "google")).status_code == 303
    there.rotate()
    assert (await there_and_back(client, "google")).status_code == 303
    there.rotate()  # within half a minute: whoever invents names of keys makes us ask no more often
    assert (await there_and_back(client, "google")).status_code == 401
    assert there.heard.count("GET /openid/jwks") == 2
    assert there.heard.count("GET /openid/.well-known/openid-configuration") == 1


@pytest.mark.parametrize("preset", ["google", "github", "discord"])
async def test_an_issuer_that_does_not_answer_is_said_to_do_so(client, there: IssuersServer, preset: str):
    there.person = {"user": {"id": 1}, "claims": {"sub": "1"}}
    sent = await client.get(f"/sign-in-with/{preset}")
    async with httpx2.AsyncClient() as browser:
        back = (await browser.get(sent.headers["location"])).headers["location"].removeprefix(ORIGIN)
    there.down = True
    answer = await client.get(back, headers=FORM)
    assert answer.status_code == 503
    assert "They do not answer" in read(answer).text


@pytest.mark.parametrize("given", [{"id": "seven"}, {"id": None}, {}, {"id": True}, {"id": "7; DROP"}])
async def test_who_has_no_number_is_nobody(client, there: IssuersServer, database: Database, given: dict[str, Any]):
    there.person = {"user": {**given, "email": "a@b.example", "verified": True}}
    assert (await there_and_back(client, "discord")).status_code == 503
    assert await subjects(database) == []


@pytest.mark.parametrize("user", ["[" * 5000, "{}", '{"name": 7}', '{"name": {"firstName": [1]}}', "null", "x"])
async def test_a_name_that_a_browser_brings_along_is_a_wish_whatever_it_is(client, there: IssuersServer, user: str):
    there.apple_key, there.team_id = PUBLIC, "T1"
    there.person = {"claims": {"sub": "1", "email": "ana@b.example", "email_verified": True}}
    sent = await client.get("/sign-in-with/apple")
    async with httpx2.AsyncClient() as browser:
        page = (await browser.get(sent.headers["location"])).text
    fields = {**dict(re.findall(r'name="(\w+)" value="([^"]*)"', page)), "user": user}
    assert (await client.post("/sign-in-with/apple/back", data=fields, headers=CROSS)).status_code == 303
    assert await newcomer(client) == ("ana", True)


async def test_what_went_wrong_is_counted_and_logged_without_what_was_sent(client, there: IssuersServer, capsys):
    there.person = {"claims": {"sub": ""}}
    before = _counted()
    assert (await there_and_back(client, "google")).status_code == 401
    assert _counted() == before + 1
    logged = capsys.readouterr().out
    assert "user.identity.failed" in logged
    assert "subject" in logged
    assert "code=" not in logged.replace("code=identity", "")


def _counted() -> float:
    labels = {"provider": "google", "outcome": "answer_refused"}
    return REGISTRY.get_sample_value("vibestream_identity_answers_total", labels) or 0.0


async def test_stand_ins_do_not_load_in_production(settings: Settings):
    production = settings.model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(SandboxRefused):
        async with serve(production, client_id="us", secret=SECRET, back=ORIGIN):
            pass
