"""Processing what was received: whose object changed is told to whoever fetches it. No amount is read from a delivery."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.gateways.service import ObjectKind
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.webhooks import store
from vibestream.contexts.payment.webhooks.domain import MOST_ATTEMPTS, InboxState, Received
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.failures import Failure, failure_of
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime

"""Far longer than any gateway sends an event again, and long enough for the books of a year to be looked into."""
_STUCK_AFTER: Final = timedelta(minutes=10)
_AT_ONCE: Final = 500
_log = structlog.get_logger()


@job("payment.process_webhook", attempts=6)
async def process_webhook(runtime: Runtime, *, webhook_id: str) -> None:
    """Hand on what a received event speaks of, once: the hand-over and the note that it is done are one transaction.

    An event that is refused for good is kept as failed; one that meets a passing trouble is tried again.
    """
    which = UUID(webhook_id)
    async with runtime.database.begin() as tx:
        received = await store.begin(tx, which, now=utc_now())
    if received is None:
        return
    try:
        async with runtime.database.begin() as tx:
            if await store.settle(tx, which, state=InboxState.DONE, error=None, now=utc_now()):
                await _hand_on(tx, received)
    except VibeStreamError as error:
        if failure_of(error) is not Failure.LASTING:
            raise
        _log.warning("webhooks.failed", webhook_id=webhook_id, code=error.code)
        async with runtime.database.begin() as tx:
            await store.settle(tx, which, state=InboxState.FAILED, error=error.code[:500], now=utc_now())


async def take_up(runtime: Runtime, *, now: datetime) -> int:
    """Have events processed again of which nothing was heard for ten minutes, and return how many.

    One that was tried twenty times waits for a person.
    """
    async with runtime.database.begin() as tx:
        stuck = await store.list_stuck(tx, changed_before=now - _STUCK_AFTER, limit=_AT_ONCE)
        for one in stuck:
            if one.attempts >= MOST_ATTEMPTS:
                await store.settle(tx, one.webhook_id, state=InboxState.FAILED, error="gave_up", now=now)
            else:
                await defer(tx, process_webhook, webhook_id=str(one.webhook_id))
    return len(stuck)


async def _hand_on(tx: Tx, received: Received) -> None:
    match received.kind:
        case ObjectKind.PAYMENT:
            await checkout.note_changed(tx, gateway=received.gateway, payment_ref=received.object_ref)
        case ObjectKind.PAYOUT:
            await payouts.note_changed(tx, gateway=received.gateway, payout_ref=received.object_ref)
        case ObjectKind.ACCOUNT:
            await payouts.note_account_changed(tx, gateway=received.gateway, account_ref=received.object_ref)
        case ObjectKind.OTHER:
            pass  # received as done; here only when somebody has it tried again
