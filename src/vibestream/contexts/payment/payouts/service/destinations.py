"""Where a payee wants money sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vibestream.contexts.payment.events import PayoutDestinationChanged
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.payouts.domain.destinations import (
    CHANGE_DELAY,
    Destination,
    NothingToUndo,
    read_address,
    usable_from,
)
from vibestream.contexts.payment.payouts.store import destinations as store
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.live import announce


async def destination(tx: Tx, *, user_id: UserId) -> Destination | None:
    """Return where a payee's money is sent, or will be once the change has waited; None: nowhere yet."""
    return await store.load_destination(tx, user_id)


async def set_destination(
    tx: Tx, *, user_id: UserId, method: GatewayName, address: str, ready: bool, now: datetime
) -> Destination:
    """Have a payee's money sent somewhere, and return it. Setting the current one again changes nothing.

    The first is used at once. A change waits for 72 hours, in which nothing is paid out and its owner, who is told,
    can undo it. Payouts that were asked for before go where they were asked to go.

    Args:
        tx: the caller's transaction.
        user_id: the payee.
        method: by which gateway.
        address: a PayPal e-mail address, or a Stripe account that was made for this payee.
        ready: whether the gateway takes money for it already.
        now: when.

    Raises:
        DestinationInvalid: no money can be sent there.
    """
    wanted = read_address(method, address)
    before = await store.lock_destination(tx, user_id)
    if before is not None and (before.method, before.address) == (method, wanted):
        return before
    # A request that waited for another one to set it began earlier than that one ended.
    at = now if before is None else max(now, before.set_at)
    new = Destination(
        destination_id=new_id(),
        user_id=user_id,
        method=method,
        address=wanted,
        ready=ready,
        set_at=at,
        usable_from=usable_from(before=before, now=at),
    )
    await store.replace_destination(tx, new)
    await _tell(tx, new, first=before is None, now=now)
    return new


async def undo_change(tx: Tx, *, user_id: UserId, now: datetime) -> Destination:
    """Go back at once to the destination that was in use before the changes that still wait, and return it.

    Raises:
        NothingToUndo: no change waits.
    """
    current = await store.lock_destination(tx, user_id)
    previous = await store.load_previous(tx, user_id)
    if current is None or previous is None or current.usable_from <= now:
        raise NothingToUndo("There is no change of the destination that still waits.")
    at = max(now, current.set_at)
    restored = replace(previous, destination_id=new_id(), set_at=at, usable_from=at)
    await store.replace_destination(tx, restored)
    await _tell(tx, restored, first=False, now=now)
    return restored


async def freeze(tx: Tx, *, user_id: UserId, since: datetime) -> None:
    """Have nothing paid out to somebody for as long as after a change of destination: their account may have been taken over.

    It holds for a destination that they have, and for one that they set meanwhile; payouts that were asked for before go on.
    """
    await store.lock_destination(tx, user_id)  # a request that is being made is before it, or waits
    await store.save_freeze(tx, user_id=user_id, until=since + CHANGE_DELAY)


async def note_ready(tx: Tx, *, method: GatewayName, address: str, ready: bool) -> None:
    """Note whether a gateway takes money for an address, and show it to the payee when that is news."""
    for user_id in await store.save_ready(tx, method=method, address=address, ready=ready):
        await announce(tx, topic=f"user:{user_id}", kind="payout.destination", data={"ready": ready})


async def _tell(tx: Tx, new: Destination, *, first: bool, now: datetime) -> None:
    event = PayoutDestinationChanged(
        occurred_at=now,
        user_id=new.user_id,
        method=new.method.value,
        address=new.shown,
        usable_from=new.usable_from,
        first=first,
    )
    await publish(tx, event)
