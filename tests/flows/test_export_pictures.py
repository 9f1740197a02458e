"""A copy of a person's data holds the pictures of their profiles, as they are shown, and nobody else's."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator

import PIL.Image

from tests.factories import pictures as made
from tests.factories.users import User, make_artist
from vibestream.contexts.user.pictures import service as pictures
from vibestream.contexts.user.pictures.service import Place, Subject
from vibestream.flows import export_person
from vibestream.kernel.ids import ArtistId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


async def give(runtime: Runtime, user: User, artist_id: ArtistId | None = None) -> str:
    async def pieces() -> AsyncIterator[bytes]:
        yield made.photo()

    subject = Subject(user.user_id, artist_id)
    given = await pictures.give(runtime, subject=subject, place=Place.PORTRAIT, pieces=pieces(), now=utc_now())
    return str(given.picture_id)


async def test_the_pictures_are_in_it_and_listed_with_their_checksums(runtime: Runtime, database: Database):
    async with database.begin() as tx:
        artist, other = await make_artist(tx), await make_artist(tx)
    ids = [await give(runtime, artist.user), await give(runtime, artist.user, artist.artist_id)]
    theirs = await give(runtime, other.user)
    async with database.begin() as tx:
        asked = await export_person.ask(tx, runtime=runtime, user_id=artist.user_id, now=utc_now())
    assert asked is not None

    await export_person.make_export(runtime, export_id=str(asked.export_id))

    archive = zipfile.ZipFile(io.BytesIO(await runtime.objects.get_bytes(asked.key)))
    shown = sorted(name for name in archive.namelist() if name.startswith("pictures/"))
    assert sorted({name.split("/")[1] for name in shown}) == sorted(ids)
    assert len(shown) == 4
    assert theirs not in "".join(archive.namelist())
    for name in shown:
        with PIL.Image.open(io.BytesIO(archive.read(name))) as image:
            assert image.format == "WEBP"
    listed = [one["name"] for one in json.loads(archive.read("MANIFEST.json"))["files"]]
    assert set(shown) <= set(listed)
    records = json.loads(archive.read("data/user.pictures.json"))
    assert sorted(one["key"] for held in records if "images" in held for one in held["images"]) == shown
    keys = await pictures_left(runtime)
    assert len(keys) == 6


async def pictures_left(runtime: Runtime) -> list[str]:
    return [key async for key in runtime.objects.list_keys("pictures")]
