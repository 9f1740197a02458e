"""Pages of perks: offered once however often the form is sent, refused at the field, and nobody else's to withdraw."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.fandom import heard, song_of
from tests.factories.fandom import offered as perk_of
from tests.factories.receipts import TODAY, closed
from tests.factories.users import Artist, make_artist, make_user
from tests.web.conftest import read
from vibestream.contexts.listen_reward.fandom import service as fandom
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import identity_commitment
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database

HTML = {"Accept": "text/html"}


async def artist_of(database: Database) -> tuple[Any, Artist]:
    async with database.begin() as tx:
        user = await make_user(tx, roles=["artist"])
        return user, await make_artist(tx, user=user)


def form(artist: Artist, **other: object) -> dict[str, object]:
    known = {"key": str(new_id()), "artist": str(artist.artist_id), "title": "A demo", "text": "Here.", "least": 60}
    return known | other


async def offered(database: Database, artist: Artist) -> list[str]:
    async with database.begin() as tx:
        return [one.perk.title for one in await fandom.offered_by_artist(tx, artist_id=artist.artist_id)]


async def test_a_form_that_is_sent_twice_offers_once(client_for: Any, database: Database):
    user, artist = await artist_of(database)
    client = await client_for(user)
    sent = form(artist)

    answers = [await client.post("/studio/perks", data=sent) for _ in range(2)]

    assert [(one.status_code, one.headers["location"]) for one in answers] == [(303, "/studio/perks?done=offered")] * 2
    assert await offered(database, artist) == ["A demo"]
    page = read(await client.get("/studio/perks", headers=HTML))
    assert "opened by fewer than ten" in page.text
    visitor = read(await client.get(f"/artists/{artist.handle}/perks", headers=HTML))
    assert "A demo" in visitor.text
    assert "Here." not in visitor.text


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("codes", "A\nA"),
        ("codes", "x" * 121),
        ("title", ""),
        ("title", "x" * 121),
        ("text", "  \n "),
        ("text", "x" * 4_001),
        ("least", 61),
        ("least", -1),
    ],
)
async def test_what_cannot_be_offered_is_said_at_its_field_and_kept(
    client_for: Any, database: Database, part: str, value: object
):
    user, artist = await artist_of(database)
    client = await client_for(user)

    answer = await client.post("/studio/perks", data=form(artist, **{part: value}), headers=HTML)

    assert answer.status_code == 422
    page = read(answer)
    assert [
        one["name"] for tag in ("input", "textarea", "select") for one in page.all(tag, **{"aria-invalid": "true"})
    ] == [part]
    assert await offered(database, artist) == []


async def test_nobody_offers_as_anothers_artist_nor_withdraws_what_is_anothers(
    client_for: Any, client: Any, database: Database
):
    user, artist = await artist_of(database)
    thief, _ = await artist_of(database)
    owner, stranger = await client_for(user), await client_for(thief)
    assert (await stranger.post("/studio/perks", data=form(artist), headers=HTML)).status_code == 404
    await owner.post("/studio/perks", data=form(artist))
    async with database.begin() as tx:
        (one,) = await fandom.offered_by_artist(tx, artist_id=artist.artist_id)
    withdrawn = f"/studio/perks/{one.perk.perk_id}/withdraw"

    assert (await stranger.post(withdrawn, headers=HTML)).status_code == 404
    assert (await client.post(withdrawn, headers=HTML)).status_code in {303, 401}
    assert await offered(database, artist) == ["A demo"]
    assert (await owner.post(withdrawn)).status_code == 303
    assert await offered(database, artist) == []


async def test_an_artist_offers_at_most_twenty(client_for: Any, database: Database):
    user, artist = await artist_of(database)
    client = await client_for(user)
    answers = [await client.post("/studio/perks", data=form(artist), headers=HTML) for _ in range(21)]

    assert [one.status_code for one in answers] == [303] * 20 + [409]
    assert len(await offered(database, artist)) == 20


async def test_a_fan_sees_what_they_can_open_of_all_artists_and_nothing_else(client_for: Any, database: Database):
    (_, one), (_, other) = await artist_of(database), await artist_of(database)
    async with database.begin() as tx:
        fan, stranger = await make_user(tx), await make_user(tx)
        commitment = identity_commitment(Field(0xFA2))
        await receipts.register_identity(tx, user_id=fan.user_id, commitment=commitment, today=TODAY)
    await heard(database, fan.user_id, *[await song_of(database, one.artist_id) for _ in range(2)])
    await heard(database, fan.user_id, await song_of(database, other.artist_id))
    for artist, least_s in ((one, 60), (one, 180), (other, 60), (other, 30)):
        await perk_of(database, artist.artist_id, least_s=least_s)
    reader = await client_for(fan)
    before = read(await reader.get("/account/perks", headers=HTML))
    await closed(database)

    page = read(await reader.get("/account/perks", headers=HTML))
    nothing = read(await (await client_for(stranger)).get("/account/perks", headers=HTML))

    assert "Nothing yet" in before.text
    links = [each["href"] for each in page.all("a") if str(each.get("href", "")).endswith("/perks")]
    assert sorted(link for link in links if link.startswith("/artists/")) == sorted(
        [f"/artists/{one.handle}/perks", f"/artists/{other.handle}/perks"]
    )
    assert "1 min on one day" in page.text
    assert "30 s on one day" in page.text
    assert "The address of the demo." not in page.text
    assert "You have no receipts yet" in nothing.text
