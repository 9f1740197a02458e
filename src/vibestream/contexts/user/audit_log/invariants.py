"""What must always hold of the security log."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _unbroken(tx: Tx) -> Finding:
    lines = await tx.value("SELECT count(*) FROM users.security_log")
    broken = await tx.values(
        "SELECT number::text FROM (SELECT l.*, lag(number, 1, 0::bigint) OVER chain AS number_before,"
        " lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER chain AS hash_before FROM users.security_log l"
        " WINDOW chain AS (ORDER BY number)) AS linked WHERE number <> number_before + 1 OR hash <> users.audit_hash("
        "hash_before, number, entry_id, at, action, user_id, actor_id, network, detail) ORDER BY number LIMIT 5"
    )
    return Finding(ok=not broken, figure=f"{lines} lines", detail=", ".join(broken))


INVARIANTS: Final = (
    Invariant(
        "users.security_log_unbroken",
        "Every line of the security log follows the line before it and is as it was written.",
        _unbroken,
    ),
)
