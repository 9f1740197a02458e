"""Lists of releases and tracks, read page by page from the newest on.

A page goes on before a position: the sort values of the last row shown. Each ORDER BY has an index of the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Self
from uuid import UUID

from vibestream.contexts.music.catalogue.domain import CoverImage, ReleaseKind, Stage
from vibestream.kernel.ids import ArtistId, AssetId, ReleaseId, TrackId, UserId
from vibestream.platform.database import Tx

_MAX_UUID: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Before:
    """Where a list goes on: with what was published before this, or in the same instant under a smaller id."""

    published_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    """What a list shows of a release."""

    release_id: ReleaseId
    artist_id: ArtistId
    artist_name: str
    artist_handle: str
    kind: ReleaseKind
    title: str
    release_date: date | None
    genres: tuple[str, ...]
    cover: tuple[CoverImage, ...]
    stage: Stage
    published_at: datetime | None
    changed_at: datetime
    version: int
    track_count: int
    duration_ms: int
    """Of its tracks that are not withdrawn, as far as measured."""
    explicit: bool

    @classmethod
    def of(cls, *, kind: str, stage: str, genres: list[str], cover: list[dict[str, Any]], **same: Any) -> Self:
        """Build one from a row."""
        return cls(kind=ReleaseKind(kind), stage=Stage(stage), genres=tuple(genres), cover=_cover(cover), **same)


@dataclass(frozen=True, slots=True)
class TrackCard:
    """What a list shows of a public track."""

    track_id: TrackId
    release_id: ReleaseId
    asset_id: AssetId
    artist_id: ArtistId
    artist_name: str
    artist_handle: str
    title: str
    release_title: str
    cover: tuple[CoverImage, ...]
    duration_ms: int
    explicit: bool
    published_at: datetime

    @classmethod
    def of(cls, *, cover: list[dict[str, Any]], **same: Any) -> Self:
        """Build one from a row."""
        return cls(cover=_cover(cover), **same)


@dataclass(frozen=True, slots=True)
class KnownTrack:
    """What is said of a track to somebody who heard it once, wherever it stands now."""

    track_id: TrackId
    release_id: ReleaseId
    title: str
    artist_id: ArtistId
    artist_name: str
    artist_handle: str
    genres: tuple[str, ...]
    """Of its release."""
    public: bool
    """Whether it can still be heard."""

    @classmethod
    def of(cls, *, genres: list[str], **same: Any) -> Self:
        """Build one from a row."""
        return cls(genres=tuple(genres), **same)


_IN_STUDIO: Final = """artist.artist_id IN (
    SELECT artist_id FROM music.artist WHERE owner_user_id = %(me)s
    UNION SELECT artist_id FROM music.artist_member WHERE user_id = %(me)s)"""
"""Whether an account has a part in an artist; spelled out, because `music.part_in` would be asked for every release."""

_CARD: Final = """
    SELECT release.release_id, release.artist_id, artist.name AS artist_name, artist.handle AS artist_handle, release.kind,
        release.title, release.release_date, release.genres, release.cover, release.stage, release.published_at,
        release.changed_at, release.version, heard.track_count, heard.duration_ms, heard.explicit
    FROM music.release JOIN music.artist USING (artist_id)
    CROSS JOIN LATERAL (
        SELECT count(*) AS track_count, coalesce(sum(track.duration_ms), 0) AS duration_ms,
            coalesce(bool_or(track.explicit), false) AS explicit
        FROM music.track WHERE track.release_id = release.release_id AND track.withdrawn_by IS NULL) AS heard
"""


async def list_newest_releases(tx: Tx, *, before: Before | None, limit: int) -> list[ReleaseCard]:
    """Return public releases, the last published first."""
    return await tx.all(
        ReleaseCard.of,
        _CARD
        + """
        WHERE release.stage = 'published' AND (release.published_at, release.release_id) < (%s::timestamptz, %s)
        ORDER BY release.published_at DESC, release.release_id DESC LIMIT %s
        """,
        [*_position(before), limit],
    )


async def list_newest_releases_of_artist(
    tx: Tx, *, artist_id: ArtistId, before: Before | None, limit: int
) -> list[ReleaseCard]:
    """Return an artist's public releases, the last published first."""
    return await tx.all(
        ReleaseCard.of,
        _CARD
        + """
        WHERE release.artist_id = %s AND release.stage = 'published'
            AND (release.published_at, release.release_id) < (%s::timestamptz, %s)
        ORDER BY release.published_at DESC, release.release_id DESC LIMIT %s
        """,
        [artist_id, *_position(before), limit],
    )


async def list_studio_releases(
    tx: Tx, *, user_id: UserId, artist_id: ArtistId | None, before: ReleaseId | None, limit: int
) -> list[ReleaseCard]:
    """Return the releases of artists that an account has a part in, or of one of them, the last begun first."""
    return await tx.all(
        ReleaseCard.of,
        _CARD
        + """
        WHERE """
        + _IN_STUDIO
        + """ AND (%(artist)s::uuid IS NULL OR release.artist_id = %(artist)s) AND release.release_id < %(before)s
        ORDER BY release.release_id DESC LIMIT %(limit)s
        """,
        {"me": user_id, "artist": artist_id, "before": before or _MAX_UUID, "limit": limit},
    )


async def list_newest_tracks(tx: Tx, *, before: Before | None, limit: int) -> list[TrackCard]:
    """Return public tracks, the last published first."""
    return await tx.all(
        TrackCard.of,
        """
        SELECT track.track_id, track.release_id, track.asset_id, track.artist_id, artist.name AS artist_name,
            artist.handle AS artist_handle, track.title, release.title AS release_title, release.cover,
            track.duration_ms, track.explicit, track.published_at
        FROM music.track JOIN music.release USING (release_id) JOIN music.artist ON artist.artist_id = track.artist_id
        WHERE track.published_at IS NOT NULL AND track.withdrawn_by IS NULL AND release.stage = 'published'
            AND (track.published_at, track.track_id) < (%s::timestamptz, %s)
        ORDER BY track.published_at DESC, track.track_id DESC LIMIT %s
        """,
        [*_position(before), limit],
    )


async def list_known_tracks(tx: Tx, *, track_ids: Sequence[TrackId]) -> list[KnownTrack]:
    """Return those of these tracks that were ever public."""
    return await tx.all(
        KnownTrack.of,
        """
        SELECT track.track_id, track.release_id, track.title, track.artist_id, artist.name AS artist_name,
            artist.handle AS artist_handle, release.genres,
            track.withdrawn_by IS NULL AND release.stage = 'published' AS public
        FROM music.track JOIN music.release USING (release_id) JOIN music.artist ON artist.artist_id = track.artist_id
        WHERE track.track_id = ANY(%s::uuid[]) AND track.published_at IS NOT NULL
        """,
        [list(track_ids)],
    )


async def list_withdrawn_assets(tx: Tx, *, since: datetime) -> list[AssetId]:
    """Return the assets of tracks that were withdrawn since an instant and that no public track plays now.

    Two halves, because each has an index and their disjunction has none: every web process asks this every two seconds.
    """
    return await tx.all(
        _asset_id,
        """
        WITH gone AS (
            SELECT asset_id FROM music.track
            WHERE withdrawn_by IS NOT NULL AND withdrawn_at >= %(since)s AND published_at IS NOT NULL
            UNION
            SELECT asset_id FROM music.track JOIN music.release USING (release_id)
            WHERE release.stage = 'taken_down' AND release.withdrawn_at >= %(since)s AND track.published_at IS NOT NULL
        )
        SELECT asset_id FROM gone
        WHERE NOT EXISTS (
            SELECT FROM music.track JOIN music.release USING (release_id)
            WHERE track.asset_id = gone.asset_id AND track.withdrawn_by IS NULL AND release.stage = 'published')
        """,
        {"since": since},
    )


async def list_proposed_with(tx: Tx, *, asset_id: AssetId) -> list[ReleaseId]:
    """Return the drafts with this asset that nobody has edited since they were proposed, in the order to lock them."""
    return await tx.all(
        _release_id,
        """
        SELECT DISTINCT release_id FROM music.track JOIN music.release USING (release_id)
        WHERE track.asset_id = %s AND release.proposed ORDER BY release_id
        """,
        [asset_id],
    )


async def list_published_with(tx: Tx, *, asset_id: AssetId) -> list[ReleaseId]:
    """Return the public releases with a track of this asset, in the order to lock them."""
    return await tx.all(
        _release_id,
        """
        SELECT DISTINCT release_id FROM music.track JOIN music.release USING (release_id)
        WHERE track.asset_id = %s AND release.stage = 'published' ORDER BY release_id
        """,
        [asset_id],
    )


async def assets_of_tracks(tx: Tx, *, track_ids: Sequence[TrackId]) -> dict[TrackId, AssetId]:
    """Return the asset of each of these tracks that exists."""
    rows = await tx.all(
        _track_and_asset,
        "SELECT track_id, asset_id FROM music.track WHERE track_id = ANY(%s::uuid[])",
        [list(track_ids)],
    )
    return dict(rows)


async def list_assets_in_studio(tx: Tx, *, user_id: UserId) -> list[AssetId]:
    """Return the assets on releases of artists that an account has a part in, each once."""
    return await tx.all(
        _asset_id,
        """
        SELECT DISTINCT track.asset_id FROM music.track JOIN music.release USING (release_id)
        WHERE release.artist_id IN (
            SELECT artist_id FROM music.artist WHERE owner_user_id = %(me)s
            UNION SELECT artist_id FROM music.artist_member WHERE user_id = %(me)s)
        """,
        {"me": user_id},
    )


def _position(before: Before | None) -> tuple[object, UUID]:
    return ("infinity", _MAX_UUID) if before is None else (before.published_at, before.id)


def _cover(stored: list[dict[str, Any]]) -> tuple[CoverImage, ...]:
    return tuple(CoverImage(**image) for image in stored)


def _track_and_asset(*, track_id: TrackId, asset_id: AssetId) -> tuple[TrackId, AssetId]:
    return track_id, asset_id


def _release_id(*, release_id: ReleaseId) -> ReleaseId:
    return release_id


def _asset_id(*, asset_id: AssetId) -> AssetId:
    return asset_id
