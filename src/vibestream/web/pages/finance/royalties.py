"""Royalties: months and what they brought in, both engines side by side before and after a run, and reversals by two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.royalties import jobs
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import (
    EngineName,
    MonthNotClosed,
    PayeeShare,
    PoolView,
    RunView,
)
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import RoyaltyRunId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.jobs import defer
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Names, Person
from vibestream.web.pages.finance.words import GOOD, PLAIN, WARM, Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/royalties"
_MONTHS: Final = 100
_PAYEES: Final = 100
_BARS: Final = 12
Text = Annotated[str, Form(max_length=1_000)]


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
class DifferenceRow:
    """What both engines give to one payee."""

    person: Person
    pro_rata: Money
    user_centric: Money
    difference: Money
    payable: Money
    side: str
    """Whom the difference is good for: `more` under user-centric, `less`, or `same`."""
    share: int
    """Of the largest difference, in twelfths."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both engines side by side."""

    engine: str
    pool: Money
    pro_rata: Money
    user_centric: Money
    unallocated: Money
    payees: int
    rows: tuple[DifferenceRow, ...]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run of a month."""

    run_id: UUID
    number: int
    engine: str
    pool: Money
    unallocated: Money
    made_by: Person | None
    made_at: datetime
    state: Chip
    transaction_id: UUID
    reversal_transaction_id: UUID | None


@dataclass(frozen=True, slots=True)
class ReversalRow:
    """A run that somebody wants reversed."""

    run_id: UUID
    asked_by: Person
    asked_at: datetime
    reason: str
    mine: bool
    """The reader asked for it, and cannot agree to it."""


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
    form: Filled
    done: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """One run."""

    row: RunRow
    found: RunView
    month: str
    comparison: Comparison
    exclusions: tuple[tuple[str, str, str], ...]
    """Listener, track, reason."""
    reversal: ReversalRow | None
    form: Filled
    done: str


@router.get(_PATH, policy=FINANCE)
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
        reversals=await _reversals(tx, principal),
    )
    return render(request, "finance/royalties.html", view)


@router.get(f"{_PATH}/runs/{{run_id}}", policy=FINANCE)
async def show_run(request: Request, tx: TxDep, principal: PrincipalDep, run_id: UUID, done: str = "") -> Response:
    """Show one run: what both engines gave to whom, what was not counted, and its reversal."""
    return render(request, "finance/run.html", await _run_page(request, tx, principal, run_id, done=done))


@router.post(f"{_PATH}/runs/{{run_id}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def reverse_run(
    *, request: Request, tx: TxDep, principal: PrincipalDep, run_id: UUID, act: Text = "", reason: Text = ""
) -> Response:
    """Ask for a run to be reversed, or agree to what another person asked for."""
    run = RoyaltyRunId(run_id)
    try:
        match act:
            case "ask":
                await royalties.ask_reversal(tx, run_id=run, asked_by=principal.user_id, reason=reason.strip())
            case "approve":
                await royalties.approve_reversal(tx, run_id=run, approved_by=principal.user_id)
            case _:
                raise FormBroken("The form did not arrive whole.")
    except VibeStreamError as error:
        field = "reason" if error.code == "royalties.invalid_reason" else ""
        form = Filled({"reason": reason}).refused(sentence_of(request, error), field_name=field)
        page = await _run_page(request, tx, principal, run_id, form=form)
        raise answer_with(request, error, render(request, "finance/run.html", page)) from None
    return see_other(f"{_PATH}/runs/{run_id}?done={act}")


@router.get(f"{_PATH}/{{month}}/{{currency}}", policy=FINANCE)
async def show_month(
    *, request: Request, tx: TxDep, now: NowDep, month: str, currency: str, preview: bool = False, done: str = ""
) -> Response:
    """Show one month: what came in, its pool, its runs; asked for, what both engines would give now."""
    first, of = royalties.parse_month(month), Currency.of(currency)
    view = await _month(request, tx, first, of, now=now, preview=preview, done=done)
    return render(request, "finance/month.html", view)


@router.post(f"{_PATH}/{{month}}/{{currency}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def settle_month(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    month: str,
    currency: str,
    act: Text = "",
) -> Response:
    """Close a month that is over, or have a worker share its pool."""
    first, of = royalties.parse_month(month), Currency.of(currency)
    try:
        match act:
            case "close":
                await royalties.close_month(tx, month=first, currency=of, closed_by=principal.user_id, now=now)
            case "run":
                await royalties.pool(tx, month=first, currency=of)
                await defer(
                    tx,
                    jobs.run_royalties,
                    month=month,
                    currency=of.code,
                    exclusions=[],
                    made_by=str(principal.user_id),
                    lock=f"royalties:{month}:{of.code}",
                )
            case _:
                raise FormBroken("The form did not arrive whole.")
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        view = await _month(request, tx, first, of, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/month.html", view)) from None
    return see_other(f"{_PATH}/{month}/{of.code}?done={act}")


async def _month(
    request: Request,
    tx: Tx,
    month: date,
    currency: Currency,
    *,
    now: datetime,
    preview: bool = False,
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
        runs=tuple(_run(one, names, spoken) for one in runs),
        standing=any(one.reversed_at is None for one in runs),
        preview=await _preview(tx, month, currency, spoken) if preview else None,
        form=form or Filled(),
        done=done,
    )


async def _preview(tx: Tx, month: date, currency: Currency, spoken: Language) -> Comparison:
    found = await royalties.preview(tx, month=month, currency=currency)
    reckoning = found.reckoning
    ranked = sorted(reckoning.payees, key=lambda one: -abs(one.user_centric - one.pro_rata))
    return await _comparison(
        tx,
        shares=ranked[:_PAYEES],
        engine=found.engine,
        pool=reckoning.pool,
        allocated=reckoning.allocated,
        payees=len(ranked),
        currency=currency,
        spoken=spoken,
    )


async def _run_page(
    request: Request, tx: Tx, principal: Principal, run_id: UUID, *, form: Filled | None = None, done: str = ""
) -> RunPage:
    spoken = shell_of(request).language
    found = await royalties.run(tx, run_id=RoyaltyRunId(run_id))
    totals = await royalties.totals_of(tx, run_id=found.run_id)
    names = await shown.names_of(tx, [found.made_by])
    reversals = await _reversals(tx, principal)
    excluded = await royalties.exclusions_of(tx, run_id=found.run_id)
    return RunPage(
        row=_run(found, names, spoken),
        found=found,
        month=royalties.label(found.month),
        comparison=await _comparison(
            tx,
            shares=await royalties.compare(tx, run_id=found.run_id, limit=_PAYEES),
            engine=found.engine,
            pool=found.pool,
            allocated=totals.allocated,
            payees=totals.payees,
            currency=found.currency,
            spoken=spoken,
        ),
        exclusions=tuple((str(one.listener_id or ""), str(one.track_id or ""), one.reason) for one in excluded),
        reversal=next((one for one in reversals if one.run_id == found.run_id), None),
        form=form or Filled(),
        done=done,
    )


async def _comparison(
    tx: Tx,
    *,
    shares: Iterable[PayeeShare],
    engine: EngineName,
    pool: int,
    allocated: Mapping[EngineName, int],
    payees: int,
    currency: Currency,
    spoken: Language,
) -> Comparison:
    found = list(shares)
    names = await shown.names_of(tx, [one.payee_id for one in found])
    most = max((abs(one.user_centric - one.pro_rata) for one in found), default=0)
    return Comparison(
        engine=words.word(words.ENGINES, engine, spoken),
        pool=Money(pool, currency),
        pro_rata=Money(allocated.get(EngineName.PRO_RATA, 0), currency),
        user_centric=Money(allocated.get(EngineName.USER_CENTRIC, 0), currency),
        unallocated=Money(pool - allocated.get(engine, 0), currency),
        payees=payees,
        rows=tuple(_difference(one, names, currency, most=most) for one in found),
    )


def _difference(one: PayeeShare, names: Names, currency: Currency, *, most: int) -> DifferenceRow:
    difference = one.user_centric - one.pro_rata
    return DifferenceRow(
        person=shown.person(one.payee_id, names),
        pro_rata=Money(one.pro_rata, currency),
        user_centric=Money(one.user_centric, currency),
        difference=Money(difference, currency),
        payable=Money(one.settlement.payable, currency),
        side="more" if difference > 0 else "less" if difference < 0 else "same",
        share=-(-abs(difference) * _BARS // most) if most else 0,
    )


async def _reversals(tx: Tx, principal: Principal) -> tuple[ReversalRow, ...]:
    found = await royalties.open_reversals(tx)
    names = await shown.names_of(tx, [one.asked_by for one in found])
    return tuple(
        ReversalRow(
            run_id=one.run_id,
            asked_by=shown.person(one.asked_by, names),
            asked_at=one.asked_at,
            reason=one.reason,
            mine=one.asked_by == principal.user_id,
        )
        for one in found
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


def _run(one: RunView, names: Names, spoken: Language) -> RunRow:
    standing = one.reversed_at is None
    return RunRow(
        run_id=one.run_id,
        number=one.number,
        engine=words.word(words.ENGINES, one.engine, spoken),
        pool=Money(one.pool, one.currency),
        unallocated=Money(one.unallocated, one.currency),
        made_by=shown.person(one.made_by, names) if one.made_by else None,
        made_at=one.made_at,
        state=Chip(spoken.gettext("stands"), GOOD) if standing else Chip(spoken.gettext("reversed"), WARM),
        transaction_id=one.transaction_id,
        reversal_transaction_id=one.reversal_transaction_id,
    )
