"""Dropping what has expired."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.oauth.store import devices, grants, personal_tokens
from vibestream.platform.database import Tx


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete tokens and codes that expired before an instant, and grants that nothing is left of; return how many."""
    gone = await devices.drop_expired(tx, before=before, most=most)
    gone += await personal_tokens.drop_expired(tx, before=before, most=most)
    return gone + await grants.drop_expired(tx, before=before, most=most)
