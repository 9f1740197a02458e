"""Leaving with nothing owed to one: asked before somebody is erased, and done when they are.

The books stay as they are: what somebody gives up is posted like anything else, from their accounts, whose names are ids
that lead to nobody afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from vibestream.contexts.payment.leaving import store
from vibestream.contexts.payment.leaving.domain import MoneyLeft, MoneyUnderWay, UnderWay
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Balance
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx

__all__ = ["MoneyLeft", "MoneyUnderWay", "UnderWay", "leave", "left_of", "require_settled", "under_way"]

_OWN: Final = frozenset(
    {
        AccountKind.WALLET,
        AccountKind.WALLET_PENDING,
        AccountKind.ROYALTIES_PENDING,
        AccountKind.ROYALTIES_AVAILABLE,
    }
)
"""What is theirs. What they owe stays carried forward against an id that leads to nobody."""
_GIVEN_UP: Final = "given_up"


async def under_way(tx: Tx, *, user_id: UserId) -> UnderWay:
    """Return how many of somebody's payments, refunds, disputes, payouts and holds are not over."""
    holds = await ledger.holds_of_person(tx, user_id=user_id)
    return await store.count_under_way(tx, user_id=user_id, holds=len(holds))


async def left_of(tx: Tx, *, user_id: UserId) -> list[Money]:
    """Return what somebody has in wallet and earnings, one amount per currency, by code; nothing is left out."""
    by_currency: dict[str, Money] = {}
    for balance in await _own(tx, user_id=user_id):
        code = balance.posted.currency.code
        by_currency[code] = by_currency.get(code, Money.zero(balance.posted.currency)) + balance.posted
    return [by_currency[code] for code in sorted(by_currency)]


async def require_settled(tx: Tx, *, user_id: UserId, gives_up: bool) -> None:
    """Return when nothing of somebody's money keeps them from leaving.

    Raises:
        MoneyUnderWay: something is not over.
        MoneyLeft: they have some, and do not give it up.
    """
    found = await under_way(tx, user_id=user_id)
    if not found.nothing:
        raise MoneyUnderWay(found)
    left = await left_of(tx, user_id=user_id)
    if left and not gives_up:
        raise MoneyLeft(left)


async def leave(tx: Tx, *, user_id: UserId, gives_up: bool, key: str, now: datetime) -> None:
    """End somebody's subscription and their part in another's, and post what they give up; once per key.

    Money goes to the platform's revenue, points out of the world.

    Raises:
        MoneyUnderWay, MoneyLeft: see `require_settled`; then nothing was done.
    """
    await require_settled(tx, user_id=user_id, gives_up=gives_up)
    await subscriptions.end_for_good(tx, user_id=user_id, now=now)
    for balance in await _own(tx, user_id=user_id):
        await wallets.give(
            tx,
            key=f"{key}:{balance.name}",
            kind=_GIVEN_UP,
            legs=[(balance.name, -balance.posted), (_taker(balance), balance.posted)],
            details={"reason": "account_erased"},
            at=now,
        )


async def _own(tx: Tx, *, user_id: UserId) -> Sequence[Balance]:
    found = await ledger.balances_of_person(tx, user_id=user_id, kinds=_OWN)
    return [balance for balance in found if balance.posted.minor > 0]


def _taker(balance: Balance) -> AccountName:
    if balance.posted.currency == VIBE:
        return AccountName(AccountKind.REDEEMED, "expired", VIBE)
    return AccountName(AccountKind.PLATFORM_REVENUE, _GIVEN_UP, balance.posted.currency)
