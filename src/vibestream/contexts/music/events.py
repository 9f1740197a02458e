"""What the music context announces. Catalogue events of one track, or of one release, arrive in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vibestream.kernel.events import Event
from vibestream.kernel.ids import ArtistId, AssetId, ListenId, ReleaseId, TrackId, UploadId, UserId


@dataclass(frozen=True, kw_only=True)
class UploadCompleted(Event):
    """A master arrived whole; its original is in the object store under its checksum, whoever else sent the same."""

    type: ClassVar[str] = "vibestream.music.upload_completed"
    personal: ClassVar[tuple[str, ...]] = ("file_name",)

    upload_id: UploadId
    user_id: UserId
    sha256: str
    """Of the whole original, in lower-case hexadecimal."""
    size_bytes: int
    file_name: str
    """As the artist's file was called; for people only."""

    @property
    def key(self) -> str:
        """Order the news of one upload."""
        return str(self.upload_id)


@dataclass(frozen=True, kw_only=True)
class ReleasePublished(Event):
    """A release became public, for the first time or again. Its tracks are announced each by itself."""

    type: ClassVar[str] = "vibestream.music.release_published"
    personal: ClassVar[tuple[str, ...]] = ("title", "artist_name")

    release_id: ReleaseId
    artist_id: ArtistId
    owner_user_id: UserId
    kind: str
    """`album`, `ep` or `single`."""
    title: str
    artist_name: str
    genres: tuple[str, ...]
    track_count: int
    again: bool
    """It had been public before and was taken down meanwhile."""
    by_user_id: UserId | None = None
    """Who published it: the artist's owner, or an editor; None: an operator, or an event from before it was said."""

    @property
    def key(self) -> str:
        """Order the news of one release."""
        return str(self.release_id)


@dataclass(frozen=True, kw_only=True)
class ReleaseTakenDown(Event):
    """A public release was withdrawn; so was each of its tracks that was public."""

    type: ClassVar[str] = "vibestream.music.release_taken_down"

    release_id: ReleaseId
    artist_id: ArtistId
    owner_user_id: UserId
    by: str
    """`artist`, `operator`, or `audio` when the master turned out to be unfit."""
    by_user_id: UserId | None = None
    """With `artist`: who took it down, the artist's owner or an editor."""

    @property
    def key(self) -> str:
        """Order the news of one release."""
        return str(self.release_id)


@dataclass(frozen=True, kw_only=True)
class TrackPublished(Event):
    """A track may be played by anybody, from now or again; the facts are those at this moment."""

    type: ClassVar[str] = "vibestream.music.track_published"
    personal: ClassVar[tuple[str, ...]] = ("title", "artist_name", "release_title", "isrc")

    track_id: TrackId
    release_id: ReleaseId
    artist_id: ArtistId
    owner_user_id: UserId
    asset_id: AssetId
    duration_ms: int
    title: str
    artist_name: str
    release_title: str
    disc_no: int
    track_no: int
    explicit: bool
    isrc: str | None
    genres: tuple[str, ...]

    @property
    def key(self) -> str:
        """Order the news of one track."""
        return str(self.track_id)


@dataclass(frozen=True, kw_only=True)
class TrackTakenDown(Event):
    """A public track was withdrawn, by itself or with its release; it may be published again."""

    type: ClassVar[str] = "vibestream.music.track_taken_down"

    track_id: TrackId
    release_id: ReleaseId
    artist_id: ArtistId
    owner_user_id: UserId
    by: str
    """`artist`, `operator`, or `audio` when the master turned out to be unfit."""

    @property
    def key(self) -> str:
        """Order the news of one track."""
        return str(self.track_id)


@dataclass(frozen=True, kw_only=True)
class PlaybackGranted(Event):
    """Addresses to play a track were handed out for one listen.

    `attributed` says whether this server sees every segment that the listen fetches. When it does, audio that is said
    to have been heard but lies outside of what `SegmentsServed` reports was not heard. When it does not (a CDN answers
    instead of us), nothing follows from what was not reported.
    """

    type: ClassVar[str] = "vibestream.music.playback_granted"

    listen_id: ListenId
    track_id: TrackId
    asset_id: AssetId
    user_id: UserId | None
    attributed: bool

    @property
    def key(self) -> str:
        """Order the news of one listen."""
        return str(self.listen_id)


@dataclass(frozen=True, kw_only=True)
class SegmentsServed(Event):
    """Pieces of audio that one web process served to listens within a few seconds, as columns of equal length.

    Row `i` says: to the listen `listen_ids[i]` the track `track_ids[i]` was served from `from_ms[i]` to `until_ms[i]`
    of its audio (half-open), between `first_at_ms[i]` and `last_at_ms[i]` of the Unix clock. One listen may have
    several rows in one event and rows in many events; they may repeat and overlap, and their order means nothing: a
    consumer takes the union. The track is named because a player can ask for any track on account of any listen: audio
    of another track than the listen's proves nothing. Columns and not rows, because one event carries the listens of a
    whole process.
    """

    type: ClassVar[str] = "vibestream.music.segments_served"

    batch_id: str
    listen_ids: tuple[ListenId, ...]
    track_ids: tuple[TrackId, ...]
    from_ms: tuple[int, ...]
    until_ms: tuple[int, ...]
    first_at_ms: tuple[int, ...]
    last_at_ms: tuple[int, ...]

    @property
    def key(self) -> str:
        """Each batch stands alone."""
        return self.batch_id


@dataclass(frozen=True, kw_only=True)
class AssetPlayable(Event):
    """The first segments of a master's first rung are listed: it can be listened to while it is still being packaged."""

    type: ClassVar[str] = "vibestream.music.asset_playable"

    asset_id: AssetId
    user_ids: tuple[UserId, ...]
    """Who uploaded this master."""

    @property
    def key(self) -> str:
        """Order the news of one asset."""
        return str(self.asset_id)


@dataclass(frozen=True, kw_only=True)
class AssetReady(Event):
    """Every rung of a master is complete."""

    type: ClassVar[str] = "vibestream.music.asset_ready"

    asset_id: AssetId
    user_ids: tuple[UserId, ...]
    duration_ms: int

    @property
    def key(self) -> str:
        """Order the news of one asset."""
        return str(self.asset_id)


@dataclass(frozen=True, kw_only=True)
class AssetRefused(Event):
    """A master cannot be packaged, through a fault of its own; nothing of it plays, also where some of it had."""

    type: ClassVar[str] = "vibestream.music.asset_refused"

    asset_id: AssetId
    user_ids: tuple[UserId, ...]
    reason: str
    """A stable code, such as `truncated`."""

    @property
    def key(self) -> str:
        """Order the news of one asset."""
        return str(self.asset_id)
