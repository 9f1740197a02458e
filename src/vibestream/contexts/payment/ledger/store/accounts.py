"""Accounts and their balances."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, AccountName, Balance
from vibestream.kernel.ids import AccountId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


async def open_accounts(tx: Tx, opened: Sequence[tuple[AccountId, AccountName]]) -> list[AccountId]:
    """Open each account under its id unless it exists, and return the id of each, in order."""
    return await tx.values(
        "SELECT * FROM payment.open_accounts(%s::uuid[], %s::text[], %s::text[], %s::text[])",
        [
            [account_id for account_id, _ in opened],
            [name.kind.value for _, name in opened],
            [name.subject for _, name in opened],
            [name.currency.code for _, name in opened],
        ],
    )


async def find_accounts(tx: Tx, names: Iterable[AccountName]) -> dict[AccountName, AccountId]:
    """Return the ids of those of these accounts that exist."""
    wanted = list(names)
    rows = await tx.all(
        _named,
        """
        SELECT account.id, account.kind, account.subject, account.currency
        FROM unnest(%s::text[], %s::text[], %s::text[]) AS wanted (kind, subject, currency)
        CROSS JOIN LATERAL (
            SELECT a.id, a.kind, a.subject, a.currency FROM payment.account a
            WHERE a.subject = wanted.subject AND a.kind = wanted.kind AND a.currency = wanted.currency OFFSET 0
        ) AS account
        """,
        [
            [name.kind.value for name in wanted],
            [name.subject for name in wanted],
            [name.currency.code for name in wanted],
        ],
    )
    return dict(rows)


async def load_balance(tx: Tx, account_id: AccountId) -> Balance | None:
    """Return what an account holds now."""
    return await tx.one(
        balance_of_row,
        """
        SELECT id, kind, subject, currency, posted, held FROM payment.account_balance WHERE id = %s
        """,
        [account_id],
    )


async def list_balances_of_person(tx: Tx, user_id: UserId, *, kinds: Collection[AccountKind]) -> list[Balance]:
    """Return what each of a person's accounts of these kinds holds now, by currency and kind."""
    return await tx.all(
        balance_of_row,
        """
        SELECT id, kind, subject, currency, posted, held FROM payment.account_balance
        WHERE subject = %s AND kind = ANY(%s) ORDER BY currency, kind
        """,
        [str(user_id), [kind.value for kind in kinds]],
    )


def _named(*, id: AccountId, kind: str, subject: str, currency: str) -> tuple[AccountName, AccountId]:  # noqa: A002 - a column
    return AccountName(AccountKind(kind), subject, Currency.of(currency)), id


def balance_of_row(*, id: AccountId, kind: str, subject: str, currency: str, posted: Decimal, held: Decimal) -> Balance:  # noqa: A002 - a column
    """Return a row of payment.account_balance as a balance."""
    name = AccountName(AccountKind(kind), subject, Currency.of(currency))
    return Balance(id, name, Money(int(posted), name.currency), Money(int(held), name.currency))
