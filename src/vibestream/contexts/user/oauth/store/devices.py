"""Devices that wait until somebody types their code in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.user.oauth.domain.devices import Waiting
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_WAITING: Final = (
    "client_id, scopes, made_at, expires_at, interval_s, polled_at, decided_at, grant_id, used_at"
    " FROM users.oauth_device"
)


async def add_device(tx: Tx, *, device_hash: bytes, user_code: str, waiting: Waiting) -> bool:
    """Insert a device that waits, unless another one has the same code."""
    touched = await tx.execute(
        "INSERT INTO users.oauth_device (device_hash, user_code, client_id, scopes, made_at, expires_at, interval_s)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (user_code) DO NOTHING",
        [
            device_hash,
            user_code,
            waiting.client_id,
            list(waiting.scopes),
            waiting.made_at,
            waiting.expires_at,
            waiting.interval_s,
        ],
    )
    return touched == 1


async def lock_device(tx: Tx, *, device_hash: bytes) -> Waiting | None:
    """Return a device by the code that it holds; nobody else can answer it meanwhile."""
    return await tx.one(_waiting, f"SELECT {_WAITING} WHERE device_hash = %s FOR UPDATE", [device_hash])


async def lock_undecided(tx: Tx, *, user_code: str, now: datetime) -> Waiting | None:
    """Return the device that waits with this code for somebody's decision; nobody else can decide meanwhile."""
    return await tx.one(
        _waiting,
        f"SELECT {_WAITING} WHERE user_code = %s AND decided_at IS NULL AND expires_at > %s FOR UPDATE",
        [user_code, now],
    )


async def save_polled(tx: Tx, *, device_hash: bytes, interval_s: int, now: datetime) -> None:
    """Note when a device asked, and how long it has to wait before it asks again."""
    await tx.execute(
        "UPDATE users.oauth_device SET polled_at = %s, interval_s = %s WHERE device_hash = %s",
        [now, interval_s, device_hash],
    )


async def save_decision(tx: Tx, *, user_code: str, user_id: UserId, grant_id: UUID | None, now: datetime) -> None:
    """Note what somebody decided: a grant, or None for a refusal."""
    await tx.execute(
        "UPDATE users.oauth_device SET decided_at = %s, user_id = %s, grant_id = %s WHERE user_code = %s",
        [now, user_id, grant_id, user_code],
    )


async def save_device_used(tx: Tx, *, device_hash: bytes, now: datetime) -> None:
    """Note that a device was given its tokens."""
    await tx.execute("UPDATE users.oauth_device SET used_at = %s WHERE device_hash = %s", [now, device_hash])


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete devices whose code expired before an instant, and return how many."""
    return await tx.execute(
        "DELETE FROM users.oauth_device WHERE device_hash IN"
        " (SELECT device_hash FROM users.oauth_device WHERE expires_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


def _waiting(*, scopes: list[str], **columns: Any) -> Waiting:
    return Waiting(**columns, scopes=tuple(scopes))
