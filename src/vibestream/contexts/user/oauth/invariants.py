"""What must always hold of apps and their tokens."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _one_line(tx: Tx) -> Finding:
    usable = await tx.value("SELECT count(*) FROM users.oauth_refresh WHERE used_at IS NULL")
    wrong = await tx.values(
        "SELECT r.grant_id::text FROM users.oauth_refresh r JOIN users.oauth_grant g USING (grant_id)"
        " WHERE r.used_at IS NULL AND g.revoked_at IS NULL GROUP BY r.grant_id HAVING count(*) > 1 LIMIT 5"
    )
    return Finding(ok=not wrong, figure=f"{usable} refresh tokens", detail=", ".join(wrong))


async def _within(tx: Tx) -> Finding:
    kept = await tx.value("SELECT count(*) FROM users.oauth_access")
    wrong = await tx.values(
        "SELECT a.grant_id::text FROM users.oauth_access a JOIN users.oauth_grant g USING (grant_id)"
        " JOIN users.oauth_client c USING (client_id)"
        " WHERE NOT (a.scopes <@ g.scopes AND g.scopes <@ c.scopes) LIMIT 5"
    )
    return Finding(ok=not wrong, figure=f"{kept} access tokens", detail=", ".join(wrong))


INVARIANTS: Final = (
    Invariant("users.oauth_one_line", "A grant has at most one refresh token that can be used.", _one_line),
    Invariant(
        "users.oauth_scopes_within", "No access token goes beyond its grant, and no grant beyond its app.", _within
    ),
)
"""Checked by `vibestream audit`."""
