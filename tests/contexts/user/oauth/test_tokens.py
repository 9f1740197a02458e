"""What tokens are good for, and all the ways in which they end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fastapi.routing import iter_route_contexts
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.contexts.user.oauth.conftest import World, refused, registered
from tests.factories.users import make_user, signed_in
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.oauth import service
from vibestream.contexts.user.oauth.invariants import INVARIANTS
from vibestream.contexts.user.oauth.service import Confidence, Issuer, signing, tidying
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.time import utc_now
from vibestream.platform.sealed import Sealer


async def holds(world: World) -> None:
    async with world.database.begin() as tx:
        for invariant in INVARIANTS:
            finding = await invariant.check(tx)
            assert finding.ok, (invariant.name, finding)


async def test_a_refresh_token_is_good_once_and_shown_later_takes_everything_back(world: World):
    first = await world.tokens()
    second = (await world.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert await world.works(first["access_token"])
    assert await world.works(second["access_token"])
    await holds(world)

    await world.shift(used=11)
    refused(await world.refresh(first["refresh_token"]), "invalid_grant")
    assert not await world.works(first["access_token"])
    assert not await world.works(second["access_token"])
    refused(await world.refresh(second["refresh_token"]), "invalid_grant")


async def test_two_tabs_that_refresh_at_once_get_one_successor(world: World):
    first = await world.tokens()
    answers = await asyncio.gather(*(world.refresh(first["refresh_token"]) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    given = [answer.json() for answer in answers]
    assert len({one["refresh_token"] for one in given}) == 1
    assert len({one["access_token"] for one in given}) == 5
    await holds(world)
    assert (await world.refresh(given[0]["refresh_token"])).status_code == 200


async def test_once_the_successor_is_used_its_predecessor_is_a_theft_however_soon(world: World):
    stolen = (await world.tokens())["refresh_token"]
    second = (await world.refresh(stolen)).json()
    third = (await world.refresh(second["refresh_token"])).json()

    refused(await world.refresh(stolen), "invalid_grant")
    refused(await world.refresh(third["refresh_token"]), "invalid_grant")
    assert not await world.works(third["access_token"])


async def test_a_refresh_token_belongs_to_its_client(world: World):
    token = (await world.tokens(world.public))["refresh_token"]
    refused(await world.refresh(token, world.confidential), "invalid_grant")
    refused(await world.refresh(token + "x"), "invalid_grant")
    refused(await world.refresh("vsr_" + "a" * 43), "invalid_grant")
    assert (await world.refresh(token)).status_code == 200


async def test_a_refresh_narrows_and_never_widens(world: World):
    given = await world.tokens(scope="openid profile offline_access")
    refused(await world.refresh(given["refresh_token"], scope="openid email"), "invalid_scope")
    narrow = (await world.refresh(given["refresh_token"], scope="profile")).json()
    assert (narrow["scope"], "id_token" in narrow) == ("profile", False)
    again = (await world.refresh(narrow["refresh_token"])).json()
    assert again["scope"] == "openid profile offline_access"
    await holds(world)


async def test_tokens_expire(world: World):
    given = await world.tokens()
    await world.shift(access=597)
    assert await world.works(given["access_token"])
    await world.shift(access=4)
    assert not await world.works(given["access_token"])
    await world.shift(refresh=30 * 86_400)
    refused(await world.refresh(given["refresh_token"]), "invalid_grant")


async def test_a_revoked_access_token_is_alone_and_a_refresh_token_takes_all_along(world: World):
    given = await world.tokens(world.confidential)
    mine = {"client_id": str(world.confidential.client.client_id), "client_secret": str(world.confidential.secret)}
    other = {"client_id": str(world.public.client.client_id)}

    async def revoke(token: str, who: dict[str, str]) -> None:
        answer = await world.app.post("/oauth/revoke", data={"token": token, **who})
        assert (answer.status_code, answer.json()) == (200, {})

    await revoke(given["access_token"], other)
    await revoke("nonsense", mine)
    assert await world.works(given["access_token"])
    await revoke(given["access_token"], mine)
    assert not await world.works(given["access_token"])
    second = (await world.refresh(given["refresh_token"], world.confidential)).json()
    await revoke(second["refresh_token"], other)
    assert await world.works(second["access_token"])
    await revoke(second["refresh_token"], mine)
    assert not await world.works(second["access_token"])
    refused(await world.refresh(second["refresh_token"], world.confidential), "invalid_grant")
    refused(await world.app.post("/oauth/revoke", data={"token": "x"}), "invalid_client", 401)
    refused(await world.app.post("/oauth/revoke", data=mine), "invalid_request")


async def test_a_client_learns_what_its_own_tokens_are_good_for_and_no_others(world: World):
    given, others = await world.tokens(world.confidential), await world.tokens(world.public)
    mine = {"client_id": str(world.confidential.client.client_id), "client_secret": str(world.confidential.secret)}

    async def ask(token: str) -> dict[str, Any]:
        said: dict[str, Any] = (await world.app.post("/oauth/introspect", data={"token": token, **mine})).json()
        return said

    said = await ask(given["access_token"])
    assert (said["active"], said["sub"], said["client_id"]) == (True, str(world.ana.user_id), mine["client_id"])
    assert said["exp"] - said["iat"] == 600
    assert (await ask(given["refresh_token"]))["active"] is True
    for token in (others["access_token"], others["refresh_token"], given["id_token"], "x", "vsa_" + "a" * 43):
        assert await ask(token) == {"active": False}
    await world.refresh(given["refresh_token"], world.confidential)
    assert await ask(given["refresh_token"]) == {"active": False}
    public = {"client_id": str(world.public.client.client_id)}
    answer = await world.app.post("/oauth/introspect", data={"token": others["access_token"], **public})
    refused(answer, "invalid_request")


async def test_taking_an_app_back_ends_its_tokens_and_what_was_remembered(world: World):
    given, kept = await world.tokens(world.confidential), await world.tokens(world.public)
    path = f"/account/apps/{world.confidential.client.client_id}/take-back"

    assert (await world.browser.post(path)).headers["location"] == "/account/apps?done=taken_back"
    assert not await world.works(given["access_token"])
    assert await world.works(kept["access_token"])
    refused(await world.refresh(given["refresh_token"], world.confidential), "invalid_grant")
    asked = await world.browser.get(f"/oauth/authorize?{world.query(world.confidential)}")
    assert asked.status_code == 200
    assert (await world.browser.post(path, headers={"Accept": "text/html"})).status_code == 404


async def test_signing_out_everywhere_ends_every_apps_tokens(world: World):
    given = [await world.tokens(who) for who in (world.public, world.confidential)]
    async with world.database.begin() as tx:
        other = await make_user(tx)
        await sessions.end_all(tx, user_id=other.user_id, now=utc_now())
    assert await world.works(given[0]["access_token"])
    async with world.database.begin() as tx:
        await sessions.end_all(tx, user_id=world.ana.user_id, now=utc_now())
    for one in given:
        assert not await world.works(one["access_token"])
    refused(await world.refresh(given[0]["refresh_token"]), "invalid_grant")


async def test_a_deleted_app_and_a_former_secret_are_good_for_nothing(world: World):
    given = await world.tokens(world.confidential)
    name = world.confidential.client.client_id
    async with world.database.begin() as tx:
        owner = world.developer.user_id
        secret = await service.renew_secret(tx, owner_id=owner, client_id=name, now=utc_now())
        with pytest.raises(service.ClientMissing):
            await service.renew_secret(tx, owner_id=world.ana.user_id, client_id=name, now=utc_now())
        with pytest.raises(service.ClientMissing):
            await service.end_client(tx, owner_id=world.ana.user_id, client_id=name, now=utc_now())
    refused(await world.refresh(given["refresh_token"], world.confidential), "invalid_client", 401)
    second = await world.refresh(given["refresh_token"], world.confidential, client_secret=secret)
    assert second.status_code == 200
    async with world.database.begin() as tx:
        await service.end_client(tx, owner_id=world.developer.user_id, client_id=name, now=utc_now())
    assert not await world.works(second.json()["access_token"])
    refused(
        await world.refresh(second.json()["refresh_token"], client_id=str(name), client_secret=secret),
        "invalid_client",
        401,
    )


async def test_a_token_opens_what_its_scope_names_and_nothing_else(world: World, app: Any):
    """Default deny: every route of the application, also those that anybody may call."""
    access_token = (await world.tokens())["access_token"]
    headers = {"Authorization": f"Bearer {access_token}"}
    opened = set()
    for context in iter_route_contexts(app.routes):
        path = str(context.path)
        for method in (context.methods or set()) - {"HEAD"}:
            if "{" in path or path == "/events":
                path = path.replace("{", "").replace("}", "")
            answer = await world.app.request(method, path, headers=headers, content=b"")
            if answer.status_code != 403:
                opened.add((method, str(context.path)))
    ours = ("/api/v1/wallet", "/api/v1/listens", "/oauth/userinfo")
    media = {("GET", "/media/{path:path}")}  # asks nobody who they are: the address is signed
    page = ("/api/v1/me/page", "/api/v1/me/follows/artists", "/api/v1/me/follows/people")
    read = {("GET", path) for path in page}  # read, and not one of them changed
    assert {one for one in opened if not one[1].startswith(ours)} - media == read
    assert ("GET", "/api/v1/wallet") in opened
    assert ("POST", "/api/v1/listens") in opened
    narrow = (await world.tokens(scope="openid listen"))["access_token"]
    answer = await world.app.get("/api/v1/wallet", headers={"Authorization": f"Bearer {narrow}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "access.scope_missing")


async def test_no_role_of_an_operator_comes_through_an_app(world: World):
    async with world.database.begin() as tx:
        role = access.role_named("admin")
        await access.grant_role(tx, user_id=world.ana.user_id, role=role, granted_by=None, now=utc_now())
        await access.grant_role(
            tx, user_id=world.ana.user_id, role=access.role_named("artist"), granted_by=None, now=utc_now()
        )
    async with world.database.begin() as tx:
        token = await signed_in(tx, world.ana)
    world.browser.cookies.set("__Host-vs", token, domain="testserver.local")
    given = await world.tokens()
    async with world.database.begin() as tx:
        principal = await service.authenticate(tx, token=given["access_token"], now=utc_now())
    assert principal is not None
    assert principal.roles == {"fan", "artist"}
    assert principal.proved_at is None


async def test_tokens_come_in_the_header_and_nowhere_else(world: World):
    access_token = (await world.tokens())["access_token"]
    for path in ("/oauth/userinfo", "/api/v1/wallet", "/", "/api/v1/releases"):
        answer = await world.app.get(f"{path}?access_token={access_token}")
        assert (answer.status_code, answer.json()["code"]) == (400, "access.token_in_address"), path
    assert (await world.app.post("/oauth/userinfo", data={"access_token": access_token})).status_code == 401
    world.app.cookies.set("__Host-vs", access_token, domain="testserver.local")
    assert (await world.app.get("/oauth/userinfo")).status_code == 401
    assert (await world.app.get("/api/v1/wallet")).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "vsa_" + "a" * 43, "vsr_" + "a" * 43, "vsa_' OR 1=1 --", "a b"])
async def test_a_bad_token_is_refused_also_where_a_session_would_do(world: World, token: str):
    """Whoever comes as an app is judged as one: the cookie that comes along does not help."""
    answer = await world.browser.get("/api/v1/wallet", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "access.token_refused")
    assert answer.headers["www-authenticate"] == 'Bearer realm="VibeStream", error="invalid_token"'


async def test_a_refresh_token_or_a_session_is_no_access_token(world: World):
    given = await world.tokens()
    assert not await world.works(given["refresh_token"])
    session = next(cookie.value for cookie in world.browser.cookies.jar if cookie.name == "__Host-vs")
    assert not await world.works(str(session))
    assert (await world.browser.get("/oauth/userinfo")).status_code == 401  # a session is not an app


async def test_keys_take_turns_and_what_was_signed_before_is_still_verified(world: World, runtime: Any):
    before = (await world.tokens())["id_token"]
    issuer, now = Issuer.of(runtime.settings), utc_now()
    async with world.database.begin() as tx:
        await signing.take_turns(tx, sealer=issuer.sealer, now=now + timedelta(days=89, hours=1))
        keys = await service.published(tx, sealer=issuer.sealer, now=now + timedelta(days=89, hours=2))
        later = await signing.sign(tx, sealer=issuer.sealer, claims={"a": 1}, now=now + timedelta(days=91))
        after = await service.published(tx, sealer=issuer.sealer, now=now + timedelta(days=90, hours=12))
    assert (len(keys), len(after)) == (2, 2)
    known = KeySet.import_key_set({"keys": keys})
    first, second = (jwt.decode(token, known, algorithms=["ES256"]).header["kid"] for token in (before, later))
    assert first != second
    async with world.database.begin() as tx:
        await signing.take_turns(tx, sealer=issuer.sealer, now=now + timedelta(days=92))
        assert [key["kid"] for key in await service.published(tx, sealer=issuer.sealer, now=now)] == [second]


async def test_when_the_secret_key_is_gone_another_key_signs(world: World, runtime: Any):
    await world.tokens()
    other = Sealer(((b"nameless", b"k" * 32),))
    async with world.database.begin() as tx:
        token = await signing.sign(tx, sealer=other, claims={"a": 1}, now=utc_now())
        keys = KeySet.import_key_set({"keys": await service.published(tx, sealer=other, now=utc_now())})
    assert len(keys.keys) == 2
    assert jwt.decode(token, keys, algorithms=["ES256"]).claims == {"a": 1}


async def test_of_many_first_signatures_at_once_one_key_comes(world: World):
    given = await asyncio.gather(*(world.tokens() for _ in range(4)))
    keys = (await world.app.get("/oauth/jwks")).json()["keys"]
    assert len(keys) == 1
    assert len({one["access_token"] for one in given}) == 4


async def test_a_request_that_began_before_the_first_key_was_made_signs_with_it(world: World, runtime: Any):
    issuer, now = Issuer.of(runtime.settings), utc_now()
    async with world.database.begin() as tx:
        await signing.sign(tx, sealer=issuer.sealer, claims={"a": 1}, now=now)
        await signing.sign(tx, sealer=issuer.sealer, claims={"a": 2}, now=now - timedelta(milliseconds=5))
        assert len(await service.published(tx, sealer=issuer.sealer, now=now)) == 1


async def test_nothing_that_is_stored_opens_anything(world: World):
    given = await world.tokens(world.confidential)
    async with world.database.begin() as tx:
        rows = await tx.values(
            "SELECT r::text FROM users.oauth_access r UNION ALL SELECT r::text FROM users.oauth_refresh r"
            " UNION ALL SELECT r::text FROM users.oauth_code r UNION ALL SELECT r::text FROM users.oauth_client r"
            " UNION ALL SELECT r::text FROM users.oauth_key r"
        )
    stored = "\n".join(rows)
    for secret in (given["access_token"], given["refresh_token"], str(world.confidential.secret)):
        assert secret not in stored
        assert secret[4:] not in stored
    assert '"d"' not in stored


async def test_what_expired_is_dropped_and_the_rest_is_kept(world: World):
    given = await world.tokens()
    async with world.database.begin() as tx:
        assert await tidying.drop_expired(tx, before=utc_now(), most=100) == 0
    assert await world.works(given["access_token"])
    async with world.database.begin() as tx:
        assert await tidying.drop_expired(tx, before=utc_now() + timedelta(days=31), most=100) == 4
        assert await tx.value("SELECT count(*) FROM users.oauth_grant") == 0


async def test_nobody_has_more_apps_than_they_may(world: World):
    owner = world.developer
    for _ in range(22):
        await registered(world.database, owner, Confidence.PUBLIC)
    with pytest.raises(service.ClientsLimited):
        await registered(world.database, owner, Confidence.PUBLIC)


async def test_a_stolen_refresh_token_is_told_to_its_owner_and_two_tabs_are_not(world: World):
    given = await world.tokens()
    await asyncio.gather(*(world.refresh(given["refresh_token"]) for _ in range(4)))
    assert await told(world) == []

    await world.shift(used=11)
    refused(await world.refresh(given["refresh_token"]), "invalid_grant")
    refused(await world.refresh(given["refresh_token"]), "invalid_grant")
    assert await told(world) == [(str(world.ana.user_id), str(world.public.client.client_id))]


async def told(world: World) -> list[tuple[str, str]]:
    """Whom the outbox has news for of a key that was used twice, and of which app."""
    async with await psycopg.AsyncConnection.connect(world.owner_dsn) as connection:
        cursor = await connection.execute(
            "SELECT data->>'user_id', data->>'client_id' FROM platform.outbox"
            " WHERE type = 'vibestream.user.app_token_replayed'"
        )
        return await cursor.fetchall()
