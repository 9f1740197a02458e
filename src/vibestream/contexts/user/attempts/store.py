"""The tables of attempts to sign in, and of browsers that accounts know."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.attempts.domain import Counted
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def take(tx: Tx, *, bucket: bytes, now: datetime, within: timedelta) -> Counted:
    """Count an attempt, and return how many that makes since counting began; others wait until this is committed."""
    found = await tx.one(
        Counted,
        "INSERT INTO users.sign_in_attempts AS a (bucket, taken, ends_at) VALUES (%(bucket)s, 1, %(ends_at)s)"
        " ON CONFLICT (bucket) DO UPDATE SET"
        " taken = CASE WHEN a.ends_at <= %(now)s THEN 1 ELSE a.taken + 1 END,"
        " ends_at = CASE WHEN a.ends_at <= %(now)s THEN excluded.ends_at ELSE a.ends_at END"
        " RETURNING bucket, taken, ends_at",
        {"bucket": bucket, "now": now, "ends_at": now + within},
    )
    assert found is not None  # noqa: S101 - it was inserted or updated
    return found


async def load(tx: Tx, *, bucket: bytes, now: datetime) -> Counted | None:
    """Return what was counted in a bucket; None when counting has ended."""
    return await tx.one(
        Counted,
        "SELECT bucket, taken, ends_at FROM users.sign_in_attempts WHERE bucket = %s AND ends_at > %s",
        [bucket, now],
    )


async def give_back(tx: Tx, *, bucket: bytes, ends_at: datetime) -> None:
    """Take back an attempt that turned out to be its owner's, unless counting has begun anew since."""
    await tx.execute(
        "UPDATE users.sign_in_attempts SET taken = taken - 1 WHERE bucket = %s AND ends_at = %s AND taken > 0",
        [bucket, ends_at],
    )


async def knows(tx: Tx, *, device_hash: bytes, user_id: UserId, seen_after: datetime) -> bool:
    """Say whether an account has let a browser in since an instant."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.known_device WHERE device_hash = %s AND user_id = %s AND seen_at > %s)",
            [device_hash, user_id, seen_after],
        )
    )


async def is_anybodys(tx: Tx, *, device_hash: bytes) -> bool:
    """Say whether any account knows a browser."""
    return bool(await tx.value("SELECT EXISTS (SELECT FROM users.known_device WHERE device_hash = %s)", [device_hash]))


async def save_device(tx: Tx, *, device_hash: bytes, user_id: UserId, now: datetime, most: int) -> None:
    """Note that an account has let a browser in; beyond `most`, those that were not seen for longest are forgotten."""
    await tx.execute(
        "INSERT INTO users.known_device (device_hash, user_id, seen_at) VALUES (%s, %s, %s)"
        " ON CONFLICT (user_id, device_hash) DO UPDATE SET seen_at = excluded.seen_at",
        [device_hash, user_id, now],
    )
    await tx.execute(
        "DELETE FROM users.known_device WHERE user_id = %(user_id)s AND device_hash IN"
        " (SELECT device_hash FROM users.known_device WHERE user_id = %(user_id)s"
        " ORDER BY seen_at DESC, device_hash OFFSET %(most)s)",
        {"user_id": user_id, "most": most},
    )


async def drop_counts(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete counts that ended before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.sign_in_attempts WHERE bucket IN (SELECT bucket FROM users.sign_in_attempts"
        " WHERE ends_at < %s ORDER BY ends_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def drop_devices(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete browsers that were last let in before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.known_device WHERE (user_id, device_hash) IN (SELECT user_id, device_hash"
        " FROM users.known_device WHERE seen_at < %s ORDER BY seen_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return when the browsers that a person's account knows were last seen."""
    return await tx.values(
        "SELECT jsonb_build_object('seen_at', seen_at) FROM users.known_device WHERE user_id = %s ORDER BY seen_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Forget the browsers that a person's account knows."""
    await tx.execute("DELETE FROM users.known_device WHERE user_id = %s", [user_id])
