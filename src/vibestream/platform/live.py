"""What happens right now, told to the browsers of those it concerns.

A transaction announces; at its commit the database tells every web process, and each passes it to the open event
streams of that topic. An announcement is a hint that may be lost (a browser that was away reads the state anew), never
the record of a fact. It costs a database-wide lock at commit, so it is for things that people watch, not for every
write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from vibestream.platform.database import Tx

CHANNEL: Final = "vibestream_live"
MAX_BYTES: Final = 7_900
"""PostgreSQL refuses a notification of 8000 bytes or more."""


class AnnouncementTooLarge(ValueError):
    """An announcement that a notification cannot carry: announce an id and let the browser read the rest."""


async def announce(tx: Tx, *, topic: str, kind: str, data: Mapping[str, Any]) -> None:
    """Tell the open event streams of a topic, such as `user:<id>`, once the transaction has committed.

    Raises:
        AnnouncementTooLarge: the data does not fit a notification.
    """
    payload = json.dumps({"topic": topic, "kind": kind, "data": data}, separators=(",", ":"), default=str)
    if len(payload.encode()) > MAX_BYTES:
        raise AnnouncementTooLarge(f"{kind}: at most {MAX_BYTES} bytes")
    await tx.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
