"""Pictures on pages: the forms that send them, and the names that they stand beside."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx2

from tests.contexts.user.fans.conftest import make_fan
from tests.factories import pictures as made
from tests.factories.music import make_music
from tests.factories.teams import make_member
from tests.factories.users import MADE_AT, make_artist, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.kernel.ids import ArtistId, new_id
from vibestream.platform.database import Database

HTML = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
OWN = "/account/page/picture"


def form_of(artist_id: object, place: str = "portrait") -> str:
    return f"/studio/artists/{artist_id}/pictures/{place}"


async def sends(client: httpx2.AsyncClient, path: str, data: bytes, **more: Any) -> httpx2.Response:
    return await client.post(path, files={"picture": ("IMG_1.JPG", data, "image/jpeg")}, headers={**HTML, **more})


async def page_of(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def images_in(page: str) -> list[str]:
    return re.findall(r'<img[^>]*src="/pictures/[0-9a-f-]{36}/[^>]*>', page)


async def test_a_fan_gives_and_removes_a_picture_by_the_form_and_is_told(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        user, _ = await make_fan(tx, name="Kito", handle="kito")
    own = await client_for(user)

    given = await sends(own, OWN, made.photo())
    assert (given.status_code, given.headers["location"]) == (303, "/account/page?done=picture")
    shown = await page_of(own, "/account/page?done=picture")
    assert "Your picture was changed." in shown
    assert len(images_in(shown)) == 1
    assert 'alt="Your picture" width="128" height="128"' in shown

    removed = await own.post(f"{OWN}/remove", headers=HTML)
    assert (removed.status_code, removed.headers["location"]) == (303, "/account/page?done=no_picture")
    assert images_in(await page_of(own, "/account/page")) == []


async def test_what_is_refused_is_said_at_the_form_in_ones_language_and_nothing_changes(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        user, artist = await make_user(tx, locale="es"), await make_artist(tx)
    own, studio = await client_for(user), await client_for(artist.user)

    svg = await sends(own, OWN, b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    nothing = await sends(own, OWN, b"")
    small = await sends(studio, form_of(artist.artist_id, "banner"), made.photo(size=(700, 700)))

    assert (svg.status_code, nothing.status_code, small.status_code) == (422, 422, 422)
    assert "Elige JPEG, PNG o WebP." in html.unescape(svg.text)
    assert 'aria-invalid="true"' in svg.text
    assert "alert(1)" not in svg.text
    assert "at least 750 pixels wide and 250 high" in small.text
    assert small.text.count('aria-invalid="true"') == 1
    assert images_in(await page_of(own, "/account/page")) == []


async def test_an_editor_has_the_forms_and_an_analyst_has_none_nor_may_send_them(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
        people = [await make_member(tx, artist), await make_member(tx, artist, TeamRole.ANALYST)]
        people.append(await make_user(tx))
    editor, analyst, stranger = [await client_for(one) for one in people]
    path = form_of(artist.artist_id)

    assert path in await page_of(editor, f"/studio/artists/{artist.artist_id}")
    assert path not in await page_of(analyst, f"/studio/artists/{artist.artist_id}")
    assert (await sends(editor, path, made.photo())).status_code == 303
    for nobody in (analyst, stranger):
        assert (await sends(nobody, path, made.photo())).status_code == 404
        assert (await nobody.post(f"{path}/remove", headers=HTML)).status_code == 404
    assert (await editor.post(f"{path}/remove", headers=HTML)).status_code == 303


async def test_a_form_of_another_site_and_a_place_that_there_is_not_do_nothing(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    own = await client_for(artist.user)

    foreign = await sends(own, form_of(artist.artist_id), made.photo(), **{"Sec-Fetch-Site": "cross-site"})
    nowhere = await sends(own, form_of(artist.artist_id, "ceiling"), made.photo())
    missing = await own.post(form_of(artist.artist_id), data={"picture": "text"}, headers=HTML)

    assert (foreign.status_code, nowhere.status_code, missing.status_code) == (403, 422, 422)
    assert (await own.get(f"/api/v1/artists/{artist.artist_id}/pictures")).json() == {"pictures": []}


async def test_an_artists_pictures_stand_on_its_page_its_records_and_in_lists_of_who_follows_it(
    client_for: ClientFor, client: httpx2.AsyncClient, database: Database
):
    async with database.begin() as tx:
        music = await make_music(tx, titles=("Nebula",))
        kito, _ = await make_fan(tx, name="Kito", handle="kito")
        await fans.follow_artist(tx, user_id=kito.user_id, handle=music.artist.handle, now=MADE_AT)
    own = await client_for(music.artist.user)
    before = [
        await page_of(client, one)
        for one in (f"/artists/{music.artist.handle}", f"/tracks/{music.track_id}", "/u/kito")
    ]
    assert [images_in(one) for one in before] == [[], [], []]
    assert all(re.search(r'class="portrait portrait-\w+ tone-\d+"', one) for one in before)

    for place in ("portrait", "banner"):
        assert (await sends(own, form_of(music.artist.artist_id, place), made.photo())).status_code == 303

    artist = images_in(await page_of(client, f"/artists/{music.artist.handle}"))
    assert [re.search(r'alt="([^"]*)"', one)[1] for one in artist] == [  # type: ignore[index]
        f"Banner of {music.artist.name}",
        f"Picture of {music.artist.name}",
    ]
    for path in (f"/tracks/{music.track_id}", f"/releases/{music.release.release_id}", "/u/kito"):
        (one,) = images_in(await page_of(client, path))
        assert 'alt=""' in one
        assert 'loading="lazy"' in one
        assert re.search(r'width="\d+" height="\d+"', one)
    assert len(images_in(await page_of(own, "/studio"))) == 1


async def test_a_hidden_artists_picture_stands_nowhere_that_others_see(
    client_for: ClientFor, client: httpx2.AsyncClient, database: Database, owner_dsn: str
):
    async with database.begin() as tx:
        music = await make_music(tx, titles=("Nebula",))
    own = await client_for(music.artist.user)
    assert (await sends(own, form_of(music.artist.artist_id), made.photo())).status_code == 303
    assert len(images_in(await page_of(client, f"/tracks/{music.track_id}"))) == 1

    async with database.begin() as tx:
        await tx.execute("UPDATE users.artist_profile SET hidden = true WHERE artist_id = %s", [music.artist.artist_id])

    assert images_in(await page_of(client, f"/tracks/{music.track_id}")) == []
    assert len(images_in(await page_of(own, "/studio"))) == 1


async def test_a_picture_for_an_artist_that_there_is_not_is_not_found(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)

    answer = await sends(await client_for(user), form_of(ArtistId(new_id())), made.photo())

    assert answer.status_code == 404


async def test_the_header_has_an_initial_under_ones_own_picture(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx, display_name="Zoe")

    page = await page_of(await client_for(user), "/account")

    assert re.search(
        r'tone-\d+"><span aria-hidden="true">Z</span><img src="/pictures/own" alt="" width="24" height="24">', page
    )
