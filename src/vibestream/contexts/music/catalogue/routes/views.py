"""What the catalogue's addresses answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from vibestream.contexts.music.catalogue.domain import (
    Artist,
    AudioState,
    By,
    ChecklistItem,
    CoverImage,
    Credit,
    CreditRole,
    Part,
    Release,
    ReleaseKind,
    Requirement,
    Stage,
    Track,
    WorkedFor,
)
from vibestream.contexts.music.catalogue.service import ReleaseCard, StudioRelease, TrackCard, TrackOnRelease


class ArtistView(BaseModel):
    artist_id: UUID
    name: str
    handle: str

    @classmethod
    def of(cls, artist: Artist) -> Self:
        return cls(artist_id=artist.artist_id, name=artist.name, handle=artist.handle)


class WorkedForView(ArtistView):
    part: Part = Field(description="What you are there: its owner, an editor, or an analyst, who only reads.")

    @classmethod
    def of_part(cls, one: WorkedFor) -> Self:
        artist = one.artist
        return cls(artist_id=artist.artist_id, name=artist.name, handle=artist.handle, part=one.part)


class CoverView(BaseModel):
    url: str
    width: int
    height: int

    @classmethod
    def all(cls, cover: tuple[CoverImage, ...]) -> list[Self]:
        return [cls.model_validate(image) for image in _cover(cover)]


class CreditView(BaseModel):
    name: str
    role: CreditRole

    @classmethod
    def all(cls, given: tuple[Credit, ...]) -> list[Self]:
        return [cls(name=one.name, role=one.role) for one in given]


class ReleaseSummary(BaseModel):
    release_id: UUID
    artist: ArtistView
    kind: ReleaseKind
    title: str
    release_date: date | None
    genres: list[str]
    cover: list[CoverView] = Field(description="The cover's sizes, largest first; empty when there is none.")
    explicit: bool
    track_count: int
    duration_ms: int = Field(description="Of all tracks that are not withdrawn, as far as measured.")
    published_at: datetime | None

    @classmethod
    def of(cls, card: ReleaseCard) -> Self:
        return cls.model_validate(release_item(card))


class StudioSummary(BaseModel):
    release: ReleaseSummary
    stage: Stage
    version: int
    changed_at: datetime

    @classmethod
    def of(cls, card: ReleaseCard) -> Self:
        return cls(release=ReleaseSummary.of(card), stage=card.stage, version=card.version, changed_at=card.changed_at)


class TrackSummary(BaseModel):
    track_id: UUID
    release_id: UUID
    artist: ArtistView
    title: str
    release_title: str
    cover: list[CoverView]
    duration_ms: int
    explicit: bool
    published_at: datetime


class TrackView(BaseModel):
    track_id: UUID
    disc_no: int
    track_no: int
    title: str
    explicit: bool
    isrc: str | None
    credits: list[CreditView]
    duration_ms: int | None

    @classmethod
    def of(cls, track: Track) -> Self:
        return cls(
            track_id=track.track_id,
            disc_no=track.disc_no,
            track_no=track.track_no,
            title=track.title,
            explicit=track.explicit,
            isrc=track.isrc,
            credits=CreditView.all(track.credits),
            duration_ms=track.duration_ms,
        )


class ReleaseView(BaseModel):
    release_id: UUID
    artist: ArtistView
    kind: ReleaseKind
    title: str
    description: str = Field(description="Plain text; paragraphs are separated by an empty line.")
    release_date: date | None
    language: str | None
    genres: list[str]
    upc: str | None
    credits: list[CreditView]
    cover: list[CoverView]
    explicit: bool
    published_at: datetime | None
    tracks: list[TrackView]

    @classmethod
    def of(cls, release: Release) -> Self:
        return cls(
            release_id=release.release_id,
            artist=ArtistView.of(release.artist),
            kind=release.kind,
            title=release.title,
            description=release.description,
            release_date=release.release_date,
            language=release.language,
            genres=list(release.genres),
            upc=release.upc,
            credits=CreditView.all(release.credits),
            cover=CoverView.all(release.cover),
            explicit=release.explicit,
            published_at=release.published_at,
            tracks=[TrackView.of(track) for track in release.tracks],
        )


class TrackOnReleaseView(BaseModel):
    track: TrackView
    release: ReleaseView

    @classmethod
    def of(cls, found: TrackOnRelease) -> Self:
        return cls(track=TrackView.of(found.track), release=ReleaseView.of(found.release))


class ChecklistLine(BaseModel):
    requirement: Requirement
    met: bool
    needed: bool = Field(description="False for what is wanted and may be missing.")
    track_id: UUID | None = Field(description="Set when it is about one track.")

    @classmethod
    def of(cls, item: ChecklistItem) -> Self:
        return cls(requirement=item.requirement, met=item.met, needed=item.needed, track_id=item.track_id)


class StudioTrack(BaseModel):
    track: TrackView
    upload_id: UUID
    asset_id: UUID
    audio: AudioState = Field(description="How far packaging is.")
    withdrawn_by: By | None


class StudioView(BaseModel):
    """A release as its artist works on it. Send `version` with the next edit."""

    version: int
    stage: Stage
    withdrawn_by: By | None
    release: ReleaseView
    tracks: list[StudioTrack]
    checklist: list[ChecklistLine]
    can_publish: bool

    @classmethod
    def of(cls, studio: StudioRelease) -> Self:
        release = studio.release
        tracks = [
            StudioTrack(
                track=TrackView.of(track),
                upload_id=track.upload_id,
                asset_id=track.asset_id,
                audio=studio.audio[track.asset_id].state if track.asset_id in studio.audio else AudioState.PREPARING,
                withdrawn_by=track.withdrawn_by,
            )
            for track in release.tracks
        ]
        return cls(
            version=release.version,
            stage=release.stage,
            withdrawn_by=release.withdrawn_by,
            release=ReleaseView.of(release),
            tracks=tracks,
            checklist=[ChecklistLine.of(item) for item in studio.checklist],
            can_publish=release.stage is not Stage.PUBLISHED
            and all(item.met for item in studio.checklist if item.needed),
        )


# Lists are what is asked for most. Their items are plain values, encoded without a model for each: a tenth of the work.
# The models above say what is in them, and a test holds the two together.


def release_item(card: ReleaseCard) -> dict[str, object]:
    """Return a release as `ReleaseSummary` describes it."""
    return {
        "release_id": card.release_id,
        "artist": {"artist_id": card.artist_id, "name": card.artist_name, "handle": card.artist_handle},
        "kind": card.kind,
        "title": card.title,
        "release_date": card.release_date,
        "genres": list(card.genres),
        "cover": _cover(card.cover),
        "explicit": card.explicit,
        "track_count": card.track_count,
        "duration_ms": card.duration_ms,
        "published_at": card.published_at,
    }


def track_item(card: TrackCard) -> dict[str, object]:
    """Return a track as `TrackSummary` describes it."""
    return {
        "track_id": card.track_id,
        "release_id": card.release_id,
        "artist": {"artist_id": card.artist_id, "name": card.artist_name, "handle": card.artist_handle},
        "title": card.title,
        "release_title": card.release_title,
        "cover": _cover(card.cover),
        "duration_ms": card.duration_ms,
        "explicit": card.explicit,
        "published_at": card.published_at,
    }


def _cover(cover: tuple[CoverImage, ...]) -> list[dict[str, object]]:
    return [{"url": f"/media/{image.key}", "width": image.width, "height": image.height} for image in cover]
