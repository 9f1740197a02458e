"""The tables of passkeys and of the challenges that are being answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.passkeys.domain import Asserted, Passkey, Purpose
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_PASSKEY: Final = (
    "SELECT passkey_id, user_id, credential_id, public_key, sign_count, aaguid, transports, backup_eligible, backed_up,"
    " name, made_at, used_at, suspected_at FROM users.passkey"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A challenge that was waiting; `user_id` None: whoever answers it signs in."""

    challenge: bytes
    user_id: UserId | None
    created_at: datetime


async def add_challenge(
    tx: Tx,
    *,
    challenge: bytes,
    browser_hash: bytes,
    purpose: Purpose,
    user_id: UserId | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Note what a browser is asked to have signed."""
    await tx.execute(
        "INSERT INTO users.passkey_challenge (challenge, browser_hash, purpose, user_id, created_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [challenge, browser_hash, purpose.value, user_id, now, expires_at],
    )


async def take_challenge(
    tx: Tx, *, challenge: bytes, browser_hash: bytes, purpose: Purpose, now: datetime
) -> Taken | None:
    """Use a challenge up, and return it; None when this browser was not given it for this purpose, or it is used or old."""
    return await tx.one(
        Taken,
        "DELETE FROM users.passkey_challenge WHERE challenge = %s AND browser_hash = %s AND purpose = %s"
        " AND expires_at > %s RETURNING challenge, user_id, created_at",
        [challenge, browser_hash, purpose.value, now],
    )


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete challenges that expired before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.passkey_challenge WHERE challenge IN (SELECT challenge FROM users.passkey_challenge"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def add_passkey(tx: Tx, *, passkey: Passkey, most: int) -> bool:
    """Insert a passkey, and say whether it was new and the account had fewer than `most`.

    The profile of the account is locked, so that two that are added at once are counted one after the other.
    """
    await tx.execute("SELECT FROM users.fan_profile WHERE user_id = %s FOR UPDATE", [passkey.user_id])
    touched = await tx.execute(
        "INSERT INTO users.passkey (passkey_id, user_id, credential_id, public_key, sign_count, aaguid, transports,"
        " backup_eligible, backed_up, name, made_at)"
        " SELECT %s, %s, %s, %s, %s, %s, %s::text[], %s, %s, %s, %s"
        " WHERE (SELECT count(*) FROM users.passkey WHERE user_id = %s) < %s ON CONFLICT (credential_id) DO NOTHING",
        [
            passkey.passkey_id,
            passkey.user_id,
            passkey.credential_id,
            passkey.public_key,
            passkey.sign_count,
            passkey.aaguid,
            passkey.transports,
            passkey.backup_eligible,
            passkey.backed_up,
            passkey.name,
            passkey.made_at,
            passkey.user_id,
            most,
        ],
    )
    return touched == 1


async def drop_since(tx: Tx, *, user_id: UserId, since: datetime) -> int:
    """Delete the passkeys that an account was given since an instant, and return how many."""
    return await tx.execute("DELETE FROM users.passkey WHERE user_id = %s AND made_at >= %s", [user_id, since])


async def list_passkeys(tx: Tx, *, user_id: UserId) -> list[Passkey]:
    """Return an account's passkeys, the oldest first."""
    return await tx.all(Passkey, _PASSKEY + " WHERE user_id = %s ORDER BY made_at, passkey_id", [user_id])


async def lock_credential(tx: Tx, *, credential_id: bytes) -> Passkey | None:
    """Return the passkey of a key, locked: its counter is compared by one at a time."""
    return await tx.one(Passkey, _PASSKEY + " WHERE credential_id = %s FOR UPDATE", [credential_id])


async def save_used(tx: Tx, *, told: Asserted, now: datetime) -> None:
    """Note that a passkey was used, and what it told."""
    await tx.execute(
        "UPDATE users.passkey SET sign_count = %s, backed_up = %s, used_at = %s WHERE passkey_id = %s",
        [told.sign_count, told.backed_up, now, told.passkey.passkey_id],
    )


async def save_suspected(tx: Tx, *, passkey_id: UUID, now: datetime) -> None:
    """Note that there is a copy of a passkey."""
    await tx.execute("UPDATE users.passkey SET suspected_at = %s WHERE passkey_id = %s", [now, passkey_id])


async def save_name(tx: Tx, *, user_id: UserId, passkey_id: UUID, name: str) -> bool:
    """Give an account's passkey another name, and say whether there is one."""
    touched = await tx.execute(
        "UPDATE users.passkey SET name = %s WHERE passkey_id = %s AND user_id = %s", [name, passkey_id, user_id]
    )
    return touched == 1


async def lock_usable(tx: Tx, *, user_id: UserId) -> list[UUID]:
    """Return the passkeys by which an account can be entered, locked in the order of their ids."""
    return await tx.values(
        "SELECT passkey_id FROM users.passkey WHERE user_id = %s AND suspected_at IS NULL"
        " ORDER BY passkey_id FOR UPDATE",
        [user_id],
    )


async def drop_passkey(tx: Tx, *, user_id: UserId, passkey_id: UUID) -> str | None:
    """Delete an account's passkey, and return its name; None when there is none."""
    found = await tx.value(
        "DELETE FROM users.passkey WHERE passkey_id = %s AND user_id = %s RETURNING name", [passkey_id, user_id]
    )
    return None if found is None else str(found)


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the passkeys of a person, by the names they gave them."""
    return await tx.values(
        "SELECT jsonb_build_object('name', name, 'made_at', made_at, 'used_at', used_at) FROM users.passkey"
        " WHERE user_id = %s ORDER BY made_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's passkeys and what they were asked to sign."""
    await tx.execute("DELETE FROM users.passkey WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.passkey_challenge WHERE user_id = %s", [user_id])
