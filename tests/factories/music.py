"""Music that is there: a release of an artist, drafted or published, and what packaging made of its masters.

music = await make_music(tx)                                              # one published track, ready
music = await make_music(tx, titles=("A", "B"), publish=False, state=State.PLAYABLE)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2

from tests.factories.music_assets import MadeAsset, make_asset
from tests.factories.users import Artist, User, make_artist
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.domain import Release
from vibestream.contexts.music.packaging.domain.asset import State
from vibestream.kernel.ids import TrackId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


@dataclass
class Music:
    """A release of one artist and what packaging made of its masters."""

    artist: Artist
    release: Release
    made: list[MadeAsset]

    @property
    def track_id(self) -> TrackId:
        return self.release.tracks[0].track_id

    @property
    def asset(self) -> MadeAsset:
        return self.made[0]


async def make_music(
    tx: Tx,
    *,
    titles: tuple[str, ...] = ("Nebula",),
    publish: bool = True,
    state: State = State.READY,
    owner: User | None = None,
    **asset: Any,
) -> Music:
    artist = await make_artist(tx, user=owner)
    await catalogue.register_artist(
        tx,
        artist_id=artist.artist_id,
        owner_user_id=artist.user_id,
        name=artist.name,
        handle=artist.handle,
        as_of=utc_now(),
    )
    made = [
        await make_asset(tx, user_id=artist.user_id, file_name=f"{n} {title}.flac", state=state, **asset)
        for n, title in enumerate(titles, 1)
    ]
    release = await catalogue.draft_from_uploads(
        tx,
        user_id=artist.user_id,
        artist_id=None,
        upload_ids=[one.upload_id for one in made],
        now=utc_now(),
    )
    if publish:
        named = await catalogue.edit_release(
            tx,
            release_id=release.release_id,
            user_id=artist.user_id,
            changes={"title": "First Light"},
            version=release.version,
            now=utc_now(),
        )
        release = await catalogue.publish_release(
            tx,
            release_id=release.release_id,
            user_id=artist.user_id,
            version=named.version,
            now=utc_now(),
        )
    return Music(artist, release, made)


async def masters(client: httpx2.AsyncClient, track_id: TrackId, **body: str) -> list[str]:
    """The master playlists' addresses that a client is granted."""
    answer = await client.post(f"/api/v1/tracks/{track_id}/playback", json=body)
    assert answer.status_code == 200, answer.text
    return [one["url"] for one in answer.json()["masters"]]


def folder(url: str) -> str:
    return url.rpartition("/")[0]
