"""Pages about music: what visitors see, what its artist sees, and forms that are merged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.factories.music import make_music
from tests.factories.music_catalogue import make_published
from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.contexts.music.catalogue.service import EditConflict
from vibestream.web.pages.release_edits import merged
from vibestream.web.pages.release_form import Sent, base_of, fields_of, moved

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
HOSTILE = "<img src=x onerror=alert(1)> \"quoted\" & 'single'"


async def test_a_release_hands_its_songs_to_the_player(client, database):
    async with database.begin() as tx:
        music = await make_music(tx, titles=("Media luna", "Salitre"))
    page = read(await client.get(f"/releases/{music.release.release_id}", headers=FORM))
    (holder,) = [found for _, found in page.elements if "data-queue" in found]
    queue = json.loads(holder["data-queue"])

    assert [song["title"] for song in queue] == ["Media luna", "Salitre"]
    assert [song["id"] for song in queue] == [str(track.track_id) for track in music.release.tracks]
    assert queue[0]["artistUrl"] == f"/artists/{music.artist.handle}"
    assert [button["data-play"] for button in page.all("button") if "data-play" in button] == ["any", "0", "1"]


async def test_hostile_names_are_shown_as_text_everywhere(client, client_for, database):
    async with database.begin() as tx:
        music = await make_music(tx, titles=(HOSTILE,))
    owner = await client_for(music.artist)
    release, track = music.release.release_id, music.track_id
    addresses = ["/", f"/releases/{release}", f"/tracks/{track}", f"/artists/{music.artist.handle}"]
    for address in addresses:
        answer = await client.get(address, headers=FORM)
        read(answer)
        assert "<img src=x" not in answer.text, address
    for address in ("/studio", f"/studio/releases/{release}"):
        answer = await owner.get(address, headers=FORM)
        read(answer)
        assert "<img src=x" not in answer.text, address


async def test_a_draft_is_a_page_for_its_artist_alone(client, client_for, database):
    async with database.begin() as tx:
        music = await make_music(tx, publish=False)
        other = await make_user(tx, roles=("artist",))
    address = f"/releases/{music.release.release_id}"

    assert (await client.get(address, headers=FORM)).status_code == 404
    assert (await (await client_for(other)).get(f"/studio{address}", headers=FORM)).status_code == 404
    assert (await (await client_for(music.artist)).get(f"/studio{address}", headers=FORM)).status_code == 200


async def test_saving_and_publishing_is_one_press(client, client_for, database):
    async with database.begin() as tx:
        music = await make_music(tx, titles=("One", "Two"), publish=False)
    owner = await client_for(music.artist)
    release = music.release
    fields = fields_of(release)
    form = _form(fields, base=base_of(fields), title="Media luna", action="publish")
    answer = await owner.post(f"/studio/releases/{release.release_id}", data=form, headers=FORM)

    assert answer.status_code == 303, answer.text
    page = read(await client.get(f"/releases/{release.release_id}", headers=FORM))
    assert "Media luna" in page.text


async def test_a_refused_field_is_named_and_nothing_of_the_form_is_saved(client_for, database):
    async with database.begin() as tx:
        music = await make_music(tx, titles=("One",), publish=False)
    owner = await client_for(music.artist)
    release = music.release
    fields = fields_of(release)
    track = release.tracks[0].track_id
    form = _form(fields, base=base_of(fields), title="Changed", action="save") | {f"isrc-{track}": "nonsense"}
    answer = await owner.post(f"/studio/releases/{release.release_id}", data=form, headers=FORM)
    page = read(answer)

    assert answer.status_code == 422
    assert page.all("input", name=f"isrc-{track}")[0]["aria-invalid"] == "true"
    assert page.all("input", name="title")[0]["value"] == "Changed"
    again = read(await owner.get(f"/studio/releases/{release.release_id}", headers=FORM))
    assert again.all("input", name="title")[0]["value"] != "Changed"


async def test_a_form_that_is_not_the_pages_own_is_refused(client_for, database):
    async with database.begin() as tx:
        music = await make_music(tx, publish=False)
    owner = await client_for(music.artist)
    for form in ({}, {"base": "{}"}, {"base": "null", "song": "not-an-id"}):
        answer = await owner.post(f"/studio/releases/{music.release.release_id}", data=form, headers=FORM)
        assert answer.status_code == 422


async def test_home_pages_through_what_was_published_by_a_signed_cursor(client, database):
    async with database.begin() as tx:
        made = [await make_music(tx, titles=(f"Song {n}",)) for n in range(3)]
    first = read(await client.get("/?limit=2", headers=FORM))
    onward = [link["href"] for link in first.all("a") if "cursor=" in link["href"]]
    assert len(onward) == 1
    second = read(await client.get(onward[0], headers=FORM))
    shown = [
        link["href"] for page in (first, second) for link in page.all("a") if link["href"].startswith("/releases/")
    ]

    assert shown == [f"/releases/{music.release.release_id}" for music in reversed(made)]
    assert (await client.get("/?cursor=forged", headers=FORM)).status_code == 422


def test_what_nobody_changed_stays_and_what_one_changed_wins():
    release = make_published("One", "Two")
    base = fields_of(release)
    mine = replace(base, genres="ambient", songs=(replace(base.songs[0], title="Uno"), base.songs[1]))
    theirs = replace(release, description="Told meanwhile.")
    result = merged(Sent(mine, base, "save"), theirs)

    assert (result.genres, result.description) == ("ambient", "Told meanwhile.")
    assert [song.title for song in result.songs] == ["Uno", "Two"]


def test_the_same_change_made_twice_is_no_conflict_but_two_different_ones_are():
    release = make_published("One")
    base = fields_of(release)
    mine = Sent(replace(base, title="Mine"), base, "save")

    assert merged(mine, replace(release, title="Mine")).title == "Mine"
    with pytest.raises(EditConflict):
        merged(mine, replace(release, title="Theirs"))


def test_what_was_only_proposed_out_of_tags_gives_way_to_what_somebody_typed():
    release = replace(make_published("One"), proposed=True)
    base = fields_of(release)
    mine = Sent(replace(base, title="Mine"), base, "save")

    assert merged(mine, replace(release, title="Read from a tag", description="Kept")).title == "Mine"
    assert merged(mine, replace(release, description="Kept")).description == "Kept"


def test_a_song_that_was_added_or_removed_meanwhile_is_a_conflict_only_when_the_order_was_changed_here():
    release = make_published("One", "Two", "Three")
    base = fields_of(release)
    shorter = replace(release, tracks=release.tracks[:2])

    assert len(merged(Sent(replace(base, genres="ambient"), base, "save"), shorter).songs) == 2
    moved_here = moved(base, base.songs[0].track_id, by=1)
    with pytest.raises(EditConflict):
        merged(Sent(moved_here, base, "save"), shorter)


def test_a_song_moves_within_its_disc_and_over_its_edge_to_the_next():
    base = fields_of(make_published("One", "Two", "Three"))
    one, two, three = base.songs
    twice = replace(base, songs=(one, two, replace(three, disc_no=2)))

    assert moved(base, two.track_id, by=-1).songs == (two, one, three)
    assert [song.disc_no for song in moved(twice, three.track_id, by=-1).songs] == [1, 1, 1]
    assert moved(base, one.track_id, by=-1) == base
    assert moved(base, three.track_id, by=1) == base


def _form(fields, *, base: str, **changed: str) -> dict[str, object]:
    form: dict[str, object] = {"base": base, "song": [str(song.track_id) for song in fields.songs]}
    for name in ("title", "kind", "description", "release_date", "language", "genres", "upc"):
        form[name] = getattr(fields, name)
    for song in fields.songs:
        form |= {f"title-{song.track_id}": song.title, f"disc-{song.track_id}": str(song.disc_no)}
    return form | changed
