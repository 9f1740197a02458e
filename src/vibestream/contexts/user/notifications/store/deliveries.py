"""Mails of notifications, which of them are sent together, and addresses that mail comes back from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain.kinds import Kind
from vibestream.contexts.user.notifications.domain.told import Bounce, State
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

MOST_TOGETHER: Final = 200
"""Notifications that one mail says; whoever has more gets another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A mail of a notification, and how it stands. `held`: it waited for a morning, or for quiet hours to end."""

    delivery_id: UUID
    notification_id: UUID
    user_id: UserId
    kind: str
    state: State
    held: bool
    joined: UUID | None
    """The delivery whose mail says this one; None: it was not tried yet."""


async def lock(tx: Tx, *, delivery_id: UUID) -> Delivery | None:
    """Return a mail, having waited for whoever decides what is sent together to the same person."""
    await tx.execute(
        "SELECT FROM users.notification_inbox WHERE user_id = (SELECT n.user_id FROM users.notification_delivery d"
        " JOIN users.notification n USING (notification_id) WHERE d.delivery_id = %s) FOR UPDATE",
        [delivery_id],
    )
    return await tx.one(
        _delivery,
        "SELECT d.delivery_id, d.notification_id, n.user_id, n.kind, d.state, d.due_at > n.told_at AS held, d.joined"
        " FROM users.notification_delivery d JOIN users.notification n USING (notification_id) WHERE d.delivery_id = %s",
        [delivery_id],
    )


async def join(tx: Tx, *, first: Delivery, kinds: Collection[Kind], now: datetime) -> None:
    """Have a locked mail say, too, what else of these kinds was held for its reader and is due; it is the first of them."""
    await tx.execute(
        "UPDATE users.notification_delivery SET joined = %(first)s WHERE delivery_id = %(first)s OR delivery_id IN ("
        "SELECT d.delivery_id FROM users.notification n JOIN users.notification_delivery d USING (notification_id)"
        " WHERE n.user_id = %(user)s AND n.kind = ANY(%(kinds)s) AND d.state = 'waiting' AND d.joined IS NULL"
        " AND d.due_at <= %(now)s AND d.due_at > n.told_at ORDER BY n.told_at LIMIT %(most)s)",
        {
            "first": first.delivery_id,
            "user": first.user_id,
            "kinds": [kind.value for kind in kinds],
            "now": now,
            "most": MOST_TOGETHER,
        },
    )


async def list_joined(tx: Tx, *, first: UUID) -> list[tuple[UUID, UUID]]:
    """Return what a mail says and still waits: deliveries and their notifications, the oldest first."""
    rows = await tx.rows(
        "SELECT d.delivery_id, d.notification_id FROM users.notification_delivery d"
        " JOIN users.notification n USING (notification_id)"
        " WHERE d.joined = %s AND d.state = 'waiting' ORDER BY n.told_at, n.notification_id",
        [first],
    )
    return [(delivery_id, notification_id) for delivery_id, notification_id in rows]


async def settle(tx: Tx, *, delivery_ids: Collection[UUID], state: State, now: datetime) -> None:
    """Note what became of mails that wait; of those that were settled already, nothing."""
    await tx.execute(
        "UPDATE users.notification_delivery SET state = %s, settled_at = %s"
        " WHERE delivery_id = ANY(%s) AND state = 'waiting'",
        [state.value, now, list(delivery_ids)],
    )


async def owner_of(tx: Tx, *, delivery_id: UUID) -> UserId | None:
    """Return whom a mail was for."""
    found = await tx.value(
        "SELECT n.user_id FROM users.notification_delivery d JOIN users.notification n USING (notification_id)"
        " WHERE d.delivery_id = %s",
        [delivery_id],
    )
    return None if found is None else UserId(found)


async def save_bounce(tx: Tx, *, user_id: UserId, address_hash: bytes, bounce: Bounce) -> bool:
    """Note that mail to somebody's address came back, and say whether that is new."""
    saved = await tx.execute(
        "INSERT INTO users.notification_bounce (user_id, address_hash, bounced_at, reply) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET address_hash = excluded.address_hash, bounced_at = excluded.bounced_at,"
        " reply = excluded.reply WHERE notification_bounce.address_hash <> excluded.address_hash",
        [user_id, address_hash, bounce.bounced_at, bounce.reply],
    )
    return saved == 1


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
