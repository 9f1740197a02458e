"""What must always hold of passkeys."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _verified(tx: Tx) -> Finding:
    kept = await tx.value("SELECT count(*) FROM users.passkey")
    wrong = await tx.values(
        "SELECT passkey_id::text FROM users.passkey p WHERE NOT EXISTS"
        " (SELECT FROM users.address a WHERE a.user_id = p.user_id AND a.verified_at IS NOT NULL) LIMIT 5"
    )
    return Finding(ok=not wrong, figure=f"{kept} passkeys", detail=", ".join(wrong))


INVARIANTS: Final = (
    Invariant("users.passkeys_verified", "Every passkey is of an account whose address was proved.", _verified),
)
"""Checked by `vibestream audit`."""
