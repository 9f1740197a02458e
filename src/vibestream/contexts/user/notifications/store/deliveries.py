"""Mails of notifications, and addresses that mail comes back from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from vibestream.contexts.user.notifications.domain.told import Bounce, State
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A mail of a notification, and how it stands."""

    delivery_id: UUID
    notification_id: UUID
    state: State


async def load(tx: Tx, *, delivery_id: UUID) -> Delivery | None:
    """Return a mail."""
    return await tx.one(
        _delivery,
        "SELECT delivery_id, notification_id, state FROM users.notification_delivery WHERE delivery_id = %s",
        [delivery_id],
    )


async def settle(tx: Tx, *, delivery_id: UUID, state: State, now: datetime) -> None:
    """Note what became of a mail that waits; of one that was settled already, nothing."""
    await tx.execute(
        "UPDATE users.notification_delivery SET state = %s, settled_at = %s WHERE delivery_id = %s AND state = 'waiting'",
        [state.value, now, delivery_id],
    )


async def save_bounce(tx: Tx, *, user_id: UserId, address_hash: bytes, bounce: Bounce) -> None:
    """Note that mail to somebody's address came back."""
    await tx.execute(
        "INSERT INTO users.notification_bounce (user_id, address_hash, bounced_at, reply) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET address_hash = excluded.address_hash, bounced_at = excluded.bounced_at,"
        " reply = excluded.reply",
        [user_id, address_hash, bounce.bounced_at, bounce.reply],
    )


async def find_bounce(tx: Tx, *, user_id: UserId, address_hash: bytes) -> Bounce | None:
    """Return that mail to this address of somebody came back; None when it did not, or another address did."""
    return await tx.one(
        Bounce,
        "SELECT bounced_at, reply FROM users.notification_bounce WHERE user_id = %s AND address_hash = %s",
        [user_id, address_hash],
    )


async def drop_bounce(tx: Tx, *, user_id: UserId) -> None:
    """Forget that mail came back."""
    await tx.execute("DELETE FROM users.notification_bounce WHERE user_id = %s", [user_id])


def _delivery(*, state: str, **columns: Any) -> Delivery:
    return Delivery(state=State(state), **columns)
