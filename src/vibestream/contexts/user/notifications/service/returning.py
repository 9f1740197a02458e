"""Addresses that mail comes back from: they are marked, and their owner is told where no mail is needed for it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.events import MailBounced
from vibestream.contexts.user.notifications.domain.told import Bounce, is_no_mailbox
from vibestream.contexts.user.notifications.store import deliveries
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

_REPLY_CHARACTERS: Final = 200


def address_hash(address: str) -> bytes:
    """Return what stands for an address where the address itself must not."""
    return hashlib.sha256(address.encode()).digest()


async def mark(tx: Tx, *, user_id: UserId, address: str, reply: str, now: datetime) -> None:
    """Mark an address of somebody that a server says does not exist, and have them told, once until it is tried again."""
    # The server's words may quote the address, which stands in no other place than the account.
    said = reply.replace(address, "…")[:_REPLY_CHARACTERS]
    bounce = Bounce(bounced_at=now, reply=said)
    if await deliveries.save_bounce(tx, user_id=user_id, address_hash=address_hash(address), bounce=bounce):
        await publish(tx, MailBounced(user_id=user_id, occurred_at=now))


async def note_returned(tx: Tx, *, mail_id: UUID, address: str, status: str, now: datetime) -> bool:
    """Note what a report says of a mail that a server had taken, and say whether the address is marked by it.

    Only when there is no such mailbox, by the status; and only of a mail that we sent to the address that its reader still
    has: a report of somebody's own making names neither.
    """
    owner = await deliveries.owner_of(tx, delivery_id=mail_id)
    if owner is None or not is_no_mailbox(status):
        return False
    try:
        email = (await accounts.account(tx, user_id=owner)).email
    except accounts.AccountMissing:
        return False
    if email.lower() != address.lower():
        return False
    await mark(tx, user_id=owner, address=email, reply=status, now=now)
    return True
