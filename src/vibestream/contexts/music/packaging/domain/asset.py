r"""An asset and its renditions: how far packaging is, and what may follow what.

    waiting -> probing -> packaging -> playable -> ready
         \________\___________\__________\-> refused   the master's fault: for good
                                          \-> failed    the machine's fault: asked for again, it starts over

A run that was killed leaves its state as it stands; the next one starts over below it, so that what was playable stays
so. Each run has a number, and what an older run still writes is not taken.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.music.packaging.domain import layout
from vibestream.contexts.music.packaging.domain.ladder import Family
from vibestream.contexts.music.packaging.domain.measures import Loudness
from vibestream.contexts.music.packaging.domain.playlists import Bandwidth, Variant
from vibestream.contexts.music.packaging.domain.reasons import Reason, sentence
from vibestream.contexts.music.packaging.domain.source import Source
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.kernel.ids import AssetId, UploadId, UserId

MOST_RUNS: Final = 5
"""After so many runs that did not come to an end the asset has failed: it may be what kills the machine."""
FAILED_SENTENCE: Final = "Something on our side went wrong. Your file is safe; ask for it to be prepared again."


class State(enum.StrEnum):
    """How far packaging is."""

    WAITING = "waiting"
    PROBING = "probing"
    PACKAGING = "packaging"
    PLAYABLE = "playable"
    """Being packaged still, and its first rung plays already."""
    READY = "ready"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def plays(self) -> bool:
        """Whether there is something to listen to."""
        return self in {State.PLAYABLE, State.READY}

    @property
    def settled(self) -> bool:
        """Whether nothing further happens unless somebody asks for it."""
        return self in {State.READY, State.REFUSED, State.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """One size of the picture that was embedded in the master, re-encoded by us."""

    key: str
    """Object key."""
    content_type: str
    width: int
    height: int
    """Pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One packaged master."""

    asset_id: AssetId
    sha256: str
    """Of the original, in hexadecimal."""
    ladder_version: int
    state: State
    percent: int
    """Of the work, 0 to 100."""
    run: int
    """How often packaging was begun."""
    runs_allowed: int
    """How often it may be begun before it counts as failed."""
    reason: Reason | None
    source: Source | None
    """None until it was probed; so is all that follows."""
    tags: Tags
    covers: tuple[Cover, ...]
    duration_ms: int | None
    """Exact once everything was decoded; until then what the header declares."""
    loudness: Loudness | None
    waveform: bytes
    """Up to 1,800 points from 0 to 255; empty until everything was decoded."""
    fingerprint: bytes
    created_at: datetime
    changed_at: datetime

    @property
    def address(self) -> str:
        """Return where its objects lie: see `layout`."""
        return layout.address_of(self.sha256, ladder_version=self.ladder_version)

    @property
    def explanation(self) -> str | None:
        """Return why it is refused or failed, and what its artist can do; None in every other state."""
        if self.reason is not None:
            return sentence(self.reason)
        return FAILED_SENTENCE if self.state is State.FAILED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One rung of an asset as far as it is listed."""

    asset_id: AssetId
    rung: str
    family: Family
    folder: str
    """Below the asset's prefix; the rung's name, with a number when it was made anew."""
    codecs: str
    nominal_bps: int | None
    """What the encoder was asked for; None for FLAC."""
    sample_rate: int
    channels: int
    bits: int | None
    complete: bool
    segments: int
    """How many are listed, numbered from 1."""
    timescale: int
    """Ticks per second."""
    segment_ticks: int
    """Duration of every segment but the last."""
    duration_ticks: int
    """Of all listed segments; the encoder's delay and padding are in it."""
    total_bytes: int
    bandwidth: Bandwidth
    delay_samples: int
    """Silence that the encoder put in front, in samples at `sample_rate`; the edit list tells players to skip it."""

    @property
    def variant(self) -> Variant:
        """Return how its master playlist lists it."""
        return Variant(folder=self.folder, codecs=self.codecs, bandwidth=self.bandwidth)

    def span_ms(self, number: int) -> tuple[int, int]:
        """Return which part of the sound a segment holds, as half-open milliseconds.

        Args:
            number: the segment's, 1 to `segments`.
        """
        delay = self.delay_samples * self.timescale // self.sample_rate
        begins = (number - 1) * self.segment_ticks
        ends = self.duration_ticks if number == self.segments else number * self.segment_ticks
        return max(begins - delay, 0) * 1000 // self.timescale, max(ends - delay, 0) * 1000 // self.timescale


class Begin(enum.Enum):
    """What a job that comes to an asset does."""

    RUN = "run"
    LEAVE = "leave"
    """It is settled: only what a killed run may have left of it is swept up."""
    GIVE_UP = "give_up"
    """Too many runs did not come to an end."""


def begin(asset: Asset) -> Begin:
    """Decide what a job that comes to this asset does."""
    if asset.state.settled:
        return Begin.LEAVE
    return Begin.RUN if asset.run < asset.runs_allowed else Begin.GIVE_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedAsset:
    """An upload and the asset that its original became."""

    upload_id: UploadId
    user_id: UserId
    file_name: str
    asset: Asset


def masters(renditions: tuple[Rendition, ...]) -> dict[Family, tuple[Variant, ...]]:
    """Return what each master playlist lists, best start first.

    A rung is listed when it is complete, or when it is the only one: players read a master playlist once, and a second
    growing rung would be one they could fall behind in.
    """
    listed = {
        family: [rendition for rendition in renditions if rendition.family is family and rendition.segments]
        for family in Family
    }
    chosen = {
        family: [rendition for rendition in rungs if rendition.complete] or rungs[:1]
        for family, rungs in listed.items()
    }
    return {
        family: tuple(rendition.variant for rendition in sorted(rungs, key=_start_first))
        for family, rungs in chosen.items()
        if rungs
    }


def _start_first(rendition: Rendition) -> tuple[bool, int]:
    return rendition.rung != "aac-160", rendition.bandwidth.average
