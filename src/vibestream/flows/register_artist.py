"""An artist profile is made or changed: the catalogue, which shows its name, and tips, which are given to it, hear of it."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.user.events import ArtistProfileChanged, ArtistProfileCreated
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Subscription


async def register_artist(tx: Tx, event: ArtistProfileCreated | ArtistProfileChanged) -> None:
    """Give the catalogue the profile's name and handle as they were when the event happened."""
    await catalogue.register_artist(
        tx,
        artist_id=event.artist_id,
        owner_user_id=event.user_id,
        name=event.name,
        handle=event.handle,
        as_of=event.occurred_at,
    )


async def register_payee(tx: Tx, event: ArtistProfileCreated | ArtistProfileChanged) -> None:
    """Let tips know which account an artist's belong to."""
    await tips.register_artist(
        tx, artist_id=event.artist_id, user_id=event.user_id, name=event.name, as_of=event.occurred_at
    )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ArtistProfileCreated, consumer="register_artist", handle=register_artist),
    Subscription(event=ArtistProfileChanged, consumer="register_artist", handle=register_artist),
    Subscription(event=ArtistProfileCreated, consumer="register_payee", handle=register_payee),
    Subscription(event=ArtistProfileChanged, consumer="register_payee", handle=register_payee),
)
