"""What was served to a listen becomes its evidence: music saw it, listen_reward decides by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.service import Served
from vibestream.contexts.music.events import PlaybackGranted, SegmentsServed
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def note_playback(tx: Tx, event: PlaybackGranted) -> None:
    """Tell the listen that playback was granted to it, and whether we see every segment that it fetches."""
    await listening.grant_evidence(
        tx, listen_id=event.listen_id, track_id=event.track_id, attributed=event.attributed, now=utc_now()
    )


async def note_segments(tx: Tx, events: Sequence[SegmentsServed]) -> None:
    """Add the audio that was served to the evidence of each listen that it was served to."""
    served = [
        Served(listen_id, track_id, from_ms, until_ms)
        for event in events
        for listen_id, track_id, from_ms, until_ms in zip(
            event.listen_ids, event.track_ids, event.from_ms, event.until_ms, strict=True
        )
    ]
    await listening.note_served(tx, served=served, now=utc_now())


# Both only add to a union, so their order means nothing and one bad event need not hold up the rest.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=PlaybackGranted, consumer="witness_listens", handle=note_playback, poison=Poison.SKIP),
    Subscription(event=SegmentsServed, consumer="witness_listens", handle_batch=note_segments, poison=Poison.SKIP),
)
