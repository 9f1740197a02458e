"""Where payees want money sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.payouts.domain.destinations import Destination
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def lock_destination(tx: Tx, user_id: UserId) -> Destination | None:
    """Return a payee's current destination, which stays as it is until the transaction ends.

    A payee without one is locked too, by their id, so that two first destinations take turns.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('payout_destination:' || %s, 0))", [str(user_id)])
    return await load_destination(tx, user_id)


async def load_destination(tx: Tx, user_id: UserId) -> Destination | None:
    """Return a payee's current destination."""
    return await tx.one(
        _destination,
        """
        SELECT destination_id, user_id, method, address, ready, set_at, usable_from, until AS frozen_until
        FROM payment.payout_destination LEFT JOIN payment.payout_freeze USING (user_id)
        WHERE user_id = %s AND replaced_at IS NULL
        """,
        [user_id],
    )


async def load_one(tx: Tx, destination_id: UUID) -> Destination | None:
    """Return a destination, of now or of before."""
    return await tx.one(
        _destination,
        """
        SELECT destination_id, user_id, method, address, ready, set_at, usable_from FROM payment.payout_destination
        WHERE destination_id = %s
        """,
        [destination_id],
    )


async def load_previous(tx: Tx, user_id: UserId) -> Destination | None:
    """Return the last destination before the current one that was in use: not a change that was itself still waiting."""
    return await tx.one(
        _destination,
        """
        SELECT destination_id, user_id, method, address, ready, set_at, usable_from FROM payment.payout_destination
        WHERE user_id = %s AND usable_from <= replaced_at ORDER BY replaced_at DESC, set_at DESC LIMIT 1
        """,
        [user_id],
    )


async def replace_destination(tx: Tx, new: Destination) -> None:
    """Make a destination the current one of its payee."""
    await tx.execute(
        "UPDATE payment.payout_destination SET replaced_at = %s WHERE user_id = %s AND replaced_at IS NULL",
        [new.set_at, new.user_id],
    )
    await tx.execute(
        """
        INSERT INTO payment.payout_destination
            (destination_id, user_id, method, address, ready, set_at, usable_from)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        [new.destination_id, new.user_id, new.method.value, new.address, new.ready, new.set_at, new.usable_from],
    )


async def save_freeze(tx: Tx, *, user_id: UserId, until: datetime) -> None:
    """Have nothing paid out to a payee before an instant; one that is later already stays."""
    await tx.execute(
        """
        INSERT INTO payment.payout_freeze AS f (user_id, until) VALUES (%s, %s)
        ON CONFLICT (user_id) DO UPDATE SET until = greatest(f.until, excluded.until)
        """,
        [user_id, until],
    )


async def save_ready(tx: Tx, *, method: GatewayName, address: str, ready: bool) -> list[UserId]:
    """Note whether a gateway takes money for an address now, and return the payees for whom that is news."""
    return await tx.values(
        """
        UPDATE payment.payout_destination SET ready = %(ready)s
        WHERE method = %(method)s AND address = %(address)s AND replaced_at IS NULL AND ready <> %(ready)s
        RETURNING user_id
        """,
        {"ready": ready, "method": method.value, "address": address},
    )


async def is_destination(tx: Tx, *, method: GatewayName, address: str) -> bool:
    """Say whether some payee has this as current destination."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM payment.payout_destination WHERE method = %s AND address = %s"
            " AND replaced_at IS NULL)",
            [method.value, address],
        )
    )


def _destination(
    *,
    destination_id: UUID,
    user_id: UserId,
    method: str,
    address: str,
    ready: bool,
    set_at: datetime,
    usable_from: datetime,
    frozen_until: datetime | None = None,
) -> Destination:
    return Destination(
        destination_id=destination_id,
        user_id=user_id,
        method=GatewayName(method),
        address=address,
        ready=ready,
        set_at=set_at,
        usable_from=usable_from,
        frozen_until=frozen_until,
    )
