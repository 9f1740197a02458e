"""Queries about payments. They read what is listed; only a timeline reads a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.checkout.domain.errors import UnknownPayment
from vibestream.contexts.payment.checkout.domain.facts import facts_of
from vibestream.contexts.payment.checkout.domain.states import PaymentState
from vibestream.contexts.payment.checkout.domain.views import PaymentView, TimelineEntry
from vibestream.contexts.payment.checkout.domain.words import words_of
from vibestream.contexts.payment.checkout.store import streams, views
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, LedgerTransaction
from vibestream.kernel.ids import PaymentId, TransactionId, UserId
from vibestream.platform.database import Tx

_MOST_MOVES: Final = 200
"""A payment's escrow is moved on a few times in its life."""


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
    since: datetime | None = None,
    until: datetime | None = None,
    before: PaymentId | None = None,
    limit: int,
) -> list[PaymentView]:
    """Return up to `limit` payments that match, the newest first.

    Args:
        tx: the caller's transaction.
        user_id: only this person's.
        state: only those that stand so.
        gateway: only those that stand, or were last tried, there.
        since: only those started then or later.
        until: only those started before then.
        before: only those started before this one: the last one seen.
        limit: how many at most.
    """
    return await views.list_views(
        tx, user_id=user_id, state=state, gateway=gateway, since=since, until=until, before=before, limit=limit
    )


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
            facts=facts_of(one.event),
            transaction_ids=one.transaction_ids,
        )
        for one in recorded
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A payment with every posting that it led to."""

    payment: PaymentView
    timeline: list[TimelineEntry]
    transactions: Mapping[TransactionId, LedgerTransaction]
    """Every transaction that the timeline names."""
    elsewhere: list[LedgerTransaction]
    """What others moved on the payment's escrow: where its money went, and came back from; the oldest first."""


async def traced(tx: Tx, *, payment_id: PaymentId) -> Traced:
    """Return a payment with everything that happened to it and every posting behind it.

    Raises:
        UnknownPayment: there is none.
    """
    view = await payment(tx, payment_id=payment_id)
    entries = await timeline(tx, payment_id=payment_id)
    named = [transaction_id for entry in entries for transaction_id in entry.transaction_ids]
    own = {one: await ledger.transaction(tx, transaction_id=one) for one in named}
    box = await ledger.accounts(
        tx, kind=AccountKind.PAYMENT_ESCROW, subject=str(payment_id), currency=view.amount.currency, limit=1
    )
    moved = [
        entry.transaction
        for account in box
        for entry in await ledger.account_entries(tx, account_id=account.account_id, limit=_MOST_MOVES)
    ]
    elsewhere = [one for one in reversed(moved) if one.transaction_id not in own]
    return Traced(payment=view, timeline=entries, transactions=own, elsewhere=elsewhere)
