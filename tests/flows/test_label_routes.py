"""Labels over HTTP: what the pages do, page by page, done once for a key, and never by or for anybody else."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.labels import agreed, asked_by_artist, asked_by_label, make_label
from tests.factories.music import make_music
from tests.factories.users import Artist, make_artist, make_user
from tests.http_client import ClientFor
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import Part
from vibestream.contexts.user.labels.service import LabelRole
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

ROSTER = "/api/v1/label/artists"


def labels_of(artist: Artist) -> str:
    return f"/api/v1/artists/{artist.artist_id}/labels"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def parts_of(database: Database, user_id: UserId) -> list[Part]:
    async with database.begin() as tx:
        return [one.part for one in await catalogue.artists_of(tx, user_id=user_id)]


async def test_a_label_asks_once_the_owner_accepts_after_a_proof_and_the_label_ends_it(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        label, artist = await make_label(tx, name="Casa Sur"), (await make_music(tx)).artist
    theirs, owners = await client_for(label.user), await client_for(artist.user)
    body, sent = {"handle": f"@{artist.handle}", "role": "editor"}, key()
    asked = [await theirs.post(ROSTER, json=body, headers=sent) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in asked] == [(201, asked[0].json())] * 2
    assert code(await theirs.post(ROSTER, json=body, headers=key())) == (409, "label.on_roster")
    relation_id = asked[0].json()["relation_id"]
    [waiting] = (await owners.get(labels_of(artist))).json()["items"]
    assert waiting == {
        "relation_id": relation_id,
        "label_name": "Casa Sur",
        "artist_id": str(artist.artist_id),
        "artist_name": artist.name,
        "artist_handle": artist.handle,
        "role": "editor",
        "asked_by": "label",
        "asked_at": waiting["asked_at"],
        "expires_at": asked[0].json()["expires_at"],
        "since": None,
    }

    accept = f"{labels_of(artist)}/{relation_id}/accept"
    async with database.begin() as tx:
        proved = utc_now() - timedelta(minutes=6)
        await tx.execute("UPDATE users.session SET proved_at = %s WHERE user_id = %s", [proved, artist.user_id])
    assert code(await owners.post(accept, headers=key())) == (403, "access.proof_too_old")
    assert await parts_of(database, label.user_id) == []
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = now() WHERE user_id = %s", [artist.user_id])
    again = key()
    assert [(await owners.post(accept, headers=again)).status_code for _ in range(2)] == [204, 204]
    assert code(await owners.post(accept, headers=key())) == (404, "label.relation_missing")
    assert await parts_of(database, label.user_id) == [Part.EDITOR]
    [works] = (await theirs.get(ROSTER)).json()["items"]
    assert (works["since"] is None, works["expires_at"]) == (False, None)

    assert (await theirs.delete(f"{ROSTER}/{relation_id}")).status_code == 204
    assert await parts_of(database, label.user_id) == []
    assert code(await theirs.delete(f"{ROSTER}/{relation_id}")) == (404, "label.relation_missing")
    assert (await owners.get(labels_of(artist))).json() == {"items": [], "next_cursor": None}


async def test_an_artist_asks_the_label_accepts_and_the_owner_ends_it(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        label, artist = await make_label(tx), (await make_music(tx)).artist
    theirs, owners = await client_for(label.user), await client_for(artist.user)
    body = {"handle": label.handle, "role": "analyst"}
    asked = await owners.post(labels_of(artist), json=body, headers=key())
    assert asked.status_code == 201
    relation_id = asked.json()["relation_id"]
    own_yes = await owners.post(f"{labels_of(artist)}/{relation_id}/accept", headers=key())
    assert code(own_yes) == (404, "label.relation_missing")
    assert (await theirs.post(f"{ROSTER}/{relation_id}/accept", headers=key())).status_code == 204
    assert await parts_of(database, label.user_id) == [Part.ANALYST]
    assert (await owners.delete(f"{labels_of(artist)}/{relation_id}")).status_code == 204
    assert await parts_of(database, label.user_id) == []


async def test_what_is_anothers_is_not_there_whatever_address_it_is_looked_for_at(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        label, artist = await make_label(tx), await make_artist(tx)
        second = await make_artist(tx, user=artist.user)
        other, fan = await make_artist(tx), await make_user(tx)
        other_label = await make_label(tx)
        asked, wanted = await asked_by_label(tx, label, artist), await asked_by_artist(tx, artist, other_label)
    owners, stranger, fans = await client_for(artist.user), await client_for(other.user), await client_for(fan)
    theirs = await client_for(label.user)
    missing = (404, "profile.artist_missing")
    assert code(await stranger.get(labels_of(artist))) == missing
    assert code(await stranger.post(f"{labels_of(artist)}/{asked}/accept", headers=key())) == missing
    assert code(await stranger.delete(f"{labels_of(artist)}/{asked}")) == missing
    body = {"handle": label.handle, "role": "editor"}
    assert code(await stranger.post(labels_of(artist), json=body, headers=key())) == missing
    none = (404, "label.relation_missing")
    assert code(await stranger.post(f"{labels_of(other)}/{asked}/accept", headers=key())) == none
    assert code(await stranger.delete(f"{labels_of(other)}/{asked}")) == none
    # another artist of the very same owner is another address
    assert code(await owners.post(f"{labels_of(second)}/{asked}/accept", headers=key())) == none
    assert code(await owners.delete(f"{labels_of(second)}/{asked}")) == none
    # what waits for another label
    assert code(await theirs.post(f"{ROSTER}/{wanted}/accept", headers=key())) == none
    assert code(await theirs.delete(f"{ROSTER}/{wanted}")) == none
    assert [one["relation_id"] for one in (await theirs.get(ROSTER)).json()["items"]] == [str(asked)]
    assert (await fans.get(ROSTER)).status_code == 403
    assert (await fans.post(ROSTER, json=body, headers=key())).status_code == 403
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.label_artist WHERE since IS NULL") == 2


async def test_lists_are_read_page_by_page_and_a_cursor_is_of_its_list(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        label, owner = await make_label(tx), await make_user(tx)
        artists = [await make_artist(tx, user=owner, name=name) for name in ("Nova", "Åsa", "Nova", "Zoe", "Ann")]
        for one in artists:
            await agreed(tx, label, one, LabelRole.ANALYST)
        for name in ("B-side", "A-side", "B-side"):
            await asked_by_label(tx, await make_label(tx, name=name), artists[0])
    theirs, owners = await client_for(label.user), await client_for(owner)
    whole = [one["artist_id"] for one in (await theirs.get(ROSTER)).json()["items"]]
    assert len(whole) == 5
    read: list[str] = []
    cursor: str | None = None
    while True:
        page = (await theirs.get(ROSTER, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        read += [one["artist_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert read == whole
    first = (await owners.get(labels_of(artists[0]), params={"limit": 2})).json()
    rest = (await owners.get(labels_of(artists[0]), params={"cursor": first["next_cursor"]})).json()
    names = [one["label_name"] for one in first["items"] + rest["items"]]
    assert (names, rest["next_cursor"]) == (["A-side", "B-side", "B-side", "Casa Sur"], None)
    assert code(await theirs.get(ROSTER, params={"cursor": first["next_cursor"]})) == (422, "http.invalid_cursor")


@pytest.mark.parametrize("wrong", [{"role": "owner"}, {"handle": ""}, {"handle": None}, {"artist_id": str(new_id())}])
async def test_what_cannot_be_asked_is_refused(client_for: ClientFor, database: Database, wrong: dict[str, Any]):
    async with database.begin() as tx:
        label, artist = await make_label(tx), await make_artist(tx)
    theirs, owners = await client_for(label.user), await client_for(artist.user)
    for client, path, handle in ((theirs, ROSTER, artist.handle), (owners, labels_of(artist), label.handle)):
        body = {"handle": handle, "role": "editor"}
        assert (await client.post(path, json=body | wrong, headers=key())).status_code == 422
        assert code(await client.post(path, json=body)) == (400, "http.idempotency_key_missing")
    nobody = {"handle": "no-such-name", "role": "editor"}
    assert code(await theirs.post(ROSTER, json=nobody, headers=key())) == (404, "label.artist_unknown")
    assert code(await owners.post(labels_of(artist), json=nobody, headers=key())) == (404, "label.unknown")


async def test_of_accepting_and_ending_at_once_the_music_agrees_with_what_is_left(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        label, artist = await make_label(tx), (await make_music(tx)).artist
        asked = await asked_by_label(tx, label, artist)
    theirs, owners = await client_for(label.user), await client_for(artist.user)
    accepted, ended = await asyncio.gather(
        owners.post(f"{labels_of(artist)}/{asked}/accept", headers=key()), theirs.delete(f"{ROSTER}/{asked}")
    )
    assert (accepted.status_code, ended.status_code) in {(204, 204), (404, 204)}
    assert (await theirs.get(ROSTER)).json()["items"] == []
    assert await parts_of(database, label.user_id) == []


async def test_asking_is_limited_together_with_the_page(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        label = await make_label(tx)
    theirs = await client_for(label.user)
    nobody = {"handle": "no-such-name", "role": "editor"}
    html = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    for _ in range(2):
        await theirs.post("/label/artists", data=nobody | {"key": str(new_id())}, headers=html)
    answers = [(await theirs.post(ROSTER, json=nobody, headers=key())).status_code for _ in range(59)]
    assert answers == [404] * 58 + [429]
