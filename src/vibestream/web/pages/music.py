"""How releases and songs are shown, wherever they are: covers, bars of loudness, what the player is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vibestream.contexts.music.catalogue.service import CoverImage, Release, ReleaseCard, Track
from vibestream.contexts.music.packaging.service import Asset
from vibestream.kernel.ids import AssetId
from vibestream.web import waveforms
from vibestream.web.sentences import N_

ART_PX: Final = 640
"""The width that covers are fetched in: sharp at the largest place they are shown in, on a dense screen."""

ROLES: Final = {
    "composer": N_("Composer"),
    "lyricist": N_("Words"),
    "arranger": N_("Arrangement"),
    "performer": N_("Performer"),
    "featured": N_("Guest"),
    "producer": N_("Production"),
    "mixing": N_("Mixing"),
    "mastering": N_("Mastering"),
    "artwork": N_("Artwork"),
    "label": N_("Label"),
}
"""What somebody did for a record, as it is shown."""


@dataclass(frozen=True, slots=True)
class Card:
    """A release in a list."""

    release_id: UUID
    title: str
    artist: str
    artist_handle: str
    """Empty where the list is one artist's own."""
    year: str
    cover: str


@dataclass(frozen=True, slots=True)
class Song:
    """A song in a list, and its place in the queue that the list is."""

    track_id: UUID
    index: int
    number: int
    title: str
    artist: str
    duration_ms: int
    explicit: bool
    wave: str
    """Two hexadecimal digits a bar."""


def card_of(card: ReleaseCard, *, own: bool = False) -> Card:
    """Return how a list shows a release; `own`: among its artist's others, so without the artist's name."""
    day = card.release_date or card.published_at
    return Card(
        release_id=card.release_id,
        title=card.title,
        artist=card.artist_name,
        artist_handle="" if own else card.artist_handle,
        year=str(day.year) if day else "",
        cover=cover_url(card.cover, seed=card.release_id),
    )


def cover_url(images: Sequence[CoverImage], *, seed: UUID) -> str:
    """Return the address of a cover: the smallest image that is sharp enough, or artwork drawn from the id."""
    if not images:
        return f"/artwork/{seed}.svg"
    wide = [image for image in images if image.width >= ART_PX]
    chosen = min(wide, key=_width) if wide else max(images, key=_width)
    return f"/media/{chosen.key}"


def songs_of(release: Release, tracks: Iterable[Track], assets: dict[AssetId, Asset]) -> tuple[Song, ...]:
    """Return a release's tracks as a list of songs."""
    songs = []
    for index, track in enumerate(tracks):
        asset = assets.get(track.asset_id)
        songs.append(
            Song(
                track_id=track.track_id,
                index=index,
                number=track.track_no,
                title=track.title,
                artist=release.artist.name,
                duration_ms=track.duration_ms or (asset.duration_ms if asset else None) or 0,
                explicit=track.explicit,
                wave=waveforms.bars(asset.waveform if asset else b""),
            )
        )
    return tuple(songs)


def queue_of(release: Release, songs: Iterable[Song]) -> list[dict[str, str | int]]:
    """Return what the player is told of a list of songs: see `frontend/src/player/track.ts`."""
    return [
        {
            "id": str(song.track_id),
            "title": song.title,
            "artist": song.artist,
            "artistUrl": f"/artists/{release.artist.handle}",
            "release": release.title,
            "releaseUrl": f"/releases/{release.release_id}",
            "cover": cover_url(release.cover, seed=release.release_id),
            "durationMs": song.duration_ms,
        }
        for song in songs
    ]


def _width(image: CoverImage) -> int:
    return image.width
