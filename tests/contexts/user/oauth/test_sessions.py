"""Apps stand in the list of sessions beside browsers, each with its kind, and are ended there like them."""

from __future__ import annotations

from datetime import timedelta

from tests.contexts.user.oauth.conftest import World
from tests.factories.users import make_user, open_session
from tests.http_client import ClientFor
from vibestream.contexts.user.sessions.service import EnteredBy
from vibestream.kernel.time import utc_now


async def test_browsers_passkeys_and_apps_are_listed_by_kind(world: World):
    async with world.database.begin() as tx:
        await open_session(tx, world.ana, now=utc_now() + timedelta(seconds=1), by=EnteredBy.PASSKEY)
    given = await world.tokens()
    listed = (await world.browser.get("/api/v1/me/sessions")).json()["sessions"]

    assert [(one["kind"], one["app"], one["entered_by"], one["current"]) for one in listed] == [
        ("passkey", "", "passkey", False),
        ("browser", "", "password", True),
        ("app", "Larkspur", "app", False),
    ]
    page = (await world.browser.get("/account", headers={"Accept": "text/html"})).text
    assert "Larkspur" in page
    assert page.count(f"/account/sessions/{listed[2]['session_id']}/end") == 1
    assert await world.works(given["access_token"])


async def test_ending_an_apps_session_ends_that_family_and_no_other(world: World, client_for: ClientFor):
    first, second = await world.tokens(), await world.tokens(world.confidential)
    listed = (await world.browser.get("/api/v1/me/sessions")).json()["sessions"]
    newest, oldest = [one["session_id"] for one in listed if one["kind"] == "app"]
    async with world.database.begin() as tx:
        bea = await make_user(tx)
    stranger = await client_for(bea)
    assert (await stranger.delete(f"/api/v1/me/sessions/{oldest}")).status_code == 404

    assert (await world.browser.delete(f"/api/v1/me/sessions/{oldest}")).status_code == 204
    assert (await world.browser.delete(f"/api/v1/me/sessions/{oldest}")).status_code == 404
    assert not await world.works(first["access_token"])
    assert (await world.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert await world.works(second["access_token"])
    left = (await world.browser.get("/api/v1/me/sessions")).json()["sessions"]
    assert [one["session_id"] for one in left if one["kind"] == "app"] == [newest]


async def test_an_app_whose_every_token_has_expired_is_not_listed(world: World):
    await world.tokens(scope="openid profile")
    await world.shift(access=599)
    assert [one["kind"] for one in (await world.browser.get("/api/v1/me/sessions")).json()["sessions"]] == [
        "browser",
        "app",
    ]
    await world.shift(access=2)
    assert [one["kind"] for one in (await world.browser.get("/api/v1/me/sessions")).json()["sessions"]] == ["browser"]
