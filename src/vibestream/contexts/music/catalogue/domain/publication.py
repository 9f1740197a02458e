"""Publishing a release, taking it down, and holding back single tracks of it: who may, what must be there first."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from vibestream.contexts.music.catalogue.domain.editing import next_version
from vibestream.contexts.music.catalogue.domain.release import By, Release, Stage, Track
from vibestream.contexts.music.events import ReleasePublished, ReleaseTakenDown, TrackPublished, TrackTakenDown
from vibestream.kernel.errors import Conflict, Forbidden
from vibestream.kernel.events import Event
from vibestream.kernel.ids import AssetId, TrackId


class AudioState(enum.StrEnum):
    """How far packaging is with a track's asset."""

    PREPARING = "preparing"
    PLAYABLE = "playable"
    """It plays, while better renditions are still being made."""
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Audio:
    """What packaging says of one asset now."""

    state: AudioState
    duration_ms: int | None

    @property
    def plays(self) -> bool:
        """Whether somebody who presses play hears it."""
        return self.state in {AudioState.PLAYABLE, AudioState.READY} and self.duration_ms is not None


class Requirement(enum.StrEnum):
    """What a release needs before it is published."""

    TITLE = "title"
    TRACKS = "tracks"
    """At least one that is not withdrawn."""
    TRACK_TITLE = "track_title"
    AUDIO = "audio"
    """The track's audio plays."""
    COVER = "cover"
    """Wanted, not needed."""
    NOT_HELD = "not_held"
    """No operator took it down."""


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of the studio's checklist; about the whole release, or about one track of it."""

    requirement: Requirement
    met: bool
    needed: bool = True
    track_id: TrackId | None = None
    audio: AudioState | None = None
    """With AUDIO: how far packaging is."""


class NotReadyToPublish(Conflict):
    """Something is missing; `missing` names each requirement, and the track where it is about one."""

    code: ClassVar[str] = "catalogue.not_ready_to_publish"

    def __init__(self, *, missing: tuple[ChecklistItem, ...]) -> None:
        names = ", ".join(dict.fromkeys(item.requirement.value.replace("_", " ") for item in missing))
        super().__init__(f"The release cannot be published yet. Missing: {names}.")
        self.missing = [
            {"requirement": item.requirement.value, "track_id": None if item.track_id is None else str(item.track_id)}
            for item in missing
        ]


class AlreadyPublished(Conflict):
    """It is public already."""

    code: ClassVar[str] = "catalogue.already_published"

    def __init__(self) -> None:
        super().__init__("It is published already.")


class NotPublished(Conflict):
    """It is not public, so it cannot be taken down."""

    code: ClassVar[str] = "catalogue.not_published"

    def __init__(self) -> None:
        super().__init__("It is not published.")


class HeldByOperator(Forbidden):
    """An operator took it down; only an operator gives it back."""

    code: ClassVar[str] = "catalogue.held_by_operator"

    def __init__(self) -> None:
        super().__init__("It was taken down by an operator. Write to support to have it back.")


class LastTrack(Conflict):
    """The only public track of a release cannot be withdrawn by itself."""

    code: ClassVar[str] = "catalogue.last_track"

    def __init__(self) -> None:
        super().__init__("It is the last public track of its release. Take the release down instead.")


def checklist(release: Release, *, audio: Mapping[AssetId, Audio]) -> tuple[ChecklistItem, ...]:
    """Return what publishing needs, met or not, in the order in which the studio shows it."""
    items = [
        ChecklistItem(Requirement.TITLE, bool(release.title)),
        ChecklistItem(Requirement.TRACKS, any(track.withdrawn_by is None for track in release.tracks)),
    ]
    for track in release.tracks:
        heard = audio.get(track.asset_id, Audio(AudioState.PREPARING, None))
        items += [
            ChecklistItem(Requirement.TRACK_TITLE, bool(track.title), track_id=track.track_id),
            ChecklistItem(
                Requirement.AUDIO,
                heard.plays,
                needed=track.withdrawn_by is None,
                track_id=track.track_id,
                audio=heard.state,
            ),
        ]
    return (
        *items,
        ChecklistItem(Requirement.COVER, bool(release.cover), needed=False),
        ChecklistItem(Requirement.NOT_HELD, release.withdrawn_by is not By.OPERATOR),
    )


def publish(
    release: Release, *, audio: Mapping[AssetId, Audio], expected: int, now: datetime
) -> tuple[Release, tuple[Event, ...]]:
    """Make a release public, with each of its tracks that is not withdrawn.

    The tracks take over their audio's length; a release without a date gets today's.

    Raises:
        EditConflict: the editor saw another version.
        AlreadyPublished: it is public.
        HeldByOperator: its artist may not.
        NotReadyToPublish: with everything that is missing.
    """
    edited = next_version(release, expected=expected, now=now)
    if release.stage is Stage.PUBLISHED:
        raise AlreadyPublished
    if release.withdrawn_by is By.OPERATOR:
        raise HeldByOperator
    missing = tuple(item for item in checklist(release, audio=audio) if item.needed and not item.met)
    if missing:
        raise NotReadyToPublish(missing=missing)
    published = replace(
        edited,
        stage=Stage.PUBLISHED,
        withdrawn_by=None,
        withdrawn_at=None,
        published_at=release.published_at or now,
        release_date=release.release_date or now.date(),
        tracks=tuple(
            _published(track, audio=audio[track.asset_id], now=now) if track.withdrawn_by is None else track
            for track in release.tracks
        ),
    )
    return published, (
        ReleasePublished(
            occurred_at=now,
            release_id=release.release_id,
            artist_id=release.artist.artist_id,
            owner_user_id=release.artist.owner_user_id,
            kind=release.kind.value,
            title=release.title,
            artist_name=release.artist.name,
            genres=release.genres,
            track_count=len(published.public_tracks),
            again=release.published_at is not None,
        ),
        *(_track_published(published, track, now=now) for track in published.public_tracks),
    )


def take_down(release: Release, *, by: By, expected: int, now: datetime) -> tuple[Release, tuple[Event, ...]]:
    """Withdraw a public release and with it each of its tracks; an operator may also hold one that its artist withdrew.

    Raises:
        EditConflict: the editor saw another version.
        NotPublished: there is nothing public to withdraw.
    """
    edited = next_version(release, expected=expected, now=now)
    holds_on = by is By.OPERATOR and release.withdrawn_by in {By.ARTIST, By.AUDIO}
    if release.stage is not Stage.PUBLISHED and not holds_on:
        raise NotPublished
    withdrawn = replace(edited, stage=Stage.TAKEN_DOWN, withdrawn_by=by, withdrawn_at=now)
    if holds_on:
        return withdrawn, ()
    return withdrawn, (
        _release_taken_down(release, by=by, now=now),
        *(_track_taken_down(release, track, by=by, now=now) for track in release.public_tracks),
    )


def lift_hold(release: Release, *, expected: int, now: datetime) -> Release:
    """Give a release that an operator took down back to its artist, who may publish it again.

    Raises:
        EditConflict: the editor saw another version.
        NotPublished: no operator holds it.
    """
    edited = next_version(release, expected=expected, now=now)
    if release.withdrawn_by is not By.OPERATOR:
        raise NotPublished
    return replace(edited, withdrawn_by=By.ARTIST)


def withdraw_track(
    release: Release, track_id: TrackId, *, by: By, expected: int, now: datetime
) -> tuple[Release, tuple[Event, ...]]:
    """Withdraw one track of a public release; the others stay.

    Raises:
        EditConflict: the editor saw another version.
        TrackMissing: it is not on this release.
        NotPublished: the track is not public.
        LastTrack: nothing public would remain.
    """
    edited = next_version(release, expected=expected, now=now)
    track = release.track(track_id)
    if track not in release.public_tracks:
        raise NotPublished
    if len(release.public_tracks) == 1:
        raise LastTrack
    withdrawn = replace(track, withdrawn_by=by, withdrawn_at=now)
    return _with(edited, withdrawn), (_track_taken_down(release, track, by=by, now=now),)


def restore_track(
    release: Release,
    track_id: TrackId,
    *,
    by: By,
    audio: Mapping[AssetId, Audio],
    expected: int,
    now: datetime,
) -> tuple[Release, tuple[Event, ...]]:
    """Give back a track that was withdrawn by itself.

    Raises:
        EditConflict: the editor saw another version.
        TrackMissing: it is not on this release.
        AlreadyPublished: it is not withdrawn.
        HeldByOperator: an operator withdrew it, and `by` is not one.
        NotReadyToPublish: its audio does not play.
    """
    edited = next_version(release, expected=expected, now=now)
    track = release.track(track_id)
    if track.withdrawn_by is None:
        raise AlreadyPublished
    if track.withdrawn_by is By.OPERATOR and by is not By.OPERATOR:
        raise HeldByOperator
    restored = replace(track, withdrawn_by=None, withdrawn_at=None)
    if release.stage is not Stage.PUBLISHED:
        return _with(edited, restored), ()
    heard = audio.get(track.asset_id, Audio(AudioState.PREPARING, None))
    if not heard.plays:
        item = ChecklistItem(Requirement.AUDIO, met=False, track_id=track_id, audio=heard.state)
        raise NotReadyToPublish(missing=(item,))
    restored = _published(restored, audio=heard, now=now)
    return _with(edited, restored), (_track_published(edited, restored, now=now),)


def withdraw_audio(release: Release, asset_id: AssetId, *, now: datetime) -> tuple[Release, tuple[Event, ...]]:
    """Withdraw the tracks that play an asset which turned out to be unfit, and the release when none would remain.

    A release without such a public track is returned as it was. The artist can put a new upload in their place.
    """
    gone = [track for track in release.public_tracks if track.asset_id == asset_id]
    if not gone:
        return release, ()
    tracks = tuple(
        replace(track, withdrawn_by=By.AUDIO, withdrawn_at=now) if track in gone else track for track in release.tracks
    )
    withdrawn = replace(next_version(release, expected=release.version, now=now), tracks=tracks)
    events = tuple(_track_taken_down(release, track, by=By.AUDIO, now=now) for track in gone)
    if withdrawn.public_tracks:
        return withdrawn, events
    down = replace(withdrawn, stage=Stage.TAKEN_DOWN, withdrawn_by=By.AUDIO, withdrawn_at=now)
    return down, (_release_taken_down(release, by=By.AUDIO, now=now), *events)


def _published(track: Track, *, audio: Audio, now: datetime) -> Track:
    return replace(track, duration_ms=audio.duration_ms, published_at=track.published_at or now)


def _with(release: Release, changed: Track) -> Release:
    tracks = (changed if track.track_id == changed.track_id else track for track in release.tracks)
    return replace(release, tracks=tuple(tracks))


def _track_published(release: Release, track: Track, *, now: datetime) -> TrackPublished:
    assert track.duration_ms is not None, "a track without measured audio is not published"  # noqa: S101
    return TrackPublished(
        occurred_at=now,
        track_id=track.track_id,
        release_id=release.release_id,
        artist_id=track.artist_id,
        owner_user_id=release.artist.owner_user_id,
        asset_id=track.asset_id,
        duration_ms=track.duration_ms,
        title=track.title,
        artist_name=release.artist.name,
        release_title=release.title,
        disc_no=track.disc_no,
        track_no=track.track_no,
        explicit=track.explicit,
        isrc=track.isrc,
        genres=release.genres,
    )


def _release_taken_down(release: Release, *, by: By, now: datetime) -> ReleaseTakenDown:
    return ReleaseTakenDown(
        occurred_at=now,
        release_id=release.release_id,
        artist_id=release.artist.artist_id,
        owner_user_id=release.artist.owner_user_id,
        by=by.value,
    )


def _track_taken_down(release: Release, track: Track, *, by: By, now: datetime) -> TrackTakenDown:
    return TrackTakenDown(
        occurred_at=now,
        track_id=track.track_id,
        release_id=release.release_id,
        artist_id=track.artist_id,
        owner_user_id=release.artist.owner_user_id,
        by=by.value,
    )
