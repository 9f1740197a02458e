"""HTTP for a person's wallet. Amounts are exact decimals as text, in the currency beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from vibestream.contexts.payment.ledger.service import AccountKind, Hold, LegView, StatementLine, TransactionView
from vibestream.contexts.payment.wallets import service
from vibestream.contexts.payment.wallets.service import WalletBalance
from vibestream.kernel.ids import TransactionId
from vibestream.kernel.money import Currency, decimal_text
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["wallet"])
_READS: Final = SIGNED_IN.for_apps("wallet:read")


class BalanceBody(BaseModel):
    """What one has of a currency."""

    currency: str
    available: str = Field(description="Can be spent now.")
    pending: str = Field(description="On its way in, cannot be spent yet.")
    held: str = Field(description="Set aside for something that was begun.")


class WalletBody(BaseModel):
    """What one has."""

    balances: list[BalanceBody]


class HoldBody(BaseModel):
    """Something set aside."""

    hold_id: UUID
    amount: str
    currency: str
    reason: str = Field(description="Such as `tip` or `dispute`.")
    placed_at: datetime
    expires_at: datetime = Field(description="When it is free again by itself.")


class HoldsBody(BaseModel):
    """What stands set aside."""

    items: list[HoldBody]


class PostingBody(BaseModel):
    """What one account gained, or gave when negative."""

    account: str = Field(description="What the account is called.")
    kind: AccountKind
    own: bool = Field(description="Whether it is the reader's.")
    amount: str
    currency: str


class TransactionBody(BaseModel):
    """A transaction with all its postings; in each currency they sum to zero."""

    transaction_id: UUID
    kind: str
    title: str
    details: dict[str, str]
    reverses: UUID | None = Field(description="The transaction that this one undoes.")
    effective_at: datetime = Field(description="When it happened.")
    recorded_at: datetime = Field(description="When it was written in the books.")
    postings: list[PostingBody]


class MovementBody(BaseModel):
    """What one's own balance gained or gave, and why."""

    amount: str
    currency: str
    pending: bool = Field(description="It moved what is on its way in, not what can be spent.")
    balance_after: str | None
    transaction: TransactionBody


@router.get("/api/v1/wallet", policy=_READS)
async def show_wallet(tx: TxDep, principal: PrincipalDep) -> WalletBody:
    """Return what the signed-in person has."""
    balances = await service.wallet(tx, user_id=principal.user_id)
    return WalletBody(balances=[_balance(balance) for balance in balances])


@router.get("/api/v1/wallet/holds", policy=_READS)
async def list_holds(tx: TxDep, principal: PrincipalDep) -> HoldsBody:
    """Return what stands set aside of the signed-in person's wallet."""
    return HoldsBody(items=[_hold(one) for one in await service.holds_of(tx, user_id=principal.user_id)])


@router.get("/api/v1/wallet/transactions", policy=_READS)
async def list_transactions(
    tx: TxDep,
    principal: PrincipalDep,
    paging: PagingDep,
    currency: Annotated[str | None, Query(max_length=5, description="Only movements in this currency.")] = None,
) -> Page[MovementBody]:
    """Return the movements of the signed-in person's wallet, the newest first."""
    lines = await service.transactions(
        tx,
        user_id=principal.user_id,
        currency=None if currency is None else Currency.of(currency),
        before=None if paging.after is None else int(str(paging.after.values[0])),
        limit=paging.fetch,
    )
    return paging.page(lines, item=_movement, position=lambda line: (line.position,))


@router.get("/api/v1/wallet/transactions/{transaction_id}", policy=_READS)
async def show_transaction(transaction_id: UUID, tx: TxDep, principal: PrincipalDep) -> TransactionBody:
    """Return one transaction that moved something of the signed-in person's."""
    found = await service.transaction(tx, user_id=principal.user_id, transaction_id=TransactionId(transaction_id))
    return _transaction(found)


def _hold(found: Hold) -> HoldBody:
    return HoldBody(
        hold_id=found.hold_id,
        amount=found.amount.decimal,
        currency=found.amount.currency.code,
        reason=found.reason,
        placed_at=found.placed_at,
        expires_at=found.expires_at,
    )


def _balance(balance: WalletBalance) -> BalanceBody:
    return BalanceBody(
        currency=balance.currency.code,
        available=balance.available.decimal,
        pending=balance.pending.decimal,
        held=balance.held.decimal,
    )


def _movement(line: StatementLine) -> MovementBody:
    return MovementBody(
        amount=line.amount.decimal,
        currency=line.amount.currency.code,
        pending=line.account.kind is AccountKind.WALLET_PENDING,
        balance_after=None if line.balance_after is None else line.balance_after.decimal,
        transaction=_transaction(line.transaction),
    )


def _transaction(found: TransactionView) -> TransactionBody:
    return TransactionBody(
        transaction_id=found.transaction_id,
        kind=found.kind,
        title=service.title_of(found.kind),
        details=dict(found.details),
        reverses=found.reverses,
        effective_at=found.effective_at,
        recorded_at=found.recorded_at,
        postings=[_posting(leg) for leg in found.legs],
    )


def _posting(leg: LegView) -> PostingBody:
    return PostingBody(
        account=service.label_of(
            leg.kind, subject=leg.subject, currency=leg.currency, own=leg.own, accounts=leg.accounts
        ),
        kind=leg.kind,
        own=leg.own,
        amount=decimal_text(leg.minor, leg.currency),
        currency=leg.currency.code,
    )
