"""Verification over HTTP: asked by the owner, decided by a moderator who does not speak for the artist, once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.users import make_artist, make_user
from tests.http_client import ClientFor
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database

ASKED = {"evidence": "My site leads here.", "links": ["https://rio-lento.example/about"]}
YES = {"verdict": "verified", "ground": "links_back", "reason": "The site leads back."}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_an_artist_asks_once_and_sees_what_a_moderator_decided(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist, moderator = await make_artist(tx), await make_user(tx, roles=["moderator"])
    own, desk = await client_for(artist.user), await client_for(moderator)
    path, same = f"/api/v1/artists/{artist.artist_id}/verification", key()
    assert code(await own.get(path)) == (404, "verification.missing")
    asked, again = [await own.post(path, json=ASKED, headers=same) for _ in range(2)]
    assert (asked.status_code, asked.json()["state"], again.json()) == (201, "waiting", asked.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert code(await own.post(path, json=ASKED, headers=key())) == (409, "verification.waits")
    assert code(await own.post(path, json=ASKED)) == (400, "http.idempotency_key_missing")

    [waiting] = (await desk.get("/api/v1/moderation/verifications")).json()["items"]
    assert (waiting["handle"], waiting["verification_id"]) == (artist.handle, asked.json()["verification_id"])
    place = f"/api/v1/moderation/verifications/{waiting['verification_id']}"
    seen = (await desk.get(place)).json()
    assert (seen["evidence"], seen["links"], seen["own"]) == (ASKED["evidence"], ASKED["links"], False)
    assert {"asked_by", "decided_by"} & set(seen) == set()
    decided = await desk.post(f"{place}/decision", json=YES, headers=key())
    assert (decided.status_code, decided.json()["state"], decided.json()["ground"]) == (201, "verified", "links_back")
    assert code(await desk.post(f"{place}/decision", json=YES, headers=key())) == (409, "verification.decided")
    assert (await own.get(path)).json()["reason"] == "The site leads back."
    assert (await own.get(f"/api/v1/artists/{artist.artist_id}/standing")).json()["verified_at"] is not None
    assert (await desk.get("/api/v1/moderation/verifications")).json()["items"] == []


async def test_what_waits_is_withdrawn_by_its_owner_alone(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist, other = await make_artist(tx), await make_artist(tx)
    own, stranger = await client_for(artist.user), await client_for(other.user)
    path = f"/api/v1/artists/{artist.artist_id}/verification"
    assert code(await stranger.post(path, json=ASKED, headers=key())) == (404, "profile.artist_missing")
    await own.post(path, json=ASKED, headers=key())
    assert code(await stranger.get(path)) == (404, "verification.missing")
    assert code(await stranger.delete(path)) == (404, "verification.missing")
    assert (await own.delete(path)).status_code == 204
    assert (await own.get(path)).json()["state"] == "withdrawn"
    assert code(await own.delete(path)) == (404, "verification.missing")


async def test_nobody_decides_about_their_own_and_only_moderators_at_all(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist = await make_artist(tx, user=await make_user(tx, roles=["moderator"]))
        fan = await make_user(tx)
    own = await client_for(artist.user)
    asked = await own.post(f"/api/v1/artists/{artist.artist_id}/verification", json=ASKED, headers=key())
    place = f"/api/v1/moderation/verifications/{asked.json()['verification_id']}"
    assert (await own.get(place)).json()["own"] is True
    assert code(await own.post(f"{place}/decision", json=YES, headers=key())) == (409, "verification.own")
    for path in (place, "/api/v1/moderation/verifications"):
        assert code(await (await client_for(fan)).get(path)) == (403, "access.role_missing")


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "withdrawn"},
        {"verdict": "waiting"},
        {"ground": "not_enough"},
        {"ground": "because"},
        {"reason": ""},
        {"reason": "x" * 1_001},
        {"by": str(new_id())},
    ],
)
async def test_a_verdict_that_does_not_hold_decides_nothing(
    client_for: ClientFor, database: Database, wrong: dict[str, str]
):
    async with database.begin() as tx:
        artist, moderator = await make_artist(tx), await make_user(tx, roles=["moderator"])
    own, desk = await client_for(artist.user), await client_for(moderator)
    path = f"/api/v1/artists/{artist.artist_id}/verification"
    asked = (await own.post(path, json=ASKED, headers=key())).json()
    place = f"/api/v1/moderation/verifications/{asked['verification_id']}/decision"
    assert (await desk.post(place, json={**YES, **wrong}, headers=key())).status_code == 422
    assert (await own.get(path)).json()["state"] == "waiting"


@pytest.mark.parametrize(
    "wrong",
    [{"evidence": ""}, {"evidence": " \n"}, {"links": ["http://x.example"]}, {"links": ["https://a.example"] * 6}],
)
async def test_evidence_that_cannot_be_looked_at_is_refused(
    client_for: ClientFor, database: Database, wrong: dict[str, Any]
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    own, path = await client_for(artist.user), f"/api/v1/artists/{artist.artist_id}/verification"
    assert (await own.post(path, json={**ASKED, **wrong}, headers=key())).status_code == 422
    assert code(await own.get(path)) == (404, "verification.missing")


async def test_the_queue_comes_in_pages_the_oldest_first(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        made, moderator = [await make_artist(tx) for _ in range(3)], await make_user(tx, roles=["moderator"])
    for artist in made:
        path = f"/api/v1/artists/{artist.artist_id}/verification"
        await (await client_for(artist.user)).post(path, json=ASKED, headers=key())
    desk = await client_for(moderator)
    first = (await desk.get("/api/v1/moderation/verifications", params={"limit": 2})).json()
    params = {"limit": 2, "cursor": first["next_cursor"]}
    rest = (await desk.get("/api/v1/moderation/verifications", params=params)).json()
    handles = [one["handle"] for one in (*first["items"], *rest["items"])]
    assert (handles, rest["next_cursor"]) == ([one.handle for one in made], None)
