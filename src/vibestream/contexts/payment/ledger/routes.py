"""HTTP for operators: the trial balance."""

from __future__ import annotations

from pydantic import BaseModel, Field

from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.kernel.money import decimal_text
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["operations"])


class TrialRowBody(BaseModel):
    """What accounts of one kind hold: a platform account by itself, people's summed."""

    kind: AccountKind
    subject: str
    currency: str
    accounts: int
    balance: str


class TrialTotalBody(BaseModel):
    """The two sides of the books in one currency."""

    currency: str
    credit: str
    debit: str
    difference: str = Field(description="Zero, or the books are broken.")


class TrialBalanceBody(BaseModel):
    """All balances that are not zero, at one instant."""

    rows: list[TrialRowBody]
    totals: list[TrialTotalBody]


@router.get("/api/v1/operations/ledger/trial-balance", policy=holds("admin"))
async def show_trial_balance(tx: TxDep) -> TrialBalanceBody:
    """Return the trial balance. Amounts are exact decimals as text."""
    found = await service.trial_balance(tx)
    return TrialBalanceBody(
        rows=[
            TrialRowBody(
                kind=row.kind,
                subject=row.subject,
                currency=row.currency.code,
                accounts=row.accounts,
                balance=decimal_text(row.minor, row.currency),
            )
            for row in found.rows
        ],
        totals=[
            TrialTotalBody(
                currency=total.currency.code,
                credit=decimal_text(total.credit, total.currency),
                debit=decimal_text(total.debit, total.currency),
                difference=decimal_text(total.difference, total.currency),
            )
            for total in found.totals
        ],
    )
