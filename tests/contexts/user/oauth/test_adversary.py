"""What somebody tries who has read the source: with an app of their own, a stolen session, or an account that was put out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import psycopg
import pytest

from tests.contexts.user.oauth.conftest import World, answered, refused
from tests.factories.users import User, make_user
from vibestream.contexts.user.locks import service as locks
from vibestream.contexts.user.locks.service import LockReason
from vibestream.contexts.user.oauth import personal, service
from vibestream.kernel.time import utc_now

HTML = {"Accept": "text/html"}
LOCKED = LockReason("abuse")


async def _old_proof(world: World) -> None:
    async with await psycopg.AsyncConnection.connect(world.owner_dsn) as connection:
        await connection.execute(
            "UPDATE users.session SET created_at = created_at - interval '1 hour', proved_at = proved_at - interval '1 hour'"
            " WHERE user_id = %s",
            [world.ana.user_id],
        )


async def test_what_a_thief_agreed_to_is_forgotten_when_everybody_else_is_signed_out(world: World):
    """Else an app of theirs that keeps a secret gets new tokens as soon as the owner opens any page of it."""
    await world.tokens(world.confidential)
    silent = f"/oauth/authorize?{world.query(world.confidential, prompt='none')}"
    assert "code" in answered(await world.browser.get(silent))

    assert (await world.browser.post("/account/sessions/end-others")).status_code == 303
    assert answered(await world.browser.get(silent))["error"] == "consent_required"
    assert "Larkspur" not in (await world.browser.get("/account/apps", headers=HTML)).text


async def test_a_code_and_a_device_under_way_are_good_for_nothing_once_everybody_is_put_out(world: World):
    code = await world.code()
    begun = await world.app.post(
        "/oauth/device_authorization", data={"client_id": str(world.television.client.client_id), "scope": "openid"}
    )
    typed = {"user_code": begun.json()["user_code"], "decision": "allow"}
    assert (await world.browser.post("/device/decide", data=typed)).status_code == 303
    assert (await world.browser.post("/account/sessions/end-others")).status_code == 303

    refused(await world.redeem(code), "invalid_grant")
    shown = {"grant_type": service.DEVICE_CODE, "device_code": begun.json()["device_code"]}
    refused(await world.token(world.television, **shown), "invalid_grant")


async def test_a_code_of_somebody_who_is_erased_meanwhile_is_not_known(world: World):
    code, given = await world.code(), await world.tokens()
    async with world.database.begin() as tx:
        await personal.PERSONAL.erase(tx, world.ana.user_id)
    refused(await world.redeem(code), "invalid_grant")
    refused(await world.refresh(given["refresh_token"]), "invalid_grant")
    assert not await world.works(given["access_token"])


async def test_of_an_erased_developer_no_app_is_left_while_a_code_is_under_way(world: World):
    code, given = await world.code(world.confidential), await world.tokens(world.public)
    async with world.database.begin() as tx:
        await personal.PERSONAL.erase(tx, world.developer.user_id)
    refused(await world.redeem(code, world.confidential), "invalid_client", 401)
    assert not await world.works(given["access_token"])
    asked = await world.browser.get(f"/oauth/authorize?{world.query()}", headers=HTML)
    assert (asked.status_code, "location" in asked.headers) == (400, False)


async def test_apps_of_a_locked_developer_get_nowhere_until_the_lock_is_gone(world: World):
    given, code = await world.tokens(world.confidential), await world.code(world.confidential)
    admin = await _person(world)
    async with world.database.begin() as tx:
        await locks.lock(
            tx, user_id=world.developer.user_id, reason=LOCKED, note="Phishing.", by=admin.user_id, now=utc_now()
        )
    assert not await world.works(given["access_token"])
    refused(await world.refresh(given["refresh_token"], world.confidential), "invalid_client", 401)
    refused(await world.redeem(code, world.confidential), "invalid_client", 401)
    asked = await world.browser.get(f"/oauth/authorize?{world.query(world.confidential)}", headers=HTML)
    assert (asked.status_code, "location" in asked.headers) == (400, False)

    async with world.database.begin() as tx:
        await locks.unlock(tx, user_id=world.developer.user_id, note="Mistaken.", by=admin.user_id, now=utc_now())
    assert await world.works(given["access_token"])


@pytest.mark.parametrize("changes", [{"scope": "openid admin"}, {"code_challenge": None}, {"response_type": "token"}])
async def test_nobody_is_sent_on_by_an_error_before_they_sign_in(world: World, changes: dict[str, str | None]):
    """Anybody can register an app: else a link to us leads to whatever page they like. Source: RFC 9700, 4.11.2."""
    answer = await world.app.get(f"/oauth/authorize?{world.query(None, **changes)}", headers=HTML)
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert "app.example" not in answer.text
    silent = await world.app.get(f"/oauth/authorize?{world.query(None, prompt='none', **changes)}", headers=HTML)
    assert "error" in answered(silent)  # which the protocol wants told in any case


async def test_an_app_is_deleted_although_somebody_has_let_it_in_a_moment_later(world: World):
    """The clock of whoever deletes was read first; what was granted in between is no reason to fail."""
    given = await world.tokens()
    async with world.database.begin() as tx:
        await service.end_client(
            tx,
            owner_id=world.developer.user_id,
            client_id=world.public.client.client_id,
            now=utc_now() - timedelta(seconds=5),
        )
    assert not await world.works(given["access_token"])


async def test_no_app_lets_another_in_nor_itself_do_more(world: World):
    given = await world.tokens()
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    fields = {"asked": world.query(), "who": str(world.ana.user_id), "decision": "allow"}
    for answer in (
        await world.app.get(f"/oauth/authorize?{world.query(world.confidential)}", headers=bearer),
        await world.app.post("/oauth/authorize", data=fields, headers=bearer),
        await world.app.post("/device/decide", data={"user_code": "BBBB-BBBB", "decision": "allow"}, headers=bearer),
        await world.app.post("/oauth/token", data={"grant_type": "refresh_token"}, headers=bearer),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "access.app_not_admitted")


async def test_who_is_to_show_that_it_is_them_is_not_let_off_by_an_old_proof(world: World):
    await world.tokens(world.confidential)
    fresh = await world.browser.get(f"/oauth/authorize?{world.query(world.confidential, prompt='login')}")
    assert "code" in answered(fresh)
    await _old_proof(world)
    for changes in ({"prompt": "login"}, {"max_age": "0"}, {"max_age": "3599"}, {"prompt": "login", "max_age": "9999"}):
        query = world.query(world.confidential, **changes)
        for answer in (await world.browser.get(f"/oauth/authorize?{query}", headers=HTML), await world.decide(query)):
            assert (answer.status_code, "location" in answer.headers) == (403, False), changes
    late = await world.browser.get(f"/oauth/authorize?{world.query(world.confidential, prompt='none', max_age='60')}")
    assert answered(late)["error"] == "login_required"
    long_ago = await world.browser.get(f"/oauth/authorize?{world.query(world.confidential, max_age='7200')}")
    assert "code" in answered(long_ago)


async def test_answers_with_secrets_are_kept_nowhere(world: World):
    given = await world.tokens(world.confidential)
    mine = {"client_id": str(world.confidential.client.client_id), "client_secret": str(world.confidential.secret)}
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    for answer in (
        await world.refresh(given["refresh_token"], world.confidential),
        await world.app.post("/oauth/introspect", data={"token": given["access_token"], **mine}),
        await world.app.get("/oauth/userinfo", headers=bearer),
        await world.browser.get(f"/oauth/authorize?{world.query(world.confidential)}"),
    ):
        assert answer.status_code in {200, 303}
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("charset", ["unicode_escape", "Raw_Unicode_Escape", "undefined", "utf-16", '"utf-7"'])
async def test_a_form_in_an_odd_charset_is_refused_and_no_failure_of_ours(world: World, charset: str):
    fields = {
        "client_id": world.public.client.client_id, "grant_type": "refresh_token", "refresh_token": "vsr_\\ud800",
    }  # fmt: skip
    part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = "".join(part.format(*field) for field in fields.items()) + "--b--\r\n"
    answer = await world.app.post(
        "/oauth/token",
        content=body.encode(),
        headers={"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "http.unsupported_media_type")


async def test_of_refreshing_and_putting_everybody_out_at_once_nothing_is_left(world: World):
    given = await world.tokens()
    answers = await asyncio.gather(
        world.refresh(given["refresh_token"]), world.browser.post("/account/sessions/end-others")
    )
    if answers[0].status_code == 200:
        assert not await world.works(answers[0].json()["access_token"])
        refused(await world.refresh(answers[0].json()["refresh_token"]), "invalid_grant")
    assert not await world.works(given["access_token"])


async def _person(world: World) -> User:
    async with world.database.begin() as tx:
        return await make_user(tx)
