"""Editors who work at the same moment: one wins, the others learn of it, nothing is mixed."""

from __future__ import annotations

import asyncio

from tests.factories.music_assets import make_asset
from tests.factories.music_catalogue import NOON
from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.domain import AlreadyPublished, EditConflict, Release, Stage
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.platform.database import Database


async def committed_draft(database: Database, *file_names: str) -> Release:
    owner = UserId(new_id())
    async with database.begin() as tx:
        await service.register_artist(
            tx, artist_id=ArtistId(new_id()), owner_user_id=owner, name="Ada", handle="ada", as_of=NOON
        )
        uploads = [await make_asset(tx, user_id=owner, file_name=name) for name in file_names]
        return await service.draft_from_uploads(
            tx, user_id=owner, artist_id=None, upload_ids=[one.upload_id for one in uploads], now=NOON
        )


async def test_of_many_edits_made_on_one_version_exactly_one_is_kept(database: Database):
    release = await committed_draft(database, "1 A.flac", "2 B.flac")

    async def edit(number: int) -> str:
        try:
            async with database.begin() as tx:
                edited = await service.edit_release(
                    tx,
                    release_id=release.release_id,
                    user_id=release.artist.owner_user_id,
                    changes={"title": f"Title {number}"},
                    version=release.version,
                    now=NOON,
                )
        except EditConflict:
            return ""
        return edited.title

    titles = [title for title in await asyncio.gather(*(edit(n) for n in range(8))) if title]

    async with database.begin() as tx:
        kept = await service.show_release(tx, release_id=release.release_id, viewer=release.artist.owner_user_id)
    assert [kept.title] == titles
    assert kept.version == release.version + 1


async def test_a_release_published_twice_at_once_is_announced_once(database: Database):
    release = await committed_draft(database, "A.flac")

    async def publish() -> bool:
        try:
            async with database.begin() as tx:
                await service.publish_release(
                    tx,
                    release_id=release.release_id,
                    user_id=release.artist.owner_user_id,
                    version=release.version,
                    now=NOON,
                )
        except (EditConflict, AlreadyPublished):
            return False
        return True

    outcomes = await asyncio.gather(*(publish() for _ in range(6)))

    assert outcomes.count(True) == 1
    async with database.begin() as tx:
        public = await service.show_release(tx, release_id=release.release_id, viewer=None)
        announced = await tx.value(
            "SELECT count(*) FROM platform.outbox WHERE type = 'vibestream.music.track_published'"
        )
    assert (public.stage, announced) == (Stage.PUBLISHED, 1)
