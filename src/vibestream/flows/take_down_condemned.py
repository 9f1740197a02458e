"""A moderator condemned a release that was reported: music takes it down, and only an operator gives it back."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import NotPublished, ReleaseMissing
from vibestream.contexts.user.events import ReleaseCondemned
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Subscription


async def take_down(tx: Tx, event: ReleaseCondemned) -> None:
    """Take the release down, unless it is not public any more or not there."""
    try:
        await catalogue.hold_release(tx, release_id=event.release_id, now=utc_now())
    except (NotPublished, ReleaseMissing):
        return  # its artist was faster, or it was held before: nobody hears it, which is what was decided


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=ReleaseCondemned, consumer="take_down_condemned", handle=take_down),
)
