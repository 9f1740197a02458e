"""Builders for the catalogue: artists, releases, tracks, the audio they point to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from vibestream.contexts.music.catalogue import domain
from vibestream.contexts.music.catalogue.domain import Artist, Audio, AudioState, NewTrack, Release, ReleaseKind
from vibestream.kernel.ids import ArtistId, AssetId, ReleaseId, TrackId, UploadId, UserId, new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_artist(*, name: str = "Ada Ríos", handle: str = "ada-rios", owner: UserId | None = None) -> Artist:
    return Artist(ArtistId(new_id()), owner or UserId(new_id()), name, handle)


def make_new_track(artist: Artist, *, title: str = "Nebula", disc_no: int = 1) -> NewTrack:
    return NewTrack(TrackId(new_id()), UploadId(new_id()), AssetId(new_id()), artist.artist_id, title, disc_no)


def make_draft(*titles: str, title: str = "First Light", artist: Artist | None = None) -> Release:
    """A draft with one track per title; its version is 2 when it has any."""
    artist = artist or make_artist()
    release = domain.new_release(
        release_id=ReleaseId(new_id()), artist=artist, kind=ReleaseKind.ALBUM, title=title, now=NOON
    )
    if not titles:
        return release
    return domain.add_tracks(release, [make_new_track(artist, title=one) for one in titles], expected=1, now=NOON)


def ready(release: Release, *, duration_ms: int = 200_000) -> dict[AssetId, Audio]:
    """What packaging says when every track of a release is ready."""
    return {track.asset_id: Audio(AudioState.READY, duration_ms) for track in release.tracks}


def make_published(*titles: str, title: str = "First Light", artist: Artist | None = None) -> Release:
    """A published release; its version is 3."""
    draft = make_draft(*(titles or ("Nebula", "Quasar")), title=title, artist=artist)
    published, _ = domain.publish(draft, audio=ready(draft), expected=draft.version, now=NOON)
    return published


def same_but(release: Release, **fields: Any) -> Release:
    """The release with some fields changed, for saying exactly what an edit did."""
    return replace(release, **fields)
