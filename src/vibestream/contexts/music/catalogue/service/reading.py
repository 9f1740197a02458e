"""What pages and players ask of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from vibestream.contexts.music.catalogue import domain, store
from vibestream.contexts.music.catalogue.domain import Audio, ChecklistItem, Part, Release, Stage, Track, TrackMissing
from vibestream.contexts.music.catalogue.service.artists import artist_with_handle
from vibestream.contexts.music.catalogue.service.audio import audio_of
from vibestream.contexts.music.catalogue.store import Before, KnownTrack, ReleaseCard, TrackCard
from vibestream.kernel.errors import Gone, Missing
from vibestream.kernel.ids import ArtistId, AssetId, ReleaseId, TrackId, UserId
from vibestream.platform.database import Tx


class ReleaseMissing(Missing):
    """There is no such release, or not for this person: to everybody else a draft does not exist."""

    code: ClassVar[str] = "catalogue.release_missing"

    def __init__(self) -> None:
        super().__init__("There is no such release.")


class TakenDown(Gone):
    """It was public and was taken down."""

    code: ClassVar[str] = "catalogue.taken_down"

    def __init__(self) -> None:
        super().__init__("This was taken down.")


@dataclass(frozen=True, slots=True)
class TrackOnRelease:
    """A track and the release it is on."""

    track: Track
    release: Release

    @property
    def public(self) -> bool:
        """Whether everybody may play it."""
        return self.track in self.release.public_tracks


@dataclass(frozen=True, slots=True)
class StudioRelease:
    """A release as its artist works on it."""

    release: Release
    audio: dict[AssetId, Audio]
    """How far packaging is, by asset."""
    checklist: tuple[ChecklistItem, ...]
    """What publishing needs, met or not."""


async def newest_releases(tx: Tx, *, before: Before | None, limit: int) -> list[ReleaseCard]:
    """Return public releases, the last published first, at most `limit` from before a position."""
    return await store.list_newest_releases(tx, before=before, limit=limit)


async def newest_releases_of(tx: Tx, *, artist_id: ArtistId, before: Before | None, limit: int) -> list[ReleaseCard]:
    """Return an artist's public releases, the last published first, at most `limit` from before a position."""
    return await store.list_newest_releases_of_artist(tx, artist_id=artist_id, before=before, limit=limit)


async def newest_releases_of_handle(tx: Tx, *, handle: str, before: Before | None, limit: int) -> list[ReleaseCard]:
    """Return the public releases of the artist who has a handle, as `newest_releases_of` does.

    Raises:
        ArtistMissing: nobody has it.
    """
    artist = await artist_with_handle(tx, handle=handle)
    return await newest_releases_of(tx, artist_id=artist.artist_id, before=before, limit=limit)


async def newest_tracks(tx: Tx, *, before: Before | None, limit: int) -> list[TrackCard]:
    """Return public tracks, the last published first, at most `limit` from before a position."""
    return await store.list_newest_tracks(tx, before=before, limit=limit)


async def my_releases(
    tx: Tx, *, user_id: UserId, before: ReleaseId | None, limit: int, artist_id: ArtistId | None = None
) -> list[ReleaseCard]:
    """Return the releases of artists that an account has a part in, or of one of these, wherever they stand.

    The last begun is first; at most `limit` from before one.
    """
    return await store.list_studio_releases(tx, user_id=user_id, artist_id=artist_id, before=before, limit=limit)


async def show_release(tx: Tx, *, release_id: ReleaseId, viewer: UserId | None) -> Release:
    """Return a release as this viewer may see it: who works for its artist everything, everybody else what is public.

    Raises:
        ReleaseMissing: there is none, or it is another artist's draft.
        TakenDown: it was public and is not any more.
    """
    found = await store.load_release_and_part(tx, release_id=release_id, viewer=viewer)
    if found is None:
        raise ReleaseMissing
    release, part = found
    if part is not None:
        return release
    match release.stage:
        case Stage.DRAFT:
            raise ReleaseMissing
        case Stage.TAKEN_DOWN:
            raise TakenDown
        case Stage.PUBLISHED:
            return replace(release, tracks=release.public_tracks)


async def show_track(tx: Tx, *, track_id: TrackId, viewer: UserId | None) -> TrackOnRelease:
    """Return a track on its release as this viewer may see them.

    Raises:
        TrackMissing: there is none, or it is on another artist's draft.
        TakenDown: it was public and is not any more.
    """
    release_id = await store.find_release_of_track(tx, track_id=track_id)
    found = release_id and await store.load_release_and_part(tx, release_id=release_id, viewer=viewer)
    if not found:
        raise TrackMissing
    release, part = found
    track = release.track(track_id)
    if part is not None:
        return TrackOnRelease(track, release)
    if track not in release.public_tracks:
        raise TrackMissing if track.published_at is None else TakenDown
    return TrackOnRelease(track, replace(release, tracks=release.public_tracks))


async def studio_release(tx: Tx, *, release_id: ReleaseId, user_id: UserId) -> StudioRelease:
    """Return a release of an artist that an account has a part in, with what publishing it needs.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
    """
    release = await store.load_release_in_studio(tx, release_id=release_id, user_id=user_id)
    if release is None:
        raise ReleaseMissing
    return await in_studio(tx, release=release)


async def part_in_release(tx: Tx, *, release_id: ReleaseId, user_id: UserId) -> Part | None:
    """Return the part that an account has in a release's artist; None for none, or without such a release."""
    return await store.part_in_release(tx, release_id=release_id, user_id=user_id)


async def part_in_track(tx: Tx, *, track_id: TrackId, user_id: UserId) -> Part | None:
    """Return the part that an account has in the artist of the release that a track is on; None for none."""
    return await store.part_in_track(tx, track_id=track_id, user_id=user_id)


async def in_studio(tx: Tx, *, release: Release) -> StudioRelease:
    """Return a release that was just loaded or changed, with what publishing it needs."""
    audio = await audio_of(tx, release=release)
    return StudioRelease(release, audio, domain.checklist(release, audio=audio))


async def assets_of_tracks(tx: Tx, *, track_ids: Sequence[TrackId]) -> dict[TrackId, AssetId]:
    """Return the asset of each of these tracks that exists, whoever's it is."""
    return await store.assets_of_tracks(tx, track_ids=track_ids)


async def known_tracks(tx: Tx, *, track_ids: Sequence[TrackId]) -> dict[TrackId, KnownTrack]:
    """Return what is said of each of these tracks that was ever public, also of one that was taken down since."""
    return {one.track_id: one for one in await store.list_known_tracks(tx, track_ids=track_ids)}


async def assets_on_releases(tx: Tx, *, user_id: UserId) -> frozenset[AssetId]:
    """Return the assets that are on some release of an artist that an account has a part in, wherever it stands."""
    return frozenset(await store.list_assets_in_studio(tx, user_id=user_id))


async def withdrawn_assets(tx: Tx, *, since: datetime) -> list[AssetId]:
    """Return the assets that were public, were withdrawn since an instant, and are on no public track now."""
    return await store.list_withdrawn_assets(tx, since=since)
