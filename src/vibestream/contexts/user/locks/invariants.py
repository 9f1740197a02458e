"""What must always hold of locks."""

from __future__ import annotations

from typing import Final

from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _locked_out(tx: Tx) -> Finding:
    locked = await tx.value("SELECT count(*) FROM users.account_lock WHERE unlocked_at IS NULL")
    wrong = await tx.values(
        "SELECT session_id::text FROM users.session JOIN users.account_lock USING (user_id)"
        " WHERE unlocked_at IS NULL AND ended_at IS NULL AND expires_at > %s LIMIT 5",
        [utc_now()],
    )
    return Finding(ok=not wrong, figure=f"{locked} locked accounts", detail=", ".join(wrong))


INVARIANTS: Final = (Invariant("users.locked_out", "Nobody is signed in to an account that is locked.", _locked_out),)
"""Checked by `vibestream audit`."""
