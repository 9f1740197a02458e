"""Personal access tokens: shown once, good for what was chosen and until when, and no longer than their owner wants."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import psycopg
import pytest

from tests.contexts.user.oauth.conftest import World
from tests.factories.users import make_user, open_session
from tests.http_client import ClientFor
from vibestream.contexts.user.oauth import service
from vibestream.contexts.user.oauth.domain.proof import hash_of
from vibestream.kernel.time import utc_now

PAGE = {"Accept": "text/html"}
CHOSEN = {"name": "Backup", "days": "30", "scopes": ["wallet:read"]}


async def make(world: World, browser: Any = None, **changes: Any) -> Any:
    return await (browser or world.browser).post("/account/tokens", data=CHOSEN | changes, headers=PAGE)


def secret_in(page: Any) -> str:
    assert page.status_code == 200, page.text
    [secret] = re.findall(r"vsp_[A-Za-z0-9_-]{43}", page.text)
    return str(secret)


async def made(world: World, **changes: Any) -> str:
    return secret_in(await make(world, **changes))


async def use(world: World, token: str, path: str = "/api/v1/wallet") -> Any:
    return await world.app.get(path, headers={"Authorization": f"Bearer {token}"})


async def test_a_token_is_shown_once_and_works(world: World):
    page = await make(world)
    assert page.headers["cache-control"] == "no-store"
    token = secret_in(page)
    assert (await use(world, token)).status_code == 200

    listed = await world.browser.get("/account/tokens", headers=PAGE)
    assert token not in listed.text
    assert "Backup" in listed.text
    assert "last used" in listed.text
    async with await psycopg.AsyncConnection.connect(world.owner_dsn) as connection:
        cursor = await connection.execute("SELECT token_hash, used_at IS NOT NULL FROM users.personal_token")
        assert await cursor.fetchall() == [(hash_of(token), True)]
        cursor = await connection.execute(
            "SELECT count(*) FROM users.security_log WHERE action = 'token.made' AND user_id = %s", [world.ana.user_id]
        )
        assert await cursor.fetchall() == [(1,)]


async def test_a_token_opens_what_was_chosen_and_nothing_else(world: World):
    token = await made(world)
    refused = await use(world, token, "/oauth/userinfo")
    assert (refused.status_code, refused.json()["code"]) == (403, "access.scope_missing")
    for path in ("/api/v1/me/sessions", "/api/v1/me"):
        closed = await use(world, token, path)
        assert (closed.status_code, closed.json()["code"]) == (403, "access.app_not_admitted"), path
    known = await made(world, scopes=["openid", "profile"])
    assert (await use(world, known, "/oauth/userinfo")).json()["name"] == "Ana Río"
    assert (await use(world, known)).status_code == 403


async def test_no_token_makes_another_or_ends_one(world: World):
    token = await made(world, scopes=list(service.PERSONAL_SCOPES))
    for path in ("/account/tokens", "/account/developer"):
        answer = await world.app.post(path, data=CHOSEN, headers={"Authorization": f"Bearer {token}", "Accept": "*/*"})
        assert (answer.status_code, answer.json()["code"]) == (403, "access.app_not_admitted")


async def test_no_role_of_an_operator_comes_through_a_token(world: World, client_for: ClientFor):
    async with world.database.begin() as tx:
        admin = await make_user(tx, roles=["admin"])
    token = secret_in(await make(world, await client_for(admin), scopes=["wallet:read"]))
    async with world.database.begin() as tx:
        principal = await service.authenticate(tx, token=token, now=utc_now())
    assert principal is not None
    assert principal.roles == {"fan"}
    assert principal.proved_at is None


async def test_a_token_expires_when_it_was_said_to(world: World):
    token = await made(world, days="7")
    await world.shift(personal=7 * 86_400 - 60)
    assert (await use(world, token)).status_code == 200
    await world.shift(personal=60)
    answer = await use(world, token)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (
        401,
        'Bearer realm="VibeStream", error="invalid_token"',
    )
    assert "Backup" not in (await world.browser.get("/account/tokens", headers=PAGE)).text


async def test_a_revoked_token_is_good_for_nothing_at_once(world: World, client_for: ClientFor):
    token = await made(world)
    page = await world.browser.get("/account/tokens", headers=PAGE)
    [path] = re.findall(r"/account/tokens/[0-9a-f-]{36}/revoke", page.text)
    async with world.database.begin() as tx:
        bea = await make_user(tx)
    assert (await (await client_for(bea)).post(path)).status_code == 404
    assert (await use(world, token)).status_code == 200

    answers = await asyncio.gather(*(world.browser.post(path) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404, 404]
    assert (await use(world, token)).status_code == 401


async def test_signing_out_everywhere_ends_every_token(world: World):
    tokens = [await made(world), await made(world, name="Other")]
    assert (await world.browser.delete("/api/v1/me/sessions")).status_code == 200
    assert [(await use(world, token)).status_code for token in tokens] == [401, 401]


async def test_a_token_is_no_apps_token(world: World):
    """No client learns of it, takes it back, or gets another for it."""
    token = await made(world)
    who = world.confidential
    secret = {"client_id": str(who.client.client_id), "client_secret": str(who.secret)}
    said = await world.app.post("/oauth/introspect", data={**secret, "token": token})
    assert said.json() == {"active": False}
    assert (await world.app.post("/oauth/revoke", data={**secret, "token": token})).status_code == 200
    assert (await world.refresh(token, who)).json()["error"] == "invalid_grant"
    assert (await use(world, token)).status_code == 200


async def test_a_token_in_the_address_is_refused(world: World):
    token = await made(world)
    answer = await world.app.get(f"/api/v1/wallet?access_token={token}")
    assert (answer.status_code, answer.json()["code"]) == (400, "access.token_in_address")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"days": "36500"}, "Choose after how many days it expires."),
        ({"days": ""}, "Choose after how many days it expires."),
        ({"days": "0"}, "Choose after how many days it expires."),
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["offline_access"]}, "Choose at least one."),
        ({"scopes": ["admin"]}, "Choose at least one."),
    ],
)
async def test_what_is_not_offered_is_not_made(world: World, changes: dict[str, Any], sentence: str):
    answer = await make(world, **changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    async with world.database.begin() as tx:
        assert await service.tokens_of(tx, user_id=world.ana.user_id, now=utc_now()) == []


async def test_an_old_proof_makes_no_token(world: World):
    async with await psycopg.AsyncConnection.connect(world.owner_dsn) as connection:
        await connection.execute("UPDATE users.session SET proved_at = proved_at - interval '6 minutes'")
    answer = await make(world)
    assert answer.status_code == 403
    assert "vsp_" not in answer.text
    assert 'name="proof_code"' in answer.text


async def test_nobody_has_more_tokens_than_they_may_even_at_once(world: World):
    async with world.database.begin() as tx:
        by = (await open_session(tx, world.ana)).session_id

    async def one() -> bool:
        try:
            async with world.database.begin() as tx:
                await service.make(
                    tx, user_id=world.ana.user_id, by=by, name="x", scopes=["listen"], days=7, now=utc_now()
                )
        except service.TokensLimited:
            return False
        return True

    results = []
    for _ in range(6):
        results += await asyncio.gather(*(one() for _ in range(5)))
    assert results.count(True) == 25
