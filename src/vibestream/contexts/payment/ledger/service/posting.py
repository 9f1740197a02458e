"""Opening accounts; posting one fact, many facts, or the reversal of one."""

from __future__ import annotations

from collections.abc import Sequence

from vibestream.contexts.payment.ledger.domain.accounts import AccountName
from vibestream.contexts.payment.ledger.domain.postings import (
    Leg,
    Outcome,
    Posted,
    Posting,
    Status,
    UnknownTransaction,
    refusal,
)
from vibestream.contexts.payment.ledger.store import accounts as account_store
from vibestream.contexts.payment.ledger.store import postings as posting_store
from vibestream.kernel.ids import AccountId, TransactionId, new_id
from vibestream.platform.database import Tx


async def open_account(tx: Tx, *, name: AccountName) -> AccountId:
    """Return the account of this name, opening it when it does not exist yet."""
    return (await open_accounts(tx, names=[name]))[0]


async def open_accounts(tx: Tx, *, names: Sequence[AccountName]) -> list[AccountId]:
    """Return the accounts of these names, in order, opening those that do not exist yet. Safe to race."""
    return await account_store.open_accounts(tx, [(AccountId(new_id()), name) for name in names])


async def post(tx: Tx, *, posting: Posting) -> Posted:
    """Record a fact once: the same request under the same key returns the first one's transaction, for ever.

    Either all legs stand in the books or none does. Of two sessions that draw on one guarded account, the second waits
    for the first. A refusal leaves the transaction usable and the key free.

    Raises:
        InsufficientFunds: a guarded account has less to spare, counting its holds.
        KeyReused: the key stands for another request.
        UnknownAccount, AccountCurrencyMismatch, BalanceOutOfRange: a leg does not fit its account.
        UnknownHold, HoldExpired, HoldResolved, CaptureExceedsHold: `captures` cannot be captured so.
        UnknownTransaction, AlreadyReversed, ReversalOfReversal: `reverses` cannot be reversed.
    """
    outcome = (await posting_store.post(tx, [posting]))[0]
    if not outcome.accepted or outcome.transaction_id is None:
        raise refusal(outcome, key=posting.key)
    return Posted(outcome.transaction_id, replayed=outcome.status is Status.REPLAYED)


async def post_batch(tx: Tx, *, postings: Sequence[Posting]) -> list[Outcome]:
    """Record many facts in one statement, and return what became of each, in order.

    Each is decided as `post` would after those before it: it stands whole or leaves no trace, and one that is refused
    does not touch the others. Many postings on one account cost it one lock and one update.
    """
    return await posting_store.post(tx, postings)


async def reverse(tx: Tx, *, transaction_id: TransactionId, key: str, reason: str) -> Posted:
    """Undo a transaction by its mirror image; what was posted stays in the books, and so does its reversal.

    A transaction is reversed at most once, and a reversal never.

    Raises:
        UnknownTransaction: there is none with this id.
        AlreadyReversed: it was reversed under another key.
        ReversalOfReversal: it is one.
        InsufficientFunds: an account that had gained has spent it.
        KeyReused: the key stands for another request.
    """
    legs = await posting_store.load_legs(tx, transaction_id)
    if not legs:
        raise UnknownTransaction("There is no such transaction.")
    mirror = Posting(
        transaction_id=TransactionId(new_id()),
        key=key,
        kind="reversal",
        legs=tuple(Leg(leg.account_id, -leg.amount) for leg in legs),
        details={"reason": reason},
        reverses=transaction_id,
    )
    return await post(tx, posting=mirror)
