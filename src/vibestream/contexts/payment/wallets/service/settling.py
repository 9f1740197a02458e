"""Where the escrow of a captured payment goes: once, whatever is repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posting
from vibestream.contexts.payment.wallets import store
from vibestream.contexts.payment.wallets.store import Destination, Settlement
from vibestream.kernel.ids import HoldId, PaymentId, TransactionId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A payment whose money stands in its escrow."""

    payment_id: PaymentId
    user_id: UserId
    amount: Money
    at: datetime
    """When it was captured."""


async def settle(
    tx: Tx,
    *,
    captured: Captured,
    destination: Destination,
    subject: str,
    kind: str,
    into: Sequence[tuple[AccountName, Money]],
    details: Mapping[str, str],
    captures: HoldId | None = None,
) -> TransactionId | None:
    """Post a captured payment's escrow to where it was meant for, and return the transaction; None when it went before.

    The posting's key is `payment:<id>:settled`, and a row per payment says where it went, so that of any number of
    settlements of one payment one takes effect. What is zero is left out.

    Args:
        tx: the caller's transaction.
        captured: the payment.
        destination: where it goes.
        subject: of what it goes to.
        kind: of the ledger's transaction.
        into: who gains what; with `captures`, the wallet's part is among them, negative. They sum to the payment.
        details: what a reader needs to understand it.
        captures: a hold on the wallet that pays along.

    Raises:
        InsufficientFunds: the escrow holds less: the payment was not captured, or was refunded meanwhile.
        HoldExpired, HoldResolved: the hold does not stand any more.
        KeyReused: another session has just settled it to somewhere else; look again.
    """
    if await store.lock_settlement(tx, payment_id=captured.payment_id) is not None:
        return None
    escrow = AccountName(AccountKind.PAYMENT_ESCROW, str(captured.payment_id), captured.amount.currency)
    named = [(escrow, -captured.amount), *((name, amount) for name, amount in into if amount.minor)]
    accounts = await ledger.open_accounts(tx, names=[name for name, _ in named])
    posted = await ledger.post(
        tx,
        posting=Posting(
            transaction_id=TransactionId(new_id()),
            key=f"payment:{captured.payment_id}:settled",
            kind=kind,
            legs=tuple(Leg(account, amount) for account, (_, amount) in zip(accounts, named, strict=True)),
            details={"payment_id": str(captured.payment_id), **details},
            effective_at=captured.at,
            captures=captures,
        ),
    )
    if posted.replayed:  # by another session, between our look and our posting
        return None
    await _write_down(tx, captured, destination=destination, subject=subject, transaction_id=posted.transaction_id)
    return posted.transaction_id


async def settle_into_wallet(
    tx: Tx, *, captured: Captured, kind: str = "top_up", details: Mapping[str, str] | None = None
) -> TransactionId | None:
    """Put a captured payment into its payer's wallet, and return the transaction; None when it was settled before.

    For top-ups (kind `top_up`), and for money that arrives for something nobody waits for any more (`payment_kept`): it
    is the payer's, to spend or to have refunded.
    """
    name = ledger.wallet(user_id=captured.user_id, currency=captured.amount.currency)
    return await settle(
        tx,
        captured=captured,
        destination=Destination.WALLET,
        subject=str(captured.user_id),
        kind=kind,
        into=[(name, captured.amount)],
        details=details or {},
    )


async def settlement(tx: Tx, *, payment_id: PaymentId) -> Settlement | None:
    """Return where a captured payment went; None while it stands in escrow."""
    return await store.load_settlement(tx, payment_id=payment_id)


async def settlements(
    tx: Tx, *, user_id: UserId, destination: Destination, before: datetime | None = None, limit: int
) -> list[Settlement]:
    """Return up to `limit` of a person's payments that went to one destination, the newest first."""
    return await store.list_settlements(tx, user_id=user_id, destination=destination, before=before, limit=limit)


async def _write_down(
    tx: Tx, captured: Captured, *, destination: Destination, subject: str, transaction_id: TransactionId
) -> None:
    settled = Settlement(
        payment_id=captured.payment_id,
        user_id=captured.user_id,
        destination=destination,
        subject=subject,
        amount=captured.amount,
        returned=Money.zero(captured.amount.currency),
        transaction_id=transaction_id,
        dispute_hold=None,
        settled_at=captured.at,
    )
    await store.insert_settlement(tx, settlement=settled)
