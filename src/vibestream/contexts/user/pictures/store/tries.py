"""The table that counts what an account sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Tries:
    """How many pictures were sent since an instant."""

    began_at: datetime
    taken: int


async def take(tx: Tx, *, user_id: UserId, now: datetime, within: timedelta) -> Tries:
    """Count one more, from the beginning when the time is over, and return how many that makes."""
    found = await tx.one(
        Tries,
        "INSERT INTO users.picture_try AS tried (user_id, began_at, taken) VALUES (%(me)s, %(now)s, 1)"
        " ON CONFLICT (user_id) DO UPDATE SET"
        " taken = CASE WHEN tried.began_at > %(since)s THEN tried.taken + 1 ELSE 1 END,"
        " began_at = CASE WHEN tried.began_at > %(since)s THEN tried.began_at ELSE %(now)s END"
        " RETURNING tried.began_at, tried.taken",
        {"me": user_id, "now": now, "since": now - within},
    )
    assert found is not None  # noqa: S101 - an upsert returns its row
    return found
