"""What must always hold of news of releases."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_PATIENCE: Final = timedelta(days=1)


async def _told(tx: Tx) -> Finding:
    running = await tx.value("SELECT count(*) FROM users.release_news WHERE state = 'running'")
    stuck = await tx.values(
        "SELECT news_id::text FROM users.release_news WHERE state = 'running' AND began_at < %s ORDER BY began_at LIMIT 5",
        [utc_now() - _PATIENCE],
    )
    return Finding(ok=not stuck, figure=f"{running} are being told", detail=", ".join(stuck))


INVARIANTS: Final = (
    Invariant(
        "users.followers_told",
        "Followers of an artist were told of a release within a day of its being published, or it was taken down.",
        _told,
    ),
)
