"""A track becomes public, or stops being so: whoever counts listens hears of it."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.music.events import TrackPublished, TrackTakenDown
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Subscription


async def register_track(tx: Tx, event: TrackPublished) -> None:
    """Let the track be listened to."""
    await listening.register_track(
        tx,
        track_id=event.track_id,
        artist_id=event.artist_id,
        owner_user_id=event.owner_user_id,
        duration_ms=event.duration_ms,
    )


async def withdraw_track(tx: Tx, event: TrackTakenDown) -> None:
    """Let no new listen of the track begin."""
    await listening.withdraw_track(tx, track_id=event.track_id)


# A taking down that overtook its publication would leave a track playable: the key's order is kept, failures block it.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=TrackPublished, consumer="publish_track", handle=register_track),
    Subscription(event=TrackTakenDown, consumer="publish_track", handle=withdraw_track),
)
