"""A device without a browser is let in by whoever types its code, and by nobody else. Source: RFC 8628."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.contexts.user.oauth.conftest import World, refused
from tests.factories.users import make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.oauth import service
from vibestream.contexts.user.oauth.domain import devices
from vibestream.contexts.user.oauth.service import Registered
from vibestream.kernel.time import utc_now

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid offline_access wallet:read"
PAGE = {"Accept": "text/html"}


async def begin(world: World, who: Registered | None = None, scope: str = SCOPE) -> Any:
    who = who or world.television
    data = {"client_id": str(who.client.client_id), "scope": scope}
    data |= {"client_secret": who.secret} if who.secret else {}
    return await world.app.post("/oauth/device_authorization", data=data)


async def begun(world: World) -> dict[str, Any]:
    answer = await begin(world)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def ask(world: World, device_code: str, who: Registered | None = None) -> Any:
    return await world.token(who or world.television, grant_type=GRANT, device_code=device_code)


async def decide(world: World, code: str, decision: str = "allow", browser: Any = None) -> Any:
    fields = {"user_code": code, "decision": decision}
    return await (browser or world.browser).post("/device/decide", data=fields, headers=PAGE)


async def test_a_device_waits_is_let_in_and_works(world: World):
    answer = await begin(world)
    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", told["user_code"])
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert told["verification_uri"] == "https://testserver/device"
    assert told["verification_uri_complete"] == f"https://testserver/device?user_code={told['user_code']}"
    refused(await ask(world, told["device_code"]), "authorization_pending")

    page = await world.browser.post("/device", data={"user_code": told["user_code"]}, headers=PAGE)
    assert page.status_code == 200
    assert "May Larkspur do this in your name?" in page.text
    assert "See your balances and what moved in your wallet" in page.text
    assert "See your e-mail address" not in page.text
    done = await decide(world, told["user_code"])
    assert (done.status_code, done.headers["location"]) == (303, "/device?done=allowed")

    await world.shift(device=5)
    given = (await ask(world, told["device_code"])).json()
    assert (given["scope"], given["token_type"]) == (SCOPE, "Bearer")
    assert await world.works(given["access_token"], "/api/v1/wallet")
    again = (await world.refresh(given["refresh_token"], world.television)).json()
    assert await world.works(again["access_token"], "/api/v1/wallet")


async def test_a_device_code_is_answered_once(world: World):
    told = await begun(world)
    await decide(world, told["user_code"])
    answers = await asyncio.gather(*(ask(world, told["device_code"]) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
    [given] = [answer.json() for answer in answers if answer.status_code == 200]
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, "invalid_grant")
    assert await world.works(given["access_token"])  # a device whose answer was lost asks again: no theft


async def test_a_device_that_asks_too_often_is_slowed_down_for_good(world: World):
    told = await begun(world)
    refused(await ask(world, told["device_code"]), "authorization_pending")
    refused(await ask(world, told["device_code"]), "slow_down")
    await world.shift(device=9)
    refused(await ask(world, told["device_code"]), "slow_down")  # ten seconds by now
    await world.shift(device=15)
    refused(await ask(world, told["device_code"]), "authorization_pending")


async def test_who_says_no_refuses_the_device_for_good(world: World):
    told = await begun(world)
    done = await decide(world, told["user_code"], "deny")
    assert done.headers["location"] == "/device?done=refused"

    refused(await ask(world, told["device_code"]), "access_denied")
    assert (await decide(world, told["user_code"])).status_code == 422
    await world.shift(device=5)
    refused(await ask(world, told["device_code"]), "access_denied")


async def test_a_code_is_good_for_ten_minutes(world: World):
    told = await begun(world)
    await world.shift(device=601)

    assert (await decide(world, told["user_code"])).status_code == 422
    refused(await ask(world, told["device_code"]), "expired_token")


async def test_what_was_allowed_and_not_fetched_in_time_is_gone(world: World):
    told = await begun(world)
    await decide(world, told["user_code"])
    await world.shift(device=601)
    refused(await ask(world, told["device_code"]), "expired_token")


async def test_a_device_that_is_taken_back_before_it_asks_gets_nothing(world: World):
    told = await begun(world)
    await decide(world, told["user_code"])
    answer = await world.browser.post(
        f"/account/apps/{world.television.client.client_id}/take-back", headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 303
    refused(await ask(world, told["device_code"]), "invalid_grant")


async def test_only_a_client_that_was_registered_for_it_may_ask_and_for_its_own_code(world: World):
    refused(await begin(world, world.public), "unauthorized_client")
    refused(await begin(world, world.confidential), "unauthorized_client")
    refused(await begin(world, scope="wallet:write"), "invalid_scope")
    refused(await begin(world, scope=""), "invalid_scope")
    told = await begun(world)
    await decide(world, told["user_code"])
    for other in (world.public, world.confidential):
        refused(await ask(world, told["device_code"], other), "invalid_grant")
    for wrong in ("", "vsd_" + "a" * 43, told["user_code"], told["device_code"].replace("vsd_", "vsc_")):
        refused(await ask(world, wrong), "invalid_grant")
    assert (await ask(world, told["device_code"])).status_code == 200


async def test_a_client_without_redirect_uris_sends_nobody_anywhere(world: World):
    for back in ("https://app.example/back", "http://127.0.0.1/"):
        query = world.query(world.television, redirect_uri=back)
        assert (await world.browser.get(f"/oauth/authorize?{query}", headers=PAGE)).status_code == 400


@pytest.mark.parametrize(
    "typed", ["", "BCDF", "AAAA-AAAA", "BCDF-GHJK", "'; --", "BCDFGHJKL", "\u0412CDF-GHJK", "\u202eBCDFGHJK"]
)
async def test_a_code_that_no_device_shows_lets_nothing_in(world: World, typed: str):
    await begun(world)
    for path in ("/device", "/device/decide"):
        answer = await world.browser.post(path, data={"user_code": typed, "decision": "allow"}, headers=PAGE)
        assert answer.status_code == 422
        assert "No device waits with this code." in answer.text


async def test_codes_are_not_guessed(world: World):
    statuses = [
        (await world.browser.post("/device", data={"user_code": "BCDF-GHJK"}, headers=PAGE)).status_code
        for _ in range(11)
    ]
    assert statuses == [422] * 10 + [429]
    told = await begun(world)
    assert (await decide(world, told["user_code"])).status_code == 429


async def test_following_a_link_lets_no_device_in(world: World):
    """The code in the address is filled in, and nothing happens before it is sent by hand, from here."""
    told = await begun(world)
    page = await world.browser.get(f"/device?user_code={told['user_code']}", headers=PAGE)
    assert f'value="{told["user_code"]}"' in page.text
    refused(await ask(world, told["device_code"]), "authorization_pending")
    forged = await world.browser.post(
        "/device/decide",
        data={"user_code": told["user_code"], "decision": "allow"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert (forged.status_code, forged.json()["code"]) == (403, "http.cross_site")


async def test_who_is_not_signed_in_is_asked_to_and_comes_back_with_the_code(world: World):
    answer = await world.app.get("/device?user_code=BCDF-GHJK", headers=PAGE)
    assert answer.headers["location"] == "/sign-in?next=/device%3Fuser_code%3DBCDF-GHJK"
    assert (await world.app.post("/device/decide", data={}, headers={"Accept": "*/*"})).status_code == 401


async def test_a_device_is_let_in_for_who_decided(world: World, client_for: ClientFor):
    async with world.database.begin() as tx:
        bea = await make_user(tx, display_name="Bea")
    told = await begun(world)
    await world.browser.post("/device", data={"user_code": told["user_code"]}, headers=PAGE)
    await decide(world, told["user_code"], browser=await client_for(bea))

    given = (await ask(world, told["device_code"])).json()
    said = await world.app.get("/oauth/userinfo", headers={"Authorization": f"Bearer {given['access_token']}"})
    assert said.json()["sub"] == str(bea.user_id)
    assert (await decide(world, told["user_code"])).status_code == 422


async def test_a_page_that_was_shown_to_somebody_else_lets_no_device_in(world: World, client_for: ClientFor):
    """In a browser that two share: the question says whom it asks, and is asked again of who is signed in by now."""
    async with world.database.begin() as tx:
        bea = await make_user(tx, display_name="Bea")
    told = await begun(world)
    page = await world.browser.post("/device", data={"user_code": told["user_code"]}, headers=PAGE)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    later = await client_for(bea)
    again = await later.post("/device/decide", data=fields | {"decision": "allow"}, headers=PAGE)

    assert again.status_code == 200
    assert "You are signed in as Bea." in again.text
    refused(await ask(world, told["device_code"]), "authorization_pending")
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', again.text))
    assert (await later.post("/device/decide", data=fields | {"decision": "allow"}, headers=PAGE)).status_code == 303


async def test_of_two_people_who_decide_at_once_one_does(world: World, client_for: ClientFor):
    async with world.database.begin() as tx:
        bea = await make_user(tx)
    told = await begun(world)
    other = await client_for(bea)
    answers = await asyncio.gather(decide(world, told["user_code"]), decide(world, told["user_code"], "deny", other))
    assert sorted(answer.status_code for answer in answers) == [303, 422]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("BCDF-GHJK", "BCDFGHJK"),
        ("bcdf ghjk", "BCDFGHJK"),
        (" b c.d_f-g h j k ", "BCDFGHJK"),
        ("BCDFGHJ", None),
        ("BCDFGHJA", None),
        ("BCDFGHJ0", None),
        ("\u017fCDFGHJK", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str, read: str | None):
    assert devices.read_code(typed) == read


def test_how_long_a_device_waits_grows_by_five_seconds_and_not_for_ever():
    assert [devices.slower(5), devices.slower(10), devices.slower(598)] == [10, 15, 600]


async def test_devices_that_nobody_let_in_are_dropped(world: World):
    told = await begun(world)
    async with world.database.begin() as tx:
        from vibestream.contexts.user.oauth.service.tidying import drop_expired

        assert await drop_expired(tx, before=utc_now(), most=10) == 0
        assert await drop_expired(tx, before=utc_now() + timedelta(minutes=11), most=10) == 1
    refused(await ask(world, told["device_code"]), "invalid_grant")


async def test_a_device_needs_no_address_to_go_back_to_and_everything_else_does(world: World):
    with pytest.raises(service.RedirectUriInvalid):
        async with world.database.begin() as tx:
            await service.register(
                tx,
                owner_id=world.developer.user_id,
                name="x",
                confidence=service.Confidence.PUBLIC,
                redirect_uris=[],
                scopes=["openid"],
                now=utc_now(),
            )
    assert isinstance(world.television.client.client_id, UUID)
