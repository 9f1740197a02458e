"""Packaged masters as rows, in any state, and their objects as bytes: what packaging leaves behind, without ffmpeg.

made = await make_asset(tx, user_id=artist.user_id, file_name="01 Nebula.flac")     # ready, two lossy rungs
made = await make_asset(tx, user_id=..., state=State.PLAYABLE, duration_ms=30_000)
await put_objects(runtime.objects, made)                                               # playlists and segments
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from vibestream.contexts.music.packaging import store
from vibestream.contexts.music.packaging.domain.asset import Asset, Cover, Rendition, State
from vibestream.contexts.music.packaging.domain.ladder import LADDER_VERSION, Family
from vibestream.contexts.music.packaging.domain.layout import (
    INITIALISATION_TYPE,
    PLAYLIST_TYPE,
    SEGMENT_TYPE,
    initialisation_key,
    master_key,
    playlist_key,
    segment_key,
)
from vibestream.contexts.music.packaging.domain.measures import Loudness, Measures
from vibestream.contexts.music.packaging.domain.playlists import Bandwidth, Segment, master_playlist, media_playlist
from vibestream.contexts.music.packaging.domain.reasons import Reason
from vibestream.contexts.music.packaging.domain.source import Codec, Container, Source
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.kernel.ids import AssetId, UploadId, UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.storage import ObjectStore

RATE: Final = 48_000
SEGMENT_TICKS: Final = 4 * RATE
DELAY: Final = 0
LOUD: Final = Loudness(integrated_lufs=-9.5, range_lu=6.0, true_peak_dbtp=-0.3)
SEGMENT: Final = bytes(range(256)) * 40
"""What every made segment holds."""


@dataclass(frozen=True, slots=True)
class MadeAsset:
    """An asset that a test made, and the upload behind it."""

    asset_id: AssetId
    upload_id: UploadId
    user_id: UserId
    asset: Asset
    renditions: tuple[Rendition, ...] = field(default=())

    @property
    def address(self) -> str:
        return self.asset.address


async def make_asset(
    tx: Tx,
    *,
    user_id: UserId,
    file_name: str = "nebula.flac",
    tags: Tags | None = None,
    state: State = State.READY,
    duration_ms: int = 200_000,
    rungs: tuple[str, ...] = ("aac-160", "aac-320"),
    loudness: Loudness = LOUD,
    covers: tuple[Cover, ...] = (),
    sha256: str | None = None,
) -> MadeAsset:
    """An uploaded master that packaging has brought to a state; two of one `sha256` share an asset."""
    sha256 = sha256 or hashlib.sha256(new_id().bytes).hexdigest()
    asset_id = await store.insert_asset(tx, asset_id=AssetId(new_id()), sha256=sha256, ladder_version=LADDER_VERSION)
    upload_id = UploadId(new_id())
    await store.insert_upload(tx, upload_id=upload_id, asset_id=asset_id, user_id=user_id, file_name=file_name)
    if state is not State.WAITING:
        await _bring_to(tx, asset_id, state, tags or Tags(), duration_ms, rungs, loudness, covers)
    asset = await store.load_asset(tx, asset_id=asset_id)
    assert asset is not None
    return MadeAsset(asset_id, upload_id, user_id, asset, tuple(await store.list_renditions(tx, asset_id=asset_id)))


async def read_master(tx: Tx, made: MadeAsset, *, tags: Tags, covers: tuple[Cover, ...] = ()) -> None:
    """Bring a waiting asset to where it plays."""
    await _bring_to(tx, made.asset_id, State.PLAYABLE, tags, 200_000, ("aac-160",), LOUD, covers)


async def put_objects(objects: ObjectStore, made: MadeAsset, *, complete: bool = True) -> None:
    """Store the asset's playlists and segments; `complete` says whether the playlists end."""
    for rung in made.renditions:
        await objects.put_bytes(
            initialisation_key(made.address, rung.folder), b"init", content_type=INITIALISATION_TYPE
        )
        segments = [Segment(SEGMENT_TICKS, len(SEGMENT))] * rung.segments
        for number in range(1, rung.segments + 1):
            await objects.put_bytes(segment_key(made.address, rung.folder, number), SEGMENT, content_type=SEGMENT_TYPE)
        text = media_playlist(segments, timescale=RATE, complete=complete)
        await objects.put_bytes(
            playlist_key(made.address, rung.folder), text.encode(), content_type=PLAYLIST_TYPE, immutable=False
        )
    for family in {rung.family for rung in made.renditions}:
        text = master_playlist([rung.variant for rung in made.renditions if rung.family is family])
        await objects.put_bytes(
            master_key(made.address, family), text.encode(), content_type=PLAYLIST_TYPE, immutable=False
        )


async def _bring_to(  # noqa: PLR0917 - private
    tx: Tx,
    asset_id: AssetId,
    state: State,
    tags: Tags,
    duration_ms: int,
    rungs: tuple[str, ...],
    loudness: Loudness,
    covers: tuple[Cover, ...],
) -> None:
    run = await store.begin_run(tx, asset_id=asset_id)
    source = Source(
        container=Container.FLAC,
        codec=Codec.FLAC,
        sample_rate=RATE,
        channels=2,
        bits=16,
        declared_ms=duration_ms,
        exact=True,
        bitrate_bps=800_000,
    )
    await store.save_reading(tx, asset_id=asset_id, run=run, source=source, tags=tags)
    await store.save_covers(tx, asset_id=asset_id, run=run, covers=covers)
    measures = Measures(
        samples=duration_ms * RATE // 1000,
        sample_rate=RATE,
        loudness=loudness,
        waveform=bytes([0, 128, 255]),
        fingerprint=b"",
    )
    await store.save_measures(tx, asset_id=asset_id, run=run, measures=measures)
    if state in {State.PLAYABLE, State.READY}:
        for rung in rungs:
            rendition = _rendition(asset_id, rung, duration_ms, complete=state is State.READY)
            await store.save_rendition(tx, run=run, rendition=rendition, take=1)
    reason = Reason.TRUNCATED if state is State.REFUSED else None
    percent = 100 if state is State.READY else 50
    await store.save_state(tx, asset_id=asset_id, run=run, state=state, percent=percent, reason=reason)


def _rendition(asset_id: AssetId, rung: str, duration_ms: int, *, complete: bool) -> Rendition:
    ticks = duration_ms * RATE // 1000
    lossless = rung == "flac"
    bps = 800_000 if lossless else int(rung.removeprefix("aac-")) * 1000
    return Rendition(
        asset_id=asset_id,
        rung=rung,
        family=Family.LOSSLESS if lossless else Family.LOSSY,
        folder=rung,
        codecs="fLaC" if lossless else "mp4a.40.2",
        nominal_bps=None if lossless else bps,
        sample_rate=RATE,
        channels=2,
        bits=16 if lossless else None,
        complete=complete,
        segments=-(-ticks // SEGMENT_TICKS),
        timescale=RATE,
        segment_ticks=SEGMENT_TICKS,
        duration_ticks=ticks,
        total_bytes=bps * duration_ms // 8000,
        bandwidth=Bandwidth(average=bps, peak=bps * 11 // 10),
        delay_samples=DELAY,
    )
