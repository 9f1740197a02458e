"""What may be edited of a release, and when.

A release is one consistency boundary: every edit, also of one of its tracks, makes its next version. The functions here
take the release as it was loaded, the version the editor saw, and return the release as it becomes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar, TypedDict

from vibestream.contexts.music.catalogue.domain.codes import parse_isrc, parse_upc
from vibestream.contexts.music.catalogue.domain.release import (
    Artist,
    CoverImage,
    Release,
    ReleaseKind,
    Stage,
    Track,
    numbered,
)
from vibestream.contexts.music.catalogue.domain.words import (
    Credit,
    parse_credits,
    parse_description,
    parse_genres,
    parse_language,
    parse_title,
)
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import ArtistId, AssetId, ReleaseId, TrackId, UploadId


class EditConflict(Conflict):
    """Somebody else changed the release since this editor loaded it; nothing was changed now."""

    code: ClassVar[str] = "catalogue.edit_conflict"

    def __init__(self, *, version: int) -> None:
        super().__init__("The release was changed meanwhile. Load it again and repeat your change.")
        self.version = version


class ReleaseIsPublished(Conflict):
    """Its list of tracks is fixed while a release is public."""

    code: ClassVar[str] = "catalogue.release_is_published"

    def __init__(self) -> None:
        super().__init__("The release is published: take it down to add or remove tracks.")


class TrackWasPublished(Conflict):
    """A track that was once public keeps its record: plays and earnings point to it."""

    code: ClassVar[str] = "catalogue.track_was_published"

    def __init__(self) -> None:
        super().__init__("The track was published once and cannot be removed. Withdraw it instead.")


class ReleaseWasPublished(Conflict):
    """A release that was once public keeps its record."""

    code: ClassVar[str] = "catalogue.release_was_published"

    def __init__(self) -> None:
        super().__init__("The release was published once and cannot be deleted. Take it down instead.")


class TitleNeeded(InvalidInput):
    """A public release, and a track that ever was public, has a title."""

    code: ClassVar[str] = "catalogue.title_needed"

    def __init__(self) -> None:
        super().__init__("A published release and its tracks need a title.")


class OrderIncomplete(InvalidInput):
    """An order must name each track of the release once."""

    code: ClassVar[str] = "catalogue.order_incomplete"

    def __init__(self) -> None:
        super().__init__("The order must name every track of the release exactly once.")


class ReleaseChanges(TypedDict, total=False):
    """The fields of a release to change; what is absent stays."""

    kind: ReleaseKind
    title: str
    description: str
    release_date: date | None
    language: str | None
    genres: tuple[str, ...]
    upc: str | None
    credits: tuple[Credit, ...]


class TrackChanges(TypedDict, total=False):
    """The fields of a track to change; what is absent stays."""

    title: str
    explicit: bool
    isrc: str | None
    credits: tuple[Credit, ...]


@dataclass(frozen=True, slots=True)
class NewTrack:
    """A recording to put at the end of a release."""

    track_id: TrackId
    upload_id: UploadId
    asset_id: AssetId
    artist_id: ArtistId
    title: str
    disc_no: int = 1
    explicit: bool = False
    isrc: str | None = None
    credits: tuple[Credit, ...] = ()


def new_release(*, release_id: ReleaseId, artist: Artist, kind: ReleaseKind, title: str, now: datetime) -> Release:
    """Return an empty draft.

    Raises:
        TextInvalid: the title.
    """
    return Release(
        release_id=release_id,
        artist=artist,
        kind=kind,
        title=parse_title(title),
        description="",
        release_date=None,
        language=None,
        genres=(),
        upc=None,
        credits=(),
        cover=(),
        stage=Stage.DRAFT,
        withdrawn_by=None,
        withdrawn_at=None,
        published_at=None,
        proposed=False,
        version=1,
        created_at=now,
        changed_at=now,
        tracks=(),
    )


def next_version(release: Release, *, expected: int, now: datetime) -> Release:
    """Return the release as its next version, from which somebody's edit goes on.

    Raises:
        EditConflict: the editor saw another version.
    """
    if release.version != expected:
        raise EditConflict(version=release.version)
    return replace(release, version=release.version + 1, changed_at=now, proposed=False)


def edit_release(release: Release, changes: ReleaseChanges, *, expected: int, now: datetime) -> Release:
    """Change what a release says of itself, whether it is public or not.

    Raises:
        EditConflict: the editor saw another version.
        TitleNeeded: it is public and would have none.
        InvalidInput: a field is not valid; the subclass says which.
    """
    edited = next_version(release, expected=expected, now=now)
    cleaned: ReleaseChanges = {**changes}
    if "title" in changes:
        cleaned["title"] = parse_title(changes["title"])
    if "description" in changes:
        cleaned["description"] = parse_description(changes["description"])
    if changes.get("language") is not None:
        cleaned["language"] = parse_language(str(changes["language"]))
    if "genres" in changes:
        cleaned["genres"] = parse_genres(changes["genres"])
    if changes.get("upc") is not None:
        cleaned["upc"] = parse_upc(str(changes["upc"]))
    if "credits" in changes:
        cleaned["credits"] = parse_credits(changes["credits"])
    return _titled(replace(edited, **cleaned))


def set_cover(release: Release, *, cover: tuple[CoverImage, ...], expected: int, now: datetime) -> Release:
    """Give a release its cover, or none.

    Raises:
        EditConflict: the editor saw another version.
    """
    return replace(next_version(release, expected=expected, now=now), cover=cover)


def edit_track(release: Release, track_id: TrackId, changes: TrackChanges, *, expected: int, now: datetime) -> Release:
    """Change what a track says of itself.

    Raises:
        EditConflict: the editor saw another version.
        TrackMissing: it is not on this release.
        TitleNeeded: it is public and would have none.
        InvalidInput: a field is not valid; the subclass says which.
    """
    edited = next_version(release, expected=expected, now=now)
    cleaned: TrackChanges = {**changes}
    if "title" in changes:
        cleaned["title"] = parse_title(changes["title"])
    if changes.get("isrc") is not None:
        cleaned["isrc"] = parse_isrc(str(changes["isrc"]))
    if "credits" in changes:
        cleaned["credits"] = parse_credits(changes["credits"])
    return _titled(_with_track(edited, replace(edited.track(track_id), **cleaned)))


def add_tracks(release: Release, added: Iterable[NewTrack], *, expected: int, now: datetime) -> Release:
    """Put recordings at the end of their discs.

    Raises:
        EditConflict: the editor saw another version.
        ReleaseIsPublished: its list of tracks is fixed.
        TooManyTracks: they would be too many.
        InvalidInput: a field is not valid; the subclass says which.
    """
    edited = next_version(release, expected=expected, now=now)
    if release.stage is Stage.PUBLISHED:
        raise ReleaseIsPublished
    return replace(edited, tracks=numbered([*release.tracks, *(_track(one) for one in added)]))


def remove_track(release: Release, track_id: TrackId, *, expected: int, now: datetime) -> Release:
    """Take a track that was never public off a release and close the gap in its disc.

    Raises:
        EditConflict: the editor saw another version.
        TrackMissing: it is not on this release.
        ReleaseIsPublished: its list of tracks is fixed.
        TrackWasPublished: it must keep its record.
    """
    edited = next_version(release, expected=expected, now=now)
    track = edited.track(track_id)
    if release.stage is Stage.PUBLISHED:
        raise ReleaseIsPublished
    if track.published_at is not None:
        raise TrackWasPublished
    return replace(edited, tracks=numbered([kept for kept in release.tracks if kept is not track]))


def reorder(release: Release, discs: Sequence[Sequence[TrackId]], *, expected: int, now: datetime) -> Release:
    """Give a release the order of tracks of `discs`: a list per disc, each track once.

    Raises:
        EditConflict: the editor saw another version.
        OrderIncomplete: a track is missing, double, or not of this release; or a disc is empty.
    """
    edited = next_version(release, expected=expected, now=now)
    order = [track_id for disc in discs for track_id in disc]
    known = {track.track_id: track for track in release.tracks}
    if len(order) != len(known) or set(order) != set(known) or not all(discs):
        raise OrderIncomplete
    placed = [replace(known[track_id], disc_no=no) for no, disc in enumerate(discs, 1) for track_id in disc]
    return replace(edited, tracks=numbered(placed))


def deletable(release: Release, *, expected: int) -> None:
    """Let a release be deleted that was never public.

    Raises:
        EditConflict: the editor saw another version.
        ReleaseWasPublished: it must keep its record.
    """
    if release.version != expected:
        raise EditConflict(version=release.version)
    if release.published_at is not None:
        raise ReleaseWasPublished


def _track(new: NewTrack) -> Track:
    return Track(
        track_id=new.track_id,
        upload_id=new.upload_id,
        asset_id=new.asset_id,
        artist_id=new.artist_id,
        disc_no=new.disc_no,
        track_no=0,
        title=parse_title(new.title),
        explicit=new.explicit,
        isrc=None if new.isrc is None else parse_isrc(new.isrc),
        credits=parse_credits(new.credits),
        duration_ms=None,
        published_at=None,
        withdrawn_by=None,
        withdrawn_at=None,
    )


def _with_track(release: Release, changed: Track) -> Release:
    tracks = (changed if track.track_id == changed.track_id else track for track in release.tracks)
    return replace(release, tracks=tuple(tracks))


def _titled(release: Release) -> Release:
    public = release.stage is Stage.PUBLISHED
    nameless = [track for track in release.tracks if not track.title and (public or track.published_at is not None)]
    if nameless or (public and not release.title):
        raise TitleNeeded
    return release
