"""Taking what is there, from several accounts in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountName, InsufficientFunds, Leg, Posting
from vibestream.kernel.ids import AccountId, TransactionId, new_id
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx

_TRIES: Final = 20
"""Each further one means that somebody else spent of the same accounts in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What was taken."""

    from_sources: Money
    """From the accounts that had some."""
    owed: Money
    """Put down as a debt."""
    from_others: Money
    """From the accounts that give a fixed part."""
    transaction_id: TransactionId | None
    """None when there was nothing to take."""

    @property
    def total(self) -> Money:
        """All of it."""
        return self.from_sources + self.owed + self.from_others


async def draw(
    tx: Tx,
    *,
    key: str,
    kind: str,
    amount: Money,
    sources: Sequence[AccountName],
    into: AccountName,
    details: Mapping[str, str],
    at: datetime,
    debt: AccountName | None = None,
    others: Sequence[tuple[AccountName, Money]] = (),
) -> Drawn:
    """Take up to an amount from accounts in turn, each down to zero at most, holds left alone, and return what it came to.

    Args:
        tx: the caller's transaction.
        key: the posting's, free until now.
        kind: of the ledger's transaction.
        amount: what is wanted of the sources.
        sources: guarded accounts, in the order in which they give.
        into: who gains all of it.
        details: what a reader needs to understand it.
        at: when it took effect.
        debt: an append-only account that owes what the sources do not have; None: nobody does.
        others: append-only accounts that give a fixed amount each, beside.

    Raises:
        InsufficientFunds: the sources were emptied by others twenty times in a row.
    """
    names = [*sources, into, *([debt] if debt else []), *(name for name, _ in others)]
    accounts = dict(zip(names, await ledger.open_accounts(tx, names=names), strict=True))
    beside = [(accounts[name], given) for name, given in others if given.minor]
    for attempt in range(1, _TRIES + 1):
        parts, rest = await _parts(tx, [accounts[name] for name in sources], amount)
        owed = rest if debt else Money.zero(amount.currency)
        gives = [*parts, *([(accounts[debt], owed)] if debt and owed.minor else []), *beside]
        zero = Money.zero(amount.currency)
        drawn = Drawn(
            from_sources=sum((part for _, part in parts), zero),
            owed=owed,
            from_others=sum((part for _, part in beside), zero),
            transaction_id=TransactionId(new_id()) if gives else None,
        )
        if drawn.transaction_id is None:
            return drawn
        legs = [*(Leg(account, -part) for account, part in gives), Leg(accounts[into], drawn.total)]
        posting = Posting(
            transaction_id=drawn.transaction_id, key=key, kind=kind, legs=tuple(legs), details=details, effective_at=at
        )
        try:
            await ledger.post(tx, posting=posting)
        except InsufficientFunds:
            if attempt == _TRIES:
                raise
            continue
        return drawn
    raise AssertionError  # the loop returns or raises


async def _parts(tx: Tx, accounts: Sequence[AccountId], amount: Money) -> tuple[list[tuple[AccountId, Money]], Money]:
    parts: list[tuple[AccountId, Money]] = []
    rest = amount
    for account in accounts:
        part = min(rest, (await ledger.balance_of(tx, account_id=account)).available)
        if part.minor > 0:
            parts.append((account, part))
            rest -= part
    return parts, rest
