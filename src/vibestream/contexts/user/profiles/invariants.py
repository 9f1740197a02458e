"""What must always hold of profiles, handles and follows."""

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


async def _holders(tx: Tx) -> Finding:
    held = await tx.value("SELECT count(*) FROM users.handle_holder")
    wrong = await tx.values(
        "SELECT one.handle FROM (SELECT h.skeleton, h.handle, a.user_id FROM users.artist_handle h"
        " JOIN users.artist_profile a USING (artist_id) UNION ALL SELECT skeleton, handle, user_id FROM users.fan_handle) one"
        " WHERE NOT EXISTS (SELECT FROM users.handle_holder held WHERE held.skeleton = one.skeleton"
        " AND held.user_id = one.user_id) LIMIT 5"
    )
    return Finding(ok=not wrong, figure=f"{held} handles", detail=", ".join(wrong))


async def _apart(tx: Tx) -> Finding:
    blocks = await tx.value("SELECT count(*) FROM users.block")
    outlived = await tx.value(
        "SELECT (SELECT count(*) FROM users.fan_follow WHERE users.apart(follower_id, fan_id)) + (SELECT count(*)"
        " FROM users.artist_follow followed JOIN users.artist_profile artist USING (artist_id)"
        " WHERE users.apart(followed.follower_id, artist.user_id))"
    )
    return Finding(
        ok=outlived == 0, figure=f"{blocks} blocks", detail=f"{outlived} follows outlived one" if outlived else ""
    )


INVARIANTS: Final = (
    Invariant(
        "users.handles_held",
        "Every artist holds the handle that their page shows, under the skeleton that keeps look-alikes away.",
        _handles,
    ),
    Invariant(
        "users.handles_of_one",
        "Every handle that a fan or an artist has or had is held by their account, and by no other.",
        _holders,
    ),
    Invariant(
        "users.no_follow_outlives_a_block",
        "Nobody follows somebody from whom a block keeps them apart.",
        _apart,
    ),
)
