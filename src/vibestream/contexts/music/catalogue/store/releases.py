"""One release with its tracks: loaded, locked and saved as a whole.

Every write names the owner in its WHERE: whose artist it is decides whether a row is touched at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any, Final, LiteralString

from vibestream.contexts.music.catalogue.domain import (
    Artist,
    By,
    CoverImage,
    Credit,
    CreditRole,
    Part,
    Release,
    ReleaseKind,
    Stage,
    Track,
)
from vibestream.contexts.music.catalogue.store.artists import hold_part
from vibestream.kernel.ids import ArtistId, AssetId, ReleaseId, TrackId, UserId
from vibestream.platform.database import Tx

_COLUMNS: Final = """
    SELECT release_id, artist_id, owner_user_id, artist.name AS artist_name, artist.handle AS artist_handle, kind, title,
        description, release_date, language, genres, upc, credits, cover, stage, withdrawn_by, withdrawn_at, published_at,
        proposed, version, created_at, release.changed_at
"""
_FROM: Final = """
    FROM music.release JOIN music.artist USING (artist_id)
    WHERE release_id = %s
"""
_RELEASE: Final = _COLUMNS + _FROM


async def load_release(tx: Tx, *, release_id: ReleaseId) -> Release | None:
    """Return a release, whoever's it is and wherever it stands."""
    return await _load(tx, _RELEASE, [release_id])


async def load_release_and_part(
    tx: Tx, *, release_id: ReleaseId, viewer: UserId | None
) -> tuple[Release, Part | None] | None:
    """Return a release, whoever's it is and wherever it stands, and the part that a viewer has in its artist.

    In one statement: it is on the way of every playback that is granted.
    """
    found = await tx.one(_seen, _COLUMNS + ", music.part_in(artist_id, %s) AS part" + _FROM, [viewer, release_id])
    if found is None:
        return None
    release, part = found
    return await _with_tracks(tx, release), part


async def load_release_in_studio(tx: Tx, *, release_id: ReleaseId, user_id: UserId) -> Release | None:
    """Return a release to whoever has a part in its artist's music."""
    return await _load(tx, _RELEASE + " AND music.part_in(artist_id, %s) IS NOT NULL", [release_id, user_id])


async def lock_release(tx: Tx, *, release_id: ReleaseId, editor: UserId | None) -> Release | None:
    """Return a release and keep others from changing it until the transaction ends.

    With an editor only if they own its artist or are an editor of it. The lock waits for an edit that is under way and
    then returns what that edit made, so that two editors never work from the same version.
    """
    if editor is None:
        return await _load(tx, _RELEASE + " FOR UPDATE OF release", [release_id])
    await hold_part(tx, release_id=release_id, user_id=editor)
    return await _load(
        tx,
        _RELEASE + " AND music.part_in(artist_id, %s) IN ('owner', 'editor') FOR UPDATE OF release",
        [release_id, editor],
    )


async def find_release_of_track(tx: Tx, *, track_id: TrackId) -> ReleaseId | None:
    """Return the release that a track is on."""
    found = await tx.value("SELECT release_id FROM music.track WHERE track_id = %s", [track_id])
    return None if found is None else ReleaseId(found)


async def insert_release(tx: Tx, *, release: Release) -> bool:
    """Write a new release with its tracks; False when its artist does not belong to its owner any more."""
    written = await tx.execute(
        """
        INSERT INTO music.release (release_id, artist_id, kind, title, description, release_date, language, genres, upc,
            credits, cover, stage, withdrawn_by, withdrawn_at, published_at, proposed, version, created_at,
            changed_at)
        SELECT %(release_id)s, artist_id, %(kind)s, %(title)s, %(description)s, %(release_date)s, %(language)s,
            %(genres)s::text[], %(upc)s, %(credits)s::jsonb, %(cover)s::jsonb, %(stage)s, %(withdrawn_by)s, %(withdrawn_at)s,
            %(published_at)s, %(proposed)s, %(version)s, %(created_at)s, %(changed_at)s
        FROM music.artist WHERE artist_id = %(artist_id)s AND owner_user_id = %(owner)s
        """,
        {**_columns(release), "created_at": release.created_at},
    )
    await _insert_tracks(tx, release, release.tracks)
    return written == 1


async def save_release(tx: Tx, *, before: Release, release: Release) -> bool:
    """Write a release over its earlier self, tracks included; False when somebody else's version stands there.

    `before` must have been locked in this transaction; only what differs from it is written.
    """
    written = await tx.execute(
        """
        UPDATE music.release SET kind = %(kind)s, title = %(title)s, description = %(description)s,
            release_date = %(release_date)s, language = %(language)s, genres = %(genres)s::text[], upc = %(upc)s,
            credits = %(credits)s::jsonb, cover = %(cover)s::jsonb, stage = %(stage)s, withdrawn_by = %(withdrawn_by)s,
            withdrawn_at = %(withdrawn_at)s, published_at = %(published_at)s, proposed = %(proposed)s,
            version = %(version)s, changed_at = %(changed_at)s
        WHERE release_id = %(release_id)s AND version = %(before)s
            AND artist_id IN (SELECT artist_id FROM music.artist WHERE owner_user_id = %(owner)s)
        """,
        {**_columns(release), "before": before.version},
    )
    if written != 1:
        return False
    kept = {track.track_id for track in release.tracks}
    known = {track.track_id: track for track in before.tracks}
    await _delete_tracks(tx, before, [track_id for track_id in known if track_id not in kept])
    await _update_tracks(tx, release, [one for one in release.tracks if known.get(one.track_id, one) != one])
    await _insert_tracks(tx, release, [one for one in release.tracks if one.track_id not in known])
    return True


async def delete_release(tx: Tx, *, release: Release) -> bool:
    """Delete a release that was never public, with its tracks; False when it is not its owner's any more."""
    own = {"release_id": release.release_id, "owner": release.artist.owner_user_id}
    await _delete_tracks(tx, release, [track.track_id for track in release.tracks])
    deleted = await tx.execute(
        """
        DELETE FROM music.release WHERE release_id = %(release_id)s AND published_at IS NULL
            AND artist_id IN (SELECT artist_id FROM music.artist WHERE owner_user_id = %(owner)s)
        """,
        own,
    )
    return deleted == 1


async def _load(tx: Tx, statement: LiteralString, params: Sequence[Any]) -> Release | None:
    release = await tx.one(_release, statement, params)
    return None if release is None else await _with_tracks(tx, release)


async def _with_tracks(tx: Tx, release: Release) -> Release:
    tracks = await tx.all(
        _track,
        """
        SELECT track_id, upload_id, asset_id, artist_id, disc_no, track_no, title, explicit, isrc, credits, duration_ms,
            published_at, withdrawn_by, withdrawn_at
        FROM music.track WHERE release_id = %s ORDER BY disc_no, track_no
        """,
        [release.release_id],
    )
    return replace(release, tracks=tuple(tracks))


async def _delete_tracks(tx: Tx, release: Release, track_ids: Sequence[TrackId]) -> None:
    if track_ids:
        await tx.execute(
            """
            DELETE FROM music.track USING music.release JOIN music.artist USING (artist_id)
            WHERE track_id = ANY(%(gone)s) AND track.published_at IS NULL AND track.release_id = release.release_id
                AND release.release_id = %(release_id)s AND owner_user_id = %(owner)s
            """,
            {"gone": list(track_ids), "release_id": release.release_id, "owner": release.artist.owner_user_id},
        )


# One statement for all tracks, because the unique place of a track is checked at the end of each statement: two tracks
# that change places never meet.
async def _update_tracks(tx: Tx, release: Release, tracks: Sequence[Track]) -> None:
    if tracks:
        await tx.execute(
            """
            UPDATE music.track SET disc_no = changed.disc_no, track_no = changed.track_no, title = changed.title,
                explicit = changed.explicit, isrc = changed.isrc, credits = changed.credits,
                duration_ms = changed.duration_ms, published_at = changed.published_at,
                withdrawn_by = changed.withdrawn_by, withdrawn_at = changed.withdrawn_at
            FROM unnest(%(track_ids)s::uuid[], %(disc_nos)s::smallint[], %(track_nos)s::smallint[], %(titles)s::text[],
                %(explicit)s::boolean[], %(isrcs)s::text[], %(credits)s::jsonb[], %(durations_ms)s::integer[],
                %(published_at)s::timestamptz[], %(withdrawn_by)s::text[], %(withdrawn_at)s::timestamptz[])
                AS changed (track_id, disc_no, track_no, title, explicit, isrc, credits, duration_ms, published_at,
                    withdrawn_by, withdrawn_at),
                music.release JOIN music.artist USING (artist_id)
            WHERE track.track_id = changed.track_id AND track.release_id = release.release_id
                AND release.release_id = %(release_id)s AND owner_user_id = %(owner)s
            """,
            _track_columns(release, tracks),
        )


async def _insert_tracks(tx: Tx, release: Release, tracks: Sequence[Track]) -> None:
    if tracks:
        await tx.execute(
            """
            INSERT INTO music.track (track_id, release_id, upload_id, asset_id, artist_id, disc_no, track_no, title, explicit, isrc,
                credits, duration_ms, published_at, withdrawn_by, withdrawn_at)
            SELECT added.track_id, release.release_id, added.upload_id, added.asset_id, by_artist.artist_id, added.disc_no, added.track_no,
                added.title, added.explicit, added.isrc, added.credits, added.duration_ms, added.published_at,
                added.withdrawn_by, added.withdrawn_at
            FROM unnest(%(track_ids)s::uuid[], %(upload_ids)s::uuid[], %(asset_ids)s::uuid[], %(artist_ids)s::uuid[], %(disc_nos)s::smallint[],
                %(track_nos)s::smallint[], %(titles)s::text[], %(explicit)s::boolean[], %(isrcs)s::text[],
                %(credits)s::jsonb[], %(durations_ms)s::integer[], %(published_at)s::timestamptz[],
                %(withdrawn_by)s::text[], %(withdrawn_at)s::timestamptz[])
                AS added (track_id, upload_id, asset_id, artist_id, disc_no, track_no, title, explicit, isrc, credits, duration_ms,
                    published_at, withdrawn_by, withdrawn_at)
                JOIN music.artist AS by_artist ON by_artist.artist_id = added.artist_id,
                music.release JOIN music.artist AS of_release ON of_release.artist_id = release.artist_id
            WHERE release.release_id = %(release_id)s AND of_release.owner_user_id = %(owner)s
                AND by_artist.owner_user_id = %(owner)s
            """,
            _track_columns(release, tracks),
        )


def _columns(release: Release) -> dict[str, Any]:
    return {
        "release_id": release.release_id,
        "artist_id": release.artist.artist_id,
        "owner": release.artist.owner_user_id,
        "kind": release.kind.value,
        "title": release.title,
        "description": release.description,
        "release_date": release.release_date,
        "language": release.language,
        "genres": list(release.genres),
        "upc": release.upc,
        "credits": _credits_json(release.credits),
        "cover": json.dumps([asdict(image) for image in release.cover]),
        "stage": release.stage.value,
        "withdrawn_by": _value(release.withdrawn_by),
        "withdrawn_at": release.withdrawn_at,
        "published_at": release.published_at,
        "proposed": release.proposed,
        "version": release.version,
        "changed_at": release.changed_at,
    }


def _track_columns(release: Release, tracks: Sequence[Track]) -> dict[str, Any]:
    return {
        "release_id": release.release_id,
        "owner": release.artist.owner_user_id,
        "track_ids": [track.track_id for track in tracks],
        "upload_ids": [track.upload_id for track in tracks],
        "asset_ids": [track.asset_id for track in tracks],
        "artist_ids": [track.artist_id for track in tracks],
        "disc_nos": [track.disc_no for track in tracks],
        "track_nos": [track.track_no for track in tracks],
        "titles": [track.title for track in tracks],
        "explicit": [track.explicit for track in tracks],
        "isrcs": [track.isrc for track in tracks],
        "credits": [_credits_json(track.credits) for track in tracks],
        "durations_ms": [track.duration_ms for track in tracks],
        "published_at": [track.published_at for track in tracks],
        "withdrawn_by": [_value(track.withdrawn_by) for track in tracks],
        "withdrawn_at": [track.withdrawn_at for track in tracks],
    }


def _seen(*, part: str | None, **columns: Any) -> tuple[Release, Part | None]:
    return _release(**columns), None if part is None else Part(part)


def _release(  # one parameter per column
    *,
    release_id: ReleaseId,
    artist_id: ArtistId,
    owner_user_id: UserId,
    artist_name: str,
    artist_handle: str,
    kind: str,
    stage: str,
    withdrawn_by: str | None,
    genres: list[str],
    credits: list[dict[str, str]],  # noqa: A002 - the column's name
    cover: list[dict[str, Any]],
    release_date: date | None,
    published_at: datetime | None,
    **same: Any,
) -> Release:
    return Release(
        release_id=release_id,
        artist=Artist(artist_id, owner_user_id, artist_name, artist_handle),
        kind=ReleaseKind(kind),
        stage=Stage(stage),
        withdrawn_by=_by(withdrawn_by),
        genres=tuple(genres),
        credits=_credits(credits),
        cover=tuple(CoverImage(**image) for image in cover),
        release_date=release_date,
        published_at=published_at,
        tracks=(),
        **same,
    )


def _track(
    *,
    track_id: TrackId,
    asset_id: AssetId,
    withdrawn_by: str | None,
    credits: list[dict[str, str]],  # noqa: A002 - the column's name
    **same: Any,
) -> Track:
    return Track(
        track_id=track_id, asset_id=asset_id, withdrawn_by=_by(withdrawn_by), credits=_credits(credits), **same
    )


def _by(value: str | None) -> By | None:
    return None if value is None else By(value)


def _value(by: By | None) -> str | None:
    return None if by is None else by.value


def _credits(stored: list[dict[str, str]]) -> tuple[Credit, ...]:
    return tuple(Credit(one["name"], CreditRole(one["role"])) for one in stored)


def _credits_json(credits_: Sequence[Credit]) -> str:
    return json.dumps([{"name": one.name, "role": one.role.value} for one in credits_], ensure_ascii=False)
