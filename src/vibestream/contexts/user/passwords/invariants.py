"""What must always hold of passwords."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _not_alone(tx: Tx) -> Finding:
    kept = await tx.value("SELECT count(*) FROM users.password WHERE short")
    wrong = await tx.values(
        "SELECT user_id::text FROM users.password p WHERE short AND NOT EXISTS"
        " (SELECT FROM users.totp t WHERE t.user_id = p.user_id AND t.confirmed_at IS NOT NULL) LIMIT 5"
    )
    return Finding(ok=not wrong, figure=f"{kept} short passwords", detail=", ".join(wrong))


INVARIANTS: Final = (
    Invariant(
        "users.short_passwords_not_alone",
        "Every password of less than 15 characters is of an account that is asked for a second factor too.",
        _not_alone,
    ),
)
"""Checked by `vibestream audit`."""
