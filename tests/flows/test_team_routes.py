"""Teams over HTTP: in by a code that is shown once, out at once, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.users import make_artist, make_user
from tests.http_client import ClientFor
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_somebody_is_invited_joins_and_is_taken_out(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        artist, member, stranger = await make_artist(tx), await make_user(tx, display_name="Lev"), await make_artist(tx)
    own, lev, other = [await client_for(one) for one in (artist.user, member, stranger.user)]
    path, body = f"/api/v1/artists/{artist.artist_id}/team", {"role": "editor", "key": str(new_id())}
    invited = await own.post(f"{path}/invitations", json=body)
    assert (invited.status_code, invited.headers["cache-control"]) == (201, "no-store")
    assert code(await own.post(f"{path}/invitations", json=body)) == (409, "team.invited_before")
    assert code(await lev.get(path)) == (404, "profile.artist_missing")

    typed = {"code": invited.json()["code"].lower()}
    joined = await lev.post("/api/v1/me/teams", json=typed)
    assert (joined.status_code, joined.json()) == (201, {"artist_id": str(artist.artist_id)})
    assert code(await other.post("/api/v1/me/teams", json=typed)) == (404, "team.code_unknown")
    [seen] = (await own.get(path)).json()["items"]
    assert (seen["name"], seen["role"], seen["user_id"]) == ("Lev", "editor", str(member.user_id))
    assert (await lev.get(path)).json()["items"] == [seen]
    [mine] = (await lev.get("/api/v1/me/teams")).json()["items"]
    assert (mine["handle"], mine["role"]) == (artist.handle, "editor")
    assert (await lev.patch(f"/api/v1/artists/{artist.artist_id}", json={"bio": "New."})).status_code == 200

    assert code(await lev.post(f"{path}/invitations", json={"role": "editor", "key": str(new_id())})) == (
        404,
        "profile.artist_missing",
    )
    assert code(await other.delete(f"{path}/{member.user_id}")) == (404, "team.member_missing")
    assert (await own.delete(f"{path}/{member.user_id}")).status_code == 204
    assert code(await lev.get(path)) == (404, "profile.artist_missing")
    assert (await lev.patch(f"/api/v1/artists/{artist.artist_id}", json={"bio": "x"})).status_code == 404
    assert (await lev.get("/api/v1/me/teams")).json()["items"] == []


@pytest.mark.parametrize("wrong", [{"role": "owner"}, {"key": "x"}, {"artist_id": str(new_id())}])
async def test_an_invitation_that_cannot_be_is_refused(
    client_for: ClientFor, database: Database, wrong: dict[str, str]
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    body = {"role": "editor", "key": str(new_id()), **wrong}
    own, path = await client_for(artist.user), f"/api/v1/artists/{artist.artist_id}/team"
    assert (await own.post(f"{path}/invitations", json=body)).status_code == 422
    assert (await own.post("/api/v1/me/teams", json={"code": "AAAAA-AAAAA"})).status_code == 404
