"""Our client signs in with oidc-provider, which the OpenID Foundation certified; nothing of ours is on its side.

Source: https://openid.net/developers/certified-openid-connect-implementations/
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest

from tests.factories import oidc_peer
from tests.factories.factors import make_app
from tests.factories.oidc_peer import SECRET, Visitor
from tests.factories.users import User, make_user
from tests.http_client import ORIGIN, ClientFor, open_client
from tests.web.conftest import read
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database

BACK = f"{ORIGIN}/sign-in-with/larkspur/back"
FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_peer.running(redirect_uris=[BACK], port=oidc_peer.free_port()) as address:
        yield address


@pytest.fixture
def settings(tmp_path: Path, database: Database, issuer: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VIBESTREAM_PEER", SECRET)
    return load_settings(
        environment=Environment.TEST, data_dir=tmp_path / "data", public_url=ORIGIN, database_url=database.dsn,
        login_issuers=(oidc_peer.setting(issuer),),
    )  # fmt: skip


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with oidc_peer.visitor(home=ORIGIN) as somebody:
        yield somebody


async def _sent(client: httpx2.AsyncClient, onward: str = "/") -> str:
    answer = await client.get("/sign-in-with/larkspur", params={"next": onward})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def _back(client: httpx2.AsyncClient, visitor: Visitor, login: str, onward: str = "/") -> httpx2.Response:
    back = await visitor.signs_in(await _sent(client, onward), login=login)
    return await client.get(back.removeprefix(ORIGIN), headers={"Accept": "text/html"})


async def _person(database: Database, **details: Any) -> User:
    async with database.begin() as tx:
        return await make_user(tx, **details)


async def _who(client: httpx2.AsyncClient) -> str | None:
    me = await client.get("/api/v1/me")
    return str(me.json()["email"]) if me.status_code == 200 else None


async def _connections(database: Database) -> list[tuple[Any, ...]]:
    async with database.begin() as tx:
        cursor = await tx.connection.execute("SELECT user_id, subject, label FROM users.identity ORDER BY subject")
        return await cursor.fetchall()


async def _logged(database: Database) -> list[str]:
    async with database.begin() as tx:
        return await tx.values("SELECT action FROM users.security_log WHERE action LIKE 'identity%%' ORDER BY at")


async def test_what_is_asked_holds_a_challenge_a_state_and_a_nonce_and_no_secret(client, issuer: str):
    url = urlsplit(await _sent(client))
    asked = dict(parse_qsl(url.query))

    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{issuer}/auth"
    assert asked | {"state": "", "nonce": "", "code_challenge": ""} == {
        "response_type": "code", "client_id": oidc_peer.CLIENT_ID, "redirect_uri": BACK, "state": "", "nonce": "",
        "scope": "openid email profile", "code_challenge": "", "code_challenge_method": "S256",
    }  # fmt: skip
    assert {len(asked[name]) for name in ("state", "nonce", "code_challenge")} == {43}


async def test_who_is_new_and_vouched_for_makes_an_account_without_a_code_or_a_password(
    client, database: Database, visitor: Visitor
):
    came = await _back(client, visitor, "ana", "/wallet")
    assert (came.status_code, came.headers["location"]) == (303, "/sign-in-with?next=/wallet")
    page = read(await client.get(came.headers["location"], headers=FORM))
    assert "There you are ana.rio@example.org" in page.text
    assert page.all("input", name="display_name")[0]["value"] == "Ana Río"
    assert await _connections(database) == []  # nothing is made by coming back

    made = await client.post("/sign-in-with", data={"display_name": "Ana", "next": "/wallet"}, headers=FORM)
    assert (made.status_code, made.headers["location"]) == (303, "/wallet")
    assert await _who(client) == "ana.rio@example.org"
    assert [row[1:] for row in await _connections(database)] == [("ana", "ana.rio@example.org")]
    again = await client.post("/sign-in-with", data={"display_name": "Ana"}, headers=FORM)
    assert again.status_code == 410


async def test_who_is_connected_is_signed_in_and_led_on(client, app, database: Database, visitor: Visitor):
    await _back(client, visitor, "ana")
    await client.post("/sign-in-with", data={"display_name": "Ana"}, headers=FORM)
    async with open_client(app) as elsewhere:
        came = await _back(elsewhere, visitor, "ana", "/wallet")
        assert (came.status_code, came.headers["location"]) == (303, "/wallet")
        assert await _who(elsewhere) == "ana.rio@example.org"
        sessions = (await elsewhere.get("/api/v1/me/sessions")).json()["sessions"]
    assert {one["entered_by"] for one in sessions} == {"identity"}
    assert len(await _connections(database)) == 1


async def test_a_proved_address_that_the_issuer_vouches_for_is_connected_and_its_owner_told(
    client, database: Database, visitor: Visitor
):
    ana = await _person(database, email="ana.rio@example.org")
    came = await _back(client, visitor, "ana")

    assert (came.status_code, came.headers["location"]) == (303, "/")
    assert await _who(client) == ana.email
    assert await _connections(database) == [(ana.user_id, "ana", "ana.rio@example.org")]
    assert await _logged(database) == ["identity.linked"]
    async with database.begin() as tx:
        told = await tx.values(
            "SELECT args->>'notice' FROM jobs.procrastinate_jobs WHERE task_name LIKE '%%factor_notice'"
        )
    assert told == ["identity_linked"]


async def test_mallory_is_not_let_in_by_an_address_that_nobody_proved_to_the_issuer(
    client, database: Database, visitor: Visitor
):
    """The classic: an account at the issuer with another person's address, `email_verified: false`."""
    ana = await _person(database, email="ana.rio@example.org")
    came = await _back(client, visitor, "mallory")

    assert (came.status_code, came.headers["location"]) == (303, "/sign-in-with")
    page = read(await client.get("/sign-in-with", headers=FORM))
    assert "is not enough to know you by" in page.text
    assert page.all("input", name="display_name") == []
    forced = await client.post("/sign-in-with", data={"display_name": "Ana"}, headers=FORM)
    assert forced.status_code == 409
    assert await _who(client) is None
    assert await _connections(database) == []
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.session WHERE user_id = %s", [ana.user_id]) == 0


async def test_mallory_learns_not_whether_the_address_has_an_account(client, visitor: Visitor, database: Database):
    await _back(client, visitor, "mallory")
    without = read(await client.get("/sign-in-with", headers=FORM)).text
    await _person(database, email="ana.rio@example.org")
    with_one = read(await client.get("/sign-in-with", headers=FORM)).text
    assert without == with_one


async def test_an_address_that_was_only_typed_in_here_goes_to_whom_the_issuer_vouches_for(
    client, database: Database, visitor: Visitor
):
    """Nobody reserves another's account: what was begun with the address, and its codes, are gone."""
    async with database.begin() as tx:
        typed = await make_user(tx, email="ana.rio@example.org", display_name="Mallory", verified=False)
    await _back(client, visitor, "ana")
    made = await client.post("/sign-in-with", data={"display_name": "Ana"}, headers=FORM)
    assert made.status_code == 303
    me = (await client.get("/api/v1/me")).json()
    assert (me["user_id"], me["display_name"]) == (str(typed.user_id), "Ana")


async def test_an_account_with_a_second_factor_is_not_connected_by_address_and_is_asked_for_it(
    *, client, app, client_for: ClientFor, database: Database, visitor: Visitor, settings: Settings
):
    ana = await _person(database, email="ana.rio@example.org")
    own = await client_for(ana)
    async with database.begin() as tx:
        app_of_ana = await make_app(tx, ana, settings)
    came = await _back(client, visitor, "ana")
    assert came.headers["location"] == "/sign-in-with"
    assert await _connections(database) == []

    assert (await _back(own, visitor, "ana")).headers["location"] == "/account/connected"
    assert (await own.post("/account/connected", headers=FORM)).headers[
        "location"
    ] == "/account/connected?done=connected"
    async with open_client(app) as elsewhere:
        step = await _back(elsewhere, visitor, "ana", "/wallet")
        assert (step.status_code, step.headers["location"]) == (303, "/sign-in/second?next=/wallet")
        assert await _who(elsewhere) is None
        form = {"code": app_of_ana.recovery[0], "next": "/wallet"}
        entered = await elsewhere.post("/sign-in/second", data=form, headers=FORM)
        assert (entered.status_code, entered.headers["location"]) == (303, "/wallet")
        assert await _who(elsewhere) == ana.email


async def test_whoever_is_signed_in_connects_after_coming_back_and_removes_it_again(
    client_for: ClientFor, database: Database, visitor: Visitor
):
    user = await _person(database, email="somebody@example.org")
    client = await client_for(user)
    assert (await _back(client, visitor, "mallory")).headers["location"] == "/account/connected"
    assert await _connections(database) == []  # coming back connects nothing: its owner presses a button
    page = read(await client.get("/account/connected", headers=FORM))
    assert "Connect your account at Larkspur?" in page.text
    await client.post("/account/connected", headers=FORM)
    [(owner, subject, _)] = await _connections(database)
    assert (owner, subject) == (user.user_id, "mallory")

    page = read(await client.get("/account/connected", headers=FORM))
    [action] = [form["action"] for form in page.all("form") if form["action"].endswith("/remove")]
    assert (await client.post(action, headers=FORM)).status_code == 303
    assert await _connections(database) == []
    assert await _logged(database) == ["identity.linked", "identity.removed"]


async def test_the_only_way_in_is_not_removed(client, database: Database, visitor: Visitor):
    await _back(client, visitor, "ana")
    await client.post("/sign-in-with", data={"display_name": "Ana"}, headers=FORM)
    page = read(await client.get("/account/connected", headers=FORM))
    [action] = [form["action"] for form in page.all("form") if form["action"].endswith("/remove")]
    refused = await client.post(action, headers=FORM)
    assert refused.status_code == 409
    assert "It is the only way into your account" in read(refused).text
    assert len(await _connections(database)) == 1


async def test_what_is_connected_with_one_person_is_connected_with_no_other(
    client_for: ClientFor, database: Database, visitor: Visitor
):
    first, second = await _person(database), await _person(database)
    for user, status in ((first, 303), (second, 409)):
        client = await client_for(user)
        await _back(client, visitor, "kito")
        assert (await client.post("/account/connected", headers=FORM)).status_code == status
    assert [row[0] for row in await _connections(database)] == [first.user_id]


async def test_two_tabs_at_once_both_come_back(client, database: Database, visitor: Visitor):
    await _person(database, email="kito@example.org")
    one, two = await _sent(client, "/one"), await _sent(client, "/two")
    backs = [await visitor.signs_in(url, login="kito") for url in (two, one)]
    came = [await client.get(back.removeprefix(ORIGIN)) for back in backs]
    assert [(answer.status_code, answer.headers["location"]) for answer in came] == [(303, "/two"), (303, "/one")]
    assert len(await _connections(database)) == 1


async def test_an_answer_is_taken_once_and_from_the_browser_that_was_sent_alone(
    client, app, database: Database, visitor: Visitor
):
    await _person(database, email="kito@example.org")
    back = (await visitor.signs_in(await _sent(client), login="kito")).removeprefix(ORIGIN)
    async with open_client(app) as thief:
        await _sent(thief)
        stolen = await thief.get(back, headers=FORM)
        assert stolen.status_code == 410
        assert await _who(thief) is None
    assert (await client.get(back)).status_code == 303
    replayed = await client.get(back, headers=FORM)
    assert replayed.status_code == 410
    assert "That took too long, or was answered already" in read(replayed).text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"iss": "https://evil.example"}, 401),
        ({"iss": ""}, 401),
        ({"code": "invented"}, 401),
        ({"code": ""}, 401),
        ({"state": "invented"}, 410),
        ({"state": ""}, 410),
        ({"error": "server_error"}, 401),
    ],
)
async def test_an_answer_that_was_changed_is_refused_and_used_up(
    client, visitor: Visitor, database: Database, change: dict[str, str], status: int
):
    await _person(database, email="kito@example.org")
    back = urlsplit(await visitor.signs_in(await _sent(client), login="kito"))
    honest = dict(parse_qsl(back.query))
    answer = await client.get(f"{back.path}?{urlencode(honest | change)}", headers=FORM)
    assert answer.status_code == status
    assert "Sign in" in read(answer).text
    assert await _who(client) is None
    assert await _connections(database) == []
    later = await client.get(f"{back.path}?{urlencode(honest)}")
    assert later.status_code == (303 if status == 410 else 410)


async def test_who_cancels_there_is_told_so_here(client, visitor: Visitor):
    back = await visitor.signs_in(await _sent(client), login="ana", what="no")
    answer = await client.get(back.removeprefix(ORIGIN), headers=FORM)
    assert answer.status_code == 401
    assert "it was cancelled there" in read(answer).text


@pytest.mark.parametrize("wish", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_nobody_is_led_elsewhere_afterwards(client, database: Database, visitor: Visitor, wish: str):
    await _person(database, email="kito@example.org")
    came = await _back(client, visitor, "kito", wish)
    assert (came.status_code, came.headers["location"]) == (303, "/")


async def test_a_way_that_is_not_configured_is_not_there_and_those_that_are_have_their_links(client):
    assert (await client.get("/sign-in-with/google", headers=FORM)).status_code == 404
    assert (await client.get("/sign-in-with/google/back?state=x&code=y", headers=FORM)).status_code == 404
    for address in ("/sign-in?next=/wallet", "/sign-up?next=/wallet"):
        page = read(await client.get(address, headers=FORM))
        assert "/sign-in-with/larkspur?next=/wallet" in {link.get("href") for link in page.all("a")}
