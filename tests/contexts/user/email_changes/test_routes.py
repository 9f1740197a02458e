"""Changing one's address over HTTP: a fresh proof, the browser that asked, a code in a body, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.users import PASSWORD, User, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.email_changes.domain import code_of, undo_code_of
from vibestream.kernel.ids import SessionId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.config import Settings
from vibestream.platform.database import Database

ASK = "/api/v1/me/email-change"
UNDO = "/api/v1/email-change/undo"
NEW = "ana.rio@example.net"


@pytest.fixture
async def ana(database: Database) -> User:
    async with database.begin() as tx:
        return await make_user(tx, email="ana@example.org")


async def value(database: Database, statement: Any) -> Any:
    async with database.begin() as tx:
        return await tx.value(statement)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_an_address_is_changed_and_put_back(
    client: Any, client_for: ClientFor, ana: User, database: Database, settings: Settings
):
    owner, elsewhere = await client_for(ana), await client_for(ana)
    begun = await owner.post(ASK, json={"email": NEW})
    assert (begun.status_code, set(begun.json())) == (202, {"code_expires_at"})
    assert begun.headers["set-cookie"].startswith("__Host-vs-email-change=")
    key = settings.signing_key()
    right = code_of(key=key, change_id=await value(database, "SELECT change_id FROM users.email_change"))

    assert code(await elsewhere.post(f"{ASK}/confirm", json={"code": right})) == (410, "email_change.expired")
    assert code(await owner.post(f"{ASK}/confirm", json={"code": "0000 0000"})) == (422, "account.code_wrong")
    assert await value(database, "SELECT tries_left FROM users.email_change") == 4  # the try was kept
    assert (await owner.post(f"{ASK}/confirm", json={"code": right})).status_code == 204
    assert (await owner.get("/api/v1/me")).json()["email"] == NEW
    assert (await elsewhere.get("/api/v1/me")).status_code == 401
    assert code(await owner.post(f"{ASK}/confirm", json={"code": right})) == (410, "email_change.expired")

    undo = undo_code_of(key=key, undo_id=await value(database, "SELECT undo_id FROM users.email_undo"))
    assert (await client.post(UNDO, json={"code": undo.lower()})).status_code == 204
    assert (await owner.get("/api/v1/me")).status_code == 401
    assert (await (await client_for(ana)).get("/api/v1/me")).json()["email"] == "ana@example.org"
    assert code(await client.post(UNDO, json={"code": undo})) == (410, "email_change.undo_expired")


async def test_an_address_that_has_an_account_is_answered_alike(client_for: ClientFor, ana: User, database: Database):
    async with database.begin() as tx:
        await make_user(tx, email="bea@example.org")
    owner = await client_for(ana)
    free, taken = [await owner.post(ASK, json={"email": one}) for one in (NEW, "bea@example.org")]
    assert (free.status_code, set(free.json())) == (taken.status_code, set(taken.json())) == (202, {"code_expires_at"})
    assert code(await owner.post(ASK, json={"email": "ANA@example.org"})) == (422, "email_change.unchanged")
    assert code(await owner.post(ASK, json={"email": "no address"})) == (422, "account.address_invalid")


async def test_asking_wants_a_fresh_proof_and_no_token_will_do(client_for: ClientFor, ana: User, database: Database):
    owner = await client_for(ana)
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = NULL WHERE user_id = %s", [ana.user_id])
    assert code(await owner.post(ASK, json={"email": NEW})) == (403, "access.proof_too_old")
    assert await value(database, "SELECT count(*) FROM users.email_change") == 0
    assert (await owner.post("/api/v1/me/step-up", json={"proof": PASSWORD})).status_code == 200
    assert (await owner.post(ASK, json={"email": NEW})).status_code == 202
    scopes = frozenset({"openid", "profile", "email", "page:read"})
    app = Principal(ana.user_id, SessionId(new_id()), frozenset({"fan"}), proved_at=utc_now(), scopes=scopes)
    by_app = await client_for(app)
    for path, body in ((ASK, {"email": NEW}), (f"{ASK}/confirm", {"code": "1"}), (UNDO, {"code": "1"})):
        assert code(await by_app.post(path, json=body)) == (403, "access.app_not_admitted")


@pytest.mark.parametrize("sent", ["", "0" * 201, "ABCDE-12345", "\u0000", "%27"])
async def test_a_code_that_is_none_undoes_nothing(client: Any, sent: str):
    answer = await client.post(UNDO, json={"code": sent})
    assert answer.status_code in {400, 410, 422}
    assert (await client.get(UNDO, params={"code": sent})).status_code in {404, 405, 422}
