"""Assets, renditions and the uploads behind them, as rows. Statements of a run are fenced by the run's number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final, LiteralString
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.music.packaging.domain.asset import MOST_RUNS, Asset, Cover, Rendition, State, UploadedAsset
from vibestream.contexts.music.packaging.domain.ladder import Family
from vibestream.contexts.music.packaging.domain.layout import rung_folder
from vibestream.contexts.music.packaging.domain.measures import Loudness, Measures
from vibestream.contexts.music.packaging.domain.playlists import Bandwidth
from vibestream.contexts.music.packaging.domain.reasons import Reason
from vibestream.contexts.music.packaging.domain.source import Codec, Container, Source
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.kernel.ids import AssetId, UploadId, UserId
from vibestream.platform.database import Tx

_ASSETS: Final = """
    SELECT asset_id, encode(sha256, 'hex') AS sha256, ladder_version, state, percent, run, runs_allowed, reason, container,
        codec, sample_rate, channels, bits, declared_ms, exact, bitrate_bps, tags, covers, duration_ms, loudness_lufs,
        loudness_range_lu, true_peak_dbtp, waveform, fingerprint, created_at, changed_at
    FROM music.asset
"""


async def insert_asset(tx: Tx, *, asset_id: AssetId, sha256: str, ladder_version: int) -> AssetId:
    """Write a waiting asset for a master, unless there is one, and return the id of the one there is."""
    await tx.execute(
        """
        INSERT INTO music.asset (asset_id, sha256, ladder_version, runs_allowed)
        VALUES (%s, decode(%s, 'hex'), %s, %s) ON CONFLICT (sha256, ladder_version) DO NOTHING
        """,
        [asset_id, sha256, ladder_version, MOST_RUNS],
    )
    found = await tx.value(
        "SELECT asset_id FROM music.asset WHERE sha256 = decode(%s, 'hex') AND ladder_version = %s",
        [sha256, ladder_version],
    )
    return AssetId(found)


async def insert_upload(tx: Tx, *, upload_id: UploadId, asset_id: AssetId, user_id: UserId, file_name: str) -> None:
    """Note which asset an upload became; again: nothing."""
    await tx.execute(
        """
        INSERT INTO music.asset_upload (upload_id, asset_id, user_id, file_name) VALUES (%s, %s, %s, %s)
        ON CONFLICT (upload_id) DO NOTHING
        """,
        [upload_id, asset_id, user_id, file_name],
    )


async def load_asset(tx: Tx, *, asset_id: AssetId) -> Asset | None:
    """Return an asset."""
    return await tx.one(_asset, _ASSETS + " WHERE asset_id = %s", [asset_id])


async def lock_asset(tx: Tx, *, asset_id: AssetId) -> Asset | None:
    """Return an asset and keep others from changing it until the transaction ends."""
    return await tx.one(_asset, _ASSETS + " WHERE asset_id = %s FOR UPDATE", [asset_id])


async def list_assets(tx: Tx, *, asset_ids: Sequence[AssetId]) -> list[Asset]:
    """Return those of the assets that exist, in no particular order."""
    return await tx.all(_asset, _ASSETS + " WHERE asset_id = ANY(%s)", [list(asset_ids)])


async def list_uploaded(tx: Tx, *, upload_ids: Sequence[UploadId], user_id: UserId | None) -> list[UploadedAsset]:
    """Return those of the uploads that were handed in, by this account or with None by anybody, newest first."""
    rows = await tx.all(
        _upload,
        """
        SELECT upload_id, user_id, file_name, asset_id FROM music.asset_upload
        WHERE upload_id = ANY(%(uploads)s) AND (%(me)s::uuid IS NULL OR user_id = %(me)s) ORDER BY upload_id DESC
        """,
        {"me": user_id, "uploads": list(upload_ids)},
    )
    assets = {asset.asset_id: asset for asset in await list_assets(tx, asset_ids=[row["asset_id"] for row in rows])}
    return [UploadedAsset(asset=assets[row.pop("asset_id")], **row) for row in rows]


async def list_owners(tx: Tx, *, asset_id: AssetId) -> list[UserId]:
    """Return the accounts that uploaded the asset's master, each once, in the order of their ids.

    Whoever uploaded it as an editor is left out when they are no editor any more: they are not told how it goes on.
    """
    return await tx.all(
        _user,
        """
        SELECT DISTINCT brought.user_id FROM music.asset_upload brought LEFT JOIN music.upload USING (upload_id)
        WHERE brought.asset_id = %s AND (upload.as_editor IS NOT TRUE OR EXISTS (
            SELECT FROM music.artist_member m WHERE m.user_id = brought.user_id AND m.role = 'editor'))
        ORDER BY brought.user_id
        """,
        [asset_id],
    )


async def has_owner(tx: Tx, *, asset_id: AssetId, user_id: UserId) -> bool:
    """Say whether the account uploaded the asset's master."""
    statement: LiteralString = "SELECT EXISTS (SELECT FROM music.asset_upload WHERE asset_id = %s AND user_id = %s)"
    return bool(await tx.value(statement, [asset_id, user_id]))


async def list_renditions(tx: Tx, *, asset_id: AssetId) -> list[Rendition]:
    """Return the rungs of an asset, in the order of their bandwidth, those without a segment first."""
    return await tx.all(
        _rendition,
        """
        SELECT asset_id, rung, family, take, codecs, nominal_bps, sample_rate, channels, bits, complete, segments,
            timescale, segment_ticks, duration_ticks, total_bytes, average_bps, peak_bps, delay_samples
        FROM music.rendition WHERE asset_id = %s ORDER BY average_bps, rung
        """,
        [asset_id],
    )


async def start_over(tx: Tx, *, asset_id: AssetId) -> None:
    """Let a failed asset be packaged again, as if it had just come in."""
    await tx.execute(
        """
        UPDATE music.asset SET state = 'waiting', percent = 0, runs_allowed = run + %s, changed_at = now()
        WHERE asset_id = %s AND state = 'failed'
        """,
        [MOST_RUNS, asset_id],
    )


async def begin_run(tx: Tx, *, asset_id: AssetId) -> int:
    """Count a run and return its number; what was playable stays so."""
    return int(
        await tx.value(
            """
            UPDATE music.asset SET run = run + 1, changed_at = now(),
                state = CASE state WHEN 'playable' THEN state ELSE 'probing' END
            WHERE asset_id = %s RETURNING run
            """,
            [asset_id],
        )
    )


async def save_reading(tx: Tx, *, asset_id: AssetId, run: int, source: Source, tags: Tags) -> bool:
    """Keep what the master says about itself; False when the run was overtaken."""
    return await _fenced(
        tx,
        """
        UPDATE music.asset SET container = %(container)s, codec = %(codec)s, sample_rate = %(sample_rate)s,
            channels = %(channels)s, bits = %(bits)s, declared_ms = %(declared_ms)s::integer, exact = %(exact)s,
            bitrate_bps = %(bitrate_bps)s, tags = %(tags)s::jsonb, duration_ms = coalesce(duration_ms, %(declared_ms)s::integer),
            state = CASE state WHEN 'playable' THEN state ELSE 'packaging' END, changed_at = now()
        WHERE asset_id = %(asset_id)s AND run = %(run)s
        """,
        {
            **asdict(source),
            "container": source.container.value,
            "codec": source.codec.value,
            "tags": json.dumps({name: value for name, value in asdict(tags).items() if value is not None}),
            "asset_id": asset_id,
            "run": run,
        },
    )


async def save_state(
    tx: Tx, *, asset_id: AssetId, run: int, state: State, percent: int, reason: Reason | None = None
) -> bool:
    """Keep how far a run is; False when it was overtaken."""
    return await _fenced(
        tx,
        """
        UPDATE music.asset SET state = %(state)s, percent = %(percent)s, reason = %(reason)s, changed_at = now()
        WHERE asset_id = %(asset_id)s AND run = %(run)s
        """,
        {"asset_id": asset_id, "run": run, "state": state.value, "percent": percent, "reason": reason and reason.value},
    )


async def save_measures(tx: Tx, *, asset_id: AssetId, run: int, measures: Measures) -> bool:
    """Keep what decoding the master told; False when the run was overtaken."""
    loudness = measures.loudness
    return await _fenced(
        tx,
        """
        UPDATE music.asset SET duration_ms = %(duration_ms)s, loudness_lufs = %(lufs)s, loudness_range_lu = %(range)s,
            true_peak_dbtp = %(peak)s, waveform = %(waveform)s, fingerprint = %(fingerprint)s, changed_at = now()
        WHERE asset_id = %(asset_id)s AND run = %(run)s
        """,
        {
            "asset_id": asset_id,
            "run": run,
            "duration_ms": measures.duration_ms,
            "lufs": loudness.integrated_lufs,
            "range": loudness.range_lu,
            "peak": loudness.true_peak_dbtp,
            "waveform": measures.waveform,
            "fingerprint": measures.fingerprint,
        },
    )


async def save_covers(tx: Tx, *, asset_id: AssetId, run: int, covers: Sequence[Cover]) -> bool:
    """Keep where the cover's sizes lie; False when the run was overtaken."""
    return await _fenced(
        tx,
        """
        UPDATE music.asset SET covers = %(covers)s::jsonb, changed_at = now()
        WHERE asset_id = %(asset_id)s AND run = %(run)s
        """,
        {"asset_id": asset_id, "run": run, "covers": json.dumps([asdict(cover) for cover in covers])},
    )


async def save_rendition(tx: Tx, *, run: int, rendition: Rendition, take: int) -> bool:
    """Keep a rung as far as it is listed; False when the run was overtaken."""
    return await _fenced(
        tx,
        """
        INSERT INTO music.rendition (asset_id, rung, family, take, codecs, nominal_bps, sample_rate, channels, bits,
            complete, segments, timescale, segment_ticks, duration_ticks, total_bytes, average_bps, peak_bps,
            delay_samples)
        SELECT asset_id, %(rung)s, %(family)s, %(take)s, %(codecs)s, %(nominal_bps)s, %(sample_rate)s, %(channels)s,
            %(bits)s, %(complete)s, %(segments)s, %(timescale)s, %(segment_ticks)s, %(duration_ticks)s, %(total_bytes)s,
            %(average_bps)s, %(peak_bps)s, %(delay_samples)s
        FROM music.asset WHERE asset_id = %(asset_id)s AND run = %(run)s
        ON CONFLICT (asset_id, rung) DO UPDATE SET take = excluded.take, codecs = excluded.codecs,
            nominal_bps = excluded.nominal_bps, sample_rate = excluded.sample_rate, channels = excluded.channels,
            bits = excluded.bits, complete = excluded.complete, segments = excluded.segments,
            timescale = excluded.timescale, segment_ticks = excluded.segment_ticks,
            duration_ticks = excluded.duration_ticks, total_bytes = excluded.total_bytes,
            average_bps = excluded.average_bps, peak_bps = excluded.peak_bps, delay_samples = excluded.delay_samples
        """,
        {
            **{name: value for name, value in asdict(rendition).items() if name not in {"bandwidth", "folder"}},
            "family": rendition.family.value,
            "average_bps": rendition.bandwidth.average,
            "peak_bps": rendition.bandwidth.peak,
            "take": take,
            "run": run,
        },
    )


async def load_takes(tx: Tx, *, asset_id: AssetId) -> dict[str, int]:
    """Return by rung the take that is listed, or was last begun."""
    rows = await tx.all(_take, "SELECT rung, take FROM music.rendition WHERE asset_id = %s", [asset_id])
    return dict(rows)


async def retire_renditions(tx: Tx, *, asset_id: AssetId) -> None:
    """List nothing of an asset any more; whoever makes its rungs again makes new takes, under new keys."""
    await tx.execute(
        """
        UPDATE music.rendition SET take = take + 1, complete = false, segments = 0, segment_ticks = 0,
            duration_ticks = 0, total_bytes = 0, average_bps = 0, peak_bps = 0
        WHERE asset_id = %s
        """,
        [asset_id],
    )


async def has_master(tx: Tx, *, sha256: str) -> bool:
    """Say whether there is an asset of a master, or an upload that brought it."""
    statement: LiteralString = (
        "SELECT EXISTS (SELECT FROM music.asset WHERE sha256 = decode(%(sha256)s, 'hex'))"
        " OR EXISTS (SELECT FROM music.upload WHERE sha256 = decode(%(sha256)s, 'hex'))"
    )
    return bool(await tx.value(statement, {"sha256": sha256}))


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the masters that a person uploaded, with what is written in them."""
    return await tx.values(
        "SELECT jsonb_build_object('file_name', file_name, 'requested_at', requested_at, 'state', state, 'tags', tags,"
        " 'sha256', encode(sha256, 'hex')) FROM music.asset_upload JOIN music.asset USING (asset_id)"
        " WHERE user_id = %s ORDER BY upload_id",
        [user_id],
    )


async def empty_public(tx: Tx, user_id: UUID) -> None:
    """Take a person's words off the masters that public tracks play, and off those that others uploaded too."""
    await tx.execute("UPDATE music.asset_upload SET file_name = '-' WHERE user_id = %s", [user_id])
    await tx.execute(
        """
        UPDATE music.asset SET tags = '{}' WHERE asset_id IN
            (SELECT asset_id FROM music.asset_upload WHERE user_id = %(user_id)s)
            AND NOT EXISTS (SELECT FROM music.asset_upload other
                WHERE other.asset_id = asset.asset_id AND other.user_id <> %(user_id)s)
        """,
        {"user_id": user_id},
    )


async def drop_private(tx: Tx, user_id: UUID) -> list[str]:
    """Delete a person's masters that no public track plays; return the checksums of those that nobody else has.

    What they brought as an editor to an artist of somebody else is that artist's, and stays.
    """
    gone = await tx.values(
        """
        WITH gone AS (
            DELETE FROM music.asset_upload WHERE user_id = %(me)s AND asset_id NOT IN (
                SELECT track.asset_id FROM music.track JOIN music.release USING (release_id)
                JOIN music.artist ON artist.artist_id = release.artist_id
                WHERE (track.withdrawn_by IS NULL AND release.stage = 'published') OR artist.owner_user_id <> %(me)s)
            RETURNING asset_id)
        SELECT DISTINCT asset_id FROM gone
        """,
        {"me": user_id},
    )
    orphaned = "asset_id = ANY(%s) AND asset_id NOT IN (SELECT asset_id FROM music.asset_upload)"
    await tx.execute(f"DELETE FROM music.rendition WHERE {orphaned}", [gone])  # noqa: S608 - a literal of ours
    return await tx.values(
        f"DELETE FROM music.asset WHERE {orphaned} RETURNING encode(sha256, 'hex')",  # noqa: S608 - a literal of ours
        [gone],
    )


async def _fenced(tx: Tx, statement: LiteralString, params: dict[str, Any]) -> bool:
    return await tx.execute(statement, params) == 1


def _take(*, rung: str, take: int) -> tuple[str, int]:
    return rung, take


def _upload(**row: Any) -> dict[str, Any]:
    return row


def _user(*, user_id: UUID) -> UserId:
    return UserId(user_id)


def _asset(**row: Any) -> Asset:
    source = None
    if row["container"] is not None:
        source = Source(
            container=Container(row["container"]),
            codec=Codec(row["codec"]),
            **{name: row[name] for name in ("sample_rate", "channels", "bits", "declared_ms", "exact", "bitrate_bps")},
        )
    measured = bool(row["waveform"])
    loudness = Loudness(
        integrated_lufs=row["loudness_lufs"],
        range_lu=row["loudness_range_lu"],
        true_peak_dbtp=row["true_peak_dbtp"],
    )
    same = ("sha256", "ladder_version", "percent", "run", "runs_allowed", "duration_ms", "created_at", "changed_at")
    return Asset(
        asset_id=AssetId(row["asset_id"]),
        state=State(row["state"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
        source=source,
        tags=Tags(**row["tags"]),
        covers=tuple(Cover(**cover) for cover in row["covers"]),
        loudness=loudness if measured else None,
        waveform=bytes(row["waveform"]),
        fingerprint=bytes(row["fingerprint"]),
        **{name: row[name] for name in same},
    )


def _rendition(*, take: int, family: str, average_bps: int, peak_bps: int, asset_id: UUID, **row: Any) -> Rendition:
    return Rendition(
        asset_id=AssetId(asset_id),
        family=Family(family),
        folder=rung_folder(row["rung"], take=take),
        bandwidth=Bandwidth(average=average_bps, peak=peak_bps),
        **row,
    )
