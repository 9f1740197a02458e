"""Posting, and the legs of what was posted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from vibestream.contexts.payment.ledger.domain.postings import Leg, Outcome, Posting, Status
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.arrays import array
from vibestream.platform.database import Tx, racing_for

_KEYS: Final = "transaction_idempotency_key_key"
_POST: Final = """
    SELECT number, outcome, posted_as, refused_by FROM payment.post(
        %s::uuid[], %s::text[], %s::text[], %s::jsonb[], %s::timestamptz[], %s::uuid[], %s::uuid[],
        %s::integer[], %s::uuid[], %s::text[], %s::bigint[]
    ) WITH ORDINALITY AS answer (outcome, posted_as, refused_by, number)
    WHERE outcome <> 'posted'
"""


async def post(tx: Tx, postings: Sequence[Posting]) -> list[Outcome]:
    """Decide the postings in order, write those that are accepted, and return what became of each.

    Raises:
        psycopg.errors.SerializationFailure: another session posted under one of the keys meanwhile; run again.
    """
    # Most are posted, under the id they came with. To send and read a row for each, while the accounts are locked, would
    # keep the next batch waiting.
    outcomes = [Outcome(Status.POSTED, posting.transaction_id, None) for posting in postings]
    with racing_for(_KEYS):
        others = await tx.rows(_POST, _arguments(postings))
    for number, outcome, posted_as, refused_by in others:
        outcomes[number - 1] = Outcome(Status(outcome), posted_as, refused_by)
    return outcomes


def _arguments(postings: Sequence[Posting]) -> list[str]:
    legs = [(number, leg) for number, posting in enumerate(postings, 1) for leg in posting.legs]
    return [
        array([posting.transaction_id for posting in postings]),
        array([posting.key for posting in postings]),
        array([str(posting.kind) for posting in postings]),
        array([json.dumps(dict(posting.details)) if posting.details else "{}" for posting in postings]),
        array([posting.effective_at for posting in postings]),
        array([posting.captures for posting in postings]),
        array([posting.reverses for posting in postings]),
        array([number for number, _ in legs]),
        array([leg.account_id for _, leg in legs]),
        array([leg.amount.currency.code for _, leg in legs]),
        array([leg.amount.minor for _, leg in legs]),
    ]


async def load_legs(tx: Tx, transaction_id: TransactionId) -> list[Leg]:
    """Return a transaction's legs in their order; none when there is no such transaction."""
    return await tx.all(
        _leg,
        """
        SELECT entry.account_id, entry.amount, account.currency
        FROM payment.entry entry JOIN payment.account account ON account.id = entry.account_id
        WHERE entry.transaction_id = %s ORDER BY entry.line
        """,
        [transaction_id],
    )


def _leg(*, account_id: AccountId, amount: int, currency: str) -> Leg:
    return Leg(account_id, Money(amount, Currency.of(currency)))
