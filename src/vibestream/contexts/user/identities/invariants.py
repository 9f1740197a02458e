"""What must always hold of connected accounts."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _verified(tx: Tx) -> Finding:
    kept = await tx.value("SELECT count(*) FROM users.identity")
    wrong = await tx.values(
        "SELECT identity_id::text FROM users.identity i WHERE NOT EXISTS"
        " (SELECT FROM users.address a WHERE a.user_id = i.user_id AND a.verified_at IS NOT NULL) LIMIT 5"
    )
    return Finding(ok=not wrong, figure=f"{kept} connected accounts", detail=", ".join(wrong))


INVARIANTS: Final = (
    Invariant(
        "users.identities_verified", "Every connected account is of an account whose address was proved.", _verified
    ),
)
"""Checked by `vibestream audit`."""
