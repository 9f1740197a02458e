"""One's portfolio: what one holds of songs, where shares are offered, and what one paid and earned here by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.kernel.ids import UserId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.charts import BarChart
from vibestream.web.pages.money.patterns import PatternRow, charts_of, rows_of, sums_of
from vibestream.web.portfolio import Holding, holdings_in
from vibestream.web.rendering import render, shell_of

router = Router(include_in_schema=False)

_PAGE: Final = 200
_FIRST_YEAR: Final = 2026
"""Before it there was no such product."""


@dataclass(frozen=True, slots=True)
class PortfolioView:
    """The page. `holdings` is None where shares are not offered."""

    holdings: tuple[Holding, ...] | None
    year: int
    years: tuple[int, ...]
    rows: tuple[PatternRow, ...]
    charts: tuple[BarChart, ...]


@router.get("/account/portfolio", policy=SIGNED_IN)
async def show_portfolio(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    year: Annotated[int | None, Query(ge=2000, le=2999)] = None,
) -> Response:
    """Show what one holds, and a year of what one paid and earned."""
    spoken, this_year = shell_of(request).language, now.astimezone(UTC).year
    source = holdings_in(runtime)
    chosen = year or this_year
    since, until = datetime(chosen, 1, 1, tzinfo=UTC), datetime(chosen + 1, 1, 1, tzinfo=UTC)
    months = await ledger.months_of_person(tx, user_id=principal.user_id, since=since, until=until)
    sums = sums_of(await _payments(tx, principal.user_id, since, until), months)
    view = PortfolioView(
        holdings=tuple(await source.holdings_of(tx, user_id=principal.user_id)) if source else None,
        year=chosen,
        years=tuple(range(this_year, _FIRST_YEAR - 1, -1)),
        rows=rows_of(sums, spoken),
        charts=charts_of(sums, spoken, year=chosen),
    )
    return render(request, "money/portfolio.html", view)


async def _payments(tx: Tx, user_id: UserId, since: datetime, until: datetime) -> list[PaymentView]:
    """Return all of one's payments that were started in a stretch of time."""
    found: list[PaymentView] = []
    while True:
        before = found[-1].payment_id if found else None
        page = await checkout.payments(tx, user_id=user_id, since=since, until=until, before=before, limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found
