"""One's sessions over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.users import make_user
from tests.http_client import ClientFor
from vibestream.platform.database import Database

NONE = "019ab000-0000-7000-8000-000000000001"


async def test_one_sees_and_ends_ones_own_sessions(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        user, stranger = await make_user(tx), await make_user(tx)
    here, there, third, foreign = [await client_for(one) for one in (user, user, user, stranger)]
    listed = (await here.get("/api/v1/me/sessions")).json()["sessions"]
    assert [session["current"] for session in listed].count(True) == 1
    assert len(listed) == 3
    assert {session["device"] for session in listed} == {"Firefox on Linux"}
    assert {session["network"] for session in listed} == {"192.0.2.0/24"}

    theirs = next(s["session_id"] for s in (await there.get("/api/v1/me/sessions")).json()["sessions"] if s["current"])
    assert (await foreign.delete(f"/api/v1/me/sessions/{theirs}")).status_code == 404
    assert (await here.delete(f"/api/v1/me/sessions/{theirs}")).status_code == 204
    assert (await there.get("/api/v1/me")).status_code == 401
    assert (await here.delete(f"/api/v1/me/sessions/{theirs}")).status_code == 404

    ended = await here.delete("/api/v1/me/sessions")
    assert (ended.status_code, ended.json()) == (200, {"ended": 1})
    assert (await third.get("/api/v1/me")).status_code == 401
    assert (await here.get("/api/v1/me")).status_code == 200
    assert (await foreign.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize("session_id", ["1", "..%2f", "'", NONE])
async def test_a_session_that_is_none_is_not_found(client_for: ClientFor, database: Database, session_id: str):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    assert (await client.delete(f"/api/v1/me/sessions/{session_id}")).status_code in {404, 405, 422}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/me"),
        ("PATCH", "/api/v1/me"),
        ("PUT", "/api/v1/me/password"),
        ("GET", "/api/v1/me/sessions"),
        ("DELETE", "/api/v1/me/sessions"),
        ("DELETE", f"/api/v1/me/sessions/{NONE}"),
        ("DELETE", "/api/v1/sessions/current"),
        ("POST", "/api/v1/artists"),
        ("PATCH", f"/api/v1/artists/{NONE}"),
    ],
)
@pytest.mark.parametrize("token", [None, "A" * 43, "x", "%"])
async def test_who_is_not_signed_in_is_told_so(client: Any, method: str, path: str, token: str | None):
    if token is not None:
        client.cookies.set("__Host-vs", token, domain="testserver.local")
    json: dict[str, str] | None = {} if method in {"PATCH", "PUT", "POST"} else None
    assert (await client.request(method, path, json=json)).status_code == 401
