"""Putting what the encoders make where players find it: segments first, then the playlist that lists them.

Keys of segments never change their content. A run that starts over therefore makes the same bytes again, which the store
passes over, or, with another ffmpeg, other bytes, which it refuses: then the rung is made anew as a new take. A playlist
is never written shorter than it was.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import ClassVar, Final

from vibestream.contexts.music.packaging.domain import layout
from vibestream.contexts.music.packaging.domain.asset import Cover, Rendition, masters
from vibestream.contexts.music.packaging.domain.ladder import Rung
from vibestream.contexts.music.packaging.domain.playlists import (
    Bandwidth,
    Segment,
    bandwidth_of,
    is_ended,
    listed_segments,
    master_playlist,
    media_playlist,
)
from vibestream.contexts.music.packaging.gateway.faults import MachineFault
from vibestream.contexts.music.packaging.service.reporting import Report
from vibestream.kernel.errors import Conflict
from vibestream.platform.media.fmp4 import Fragment, Initialisation, fragments
from vibestream.platform.media.pictures import Picture
from vibestream.platform.storage.objects import ObjectDiffers, ObjectMissing, ObjectStore

_LIST_EVERY_S: Final = 1.0
_FRAME_S: Final = 0.25
"""How much a rung may differ from what was decoded: a last frame of AAC or FLAC at 8 kHz is 0.13 s, resampling less."""
_COVER_TYPE: Final = "image/webp"
_COVER_EXTENSION: Final = "webp"
_EMPTY: Final = Bandwidth(average=0, peak=0)


class TakeSpoilt(Conflict):
    """A key holds other bytes than this run makes: the rung needs a new take."""

    code: ClassVar[str] = "packaging.take_spoilt"

    def __init__(self, *, rung: Rung) -> None:
        super().__init__("An earlier run made this rung with another encoder.")
        self.rung = rung


@dataclass(slots=True)
class Made:
    """A rung as far as its segments are stored."""

    rung: Rung
    take: int
    initialisation: Initialisation
    segments: list[Segment] = field(default_factory=list)
    total_bytes: int = 0

    @property
    def ticks(self) -> int:
        """Return the duration of all segments."""
        return sum(segment.ticks for segment in self.segments)

    @property
    def seconds(self) -> float:
        """Return the duration of all segments, in seconds."""
        return self.ticks / self.initialisation.timescale

    @property
    def heard_s(self) -> float:
        """Return how much of that is sound, and not what the encoder put before it."""
        return (self.ticks - self.initialisation.delay) / self.initialisation.timescale

    def add(self, fragment: Fragment) -> None:
        """Count one more segment.

        Raises:
            MachineFault: one in the middle is not as long as the first, so that nothing could be told by its number.
        """
        if self.segments and self.segments[-1].ticks != self.segments[0].ticks:
            raise MachineFault(why=f"segment {len(self.segments)} of {self.rung.name} has another length")
        self.segments.append(Segment(fragment.duration, len(fragment.data)))
        self.total_bytes += len(fragment.data)

    @property
    def folder(self) -> str:
        """Return where it lies below the asset's prefix."""
        return layout.rung_folder(self.rung.name, take=self.take)


@dataclass(frozen=True, slots=True)
class Pace:
    """Which part of all work some rungs are: from so many percent to so many, over so much sound."""

    rungs: tuple[Rung, ...]
    begins: int
    ends: int
    expected_s: float | None
    """None while nobody knows how long the sound is."""


@dataclass(slots=True)
class Shelf:
    """The objects of one asset, as one run puts them there."""

    objects: ObjectStore
    address: str
    report: Report
    takes: dict[str, int]
    """By rung the take to make; 1 for a rung that is not in it."""
    renditions: dict[str, Rendition]
    """By rung what is listed."""
    pace: Pace
    made: dict[str, Made] = field(default_factory=dict)

    async def put_growing(self, rung: Rung, reader: asyncio.StreamReader) -> None:
        """Store a rung's segments and list them as they come, about once a second.

        Raises:
            TakeSpoilt: see there.
            MalformedStream: the stream is not what the encoder was asked for.
        """
        before = await self._listed_before(rung)
        listed_at = -_LIST_EVERY_S
        async for made in self._stored(rung, reader):
            if len(made.segments) >= before and time.monotonic() - listed_at >= _LIST_EVERY_S:
                rendition = await self._list(made, complete=False)
                await self.report.playable(rendition, take=made.take)
                listed_at = time.monotonic()

    async def put(self, rung: Rung, reader: asyncio.StreamReader) -> None:
        """Store a rung's segments without listing them.

        Raises:
            TakeSpoilt: see there.
            MalformedStream: the stream is not what the encoder was asked for.
        """
        async for _ in self._stored(rung, reader):
            pass

    async def complete(self, rung: Rung, *, duration_s: float) -> tuple[Rendition, int]:
        """List a rung as complete, in its own playlist and its family's, and return it with its take.

        Raises:
            MachineFault: it does not hold as much sound as was decoded.
        """
        made = self.made.get(rung.name)
        if made is None or not made.segments or abs(made.heard_s - duration_s) > _FRAME_S:
            raise MachineFault(why=f"{rung.name} holds {made and made.heard_s} s of {duration_s} s")
        return await self._list(made, complete=True), made.take

    async def put_pictures(self, pictures: tuple[Picture, ...]) -> tuple[Cover, ...]:
        """Store the sizes of a cover."""
        covers = []
        for picture in pictures:
            key = layout.cover_key(
                self.address, sha256=picture.sha256, edge_px=picture.edge_px, extension=_COVER_EXTENSION
            )
            await self.objects.put_bytes(key, picture.data, content_type=_COVER_TYPE)
            covers.append(Cover(key=key, content_type=_COVER_TYPE, width=picture.width, height=picture.height))
        return tuple(covers)

    async def new_take(self, rung: Rung) -> None:
        """Give up what an earlier run listed of a rung, and make it under new keys."""
        old = self.takes.get(rung.name, 1)
        self.takes[rung.name] = old + 1
        self.renditions.pop(rung.name, None)
        nothing = _listed(self.report, Made(rung, old + 1, Initialisation(b"", rung.sample_rate, 0)), complete=False)
        await self.report.listed(nothing, take=old + 1)
        await sweep(self.objects, folder=f"{layout.prefix_of(self.address)}{layout.rung_folder(rung.name, take=old)}")

    async def _stored(self, rung: Rung, reader: asyncio.StreamReader) -> AsyncIterator[Made]:
        """Store a stream, and yield what is there after each segment."""
        take = self.takes.get(rung.name, 1)
        self.made.pop(rung.name, None)
        try:
            async for part in fragments(reader):
                match part:
                    case Initialisation():
                        self.made[rung.name] = made = Made(rung, take, part)
                        key = layout.initialisation_key(self.address, made.folder)
                        await self.objects.put_bytes(key, part.data, content_type=layout.INITIALISATION_TYPE)
                    case Fragment():
                        made = self.made[rung.name]
                        made.add(part)
                        key = layout.segment_key(self.address, made.folder, len(made.segments))
                        await self.objects.put_bytes(key, part.data, content_type=layout.SEGMENT_TYPE)
                        yield made
                        await self.report.progress(self._percent())
        except ObjectDiffers as differs:
            raise TakeSpoilt(rung=rung) from differs

    async def _list(self, made: Made, *, complete: bool) -> Rendition:
        rendition = _listed(self.report, made, complete=complete)
        text = media_playlist(made.segments, timescale=made.initialisation.timescale, complete=complete)
        await self._put_playlist(layout.playlist_key(self.address, made.folder), text)
        new = made.rung.name not in self.renditions
        self.renditions[made.rung.name] = rendition
        if new or complete:
            for family, variants in masters(tuple(self.renditions.values())).items():
                await self._put_playlist(layout.master_key(self.address, family), master_playlist(variants))
        return rendition

    async def _put_playlist(self, key: str, text: str) -> None:
        await self.objects.put_bytes(key, text.encode(), content_type=layout.PLAYLIST_TYPE, immutable=False)

    async def _listed_before(self, rung: Rung) -> float:
        """Return how many segments players may know already: all there will be when the playlist has ended."""
        folder = layout.rung_folder(rung.name, take=self.takes.get(rung.name, 1))
        try:
            text = (await self.objects.get_bytes(layout.playlist_key(self.address, folder))).decode()
        except ObjectMissing:
            return 1
        return math.inf if is_ended(text) else max(listed_segments(text), 1)

    def _percent(self) -> int:
        pace = self.pace
        if not pace.expected_s:
            return pace.begins
        done_s = min(self.made[rung.name].seconds if rung.name in self.made else 0 for rung in pace.rungs)
        return pace.begins + int((pace.ends - pace.begins) * min(done_s / pace.expected_s, 1))


async def sweep(objects: ObjectStore, *, folder: str) -> None:
    """Delete every object below a folder."""
    for key in [key async for key in objects.list_keys(folder)]:
        await objects.delete(key)


def _listed(report: Report, made: Made, *, complete: bool) -> Rendition:
    timescale = made.initialisation.timescale
    bandwidth = bandwidth_of(made.segments, timescale=timescale) if made.segments else _EMPTY
    nominal = made.rung.bitrate_bps or 0
    if made.segments and not complete:
        # A quiet beginning must not make the rest look light.
        bandwidth = Bandwidth(average=max(bandwidth.average, nominal), peak=max(bandwidth.peak, nominal))
    return Rendition(
        asset_id=report.asset_id,
        rung=made.rung.name,
        family=made.rung.family,
        folder=made.folder,
        codecs=made.rung.codecs,
        nominal_bps=made.rung.bitrate_bps,
        sample_rate=made.rung.sample_rate,
        channels=made.rung.channels,
        bits=made.rung.bits,
        complete=complete,
        segments=len(made.segments),
        timescale=timescale,
        segment_ticks=made.segments[0].ticks if made.segments else 0,
        duration_ticks=made.ticks,
        total_bytes=made.total_bytes,
        bandwidth=bandwidth,
        delay_samples=made.initialisation.delay * made.rung.sample_rate // timescale,
    )
