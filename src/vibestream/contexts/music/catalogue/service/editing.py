"""Work on a release, by its artist's owner or an editor. Every edit names the version it was made on and returns the release as it became."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from vibestream.contexts.music.catalogue import domain, store
from vibestream.contexts.music.catalogue.domain import (
    Artist,
    CoverImage,
    EditConflict,
    NewTrack,
    Release,
    ReleaseChanges,
    ReleaseKind,
    TrackChanges,
)
from vibestream.contexts.music.catalogue.domain.drafting import ProposedTrack, propose, take_over
from vibestream.contexts.music.catalogue.service.artists import ArtistMissing, artist_to_edit
from vibestream.contexts.music.catalogue.service.audio import (
    UploadMissing,
    embedded_cover,
    masters_of,
    uploaded_masters,
)
from vibestream.contexts.music.catalogue.service.locking import locked
from vibestream.contexts.music.catalogue.service.reading import ReleaseMissing
from vibestream.kernel.ids import ArtistId, AssetId, ReleaseId, TrackId, UploadId, UserId, new_id
from vibestream.platform.database import Tx


async def create_draft(
    tx: Tx,
    *,
    user_id: UserId,
    artist_id: ArtistId | None,
    kind: ReleaseKind,
    title: str,
    now: datetime,
    awaited: bool = True,
) -> Release:
    """Begin an empty release of an artist that the account owns or is an editor of, by default the first.

    Raises:
        ArtistMissing, ArtistNotHereYet, ReadOnly: see `artist_to_edit`.
        TextInvalid: the title.
    """
    artist = await artist_to_edit(tx, user_id=user_id, artist_id=artist_id, awaited=awaited)
    release = domain.new_release(release_id=ReleaseId(new_id()), artist=artist, kind=kind, title=title, now=now)
    await _insert(tx, release)
    return release


async def draft_from_uploads(
    tx: Tx,
    *,
    user_id: UserId,
    artist_id: ArtistId | None,
    upload_ids: Sequence[UploadId],
    now: datetime,
    awaited: bool = True,
) -> Release:
    """Begin a release out of finished uploads: what their tags say, else what their file names say.

    Where packaging has not read the tags yet, the file name counts for now; the tags take its place when they are read
    (`hear_of_audio`), until somebody edits the release.

    Raises:
        ArtistMissing, ArtistNotHereYet, ReadOnly: see `artist_to_edit`.
        UploadMissing: an upload is not finished, or not the account's.
    """
    artist = await artist_to_edit(tx, user_id=user_id, artist_id=artist_id, awaited=awaited)
    masters = await uploaded_masters(tx, user_id=user_id, upload_ids=upload_ids)
    proposal = propose(masters)
    empty = domain.new_release(
        release_id=ReleaseId(new_id()), artist=artist, kind=proposal.kind, title=proposal.title, now=now
    )
    tracks = [_new_track(artist, track) for track in proposal.tracks]
    filled = replace(domain.add_tracks(empty, tracks, expected=empty.version, now=now), proposed=True)
    cover = await embedded_cover(tx, asset_ids=[track.asset_id for track in filled.tracks])
    release = replace(take_over(filled, proposal, cover=cover, now=now), version=empty.version)
    await _insert(tx, release)
    return release


async def hear_of_audio(tx: Tx, *, asset_id: AssetId, now: datetime) -> None:
    """Let what packaging has read in a master shape the drafts that were made from it and that nobody has edited."""
    for release_id in await store.list_proposed_with(tx, asset_id=asset_id):
        release = await store.lock_release(tx, release_id=release_id, editor=None)
        if release is None or not release.proposed:
            continue
        uploads = [track.upload_id for track in release.tracks]
        try:
            masters = await masters_of(tx, upload_ids=uploads)
        except UploadMissing:  # whoever uploaded them was erased since
            continue
        cover = await embedded_cover(tx, asset_ids=[track.asset_id for track in release.tracks])
        shaped = take_over(release, propose(masters), cover=cover, now=now)
        if shaped != release:
            await _save(tx, release, shaped)


async def edit_release(
    tx: Tx, *, release_id: ReleaseId, user_id: UserId, changes: ReleaseChanges, version: int, now: datetime
) -> Release:
    """Change what a release says of itself, public or not.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, TitleNeeded, InvalidInput: see `domain.edit_release`.
    """
    return await _edited(
        tx, release_id, user_id, lambda release: domain.edit_release(release, changes, expected=version, now=now)
    )


async def set_cover(
    tx: Tx, *, release_id: ReleaseId, user_id: UserId, cover: tuple[CoverImage, ...], version: int, now: datetime
) -> Release:
    """Give a release the cover whose images were stored, or none.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict: the editor saw another version.
    """
    return await _edited(
        tx, release_id, user_id, lambda release: domain.set_cover(release, cover=cover, expected=version, now=now)
    )


async def add_uploads(
    tx: Tx, *, release_id: ReleaseId, user_id: UserId, upload_ids: Sequence[UploadId], version: int, now: datetime
) -> Release:
    """Put finished uploads at the end of a release, ordered and named as `draft_from_uploads` does.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        UploadMissing: an upload is not finished, or not the account's.
        EditConflict, ReleaseIsPublished, TooManyTracks: see `domain.add_tracks`.
    """
    release = await locked(tx, release_id=release_id, editor=user_id)
    proposal = propose(await uploaded_masters(tx, user_id=user_id, upload_ids=upload_ids))
    added = [_new_track(release.artist, track) for track in proposal.tracks]
    grown = domain.add_tracks(release, added, expected=version, now=now)
    if not grown.cover:
        cover = await embedded_cover(tx, asset_ids=[track.asset_id for track in added])
        grown = replace(grown, cover=cover)
    return await _save(tx, release, grown)


async def edit_track(
    tx: Tx,
    *,
    release_id: ReleaseId,
    track_id: TrackId,
    user_id: UserId,
    changes: TrackChanges,
    version: int,
    now: datetime,
) -> Release:
    """Change what a track says of itself, public or not.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, TrackMissing, TitleNeeded, InvalidInput: see `domain.edit_track`.
    """
    return await _edited(
        tx,
        release_id,
        user_id,
        lambda release: domain.edit_track(release, track_id, changes, expected=version, now=now),
    )


async def remove_track(
    tx: Tx, *, release_id: ReleaseId, track_id: TrackId, user_id: UserId, version: int, now: datetime
) -> Release:
    """Take a track that was never public off a release.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, TrackMissing, ReleaseIsPublished, TrackWasPublished: see `domain.remove_track`.
    """
    return await _edited(
        tx, release_id, user_id, lambda release: domain.remove_track(release, track_id, expected=version, now=now)
    )


async def reorder_tracks(
    tx: Tx,
    *,
    release_id: ReleaseId,
    user_id: UserId,
    discs: Sequence[Sequence[TrackId]],
    version: int,
    now: datetime,
) -> Release:
    """Give a release another order of tracks: a list per disc, each track once.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, OrderIncomplete: see `domain.reorder`.
    """
    return await _edited(
        tx, release_id, user_id, lambda release: domain.reorder(release, discs, expected=version, now=now)
    )


async def delete_draft(tx: Tx, *, release_id: ReleaseId, user_id: UserId, version: int) -> None:
    """Delete a release that was never public. The uploads behind it stay.

    Raises:
        ReleaseMissing: there is none, or the account has no part in its artist.
        ReadOnly: the account is an analyst there.
        EditConflict, ReleaseWasPublished: see `domain.deletable`.
    """
    release = await locked(tx, release_id=release_id, editor=user_id)
    domain.deletable(release, expected=version)
    if not await store.delete_release(tx, release=release):
        raise ReleaseMissing


def _new_track(artist: Artist, track: ProposedTrack) -> NewTrack:
    return NewTrack(
        track_id=TrackId(new_id()),
        upload_id=track.upload_id,
        asset_id=track.asset_id,
        artist_id=artist.artist_id,
        title=track.title,
        disc_no=track.disc_no,
        isrc=track.isrc,
    )


async def _insert(tx: Tx, release: Release) -> None:
    if not await store.insert_release(tx, release=release):
        raise ArtistMissing


async def _edited(tx: Tx, release_id: ReleaseId, user_id: UserId, edit: Callable[[Release], Release]) -> Release:
    release = await locked(tx, release_id=release_id, editor=user_id)
    return await _save(tx, release, edit(release))


async def _save(tx: Tx, before: Release, release: Release) -> Release:
    if not await store.save_release(tx, before=before, release=release):
        raise EditConflict(version=before.version)
    return release
