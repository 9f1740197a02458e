"""What must always hold of sessions."""

from __future__ import annotations

from typing import Final

from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _verified(tx: Tx) -> Finding:
    now = utc_now()
    usable = await tx.value("SELECT count(*) FROM users.session WHERE ended_at IS NULL AND expires_at > %s", [now])
    wrong = await tx.values(
        "SELECT session_id::text FROM users.session s WHERE ended_at IS NULL AND expires_at > %s AND NOT EXISTS"
        " (SELECT FROM users.address a WHERE a.user_id = s.user_id AND a.verified_at IS NOT NULL) LIMIT 5",
        [now],
    )
    return Finding(ok=not wrong, figure=f"{usable} open sessions", detail=", ".join(wrong))


INVARIANTS: Final = (
    Invariant("users.sessions_verified", "Every open session is of an account whose address was proved.", _verified),
)
