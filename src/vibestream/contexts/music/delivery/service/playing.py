"""Granting playback: addresses to load, and what a player needs beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.delivery.domain.links import (
    OWNER_TTL_S,
    PUBLIC_TTL_S,
    Grant,
    Keyring,
    ToAnybody,
    ToListen,
    ToOwner,
    expiry,
    sign,
)
from vibestream.contexts.music.delivery.domain.loudness import playback_gain_db
from vibestream.contexts.music.delivery.domain.quality import within
from vibestream.contexts.music.delivery.service.quality import quality_of
from vibestream.contexts.music.events import PlaybackGranted
from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.packaging.domain import layout
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import AssetId, ListenId, TrackId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish


class NotPlayableYet(Conflict):
    """The track's audio does not play: it is being prepared, or could not be."""

    code: ClassVar[str] = "delivery.not_playable_yet"

    def __init__(self, *, state: str) -> None:
        super().__init__("This track cannot be played yet: its audio is still being prepared, or could not be.")
        self.state = state


@dataclass(frozen=True, slots=True)
class Master:
    """One ladder that a player may switch within; between ladders it has to start over."""

    family: str
    """`lossy` or `lossless`."""
    url: str


@dataclass(frozen=True, slots=True)
class RungOffered:
    """One rendition."""

    name: str
    family: str
    codecs: str
    average_bps: int
    sample_rate: int
    channels: int
    bits: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Playback:
    """What a player needs to play a track."""

    track_id: TrackId
    duration_ms: int
    masters: tuple[Master, ...]
    """The lossy ladder first."""
    rungs: tuple[RungOffered, ...]
    complete: bool
    """Every rendition is there; otherwise playlists still grow and the master gains rungs."""
    gain_db: float
    """Apply while playing, so that all music sounds equally loud."""
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    waveform: bytes
    """Up to 1,800 points of the outline, each 0 to 255; empty until it was measured."""
    expires_at: datetime
    """Ask again before then."""
    attributed: bool
    """What is fetched counts as served to the listen that was named."""


async def grant_playback(
    tx: Tx,
    *,
    keyring: Keyring,
    track_id: TrackId,
    user_id: UserId | None,
    listen_id: ListenId | None,
    seen: bool,
    now: datetime,
) -> Playback:
    """Hand out the addresses of a track, and announce it when it is for a listen.

    What is public plays for anybody, up to the quality that they may hear: better renditions are left out of the answer,
    of the master playlist and of what the address opens. A draft, or what was taken down, plays for who works for its artist alone,
    by addresses that work only while they are signed in and do; such a listen is never granted, because it is none.

    Args:
        tx: the transaction.
        keyring: what to sign with.
        track_id: the track.
        user_id: who asks; None for somebody who is not signed in.
        listen_id: the listen that it is for; passed over for somebody who is not signed in, because listens are accounts'.
        seen: whether this deployment sees each segment that is fetched, so that segments can be counted for the listen.
        now: when.

    Raises:
        TrackMissing: there is none, or it is on another artist's draft.
        TakenDown: it was public and is not any more.
        NotPlayableYet: its audio does not play.
    """
    found = await catalogue.show_track(tx, track_id=track_id, viewer=user_id)
    asset, renditions = await _playable(tx, found.track.asset_id)
    counts = found.public and user_id is not None and listen_id is not None
    attributed = counts and seen
    heard = await quality_of(tx, user_id=user_id, now=now)
    grant, ttl_s = _grant(
        track_id=track_id,
        public=found.public,
        user_id=user_id,
        listen_id=listen_id if attributed else None,
        most_kbps=heard.most_kbps,
    )
    offered = [one for one in renditions if isinstance(grant, ToOwner) or within(one.rung, most_kbps=grant.most_kbps)]
    expires = expiry(now_s=int(now.timestamp()), ttl_s=ttl_s)
    token = sign(keyring, prefix=layout.prefix_of(asset.address), grant=grant, expires=expires)
    if counts and listen_id is not None:
        await publish(
            tx,
            PlaybackGranted(
                occurred_at=now,
                listen_id=listen_id,
                track_id=track_id,
                asset_id=asset.asset_id,
                user_id=user_id,
                attributed=attributed,
            ),
        )
    return _playback(found.track.track_id, asset, offered, token=token, expires=expires, attributed=attributed)


async def _playable(tx: Tx, asset_id: AssetId) -> tuple[packaging.Asset, Sequence[packaging.Rendition]]:
    asset = await packaging.load_asset(tx, asset_id=asset_id)
    renditions = await packaging.renditions(tx, asset_id=asset_id)
    if not renditions or asset.duration_ms is None:
        raise NotPlayableYet(state=asset.state.value)
    return asset, renditions


def _grant(
    *, track_id: TrackId, public: bool, user_id: UserId | None, listen_id: ListenId | None, most_kbps: int | None
) -> tuple[Grant, int]:
    if not public and user_id is not None:  # nobody but its owner was shown what is not public
        return ToOwner(user_id, track_id), OWNER_TTL_S
    return ToAnybody(most_kbps) if listen_id is None else ToListen(listen_id, track_id, most_kbps), PUBLIC_TTL_S


def _playback(
    track_id: TrackId,
    asset: packaging.Asset,
    renditions: Sequence[packaging.Rendition],
    *,
    token: str,
    expires: int,
    attributed: bool,
) -> Playback:
    families = dict.fromkeys(one.family for one in sorted(renditions, key=lambda one: one.family.value, reverse=True))
    loudness = asset.loudness
    lufs = None if loudness is None else loudness.integrated_lufs
    peak = None if loudness is None else loudness.true_peak_dbtp
    return Playback(
        track_id=track_id,
        duration_ms=asset.duration_ms or 0,
        masters=tuple(
            Master(family.value, f"/media/{token}/{layout.master_key(asset.address, family)}") for family in families
        ),
        rungs=tuple(_rung(one) for one in renditions),
        complete=asset.state is packaging.State.READY,
        gain_db=playback_gain_db(loudness_lufs=lufs, true_peak_dbtp=peak),
        loudness_lufs=lufs,
        true_peak_dbtp=peak,
        waveform=asset.waveform,
        expires_at=datetime.fromtimestamp(expires, UTC),
        attributed=attributed,
    )


def _rung(rendition: packaging.Rendition) -> RungOffered:
    return RungOffered(
        name=rendition.rung,
        family=rendition.family.value,
        codecs=rendition.codecs,
        average_bps=rendition.bandwidth.average,
        sample_rate=rendition.sample_rate,
        channels=rendition.channels,
        bits=rendition.bits,
        complete=rendition.complete,
    )
