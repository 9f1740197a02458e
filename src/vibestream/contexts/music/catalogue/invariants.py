"""What must always hold of the catalogue."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _public_tracks_play(tx: Tx) -> Finding:
    # What has just been refused is withdrawn by an event, a moment later.
    silent = await tx.all(
        _name,
        """
        SELECT track.track_id::text AS name
        FROM music.track JOIN music.release USING (release_id) LEFT JOIN music.asset USING (asset_id)
        WHERE release.stage = 'published' AND track.withdrawn_by IS NULL
            AND (asset.state IS NULL OR asset.state NOT IN ('playable', 'ready'))
            AND coalesce(asset.changed_at, release.changed_at) < now() - interval '1 minute'
        ORDER BY track.track_id LIMIT 5
        """,
    )
    public = await tx.value(
        """
        SELECT count(*) FROM music.track JOIN music.release USING (release_id)
        WHERE release.stage = 'published' AND track.withdrawn_by IS NULL
        """
    )
    return Finding(ok=not silent, figure=f"{public:,} public tracks", detail=", ".join(silent))


async def _published_releases_have_tracks(tx: Tx) -> Finding:
    empty = await tx.all(
        _name,
        """
        SELECT release_id::text AS name FROM music.release
        WHERE stage = 'published' AND NOT EXISTS (
            SELECT FROM music.track WHERE track.release_id = release.release_id AND withdrawn_by IS NULL)
        ORDER BY release_id LIMIT 5
        """,
    )
    published = await tx.value("SELECT count(*) FROM music.release WHERE stage = 'published'")
    return Finding(ok=not empty, figure=f"{published:,} published releases", detail=", ".join(empty))


async def _tracks_are_numbered(tx: Tx) -> Finding:
    gaps = await tx.all(
        _name,
        """
        SELECT release_id::text || ' disc ' || disc_no AS name FROM music.track
        GROUP BY release_id, disc_no HAVING max(track_no) <> count(*) ORDER BY release_id, disc_no LIMIT 5
        """,
    )
    tracks = await tx.value("SELECT count(*) FROM music.track")
    return Finding(ok=not gaps, figure=f"{tracks:,} tracks", detail=", ".join(gaps))


def _name(*, name: str) -> str:
    return name


INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant(
        "catalogue.public_tracks_play",
        "Every track that is public points to audio that plays.",
        _public_tracks_play,
    ),
    Invariant(
        "catalogue.published_releases_have_tracks",
        "Every published release has a track that everybody may play.",
        _published_releases_have_tracks,
    ),
    Invariant(
        "catalogue.tracks_are_numbered",
        "The tracks of each disc are numbered from 1 without a gap.",
        _tracks_are_numbered,
    ),
)
