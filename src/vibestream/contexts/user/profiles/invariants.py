"""What must always hold of artist profiles."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _handles(tx: Tx) -> Finding:
    # The folding of look-alikes is written a second time here, in SQL, so that a slip in `domain` shows.
    artists = await tx.value("SELECT count(*) FROM users.artist_profile")
    wrong = await tx.values(
        "SELECT a.handle FROM users.artist_profile a WHERE NOT EXISTS (SELECT FROM users.artist_handle h"
        " WHERE h.artist_id = a.artist_id AND h.handle = a.handle AND h.skeleton ="
        " replace(replace(translate(a.handle, '01._-', 'ol'), 'm', 'rn'), 'w', 'vv')) LIMIT 5"
    )
    return Finding(ok=not wrong, figure=f"{artists} artists", detail=", ".join(wrong))


INVARIANTS: Final = (
    Invariant(
        "users.handles_held",
        "Every artist holds the handle that their page shows, under the skeleton that keeps look-alikes away.",
        _handles,
    ),
)
