"""Accounts, entries and transactions as they stand, and balances of the past."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.ledger.domain.accounting import AccountEntry, AccountLeg, Basis, LedgerTransaction
from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, AccountName, Balance
from vibestream.contexts.payment.ledger.domain.books import TrialRow
from vibestream.contexts.payment.ledger.store.accounts import balance_of_row
from vibestream.contexts.payment.ledger.store.books import trial_row
from vibestream.kernel.ids import AccountId, TransactionId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx

_SPECIAL: Final = re.compile(r"[\\%_]")
"""What means something in a pattern of LIKE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    id: TransactionId
    key: str
    kind: str
    details: dict[str, str]
    reverses: TransactionId | None
    reversed_by: TransactionId | None
    effective_at: datetime
    recorded_at: datetime
    leg_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    position: int
    line: int
    currency: str
    amount: int
    balance_after: int | None
    transaction_id: TransactionId


async def list_accounts(
    tx: Tx,
    *,
    kind: AccountKind | None,
    subject: str | None,
    currency: Currency | None,
    after: AccountName | None,
    limit: int,
) -> list[Balance]:
    """Return what accounts hold now, by kind, subject and currency, from the one after a name on."""
    return await tx.all(
        balance_of_row,
        """
        SELECT id, kind, subject, currency, posted, held FROM payment.account_balance
        WHERE id IN (
            SELECT a.id FROM payment.account a
            WHERE (%(kind)s::text IS NULL OR a.kind = %(kind)s)
                AND (%(subject)s::text IS NULL OR a.subject = %(subject)s)
                AND (%(currency)s::text IS NULL OR a.currency = %(currency)s)
                AND (%(after_kind)s::text IS NULL
                    OR (a.kind, a.subject, a.currency) > (%(after_kind)s, %(after_subject)s, %(after_currency)s))
            ORDER BY a.kind, a.subject, a.currency LIMIT %(limit)s
        )
        ORDER BY kind, subject, currency
        """,
        {
            "kind": None if kind is None else kind.value,
            "subject": subject,
            "currency": None if currency is None else currency.code,
            "after_kind": None if after is None else after.kind.value,
            "after_subject": None if after is None else after.subject,
            "after_currency": None if after is None else after.currency.code,
            "limit": limit,
        },
    )


async def list_entries(
    tx: Tx, account_id: AccountId, *, before: int | None, limit: int, most_legs: int
) -> list[AccountEntry]:
    """Return an account's entries, the newest first, each with its transaction."""
    entries = await tx.all(
        _Entry,
        """
        SELECT e.position, e.line, a.currency, e.amount, e.balance_after, e.transaction_id
        FROM payment.entry e JOIN payment.account a ON a.id = e.account_id
        WHERE e.account_id = %(account)s AND (%(before)s::bigint IS NULL OR e.position < %(before)s)
        ORDER BY e.position DESC LIMIT %(limit)s
        """,
        {"account": account_id, "before": before, "limit": limit},
    )
    behind = await list_transactions(tx, {entry.transaction_id for entry in entries}, most_legs=most_legs)
    return [
        AccountEntry(
            position=entry.position,
            line=entry.line,
            amount=Money(entry.amount, Currency.of(entry.currency)),
            balance_after=_money(entry.balance_after, Currency.of(entry.currency)),
            transaction=behind[entry.transaction_id],
        )
        for entry in entries
    ]


async def list_transactions(
    tx: Tx, transaction_ids: Collection[TransactionId], *, most_legs: int
) -> Mapping[TransactionId, LedgerTransaction]:
    """Return transactions by id, each with up to so many of its first legs."""
    headers = await tx.all(
        _Header,
        """
        SELECT t.id, t.idempotency_key AS key, t.kind, t.details, t.reverses, reversal.id AS reversed_by,
            coalesce(t.effective_at, t.recorded_at) AS effective_at, t.recorded_at,
            (SELECT count(*) FROM payment.entry e WHERE e.transaction_id = t.id) AS leg_count
        FROM payment.transaction t LEFT JOIN payment.transaction reversal ON reversal.reverses = t.id
        WHERE t.id = ANY(%s::uuid[])
        """,
        [list(transaction_ids)],
    )
    legs: defaultdict[TransactionId, list[AccountLeg]] = defaultdict(list)
    for transaction_id, leg in await _list_legs(tx, transaction_ids, after=0, limit=most_legs):
        legs[transaction_id].append(leg)
    return {
        header.id: LedgerTransaction(
            transaction_id=header.id,
            key=header.key,
            kind=header.kind,
            details=header.details,
            reverses=header.reverses,
            reversed_by=header.reversed_by,
            effective_at=header.effective_at,
            recorded_at=header.recorded_at,
            leg_count=header.leg_count,
            legs=tuple(legs[header.id]),
        )
        for header in headers
    }


async def list_legs(tx: Tx, transaction_id: TransactionId, *, after: int, limit: int) -> list[AccountLeg]:
    """Return a transaction's legs from the one after a line on."""
    return [leg for _, leg in await _list_legs(tx, [transaction_id], after=after, limit=limit)]


async def find_by_key(tx: Tx, prefix: str, *, limit: int) -> list[TransactionId]:
    """Return the transactions whose keys begin so, by key."""
    return await tx.values(
        "SELECT id FROM payment.transaction WHERE idempotency_key LIKE %s ORDER BY idempotency_key LIMIT %s",
        [_SPECIAL.sub(r"\\\g<0>", prefix) + "%", limit],
    )


async def list_trial_rows_at(tx: Tx, *, at: datetime, basis: Basis) -> list[TrialRow]:
    """Return every balance that was not zero before an instant; people's summed by kind."""
    return await tx.all(
        trial_row,
        """
        SELECT held.kind, CASE WHEN k.personal THEN '' ELSE held.subject END AS subject, held.currency,
            count(*) AS accounts, sum(held.posted) AS posted
        FROM (
            SELECT a.id, a.kind, a.subject, a.currency, sum(e.amount) AS posted
            FROM payment.entry e
            JOIN payment.transaction t ON t.id = e.transaction_id
            JOIN payment.account a ON a.id = e.account_id
            WHERE CASE WHEN %(effective)s THEN coalesce(t.effective_at, t.recorded_at) ELSE t.recorded_at END < %(at)s
            GROUP BY a.id
            HAVING sum(e.amount) <> 0
        ) AS held
        JOIN payment.account_kind k ON k.kind = held.kind
        GROUP BY 1, 2, 3
        ORDER BY held.currency, held.kind, 2
        """,
        {"at": at, "effective": basis is Basis.EFFECTIVE},
    )


async def _list_legs(
    tx: Tx, transaction_ids: Collection[TransactionId], *, after: int, limit: int
) -> list[tuple[TransactionId, AccountLeg]]:
    return await tx.all(
        _leg,
        """
        SELECT wanted.id AS transaction_id, leg.line, a.id AS account_id, a.kind, a.subject, a.currency, leg.amount,
            leg.balance_after
        FROM unnest(%(ids)s::uuid[]) AS wanted (id)
        CROSS JOIN LATERAL (
            SELECT e.line, e.account_id, e.amount, e.balance_after FROM payment.entry e
            WHERE e.transaction_id = wanted.id AND e.line > %(after)s ORDER BY e.line LIMIT %(limit)s
        ) AS leg
        JOIN payment.account a ON a.id = leg.account_id
        ORDER BY wanted.id, leg.line
        """,
        {"ids": list(transaction_ids), "after": after, "limit": limit},
    )


def _leg(
    *,
    transaction_id: TransactionId,
    line: int,
    account_id: AccountId,
    kind: str,
    subject: str,
    currency: str,
    amount: int,
    balance_after: int | None,
) -> tuple[TransactionId, AccountLeg]:
    name = AccountName(AccountKind(kind), subject, Currency.of(currency))
    amount_of = Money(amount, name.currency)
    return transaction_id, AccountLeg(line, account_id, name, amount_of, _money(balance_after, name.currency))


def _money(minor: int | None, currency: Currency) -> Money | None:
    return None if minor is None else Money(minor, currency)
