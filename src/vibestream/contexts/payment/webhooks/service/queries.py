"""Reading the inbox, for finance and operators; trying again what failed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.webhooks import store
from vibestream.contexts.payment.webhooks.domain import InboxState, NotFailed, Received, UnknownWebhook
from vibestream.contexts.payment.webhooks.service.processing import process_webhook
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer


async def webhooks(
    tx: Tx,
    *,
    gateway: GatewayName | None = None,
    states: Collection[InboxState] | None = None,
    object_ref: str | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Received]:
    """Return up to `limit` received events, the newest first.

    Args:
        tx: the caller's transaction.
        gateway: only of this one; None: of all.
        states: only in these states; None: in any.
        object_ref: only about this object of the gateway's; None: about any.
        before: only older than this one: the last one seen.
        limit: how many at most.
    """
    return await store.list_received(
        tx, gateway=gateway, states=states, object_ref=object_ref, before=before, limit=limit
    )


async def webhook(tx: Tx, *, webhook_id: UUID) -> tuple[Received, bytes | None]:
    """Return one received event and its body as it came; None for the body when it is older than 30 days.

    Raises:
        UnknownWebhook: there is none.
    """
    found = await store.load(tx, webhook_id)
    if found is None:
        raise UnknownWebhook("There is no such event.")
    return found


async def try_again(tx: Tx, *, webhook_id: UUID, now: datetime) -> None:
    """Have an event that failed processed again.

    Raises:
        UnknownWebhook: there is none.
        NotFailed: it did not fail.
    """
    await webhook(tx, webhook_id=webhook_id)
    if not await store.try_again(tx, webhook_id, now=now):
        raise NotFailed("This event did not fail.")
    await defer(tx, process_webhook, webhook_id=str(webhook_id))


async def count_failed(tx: Tx) -> int:
    """Return how many webhooks were received and could not be processed so far."""
    return await store.count_failed(tx)
