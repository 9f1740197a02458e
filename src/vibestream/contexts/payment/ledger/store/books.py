"""Reading the books: statements, transactions, the trial balance; and the snapshots that keep that cheap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, AccountName
from vibestream.contexts.payment.ledger.domain.books import LegView, StatementLine, TransactionView, TrialRow
from vibestream.kernel.ids import AccountId, TransactionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    position: int
    account_id: AccountId
    kind: str
    currency: str
    amount: int
    balance_after: int | None
    transaction_id: TransactionId


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    id: TransactionId
    kind: str
    details: dict[str, str]
    reverses: TransactionId | None
    effective_at: datetime
    recorded_at: datetime


async def list_lines(
    tx: Tx,
    *,
    user_id: UserId,
    kinds: Collection[AccountKind],
    currency: Currency | None,
    before: int | None,
    limit: int,
) -> list[StatementLine]:
    """Return the lines of a person's accounts, the newest first, each with its transaction as the person may see it."""
    lines = await tx.all(
        _Line,
        # Each account's newest lines are read from its own index, then merged: a person has a handful of accounts.
        """
        SELECT line.position, account.id AS account_id, account.kind, account.currency, line.amount,
            line.balance_after, line.transaction_id
        FROM payment.account account
        CROSS JOIN LATERAL (
            SELECT e.position, e.amount, e.balance_after, e.transaction_id FROM payment.entry e
            WHERE e.account_id = account.id AND (%(before)s::bigint IS NULL OR e.position < %(before)s)
            ORDER BY e.position DESC LIMIT %(limit)s
        ) AS line
        WHERE account.subject = %(subject)s AND account.kind = ANY(%(kinds)s)
            AND (%(currency)s::text IS NULL OR account.currency = %(currency)s)
        ORDER BY line.position DESC LIMIT %(limit)s
        """,
        {
            "subject": str(user_id),
            "kinds": [kind.value for kind in kinds],
            "currency": None if currency is None else currency.code,
            "before": before,
            "limit": limit,
        },
    )
    behind = await list_transactions(tx, {line.transaction_id for line in lines}, user_id=user_id)
    return [_line(line, user_id, behind[line.transaction_id]) for line in lines]


async def list_transactions(
    tx: Tx, transaction_ids: set[TransactionId], *, user_id: UserId
) -> Mapping[TransactionId, TransactionView]:
    """Return transactions by id, as a person may see them."""
    if not transaction_ids:
        return {}
    headers = await tx.all(
        _Header,
        """
        SELECT id, kind, details, reverses, coalesce(effective_at, recorded_at) AS effective_at, recorded_at
        FROM payment.transaction WHERE id = ANY(%s)
        """,
        [list(transaction_ids)],
    )
    legs = await _list_legs(tx, transaction_ids, user_id)
    return {
        header.id: TransactionView(
            transaction_id=header.id,
            kind=header.kind,
            details=header.details,
            reverses=header.reverses,
            effective_at=header.effective_at,
            recorded_at=header.recorded_at,
            legs=tuple(legs[header.id]),
        )
        for header in headers
    }


async def _list_legs(
    tx: Tx, transaction_ids: set[TransactionId], user_id: UserId
) -> Mapping[TransactionId, Sequence[LegView]]:
    rows = await tx.all(
        _leg,
        """
        SELECT leg.transaction_id, leg.kind, leg.shown_subject AS subject, leg.currency, leg.own,
            sum(leg.amount) AS amount, count(*) AS accounts
        FROM (
            SELECT entry.transaction_id, entry.line, entry.amount, account.kind, account.currency,
                kind.personal AND account.subject = %(subject)s AS own,
                kind.personal AND account.subject <> %(subject)s AS foreign,
                CASE WHEN kind.personal AND account.subject <> %(subject)s THEN '' ELSE account.subject END
                    AS shown_subject
            FROM payment.entry entry
            JOIN payment.account account ON account.id = entry.account_id
            JOIN payment.account_kind kind ON kind.kind = account.kind
            WHERE entry.transaction_id = ANY(%(ids)s)
        ) AS leg
        GROUP BY leg.transaction_id, leg.kind, leg.shown_subject, leg.currency, leg.own,
            CASE WHEN leg.foreign THEN 0 ELSE leg.line END
        ORDER BY leg.transaction_id, min(leg.line)
        """,
        {"subject": str(user_id), "ids": list(transaction_ids)},
    )
    legs: defaultdict[TransactionId, list[LegView]] = defaultdict(list)
    for transaction_id, leg in rows:
        legs[transaction_id].append(leg)
    return legs


async def list_trial_rows(tx: Tx) -> list[TrialRow]:
    """Return every balance that is not zero at this instant; people's summed by kind."""
    return await tx.all(
        trial_row,
        """
        SELECT kind, CASE WHEN personal THEN '' ELSE subject END AS subject, currency, count(*) AS accounts,
            sum(posted) AS posted
        FROM payment.account_balance
        WHERE posted <> 0
        GROUP BY 1, 2, 3
        ORDER BY currency, kind, subject
        """,
    )


async def list_rewards_paid(tx: Tx) -> dict[str, int]:
    """Return how much rewards took from each pool that paid any, in minor units, by the pool's subject."""
    return await list_taken_from_pools(tx, kind="reward")


async def list_taken_from_pools(tx: Tx, *, kind: str) -> dict[str, int]:
    """Return how much transactions of a kind took from each pool that paid any, in minor units, by the pool's subject."""
    rows = await tx.all(
        _paid,
        """
        SELECT account.subject, -sum(entry.amount)::bigint AS amount
        FROM payment.account account
        JOIN payment.entry entry ON entry.account_id = account.id
        JOIN payment.transaction header ON header.id = entry.transaction_id AND header.kind = %s
        WHERE account.kind = 'reward_pool' GROUP BY account.subject
        """,
        [kind],
    )
    return dict(rows)


async def take_snapshots(tx: Tx, *, least_entries: int) -> int:
    """Take the snapshots that are due, and return how many were taken; first in a transaction of its own."""
    return int(await tx.value("SELECT payment.take_snapshots(%s)", [least_entries]))


def _line(line: _Line, user_id: UserId, transaction: TransactionView) -> StatementLine:
    currency = Currency.of(line.currency)
    return StatementLine(
        position=line.position,
        account_id=line.account_id,
        account=AccountName(AccountKind(line.kind), str(user_id), currency),
        amount=Money(line.amount, currency),
        balance_after=None if line.balance_after is None else Money(line.balance_after, currency),
        transaction=transaction,
    )


def _leg(
    *,
    transaction_id: TransactionId,
    kind: str,
    subject: str,
    currency: str,
    own: bool,
    amount: Decimal,
    accounts: int,
) -> tuple[TransactionId, LegView]:
    return transaction_id, LegView(AccountKind(kind), subject, Currency.of(currency), int(amount), own, accounts)


def trial_row(*, kind: str, subject: str, currency: str, accounts: int, posted: Decimal) -> TrialRow:
    """Return a row of sums as a row of the trial balance."""
    return TrialRow(AccountKind(kind), subject, Currency.of(currency), accounts, int(posted))


def _paid(*, subject: str, amount: int) -> tuple[str, int]:
    return subject, amount
