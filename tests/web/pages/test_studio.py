"""The studio's forms: for which artist a draft is made."""

from __future__ import annotations

from tests.factories.music import make_music
from tests.factories.music_assets import make_asset
from tests.factories.teams import make_member, member_of
from tests.factories.users import make_artist
from tests.web.conftest import PageReader, read
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.uploads import service as uploads
from vibestream.contexts.music.uploads.domain.protocol import read_metadata
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.kernel.time import utc_now
from vibestream.web.pages.release_form import base_of, fields_of

HTML = {"Accept": "text/html"}


async def test_a_draft_is_made_for_the_artist_that_was_chosen(client_for, database):
    async with database.begin() as tx:
        music = await make_music(tx)
        second = await make_artist(tx, user=music.artist.user, name="Norte")
        await catalogue.register_artist(
            tx,
            artist_id=second.artist_id,
            owner_user_id=second.user_id,
            name=second.name,
            handle=second.handle,
            as_of=utc_now(),
        )
        made = await make_asset(tx, user_id=second.user_id)
    client = await client_for(second.user)
    fields = {"artist": str(second.artist_id), "upload": str(made.upload_id)}
    answer = await client.post("/studio/releases", data=fields, headers={"Accept": "text/html"})

    assert answer.status_code == 303, answer.text
    release_id = answer.headers["location"].rpartition("/")[2]
    shown = (await client.get(f"/api/v1/studio/releases/{release_id}")).json()
    assert shown["release"]["artist"]["name"] == "Norte"
    wrong = await client.post("/studio/releases", data=fields | {"artist": "norte"}, headers={"Accept": "text/html"})
    assert wrong.status_code == 422


async def test_the_switcher_leads_from_artist_to_artist_and_shows_of_each_what_ones_part_is(
    client_for, database, runtime
):
    async with database.begin() as tx:
        own = await make_music(tx)
        edited, read_only, strange = [await make_music(tx, publish=False) for _ in range(3)]
        me = own.artist.user
        for music, role in ((edited, TeamRole.EDITOR), (read_only, TeamRole.ANALYST)):
            await member_of(tx, music.artist.artist_id, music.artist.user_id, me, role)
    client = await client_for(me)

    def linked(page: PageReader) -> set[str]:
        return {one["href"] for one in page.all("a") if "/studio/releases/" in one["href"]}

    first = read(await client.get("/studio", headers=HTML))
    assert {one["href"] for one in first.all("a", **{"class": "section-link"})} == {
        f"/studio?artist={one.artist.handle}" for one in (own, edited, read_only)
    }
    for music, writes, money in ((own, True, True), (edited, True, False), (read_only, False, False)):
        page = read(await client.get(f"/studio?artist={music.artist.handle}", headers=HTML))
        assert linked(page) == {f"/studio/releases/{music.release.release_id}"}
        assert bool(page.all("a", href=f"/studio/new?artist={music.artist.handle}")) is writes
        assert bool(page.all("a", href="/studio/payouts")) is money
    assert (await client.get(f"/studio?artist={strange.artist.handle}", headers=HTML)).status_code == 404
    begun = read_metadata("filename YS5mbGFj")
    await uploads.begin_upload(runtime, user_id=me.user_id, size_bytes=9, metadata=begun, now=utc_now())
    new = read(await client.get(f"/studio/new?artist={edited.artist.handle}", headers=HTML))
    assert {one["value"] for one in new.all("option")} == {str(own.artist.artist_id), str(edited.artist.artist_id)}
    assert [one["value"] for one in new.all("option") if "selected" in one] == [str(edited.artist.artist_id)]


async def test_an_analysts_form_is_refused_with_the_reason_and_without_a_form(client_for, database):
    async with database.begin() as tx:
        music = await make_music(tx, publish=False)
        analyst = await make_member(tx, music.artist, TeamRole.ANALYST)
    client = await client_for(analyst)
    address = f"/studio/releases/{music.release.release_id}"
    sent = {"base": base_of(fields_of(music.release)), "title": "Mine", "kind": "album", "action": "publish"}
    refused = await client.post(address, data=sent, headers=HTML | {"Sec-Fetch-Site": "same-origin"})
    assert refused.status_code == 403
    assert "you see the music and change nothing" in read(refused).text
    assert [one for one in read(refused).all("form") if one["action"].startswith("/studio")] == []
    for path in ("/studio/new", f"/studio/new?release={music.release.release_id}"):
        assert (await client.get(path, headers=HTML)).status_code == 403
