"""A track is published, a listen is accepted: royalties keep whose the track is, and count the listen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vibestream.contexts.listen_reward.events import ListenAccepted
from vibestream.contexts.music.events import TrackPublished
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import Listen
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def register_track(tx: Tx, event: TrackPublished) -> None:
    """Let royalties know whose the track is, and what statements call it."""
    await royalties.register_track(
        tx,
        track_id=event.track_id,
        artist_id=event.artist_id,
        owner_user_id=event.owner_user_id,
        title=event.title,
        isrc=event.isrc,
    )


async def count_listens(tx: Tx, events: Sequence[ListenAccepted]) -> None:
    """Count each listen in the month in which it was accepted."""
    await royalties.count_listens(
        tx,
        listens=[
            Listen(
                listen_id=event.listen_id,
                listener_id=event.user_id,
                track_id=event.track_id,
                artist_id=event.artist_id,
                owner_user_id=event.owner_user_id,
                heard_at=event.occurred_at,
                heard_ms=event.heard_ms,
            )
            for event in events
        ],
    )


# Listens stand alone: one that is refused waits as a dead letter and does not keep a listener's next from being counted.
SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=TrackPublished, consumer="register_royalty_track", handle=register_track),
    Subscription(event=ListenAccepted, consumer="count_royalties", handle_batch=count_listens, poison=Poison.SKIP),
)
