"""The tables of second factors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.factors.domain import Totp
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_TOTP: Final = "SELECT user_id, sealed, made_at, confirmed_at, last_step, failures, retry_at FROM users.totp"


async def begin_totp(tx: Tx, *, user_id: UserId, sealed: bytes, now: datetime) -> bool:
    """Keep the secret of an app that is being set up, in the place of one that was not finished; False: there is one."""
    touched = await tx.execute(
        "INSERT INTO users.totp (user_id, sealed, made_at) VALUES (%(user_id)s, %(sealed)s, %(now)s)"
        " ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, made_at = excluded.made_at,"
        " last_step = 0, failures = 0, retry_at = NULL WHERE users.totp.confirmed_at IS NULL",
        {"user_id": user_id, "sealed": sealed, "now": now},
    )
    return touched == 1


async def find_totp(tx: Tx, *, user_id: UserId) -> Totp | None:
    """Return an account's app."""
    return await tx.one(Totp, _TOTP + " WHERE user_id = %s", [user_id])


async def lock_totp(tx: Tx, *, user_id: UserId) -> Totp | None:
    """Return an account's app, locked: codes of one account are looked at one after the other."""
    return await tx.one(Totp, _TOTP + " WHERE user_id = %s FOR UPDATE", [user_id])


async def confirm_totp(tx: Tx, *, user_id: UserId, step: int, now: datetime) -> bool:
    """Note that the first code was shown, and say whether it was the first."""
    touched = await tx.execute(
        "UPDATE users.totp SET confirmed_at = %s, last_step = %s, failures = 0, retry_at = NULL"
        " WHERE user_id = %s AND confirmed_at IS NULL AND last_step < %s",
        [now, step, user_id, step],
    )
    return touched == 1


async def take_step(tx: Tx, *, user_id: UserId, step: int) -> bool:
    """Take the code of a step, and say whether none of it or of a later one was taken before."""
    touched = await tx.execute(
        "UPDATE users.totp SET last_step = %s, failures = 0, retry_at = NULL"
        " WHERE user_id = %s AND confirmed_at IS NOT NULL AND last_step < %s",
        [step, user_id, step],
    )
    return touched == 1


async def save_failure(tx: Tx, *, user_id: UserId, failures: int, retry_at: datetime | None) -> None:
    """Note a wrong code."""
    await tx.execute(
        "UPDATE users.totp SET failures = %s, retry_at = %s WHERE user_id = %s", [failures, retry_at, user_id]
    )


async def save_sealed(tx: Tx, *, user_id: UserId, old: bytes, new: bytes) -> None:
    """Put the same secret, sealed by a newer key, in the place of what was there, unless that was changed meanwhile."""
    await tx.execute("UPDATE users.totp SET sealed = %s WHERE user_id = %s AND sealed = %s", [new, user_id, old])


async def list_sealed_otherwise(tx: Tx, *, prefix: bytes, most: int) -> list[tuple[UserId, bytes]]:
    """Return secrets that were not sealed by the key of this name, and whose they are."""
    cursor = await tx.connection.execute(
        "SELECT user_id, sealed FROM users.totp WHERE substring(sealed FROM 1 FOR %s) <> %s LIMIT %s",
        [len(prefix), prefix, most],
    )
    return [(UserId(user_id), bytes(sealed)) for user_id, sealed in await cursor.fetchall()]


async def drop_totp(tx: Tx, *, user_id: UserId) -> bool:
    """Delete an account's confirmed app, and say whether there was one."""
    touched = await tx.execute("DELETE FROM users.totp WHERE user_id = %s AND confirmed_at IS NOT NULL", [user_id])
    return touched == 1


async def put_recovery(tx: Tx, *, user_id: UserId, hashes: Sequence[bytes], now: datetime) -> None:
    """Give an account recovery codes, in the place of those it had."""
    await drop_recovery(tx, user_id=user_id)
    await tx.execute(
        "INSERT INTO users.recovery_code (user_id, code_hash, made_at) SELECT %s, unnest(%s::bytea[]), %s",
        [user_id, list(hashes), now],
    )


async def use_recovery(tx: Tx, *, user_id: UserId, code_hash: bytes, now: datetime) -> bool:
    """Use a recovery code up, and say whether it was there and not used."""
    touched = await tx.execute(
        "UPDATE users.recovery_code SET used_at = %s WHERE user_id = %s AND code_hash = %s AND used_at IS NULL",
        [now, user_id, code_hash],
    )
    return touched == 1


async def count_recovery(tx: Tx, *, user_id: UserId) -> int:
    """Return how many recovery codes are left."""
    return int(
        await tx.value("SELECT count(*) FROM users.recovery_code WHERE user_id = %s AND used_at IS NULL", [user_id])
    )


async def drop_recovery(tx: Tx, *, user_id: UserId) -> None:
    """Delete an account's recovery codes."""
    await tx.execute("DELETE FROM users.recovery_code WHERE user_id = %s", [user_id])


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return when a person set their authenticator app up; never its secret."""
    return await tx.values(
        "SELECT jsonb_build_object('kind', 'app', 'made_at', made_at, 'confirmed_at', confirmed_at) FROM users.totp"
        " WHERE user_id = %s",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's app and recovery codes."""
    await tx.execute("DELETE FROM users.totp WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.recovery_code WHERE user_id = %s", [user_id])
