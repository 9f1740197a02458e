"""The keys that sign ID tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key: its public part as it is shown, its private part sealed."""

    kid: str
    sealed: bytes
    shown: dict[str, Any]
    signs_from: datetime


async def list_keys(tx: Tx) -> list[StoredKey]:
    """Return every key in the order of its turn."""
    return await tx.all(StoredKey, "SELECT kid, sealed, shown, signs_from FROM users.oauth_key ORDER BY signs_from")


async def lock_keys(tx: Tx) -> None:
    """Let nobody else make a key until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('users.oauth_key', 0))")


async def add_key(tx: Tx, *, key: StoredKey) -> None:
    """Insert a key."""
    await tx.execute(
        "INSERT INTO users.oauth_key (kid, sealed, shown, signs_from) VALUES (%s, %s, %s::jsonb, %s)",
        [key.kid, key.sealed, json.dumps(key.shown), key.signs_from],
    )


async def drop_keys(tx: Tx, *, kids: list[str]) -> None:
    """Delete keys."""
    await tx.execute("DELETE FROM users.oauth_key WHERE kid = ANY(%s)", [kids])
