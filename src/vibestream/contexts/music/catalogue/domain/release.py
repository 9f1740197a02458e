"""A release and its tracks as values. Impossible ones cannot be stored: see the constraints of `music.release`."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar, Final

from vibestream.contexts.music.catalogue.domain.words import Credit
from vibestream.kernel.errors import InvalidInput, Missing
from vibestream.kernel.ids import ArtistId, AssetId, ReleaseId, TrackId, UploadId, UserId

MAX_TRACKS: Final = 200
MAX_DISCS: Final = 30


class TrackMissing(Missing):
    """There is no such track, or not for this person."""

    code: ClassVar[str] = "catalogue.track_missing"

    def __init__(self) -> None:
        super().__init__("There is no such track.")


class TooManyTracks(InvalidInput):
    """More tracks or discs than a release may have."""

    code: ClassVar[str] = "catalogue.too_many_tracks"

    def __init__(self) -> None:
        super().__init__(f"A release has at most {MAX_TRACKS} tracks on at most {MAX_DISCS} discs.")


class ReleaseKind(enum.StrEnum):
    """How large a release is."""

    ALBUM = "album"
    EP = "ep"
    SINGLE = "single"


class Stage(enum.StrEnum):
    """Where a release stands."""

    DRAFT = "draft"
    """Never public; seen by its artist alone."""
    PUBLISHED = "published"
    TAKEN_DOWN = "taken_down"
    """Was public; its artist, or only an operator, may publish it again."""


class By(enum.StrEnum):
    """Who or what withdrew something. What an operator withdrew, only an operator gives back."""

    ARTIST = "artist"
    OPERATOR = "operator"
    AUDIO = "audio"
    """The master turned out to be unfit after it had begun to play."""


@dataclass(frozen=True, slots=True)
class Artist:
    """What the catalogue knows of an artist profile: a replica fed by the profile's events."""

    artist_id: ArtistId
    owner_user_id: UserId
    name: str
    handle: str


@dataclass(frozen=True, slots=True)
class CoverImage:
    """One size of a cover."""

    key: str
    """Of the object; it never changes its content."""
    width: int
    height: int
    """Pixels."""


@dataclass(frozen=True, slots=True)
class Track:
    """One recording at its place on a release."""

    track_id: TrackId
    upload_id: UploadId
    """The upload that brought its master."""
    asset_id: AssetId
    """What packaging made of the master."""
    artist_id: ArtistId
    disc_no: int
    track_no: int
    title: str
    explicit: bool
    isrc: str | None
    credits: tuple[Credit, ...]
    duration_ms: int | None
    """Length of the audio; None until packaging has measured it."""
    published_at: datetime | None
    """When it was public for the first time."""
    withdrawn_by: By | None
    """Set while the track is held back although its release may be public."""
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Release:
    """A release with its tracks in disc and track order."""

    release_id: ReleaseId
    artist: Artist
    kind: ReleaseKind
    title: str
    description: str
    release_date: date | None
    language: str | None
    genres: tuple[str, ...]
    upc: str | None
    credits: tuple[Credit, ...]
    cover: tuple[CoverImage, ...]
    """The sizes of its cover, largest first; none when it has no cover."""
    stage: Stage
    withdrawn_by: By | None
    """Who took it down; set exactly in the stage TAKEN_DOWN."""
    withdrawn_at: datetime | None
    published_at: datetime | None
    """When it was public for the first time; never moves, so taking down and publishing again makes nothing new."""
    proposed: bool
    """Nobody has edited it since it was drafted from uploads: what their tags say may still shape it."""
    version: int
    created_at: datetime
    changed_at: datetime
    tracks: tuple[Track, ...]

    @property
    def explicit(self) -> bool:
        """Whether any of its tracks is."""
        return any(track.explicit for track in self.tracks)

    @property
    def public_tracks(self) -> tuple[Track, ...]:
        """The tracks that everybody may play; none unless the release is published."""
        if self.stage is not Stage.PUBLISHED:
            return ()
        return tuple(track for track in self.tracks if track.withdrawn_by is None)

    def track(self, track_id: TrackId) -> Track:
        """Return one of its tracks.

        Raises:
            TrackMissing: it is not on this release.
        """
        for track in self.tracks:
            if track.track_id == track_id:
                return track
        raise TrackMissing


def numbered(tracks: Sequence[Track]) -> tuple[Track, ...]:
    """Return tracks with those of each disc numbered from 1 in the order given, and the discs without gaps.

    Raises:
        TooManyTracks: tracks or discs.
    """
    discs = sorted({track.disc_no for track in tracks})
    if len(tracks) > MAX_TRACKS or len(discs) > MAX_DISCS:
        raise TooManyTracks
    return tuple(
        replace(track, disc_no=disc_no, track_no=track_no)
        for disc_no, was in enumerate(discs, 1)
        for track_no, track in enumerate((track for track in tracks if track.disc_no == was), 1)
    )
