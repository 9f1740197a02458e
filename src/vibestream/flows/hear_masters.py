"""Packaging has heard a master: drafts take over what it says of itself, and what plays it stops when it is unfit."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.events import AssetPlayable, AssetReady, AssetRefused
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Subscription


async def shape_drafts(tx: Tx, event: AssetPlayable | AssetReady) -> None:
    """Let the master's tags and cover shape drafts that nobody has edited."""
    await catalogue.hear_of_audio(tx, asset_id=event.asset_id, now=utc_now())


async def withdraw_audio(tx: Tx, event: AssetRefused) -> None:
    """Withdraw public tracks of a master that turned out to be unfit while it was already playing."""
    await catalogue.withdraw_audio(tx, asset_id=event.asset_id, now=utc_now())


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=AssetPlayable, consumer="hear_masters", handle=shape_drafts),
    Subscription(event=AssetReady, consumer="hear_masters", handle=shape_drafts),
    Subscription(event=AssetRefused, consumer="hear_masters", handle=withdraw_audio),
)
