"""The overview: is money all right now? What waits for somebody, what is late, what does not fit; and the books checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request
from starlette.responses import Response

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentState
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, TrialTotal
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.service import PayoutState
from vibestream.contexts.payment.reconciliation import service as reconciliation
from vibestream.contexts.payment.reconciliation.service import FindingState
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.seal import service as seal
from vibestream.contexts.payment.webhooks import service as webhooks
from vibestream.contexts.payment.webhooks.service import InboxState
from vibestream.flows.audit import invariants_of
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.invariants import Checked, check_all
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.finance.shown import FINANCE
from vibestream.web.pages.forms import see_other
from vibestream.web.rendering import render

router = Router(include_in_schema=False)

_COUNTED: Final = 100
"""How far things that wait are counted; more are said to be more."""
_STUCK_AFTER: Final = timedelta(hours=1)
"""A payment about which something is open and nothing was recorded for so long wants a look."""
_SEAL_LATE: Final = timedelta(hours=1)
_OF_MONEY: Final = (
    *("ledger.", "seal.", "points.", "exchange.", "checkout.", "subscriptions.", "tips.", "royalties.", "payouts."),
    *("webhooks.", "fraud.", "rewards.", "sagas."),
)
"""How the names of the invariants begin that are about money."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many wait, counted up to a bound."""

    number: int

    @property
    def text(self) -> str:
        """The number, or that there are more."""
        return str(self.number) if self.number <= _COUNTED else f"{_COUNTED}+"


@dataclass(frozen=True, slots=True)
class ClearingRow:
    """How long a gateway has had what it has of ours, in one currency."""

    gateway: str
    buckets: tuple[Money, ...]
    """Up to 2 days, up to 7, up to 30, older."""
    overdrawn: Money
    total: Money
    late: bool


@dataclass(frozen=True, slots=True)
class SuspenseRow:
    """Money that nobody could explain yet."""

    gateway: str
    amount: Money


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The overview."""

    unknown: Count
    stuck: Count
    reviews: Count
    late_reviews: int
    payouts_waiting: Count
    payouts_unknown: Count
    findings: Count
    webhooks_failed: Count
    reversals: int
    sealed_at: datetime | None
    seal_number: int
    seal_late: bool
    clearing: tuple[ClearingRow, ...]
    suspense: tuple[SuspenseRow, ...]
    totals: tuple[TrialTotal, ...]
    configured: tuple[str, ...]
    checked: tuple[Checked, ...]
    """What the checks found; empty until they are run."""

    @property
    def calm(self) -> bool:
        """Whether nothing waits for anybody."""
        waiting = (self.unknown, self.stuck, self.payouts_unknown, self.findings, self.webhooks_failed)
        counted = sum(one.number for one in waiting) + self.late_reviews + len(self.suspense)
        books = all(total.difference == 0 for total in self.totals)
        return counted == 0 and books and not self.seal_late and not any(row.late for row in self.clearing)


@router.get("/finance", policy=FINANCE)
async def show_overview(request: Request, tx: TxDep, runtime: RuntimeDep, now: NowDep) -> Response:
    """Show whether money is all right now."""
    view = await _view(tx, runtime, now=now)
    return render(request, "finance/overview.html", view, calm=view.calm)


@router.get("/finance/check", policy=FINANCE)
async def back_to_overview() -> Response:
    """Lead whoever comes back to the check's address to where it is run."""
    return see_other("/finance")


@router.post("/finance/check", policy=FINANCE)
async def check(request: Request, runtime: RuntimeDep, now: NowDep) -> Response:
    """Check every statement about money now, and show what was found. It only reads."""
    wanted = [one for one in invariants_of(runtime.settings, runtime.objects) if one.name.startswith(_OF_MONEY)]
    checked = tuple(await check_all(runtime.database, wanted))
    async with runtime.database.begin(read_only=True) as tx:
        view = await _view(tx, runtime, now=now, checked=checked)
    response = render(request, "finance/overview.html", view, calm=view.calm)
    response.headers["HX-Push-Url"] = "false"
    return response


async def _view(tx: Tx, runtime: Runtime, *, now: datetime, checked: tuple[Checked, ...] = ()) -> OverviewView:
    most = _COUNTED + 1
    books = await ledger.trial_balance(tx)
    last = await seal.last_head(tx)
    return OverviewView(
        unknown=Count(len(await checkout.payments(tx, state=PaymentState.UNKNOWN, limit=most))),
        stuck=Count(len(await checkout.list_unfinished(tx, quiet_since=now - _STUCK_AFTER, limit=most))),
        reviews=Count(len(await fraud.reviews(tx, limit=most))),
        late_reviews=await fraud.count_late(tx, now=now),
        payouts_waiting=Count(len(await payouts.payouts(tx, states={PayoutState.REQUESTED}, limit=most))),
        payouts_unknown=Count(len(await payouts.payouts(tx, states={PayoutState.UNKNOWN}, limit=most))),
        findings=Count(len(await reconciliation.findings(tx, states={FindingState.OPEN}, limit=most))),
        webhooks_failed=Count(len(await webhooks.webhooks(tx, states={InboxState.FAILED}, limit=most))),
        reversals=len(await royalties.open_reversals(tx)),
        sealed_at=last.sealed_at if last else None,
        seal_number=last.number if last else 0,
        seal_late=(last is None or last.sealed_at < now - _SEAL_LATE) and await seal.is_due(tx),
        clearing=await _clearing(tx, now=now),
        suspense=tuple(
            SuspenseRow(row.subject, Money(row.minor, row.currency))
            for row in books.rows
            if row.kind is AccountKind.SUSPENSE and row.minor
        ),
        totals=books.totals,
        configured=tuple(sorted(one.value for one in runtime.part(Gateways).configured)),
        checked=checked,
    )


async def _clearing(tx: Tx, *, now: datetime) -> tuple[ClearingRow, ...]:
    rows = []
    for gateway in GatewayName:
        for one in await reconciliation.ageing(tx, gateway=gateway, now=now):
            parts = (one.up_to_2_days, one.up_to_7_days, one.up_to_30_days, one.older)
            if any(parts) or one.overdrawn:
                rows.append(
                    ClearingRow(
                        gateway=gateway.value,
                        buckets=tuple(Money(part, one.currency) for part in parts),
                        overdrawn=Money(one.overdrawn, one.currency),
                        total=Money(one.total, one.currency),
                        late=bool(one.older or one.overdrawn),
                    )
                )
    return tuple(rows)
