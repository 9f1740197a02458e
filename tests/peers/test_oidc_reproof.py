"""Who has no password shows at oidc-provider once more that it is them; nothing of ours is on its side.

Source: OpenID Connect Core 1.0, 3.1.2.1 (prompt, max_age) and 3.1.3.7, 13 (auth_time).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from tests.factories import oidc_peer
from tests.factories.factors import make_app
from tests.factories.oidc_peer import SECRET, Visitor
from tests.factories.users import User, signed_in
from tests.http_client import ORIGIN, open_client
from tests.web.conftest import read
from vibestream.contexts.user.identities.domain.errors import AnswerRefused
from vibestream.contexts.user.identities.gateway.tokens import require_shown
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database

BACK = f"{ORIGIN}/sign-in-with/larkspur/back"
FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
TOKEN = {"name": "Backup script", "days": "30", "scopes": "profile"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_peer.running(redirect_uris=[BACK], port=oidc_peer.free_port()) as address:
        yield address


@pytest.fixture
def settings(tmp_path: Path, database: Database, issuer: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VIBESTREAM_PEER", SECRET)
    return load_settings(
        environment=Environment.TEST,
        data_dir=tmp_path / "data",
        public_url=ORIGIN,
        database_url=database.dsn,
        login_issuers=(
            oidc_peer.setting(issuer),
            {"preset": "github", "client_id": "x", "secret": "VIBESTREAM_PEER"},
        ),
    )


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with oidc_peer.visitor(home=ORIGIN) as somebody:
        yield somebody


@pytest.fixture
async def kito(client: httpx2.AsyncClient, visitor: Visitor, database: Database) -> User:
    """Somebody whom the peer made, without a password, signed in by `client`, whose proof is a day old."""
    there = (await client.get("/sign-in-with/larkspur")).headers["location"]
    back = await visitor.signs_in(there, login="kito")
    await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})
    made = await client.post("/sign-in-with", data={"display_name": "Kito"}, headers=FORM)
    assert made.status_code == 303
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '1 day'")
        user_id = UserId(await tx.value("SELECT user_id FROM users.identity"))
    return User(user_id=user_id, email="kito@example.org", password="", display_name="Kito")


async def tokens_of(database: Database) -> list[str]:
    async with database.begin() as tx:
        return await tx.values("SELECT name FROM users.personal_token")


async def log_of(database: Database) -> list[tuple[str, str]]:
    async with database.begin() as tx:
        statement = "SELECT action, detail FROM users.security_log WHERE action IN ('session.stepped_up', 'factor.refused') ORDER BY at"
        return [tuple(row) for row in await tx.rows(statement)]


def hidden(page: Any) -> dict[str, str]:
    return {one["name"]: one["value"] for one in read(page).all("input", type="hidden")}


async def asks(client: httpx2.AsyncClient) -> dict[str, str]:
    """Ask for what wants a fresh proof, and return what the prompt carries."""
    prompt = await client.post("/account/tokens", data=TOKEN, headers=FORM)
    assert prompt.status_code == 403, prompt.text
    assert "Go on with Larkspur" in prompt.text
    assert "proof_code" not in prompt.text  # there is no password to ask for
    assert "GitHub" not in prompt.text
    return hidden(prompt)


async def led(client: httpx2.AsyncClient, carried: dict[str, str], provider: str = "larkspur") -> str:
    page = await client.post(f"/step-up/with/{provider}", data=carried, headers=FORM)
    assert page.status_code == 200, page.text
    url = page.headers["refresh"].removeprefix("0; url=")
    assert url in {link.get("href") for link in read(page).all("a")}
    return str(url)


async def test_who_shows_it_there_anew_does_what_they_asked_for_without_typing_it_again(
    client: httpx2.AsyncClient, kito: User, visitor: Visitor, database: Database
):
    before = client.cookies["__Host-vs"]
    carried = await asks(client)
    url = await led(client, carried)
    asked = dict(parse_qsl(urlsplit(url).query))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert "Backup" not in url
    async with database.begin() as tx:
        [kept] = await tx.values("SELECT carried FROM users.identity_request WHERE user_id = %s", [kito.user_id])
    assert b"Backup" not in bytes(kept)

    back = await visitor.signs_in(url, login="kito")  # the peer asks, although he is signed in there
    done = await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})
    assert done.status_code == 200, done.text
    assert "It is you" in done.text
    assert client.cookies["__Host-vs"] != before  # what a thief may have known is void
    made = await client.post("/account/tokens", data=hidden(done) | {"scopes": "profile"}, headers=FORM)
    assert made.status_code == 200, made.text
    assert await tokens_of(database) == ["Backup script"]
    assert await log_of(database) == [("session.stepped_up", "larkspur")]
    again = await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})
    assert again.status_code == 410  # an answer is taken once


async def test_another_subject_is_refused_and_it_is_logged(client: httpx2.AsyncClient, kito: User, database: Database):
    url = await led(client, await asks(client))
    async with oidc_peer.visitor(home=ORIGIN) as another:  # where nobody is signed in yet
        back = await another.signs_in(url, login="mallory")
    refused = await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})
    assert refused.status_code == 422
    assert "That is not the account there that yours is connected with." in refused.text
    assert await log_of(database) == [("factor.refused", "larkspur")]
    assert (await client.post("/account/tokens", data=TOKEN, headers=FORM)).status_code == 403
    async with database.begin() as tx:  # and nothing waits to be connected
        assert await tx.value("SELECT count(*) FROM users.identity_waiting") == 0


async def test_the_answer_counts_for_the_session_that_was_sent_and_for_no_other(
    app: Any, client: httpx2.AsyncClient, kito: User, visitor: Visitor, database: Database
):
    url = await led(client, await asks(client))
    back = await visitor.signs_in(url, login="kito")
    async with database.begin() as tx:
        other = await signed_in(tx, kito)
    secret = {name: value for name, value in client.cookies.items() if name != "__Host-vs"}
    async with open_client(app) as thief:
        for name, value in {**secret, "__Host-vs": other}.items():
            thief.cookies.set(name, value, domain="testserver.local")
        came = await thief.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})
        assert came.status_code == 410
    assert await log_of(database) == []


async def test_nothing_comes_of_it_when_the_session_ended_or_a_factor_was_added_meanwhile(
    client: httpx2.AsyncClient, kito: User, visitor: Visitor, database: Database, settings: Settings
):
    url = await led(client, await asks(client))
    back = await visitor.signs_in(url, login="kito")
    async with database.begin() as tx:
        await make_app(tx, kito, settings)
    refused = await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})
    assert (refused.status_code, "does not show that it is you" in refused.text) == (409, True)
    async with database.begin() as tx:
        await tx.execute("DELETE FROM users.recovery_code")
        await tx.execute("DELETE FROM users.totp")
    back = await visitor.signs_in(await led(client, await asks(client)), login="kito")
    async with database.begin() as tx:
        await sessions.end_all(tx, user_id=kito.user_id, now=utc_now())
    assert (await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})).status_code == 410


async def test_who_has_a_password_is_asked_for_it_and_an_issuer_counts_for_nothing(
    client: httpx2.AsyncClient, kito: User, database: Database
):
    async with database.begin() as tx:
        made = passwords.HASHER.hash("a phrase of many words")
        await passwords.set_password(tx, user_id=kito.user_id, password_hash=made, now=utc_now())
    prompt = await client.post("/account/tokens", data=TOKEN, headers=FORM)
    assert ("proof_code" in prompt.text, "Go on with" in prompt.text) == (True, False)


async def test_who_comes_in_by_an_issuer_anew_has_not_shown_the_password_by_that(
    client: httpx2.AsyncClient, kito: User, visitor: Visitor, database: Database
):
    """Else whoever sits at a browser that is signed in there gets the proof that the prompt would not have given them."""
    async with database.begin() as tx:
        made = passwords.HASHER.hash("a phrase of many words")
        await passwords.set_password(tx, user_id=kito.user_id, password_hash=made, now=utc_now())
    await client.post("/sign-out", headers=FORM)
    there = (await client.get("/sign-in-with/larkspur")).headers["location"]
    back = await visitor.signs_in(there, login="kito")
    entered = await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})
    assert entered.status_code == 303, entered.text
    assert (await client.get("/api/v1/me")).status_code == 200
    refused = await client.post("/api/v1/me/email-change", json={"email": "mallory@example.org"})
    assert (refused.status_code, refused.json()["code"]) == (403, "access.proof_too_old")
    prompt = await client.post("/account/tokens", data=TOKEN, headers=FORM)
    assert (prompt.status_code, "proof_code" in prompt.text) == (403, True)


async def test_an_issuer_that_does_not_say_when_is_not_asked(client: httpx2.AsyncClient, kito: User):
    refused = await client.post("/step-up/with/github", data={"proof_again": "/account/tokens"}, headers=FORM)
    assert refused.status_code == 409
    assert (await client.post("/step-up/with/nobody", data={}, headers=FORM)).status_code == 404


async def test_it_leads_to_no_other_site(client: httpx2.AsyncClient, kito: User, visitor: Visitor):
    sent = {"proof_again": "https://evil.example/", "proof_onward": "//evil.example"}
    back = await visitor.signs_in(await led(client, sent), login="kito")
    done = await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})
    assert (done.status_code, done.headers["location"]) == (303, "/account")


@pytest.mark.parametrize(
    ("shown", "believed"),
    [(-120, False), (-61, False), (-59, True), (0, True), (59, True), (200, False), (None, False), ("1", False)],
)
def test_it_must_have_been_shown_after_the_browser_was_sent(shown: Any, believed: bool):
    sent = utc_now()
    at = shown if not isinstance(shown, int) else sent.timestamp() + shown
    claims = {} if shown is None else {"auth_time": at}
    if believed:
        require_shown(claims, since=sent, now=sent + timedelta(seconds=30))
        return
    with pytest.raises(AnswerRefused, match="does not prove"):
        require_shown(claims, since=sent, now=sent + timedelta(seconds=30))


def test_a_bool_is_no_time():
    with pytest.raises(AnswerRefused):
        require_shown({"auth_time": True}, since=utc_now(), now=utc_now())


def test_the_page_that_leads_there_is_ours_alone():
    """A form's redirects are held to `form-action`: the page is answered, and leads on by itself."""
    text = (Path(__file__).parents[2] / "src/vibestream/web/templates/step_up_there.html").read_text()
    assert re.search(r'hx-boost="false"', text)
