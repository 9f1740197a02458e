"""Artists over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.factories.users import make_artist, make_user
from tests.http_client import ClientFor
from vibestream.platform.database import Database

NONE = "019ab000-0000-7000-8000-000000000001"
ARTIST = {
    "name": "Río Lento",
    "handle": "Rio-Lento",
    "bio": "A band.\n\nFrom nowhere.",
    "links": [{"label": "Site", "url": "https://example.org/"}],
}


async def test_a_fan_becomes_an_artist_and_everybody_sees_it(client_for: ClientFor, client: Any, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
    own = await client_for(user)
    made = await own.post("/api/v1/artists", json=ARTIST)
    assert made.status_code == 201
    body = made.json()
    UUID(body.pop("artist_id"))
    del body["created_at"]
    assert body == {**ARTIST, "handle": "rio-lento"}
    shown = await client.get(f"/api/v1/artists/{made.json()['artist_id']}")
    assert (shown.status_code, shown.json()) == (200, made.json())
    assert (await own.get("/api/v1/me")).json()["roles"] == ["artist", "fan"]


async def test_an_artist_changes_what_is_theirs_and_nobody_elses(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist, other, fan = await make_artist(tx), await make_artist(tx), await make_user(tx)
    path = f"/api/v1/artists/{artist.artist_id}"
    changed = await (await client_for(artist.user)).patch(path, json={"name": "Río Rápido", "links": []})
    assert (changed.status_code, changed.json()["name"]) == (200, "Río Rápido")
    assert (await (await client_for(other.user)).patch(path, json={"name": "Mine"})).status_code == 404
    assert (await (await client_for(fan)).patch(path, json={"name": "Mine"})).status_code == 404
    for wrong in ({"user_id": str(fan.user_id)}, {"artist_id": NONE}, {"name": None, "x": 1}):
        assert (await (await client_for(artist.user)).patch(path, json=wrong)).status_code == 422


async def test_a_taken_handle_is_a_conflict(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        await make_artist(tx, handle="rio-lento")
        user = await make_user(tx)
    refused = await (await client_for(user)).post("/api/v1/artists", json={**ARTIST, "handle": "ri0.lento"})
    assert (refused.status_code, refused.json()["code"]) == (409, "profile.handle_taken")


@pytest.mark.parametrize(
    "wrong",
    [
        {"handle": "ri\u043e-lento"},
        {"handle": "../admin"},
        {"name": "\u202e"},
        {"name": ""},
        {"bio": "x" * 4_001},
        {"links": [{"label": "x", "url": "javascript:alert(1)"}]},
        {"links": [{"label": "x", "url": "https://example.org", "rel": "x"}]},
        {"links": [{"label": "x", "url": "https://example.org"}] * 11},
        {"verified": True},
        {"user_id": "00000000-0000-0000-0000-000000000000"},
    ],
)
async def test_what_cannot_be_shown_is_refused(client_for: ClientFor, database: Database, wrong: dict[str, Any]):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    refused = await client.post("/api/v1/artists", json={**ARTIST, **wrong})
    assert refused.status_code == 422
    assert (await client.get("/api/v1/me")).json()["roles"] == ["fan"]


@pytest.mark.parametrize("artist_id", [NONE, "1", "%27", "rio-lento"])
async def test_an_artist_that_is_none_is_not_found(client: Any, artist_id: str):
    assert (await client.get(f"/api/v1/artists/{artist_id}")).status_code in {404, 422}
