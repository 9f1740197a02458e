"""What one earns: balances, months with a chart, a month's statement, where one is taxed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import RunView, SplitView, Statement, label, parse_month
from vibestream.contexts.payment.seal import service as seal
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Money
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money.paying import FORM_BYTES
from vibestream.web.pages.money.statement_views import chart_of, part_view
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PAGE: Final = "/studio/royalties"
_CHARTED: Final = 12
"""Months in the chart."""


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """What one has of a currency, and owes."""

    code: str
    pending: Money
    available: Money
    in_transit: Money
    advance: Money
    debt: Money


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month in which one earned, in one currency."""

    month: str
    code: str
    earned: Money | None
    payable: Money | None
    reversed: bool


@dataclass(frozen=True, slots=True)
class Charted:
    """A currency's chart, and what it says in a sentence."""

    code: str
    drawing: dict[str, Any]
    rows: tuple[tuple[str, Money, Money], ...]
    summary: str


@dataclass(frozen=True, slots=True)
class RoyaltiesView:
    """The page of all months."""

    balances: tuple[BalanceRow, ...]
    months: tuple[MonthRow, ...]
    charts: tuple[Charted, ...]
    waiting: tuple[SplitView, ...]
    """Splits that wait for one's own word."""
    form: Filled
    done: str


@router.get(_PAGE, policy=SIGNED_IN)
async def show_royalties(
    *, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, done: str = ""
) -> Response:
    """Show what one has earned, and the months with statements."""
    return await _page(request, tx, principal, now=now, form=Filled(), done=done)


@router.post(f"{_PAGE}/country", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def set_country(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    country: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Say where one is taxed, from the first open month on."""
    try:
        await royalties.set_country(tx, payee_id=principal.user_id, country=country.strip().upper(), now=now)
    except VibeStreamError as error:
        form = Filled({"country": country}).refused(sentence_of(request, error), field_name="country")
        page = await _page(request, tx, principal, now=now, form=form, done="")
        raise answer_with(request, error, page) from None
    return see_other(f"{_PAGE}?done=country")


@router.get(f"{_PAGE}/{{month}}", policy=SIGNED_IN)
async def show_statement(month: str, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Show one's statement of a month."""
    spoken = shell_of(request).language
    found = await royalties.statement(tx, payee_id=principal.user_id, month=parse_month(month), now=now)
    sealed = await seal.sealed(tx, transaction_ids=[part.run.transaction_id for part in found.parts])
    return render(
        request,
        "money/statement.html",
        month=month,
        parts=[part_view(part, found, spoken, sealed=part.run.transaction_id in sealed) for part in found.parts],
        undone=[one.currency.code for one in found.reversed],
        balances=_balances(found),
    )


async def _page(request: Request, tx: Tx, principal: Principal, *, now: datetime, form: Filled, done: str) -> Response:
    spoken = shell_of(request).language
    payee = principal.user_id
    runs = await royalties.months_of(tx, payee_id=payee)
    recent = sorted({run.month for run in runs}, reverse=True)[:_CHARTED]
    statements = [await royalties.statement(tx, payee_id=payee, month=month, now=now) for month in recent]
    view = RoyaltiesView(
        balances=tuple(
            BalanceRow(
                one.currency.code,
                *(
                    Money(minor, one.currency)
                    for minor in (one.pending, one.available, one.in_transit, one.advance, one.debt)
                ),
            )
            for one in await royalties.balances(tx, payee_id=payee)
        ),
        months=tuple(_month(run, statements) for run in runs),
        charts=_charts(statements, spoken),
        waiting=tuple(await _waiting(tx, payee)),
        form=form,
        done=done,
    )
    return render(request, "money/royalties.html", view)


async def _waiting(tx: Tx, person: UserId) -> list[SplitView]:
    found = await royalties.splits_of_person(tx, person=person)
    return [
        one
        for one in found
        if not one.withdrawn
        and one.in_force_from is None
        and person not in one.accepted
        and person in {share.payee_id for share in one.shares}
    ]


def _balances(found: Statement) -> list[BalanceRow]:
    return [
        BalanceRow(
            one.currency.code,
            *(
                Money(minor, one.currency)
                for minor in (one.pending, one.available, one.in_transit, one.advance, one.debt)
            ),
        )
        for one in found.balances
    ]


def _month(run: RunView, statements: list[Statement]) -> MonthRow:
    part = next(
        (one for found in statements for one in found.parts if one.run.run_id == run.run_id),
        None,
    )
    return MonthRow(
        month=label(run.month),
        code=run.currency.code,
        earned=Money(part.share.settlement.earned, run.currency) if part else None,
        payable=Money(part.share.settlement.payable, run.currency) if part else None,
        reversed=run.reversed_at is not None,
    )


def _charts(statements: list[Statement], spoken: Language) -> tuple[Charted, ...]:
    charts = []
    for code in sorted({part.run.currency.code for found in statements for part in found.parts}):
        rows = tuple(
            (
                label(found.month),
                Money(part.share.pro_rata, part.run.currency),
                Money(part.share.user_centric, part.run.currency),
            )
            for found in sorted(statements, key=lambda one: one.month)
            for part in found.parts
            if part.run.currency.code == code
        )
        currency = rows[0][1].currency
        pro_rata = Money(sum(row[1].minor for row in rows), currency)
        user_centric = Money(sum(row[2].minor for row in rows), currency)
        summary = spoken.ngettext(
            "In this month you would have earned {pro_rata} pro rata and {user_centric} user-centric.",
            "Over these {n} months you would have earned {pro_rata} pro rata and {user_centric} user-centric.",
            len(rows),
        ).format(n=len(rows), pro_rata=spoken.money(pro_rata), user_centric=spoken.money(user_centric))
        charts.append(Charted(code, chart_of(statements, code, spoken), rows, summary))
    return tuple(charts)
