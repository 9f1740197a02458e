"""Months and what they brought in: closing them, what both engines would give, and having a pool shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.royalties import jobs
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import MonthNotClosed, PoolView, RunView
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.jobs import defer
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken
from vibestream.web.pages.finance.royalties import exclusions
from vibestream.web.pages.finance.royalties.comparing import MOST_PAYEES, Comparison, comparison_of
from vibestream.web.pages.finance.royalties.exclusions import Excluded
from vibestream.web.pages.finance.royalties.runs import PATH, ReversalRow, RunRow, Text, reversals_for, run_row
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE
from vibestream.web.pages.finance.words import GOOD, PLAIN, WARM, Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_MONTHS: Final = 100
Asked = Annotated[list[str], Query(max_length=exclusions.MOST)]
Sent = Annotated[list[str], Form(max_length=exclusions.MOST)]


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month in one currency, open or closed."""

    month: str
    currency: str
    state: Chip
    gross: Money
    pool: Money | None
    """None while it is open."""
    engine: str
    run_id: UUID | None


@dataclass(frozen=True, slots=True)
class MonthsView:
    """Every month with money in it."""

    months: tuple[MonthRow, ...]
    reversals: tuple[ReversalRow, ...]


@dataclass(frozen=True, slots=True)
class MonthView:
    """One month in one currency."""

    month: str
    currency: Currency
    over: bool
    pool: PoolView | None
    gross: Money
    amounts: Mapping[str, Money]
    """Of a closed month: gross, fees, net, pool, platform."""
    runs: tuple[RunRow, ...]
    standing: bool
    preview: Comparison | None
    left_out: Excluded
    form: Filled
    done: str


@router.get(PATH, policy=FINANCE)
async def list_months(request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show every month in which money came in, by currency."""
    spoken = shell_of(request).language
    pools = await royalties.pools(tx, limit=_MONTHS)
    latest = _latest(await royalties.list_runs(tx, limit=_MONTHS))
    open_ = await ledger.accounts(tx, kind=AccountKind.DEFERRED_REVENUE, limit=_MONTHS)
    rows = [_closed(one, latest.get((one.month, one.currency)), spoken) for one in pools]
    rows += [
        MonthRow(
            one.name.subject, one.name.currency.code, Chip(spoken.gettext("open"), PLAIN), one.posted, None, "", None
        )
        for one in open_
        if one.posted.minor
    ]
    view = MonthsView(
        months=tuple(sorted(rows, key=lambda one: (one.month, one.currency), reverse=True)),
        reversals=await reversals_for(tx, principal),
    )
    return render(request, "finance/royalties.html", view)


@router.get(f"{PATH}/{{month}}/{{currency}}", policy=FINANCE)
async def show_month(
    *,
    request: Request,
    tx: TxDep,
    now: NowDep,
    month: str,
    currency: str,
    preview: bool = False,
    done: str = "",
    listener: Asked = [],  # noqa: B006 - a default that FastAPI copies
    track: Asked = [],  # noqa: B006
    reason: Asked = [],  # noqa: B006
) -> Response:
    """Show one month: what came in, its pool, its runs; asked for, what both engines would give now, some listens left out."""
    first, of = royalties.parse_month(month), Currency.of(currency)
    try:
        left_out = await exclusions.read(tx, listeners=listener, tracks=track, reasons=reason)
    except VibeStreamError as error:
        form = _refused(request, error, listener, track, reason)
        view = await _month(request, tx, first, of, now=now, preview=preview, form=form)
        raise answer_with(request, error, render(request, "finance/month.html", view)) from None
    view = await _month(request, tx, first, of, now=now, preview=preview, left_out=left_out, done=done)
    return render(request, "finance/month.html", view)


@router.post(f"{PATH}/{{month}}/{{currency}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def settle_month(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    month: str,
    currency: str,
    act: Text = "",
    listener: Sent = [],  # noqa: B006 - a default that FastAPI copies
    track: Sent = [],  # noqa: B006
    reason: Sent = [],  # noqa: B006
) -> Response:
    """Close a month that is over, or have a worker share its pool without what was left out of the preview."""
    first, of = royalties.parse_month(month), Currency.of(currency)
    try:
        match act:
            case "close":
                await royalties.close_month(tx, month=first, currency=of, closed_by=principal.user_id, now=now)
            case "run":
                left_out = await exclusions.read(tx, listeners=listener, tracks=track, reasons=reason)
                await _share(tx, first, of, left_out=left_out, made_by=principal.user_id)
            case _:
                raise FormBroken("The form did not arrive whole.")
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        view = await _month(request, tx, first, of, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/month.html", view)) from None
    return see_other(f"{PATH}/{month}/{of.code}?done={act}")


async def _share(tx: Tx, month: date, currency: Currency, *, left_out: Excluded, made_by: UserId) -> None:
    """Have a worker share a pool, when there is one."""
    await royalties.pool(tx, month=month, currency=currency)
    label = royalties.label(month)
    await defer(
        tx,
        jobs.run_royalties,
        month=label,
        currency=currency.code,
        exclusions=left_out.as_job(),
        made_by=str(made_by),
        lock=f"royalties:{label}:{currency.code}",
    )


def _refused(
    request: Request, error: VibeStreamError, listener: Sequence[str], track: Sequence[str], reason: Sequence[str]
) -> Filled:
    """Return the form for leaving something out with what was typed last and why it is refused."""
    fields = {"listener": listener, "track": track, "reason": reason}
    typed = {name: values[-1] if values else "" for name, values in fields.items()}
    field = "listener" if error.code == "finance.person_unknown" else "reason"
    return Filled(typed).refused(sentence_of(request, error), field_name=field)


async def _month(
    request: Request,
    tx: Tx,
    month: date,
    currency: Currency,
    *,
    now: datetime,
    preview: bool = False,
    left_out: Excluded | None = None,
    form: Filled | None = None,
    done: str = "",
) -> MonthView:
    spoken = shell_of(request).language
    try:
        pool: PoolView | None = await royalties.pool(tx, month=month, currency=currency)
    except MonthNotClosed:
        pool = None
    label = royalties.label(month)
    runs = await royalties.list_runs(tx, month=month, currency=currency)
    names = await shown.names_of(tx, [one.made_by for one in runs])
    deferred = await ledger.accounts(tx, kind=AccountKind.DEFERRED_REVENUE, subject=label, currency=currency, limit=1)
    return MonthView(
        month=label,
        currency=currency,
        over=royalties.next_month(month) <= now.date(),
        pool=pool,
        gross=deferred[0].posted if deferred else Money.zero(currency),
        amounts=_amounts(pool),
        runs=tuple(run_row(one, names, spoken) for one in runs),
        standing=any(one.reversed_at is None for one in runs),
        preview=await _preview(tx, month, currency, spoken, left_out or Excluded()) if preview else None,
        left_out=left_out or Excluded(),
        form=form or Filled(),
        done=done,
    )


async def _preview(tx: Tx, month: date, currency: Currency, spoken: Language, left_out: Excluded) -> Comparison:
    found = await royalties.preview(tx, month=month, currency=currency, exclusions=left_out.exclusions)
    reckoning = found.reckoning
    ranked = sorted(reckoning.payees, key=lambda one: -abs(one.user_centric - one.pro_rata))
    return await comparison_of(
        tx,
        shares=ranked[:MOST_PAYEES],
        engine=found.engine,
        pool=reckoning.pool,
        allocated=reckoning.allocated,
        payees=len(ranked),
        currency=currency,
        spoken=spoken,
    )


def _latest(runs: Iterable[RunView]) -> dict[tuple[date, Currency], RunView]:
    """Return of each month and currency the run that stands, else the last one."""
    found: dict[tuple[date, Currency], RunView] = {}
    for run in runs:
        key = (run.month, run.currency)
        if key not in found or (found[key].reversed_at is not None and run.reversed_at is None):
            found[key] = run
    return found


def _closed(pool: PoolView, run: RunView | None, spoken: Language) -> MonthRow:
    if run is None:
        state = Chip(spoken.gettext("closed, to be run"), WARM)
    elif run.reversed_at is None:
        state = Chip(spoken.gettext("run"), GOOD)
    else:
        state = Chip(spoken.gettext("reversed, to be run again"), WARM)
    return MonthRow(
        month=royalties.label(pool.month),
        currency=pool.currency.code,
        state=state,
        gross=Money(pool.gross, pool.currency),
        pool=Money(pool.pool, pool.currency),
        engine=words.word(words.ENGINES, run.engine, spoken) if run else "",
        run_id=run.run_id if run else None,
    )


def _amounts(pool: PoolView | None) -> Mapping[str, Money]:
    if pool is None:
        return {}
    found = {
        "gross": pool.gross,
        "fees": pool.fees,
        "net": pool.net,
        "pool": pool.pool,
        "platform": pool.gross - pool.pool,
    }
    return {name: Money(minor, pool.currency) for name, minor in found.items()}
