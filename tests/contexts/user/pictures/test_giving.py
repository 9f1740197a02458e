"""A picture is given by whoever may, stands in the place of the one before, and goes without a rest."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import PIL.Image
import pytest

from tests.contexts.user.conftest import run_jobs
from tests.contexts.user.pictures.conftest import OWN, Person, of_artist, stored
from tests.factories import pictures as made
from tests.factories.teams import make_member
from tests.factories.users import make_artist, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.pictures import service
from vibestream.contexts.user.pictures.service import PictureTriesExhausted, Place, Subject
from vibestream.contexts.user.pictures.service.dropping import drop_picture
from vibestream.contexts.user.profiles.service import ArtistMissing
from vibestream.contexts.user.teams import service as teams
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.media.pictures import PictureRefused
from vibestream.platform.runtime import Runtime


async def pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def counted(database: Database, table: str = "picture") -> int:
    async with database.begin() as tx:
        return int(await tx.value(f"SELECT count(*) FROM users.{table}"))  # noqa: S608 - a name of ours


async def test_a_photo_is_kept_in_sizes_under_the_checksum_of_each_without_the_place_where_it_was_taken(
    kito: Person, runtime: Runtime
):
    large, small = await kito.give(made.photo())

    keys = await stored(runtime)
    assert len(keys) == 2
    for key in keys:
        data = await runtime.objects.get_bytes(key)
        assert hashlib.sha256(data).hexdigest() in key
        assert not any(word in data for word in (b"EXIF", b"Exif", b"GPS", made.MAKER.encode(), made.COMMENT.encode()))
    for address, edge in ((large, 512), (small, 128)):
        sent = await kito.client.get(address)
        assert (sent.status_code, sent.headers["content-type"]) == (200, "image/webp")
        with PIL.Image.open(io.BytesIO(sent.content)) as image:
            assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (edge, edge), {})


async def test_the_former_picture_is_gone_with_its_objects_once_another_stands_in_its_place(
    kito: Person, runtime: Runtime, database: Database
):
    former = await kito.give(made.photo(seed=1))
    before = await stored(runtime)

    later = await kito.give(made.photo(seed=2))

    assert [(await kito.client.get(one)).status_code for one in former] == [404, 404]
    assert [(await kito.client.get(one)).status_code for one in later] == [200, 200]
    await run_jobs(database, runtime)
    left = await stored(runtime)
    assert len(left) == 2
    assert not set(left) & set(before)
    assert await counted(database) == 1


async def test_a_picture_that_is_withdrawn_is_gone_and_withdrawing_again_changes_nothing(
    kito: Person, runtime: Runtime, database: Database
):
    given = await kito.give(made.photo())

    gone = [(await kito.client.delete(OWN)).status_code for _ in range(2)]

    assert gone == [204, 204]
    await run_jobs(database, runtime)
    assert await stored(runtime) == []
    assert [(await kito.client.get(one)).status_code for one in given] == [404, 404]
    assert (await kito.client.get(OWN)).json() == {"pictures": []}


async def test_an_artist_has_a_portrait_and_a_banner_each_replaced_by_itself(
    runtime: Runtime, database: Database, client_for: ClientFor, client: httpx2.AsyncClient
):
    async with database.begin() as tx:
        artist, other = await make_artist(tx), await make_artist(tx)
    own = await client_for(artist.user)

    portrait = await own.put(of_artist(artist.artist_id), content=made.photo())
    banner = await own.put(of_artist(artist.artist_id, "banner"), content=made.photo(size=(3000, 1000)))
    again = await own.put(of_artist(artist.artist_id, "banner"), content=made.photo(size=(1600, 1200)))

    shown = (await client.get(f"/api/v1/artists/{artist.artist_id}/pictures")).json()["pictures"]
    assert [one["place"] for one in shown] == ["portrait", "banner"]
    assert [[(size["width"], size["height"]) for size in one["sizes"]] for one in shown] == [
        [(512, 512), (128, 128)],
        [(1500, 500), (750, 250)],
    ]
    assert shown == [portrait.json(), again.json()]
    assert (await client.get(banner.json()["sizes"][0]["url"])).status_code == 404
    assert (await client.get(f"/api/v1/artists/{other.artist_id}/pictures")).json() == {"pictures": []}
    assert (await own.get(OWN)).json() == {"pictures": []}, "an artist's picture is not their person's"


async def test_a_small_banner_and_a_place_that_there_is_not_are_refused(database: Database, client_for: ClientFor):
    async with database.begin() as tx:
        artist = await make_artist(tx)
    own = await client_for(artist.user)

    small = await own.put(of_artist(artist.artist_id, "banner"), content=made.photo(size=(700, 700)))
    nowhere = await own.put(of_artist(artist.artist_id, "ceiling"), content=made.photo())

    assert (small.status_code, small.json()["facts"]) == (422, {"reason": "too_small_for_banner"})
    assert nowhere.status_code == 422


async def test_an_editor_may_give_and_withdraw_and_an_analyst_or_a_stranger_neither(
    database: Database, client_for: ClientFor, runtime: Runtime
):
    async with database.begin() as tx:
        artist, stranger = await make_artist(tx), await make_artist(tx)
        editor, analyst = await make_member(tx, artist), await make_member(tx, artist, TeamRole.ANALYST)
    path = of_artist(artist.artist_id)
    given = await (await client_for(editor)).put(path, content=made.photo())
    assert given.status_code == 200, given.text
    kept = await stored(runtime)

    for nobody in (analyst, stranger.user):
        their = await client_for(nobody)
        assert (await their.put(path, content=made.photo(seed=3))).status_code == 404
        assert (await their.delete(path)).status_code == 404
    assert await stored(runtime) == kept

    assert (await (await client_for(editor)).delete(path)).status_code == 204
    assert await counted(database) == 0


async def test_who_is_taken_out_of_the_team_while_the_picture_is_read_gives_nothing(
    database: Database, runtime: Runtime
):
    async with database.begin() as tx:
        artist = await make_artist(tx)
        editor = await make_member(tx, artist)

    async def last_piece() -> AsyncIterator[bytes]:
        yield made.photo()
        async with database.begin() as tx:
            await teams.drop(tx, artist_id=artist.artist_id, member=editor.user_id, by=artist.user_id, now=utc_now())

    with pytest.raises(ArtistMissing):
        await service.give(
            runtime,
            subject=Subject(editor.user_id, artist.artist_id),
            place=Place.PORTRAIT,
            pieces=last_piece(),
            now=utc_now(),
        )

    assert await counted(database) == 0
    await run_jobs(database, runtime)
    assert await stored(runtime) == [], "what was stored meanwhile is deleted"


async def test_what_no_profile_came_to_have_is_deleted_and_what_one_has_is_not(
    kito: Person, database: Database, runtime: Runtime
):
    await kito.give(made.photo())
    (kept, _) = await stored(runtime)
    lost = new_id()
    await runtime.objects.put_bytes(f"pictures/{lost}/{'0' * 64}-512.webp", b"x", content_type="image/webp")

    await drop_picture(runtime, picture_id=str(lost))
    await drop_picture(runtime, picture_id=kept.split("/")[1])

    assert len(await stored(runtime)) == 2


async def test_an_upload_that_is_killed_half_way_leaves_a_job_that_clears_up(
    kito: Person, database: Database, runtime: Runtime
):
    await kito.give(made.photo())

    async with database.begin() as tx:
        waiting = await tx.values(
            "SELECT scheduled_at - now() BETWEEN '55 minutes' AND '61 minutes' FROM jobs.procrastinate_jobs"
            " WHERE task_name = 'user.drop_picture'"
        )

    assert waiting == [True], "deferred before the first object was stored"
    await run_jobs(database, runtime)
    assert len(await stored(runtime)) == 2


async def test_of_pictures_that_come_at_once_one_stands_and_nothing_is_left_of_the_others(
    kito: Person, database: Database, runtime: Runtime
):
    await asyncio.gather(*(kito.give(made.photo(size=(400, 300), seed=seed)) for seed in range(4)))

    assert await counted(database) == 1
    await run_jobs(database, runtime)
    assert len(await stored(runtime)) == 2


async def test_only_so_many_are_taken_within_an_hour_good_or_not(database: Database, runtime: Runtime):
    async with database.begin() as tx:
        user, other = await make_user(tx), await make_user(tx)
    began = utc_now()

    async def send(user_id: UserId, minutes: int) -> None:
        now = began + timedelta(minutes=minutes)
        await service.give(
            runtime, subject=Subject(user_id), place=Place.PORTRAIT, pieces=pieces(b"no picture"), now=now
        )

    for _ in range(30):
        with pytest.raises(PictureRefused):
            await send(user.user_id, 0)
    with pytest.raises(PictureTriesExhausted) as refused:
        await send(user.user_id, 20)
    assert refused.value.retry_after_s == 40 * 60
    with pytest.raises(PictureRefused):
        await send(other.user_id, 20)
    with pytest.raises(PictureRefused):
        await send(user.user_id, 61)


@pytest.mark.parametrize("path", [OWN])
async def test_what_is_too_large_is_refused_by_its_size_and_nobody_is_nobody(
    kito: Person, client: httpx2.AsyncClient, path: str
):
    assert (await kito.client.put(path, content=bytes(20_000_001))).status_code == 413
    assert (await client.put(path, content=made.photo())).status_code == 401
    refused = await kito.client.put(path, content=b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert (refused.status_code, refused.json()["code"]) == (422, "media.picture_refused")
