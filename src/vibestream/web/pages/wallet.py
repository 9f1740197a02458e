"""The wallet: what one has of each currency, and every movement with the whole transaction behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, Balance, LegView, StatementLine
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.rendering import render, shell_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_LINES: Final = 50
_KINDS: Final = {
    "reward": N_("Reward for listening"),
    "pool_funding": N_("Budget of a day"),
    "reversal": N_("Taken back"),
}
"""What a transaction is called, by its kind."""
_OTHER: Final = N_("Movement")
_ACCOUNTS: Final = {
    AccountKind.WALLET: N_("Wallet"),
    AccountKind.WALLET_PENDING: N_("On its way to a wallet"),
    AccountKind.REWARD_POOL: N_("Reward pool"),
    AccountKind.ISSUANCE: N_("Issuance"),
    AccountKind.LIQUIDITY: N_("Liquidity"),
}


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """What one has of a currency."""

    code: str
    available: Money
    pending: Money
    held: Money


@dataclass(frozen=True, slots=True)
class LegRow:
    """One posting of a transaction."""

    account: str
    own: bool
    amount: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A movement of one's wallet, and the postings that make it."""

    transaction_id: UUID
    word: str
    at: datetime
    amount: Money
    balance_after: Money
    legs: tuple[LegRow, ...]


@dataclass(frozen=True, slots=True)
class WalletView:
    """The wallet page."""

    currencies: tuple[CurrencyRow, ...]
    lines: tuple[LineRow, ...]
    before: int | None
    """Where older movements begin."""


@router.get("/wallet", policy=SIGNED_IN)
async def show_wallet(
    request: Request, tx: TxDep, principal: PrincipalDep, before: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """Show one's wallet."""
    spoken = shell_of(request).language
    balances = await ledger.balances_of_person(tx, user_id=principal.user_id)
    found = await ledger.statement(tx, user_id=principal.user_id, before=before, limit=_LINES + 1)
    shown = found[:_LINES]
    view = WalletView(
        currencies=_currencies(balances),
        lines=tuple(_line(line, spoken) for line in shown),
        before=shown[-1].position if len(found) > _LINES else None,
    )
    return render(request, "wallet.html", view)


def _currencies(balances: Sequence[Balance]) -> tuple[CurrencyRow, ...]:
    """Return what one has of each currency; of the reward point always, since everybody can earn it."""
    by_code = {VIBE.code: VIBE, **{balance.name.currency.code: balance.name.currency for balance in balances}}
    rows = []
    for code, currency in by_code.items():
        of = {balance.name.kind: balance for balance in balances if balance.name.currency == currency}
        zero = Money.zero(currency)
        spendable, pending = of.get(AccountKind.WALLET), of.get(AccountKind.WALLET_PENDING)
        rows.append(
            CurrencyRow(
                code=code,
                available=spendable.available if spendable else zero,
                pending=pending.posted if pending else zero,
                held=spendable.held if spendable else zero,
            )
        )
    return tuple(rows)


def _line(line: StatementLine, spoken: Language) -> LineRow:
    transaction = line.transaction
    return LineRow(
        transaction_id=transaction.transaction_id,
        word=spoken.gettext(_KINDS.get(transaction.kind, _OTHER)),
        at=transaction.effective_at,
        amount=line.amount,
        balance_after=line.balance_after,
        legs=tuple(_leg(leg, spoken) for leg in transaction.legs),
    )


def _leg(leg: LegView, spoken: Language) -> LegRow:
    name = spoken.gettext(_ACCOUNTS[leg.kind])
    if leg.own:
        name = spoken.gettext("Your {account}").format(account=name.lower())
    elif leg.subject:
        name = f"{name} {leg.subject}"
    return LegRow(name, leg.own, spoken.minor(leg.minor, leg.currency))
