"""The table of answers to requests that carried an `Idempotency-Key`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

MAX_BODY_BYTES: Final = 64 * 1024
_LOCK_SEED: Final = 0x5649_4245


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer, and the hash of the request that it answered."""

    request_hash: bytes
    status: int
    media_type: str
    body: bytes


async def try_lock(tx: Tx, *, user_id: UserId, key: str) -> bool:
    """Take a key for the time of the transaction, and say whether that succeeded, without waiting.

    Waiting for the row itself would keep one pooled connection for each impatient client.
    """
    lock = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))"
    return bool(await tx.value(lock, [f"{user_id}:{key}", _LOCK_SEED]))


async def load(tx: Tx, *, user_id: UserId, key: str) -> Stored | None:
    """Return the answer that is kept under a key."""
    return await tx.one(
        Stored,
        "SELECT request_hash, status, media_type, body FROM platform.idempotency_key WHERE user_id = %s AND key = %s",
        [user_id, key],
    )


async def save(tx: Tx, stored: Stored, *, user_id: UserId, key: str, expires_at: datetime) -> None:
    """Keep an answer under a key until an instant."""
    await tx.execute(
        """
        INSERT INTO platform.idempotency_key (user_id, key, request_hash, status, media_type, body, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [user_id, key, stored.request_hash, stored.status, stored.media_type, stored.body, expires_at],
    )


async def purge(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete answers whose time was over before an instant, at most so many, and return how many."""
    return await tx.execute(
        """
        DELETE FROM platform.idempotency_key WHERE (user_id, key) IN (
            SELECT user_id, key FROM platform.idempotency_key
            WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        [before, most],
    )
