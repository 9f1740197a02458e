"""Royalties that have been pending for long enough become available."""

from __future__ import annotations

from datetime import datetime, timedelta

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posting
from vibestream.contexts.payment.royalties.domain.months import month_of
from vibestream.contexts.payment.royalties.service.governing import policy_for
from vibestream.contexts.payment.royalties.store import releases
from vibestream.kernel.ids import TransactionId, new_id
from vibestream.platform.database import Tx


async def release_due(tx: Tx, *, now: datetime, most: int = 500) -> int:
    """Move what has been pending for the policy's hold period to what is available, of up to so many payees.

    Counts for royalties and tips alike, in every currency. What was taken back in the meantime is taken from the oldest.
    Called until it returns 0; a crash in between loses and doubles nothing, because each release is keyed by the state
    of the account that it was decided on.

    Returns:
        How many accounts something was released from.
    """
    policy = await policy_for(tx, month=month_of(now))
    due = await releases.list_due(tx, before=now - timedelta(days=policy.hold_days), limit=most)
    if not due:
        return 0
    available = await ledger.open_accounts(
        tx, names=[AccountName(AccountKind.ROYALTIES_AVAILABLE, one.payee, one.amount.currency) for one in due]
    )
    outcomes = await ledger.post_batch(
        tx,
        postings=[
            Posting(
                transaction_id=TransactionId(new_id()),
                key=f"royalties:release:{one.account_id}:{one.position}",
                kind="royalty_release",
                legs=(Leg(one.account_id, -one.amount), Leg(target, one.amount)),
                details={"hold_days": str(policy.hold_days)},
            )
            for one, target in zip(due, available, strict=True)
        ],
    )
    return sum(outcome.accepted for outcome in outcomes)
