"""What pages of other sites may use: a registered app's, the endpoints of its protocol, without anybody's cookie.

Source: Fetch standard, 3.2; ASVS 5.0, 3.4.2 and 3.5.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contexts.user.oauth.conftest import BACK, VERIFIER, World, registered
from vibestream.contexts.user.oauth import service
from vibestream.contexts.user.oauth.domain import redirects
from vibestream.contexts.user.oauth.service import Confidence
from vibestream.kernel.time import utc_now

SITE = "https://app.example"
FROM = {"Origin": SITE, "Sec-Fetch-Site": "cross-site"}
ASKING = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
STRANGERS = (
    "https://evil.example", "http://app.example", "https://app.example:8443", "https://app.example.evil.example",
    "https://evil.example/https://app.example", "https://xapp.example", "https://app.example/", "null", "https://*",
    "https://app.example\u00ff", "a" * 5_000, "' OR true --",
)  # fmt: skip


def allows(answer: Any) -> str | None:
    assert "access-control-allow-credentials" not in answer.headers
    found: str | None = answer.headers.get("access-control-allow-origin")
    return found


async def test_a_page_of_a_registered_app_gets_its_tokens(world: World):
    asked = await world.app.options("/oauth/token", headers=FROM | ASKING)
    assert (asked.status_code, allows(asked), asked.headers["vary"]) == (204, SITE, "Origin")
    assert asked.headers["access-control-allow-methods"] == "GET, POST"
    assert asked.headers["access-control-allow-headers"] == "Authorization, Content-Type"

    code = await world.code()
    world.app.headers.update(FROM)
    answer = await world.redeem(code)
    assert (answer.status_code, allows(answer), answer.headers["vary"]) == (200, SITE, "Origin")
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    said = await world.app.get("/oauth/userinfo", headers=bearer)
    assert (said.json()["name"], allows(said)) == ("Ana Río", SITE)
    refused = await world.app.get("/oauth/userinfo", headers={"Authorization": "Bearer vsa_" + "a" * 43})
    assert (refused.status_code, allows(refused)) == (401, SITE)
    assert "WWW-Authenticate" in refused.headers["access-control-expose-headers"]
    for path in ("/oauth/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        assert allows(await world.app.get(path)) == SITE


@pytest.mark.parametrize("origin", STRANGERS)
async def test_a_page_of_anybody_else_gets_nothing(world: World, origin: str):
    headers = [(b"Origin", origin.encode("latin-1")), (b"Sec-Fetch-Site", b"cross-site")]
    asking = [(name.encode(), value.encode()) for name, value in ASKING.items()]
    asked = await world.app.options("/oauth/token", headers=[*headers, *asking])
    assert (asked.status_code, allows(asked)) == (405, None)
    data = {"grant_type": "authorization_code", "code": await world.code(), "code_verifier": VERIFIER}
    sent = await world.app.post("/oauth/token", data=data, headers=headers)
    assert (sent.status_code, sent.json()["code"], allows(sent)) == (403, "http.cross_site", None)
    shown = await world.app.get("/oauth/jwks", headers=headers)
    assert (shown.status_code, allows(shown), shown.headers["vary"]) == (200, None, "Origin")


async def test_no_session_stands_behind_what_another_site_sends(world: World):
    """Ana's browser is led by a registered app's page to send her cookie along: it opens nothing."""
    at_home = await world.browser.get("/oauth/userinfo")
    assert (at_home.status_code, at_home.json()["detail"]) == (401, "Send an access token.")
    abroad = await world.browser.post("/oauth/userinfo", headers=FROM)
    assert (abroad.status_code, abroad.json()["code"]) == (401, "access.not_signed_in")


@pytest.mark.parametrize(
    "path",
    ["/oauth/authorize", "/oauth/introspect", "/device/decide", "/account/tokens", "/api/v1/me/sessions/x", "/sign-in"],
)
async def test_a_registered_page_may_send_nothing_else(world: World, path: str):
    answer = await world.browser.post(path, data={"decision": "allow"}, headers=FROM)
    assert (answer.status_code, answer.json()["code"], allows(answer)) == (403, "http.cross_site", None)
    asked = await world.browser.options(path, headers=FROM | ASKING)
    assert (asked.status_code in {401, 404, 405}, allows(asked)) == (True, None)
    assert "vary" not in asked.headers or "Origin" not in asked.headers["vary"]


async def test_a_deleted_apps_page_is_a_strangers(world: World):
    async with world.database.begin() as tx:
        await service.end_client(
            tx, owner_id=world.developer.user_id, client_id=world.public.client.client_id, now=utc_now()
        )
    assert allows(await world.app.get("/oauth/jwks", headers=FROM)) is None


async def test_an_app_on_a_server_has_no_pages_that_may(world: World):
    await registered(
        world.database, world.developer, Confidence.CONFIDENTIAL, redirect_uris=["https://server.example/back"]
    )
    assert allows(await world.app.get("/oauth/jwks", headers={"Origin": "https://server.example"})) is None
    assert BACK.startswith(SITE)


async def test_a_page_on_ones_own_machine_may_at_any_port_where_it_was_registered(world: World):
    mine = {"Origin": "http://127.0.0.1:5173"}
    assert allows(await world.app.get("/oauth/jwks", headers=mine)) is None
    await registered(world.database, world.developer, Confidence.PUBLIC, redirect_uris=["http://127.0.0.1/back"])
    assert allows(await world.app.get("/oauth/jwks", headers=mine)) == "http://127.0.0.1:5173"


def test_the_origins_of_redirect_uris():
    uris = ["https://App.example/back", "https://app.example/other?x=1", "https://b.example:443/", "https://c.example:8/",
            "http://127.0.0.1:9/x", "http://[::1]/", "org.example.app:/back"]  # fmt: skip
    assert redirects.web_origins(uris) == (
        "https://app.example",
        "https://b.example",
        "https://c.example:8",
        "http://127.0.0.1",
        "http://[::1]",
    )
