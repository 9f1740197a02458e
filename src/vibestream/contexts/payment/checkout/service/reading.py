"""Queries about payments. They read what is listed; only a timeline reads a stream."""

from __future__ import annotations

from vibestream.contexts.payment.checkout.domain.errors import UnknownPayment
from vibestream.contexts.payment.checkout.domain.states import PaymentState
from vibestream.contexts.payment.checkout.domain.views import PaymentView, TimelineEntry
from vibestream.contexts.payment.checkout.domain.words import words_of
from vibestream.contexts.payment.checkout.store import streams, views
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.kernel.ids import PaymentId, UserId
from vibestream.platform.database import Tx


async def payment(tx: Tx, *, payment_id: PaymentId, user_id: UserId | None = None) -> PaymentView:
    """Return a payment as it stands now.

    Args:
        tx: the caller's transaction.
        payment_id: which.
        user_id: only when it is this person's; None: whosever.

    Raises:
        UnknownPayment: there is none, or it is not this person's.
    """
    found = await views.load_view(tx, payment_id, user_id=user_id)
    if found is None:
        raise UnknownPayment("There is no such payment.")
    return found


async def payments(
    tx: Tx,
    *,
    user_id: UserId | None = None,
    state: PaymentState | None = None,
    gateway: GatewayName | None = None,
    before: PaymentId | None = None,
    limit: int,
) -> list[PaymentView]:
    """Return up to `limit` payments that match, the newest first.

    Args:
        tx: the caller's transaction.
        user_id: only this person's.
        state: only those that stand so.
        gateway: only those that stand, or were last tried, there.
        before: only those started before this one: the last one seen.
        limit: how many at most.
    """
    return await views.list_views(tx, user_id=user_id, state=state, gateway=gateway, before=before, limit=limit)


async def timeline(tx: Tx, *, payment_id: PaymentId) -> list[TimelineEntry]:
    """Return everything that happened to a payment, in order, each with its instant, words and ledger transactions.

    Raises:
        UnknownPayment: there is none.
    """
    recorded = await streams.load_stream(tx, payment_id)
    if not recorded:
        raise UnknownPayment("There is no such payment.")
    return [
        TimelineEntry(
            version=one.version,
            at=one.at,
            type=one.event.type,
            words=words_of(one.event),
            transaction_ids=one.transaction_ids,
        )
        for one in recorded
    ]
