"""Reconciliation: how each day's books of each gateway compare with ours, and what differs, explained or resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.reconciliation import service as reconciliation
from vibestream.contexts.payment.reconciliation.service import Finding, FindingState, Run
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Listed, Names, Person
from vibestream.web.pages.finance.words import Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/reconciliation"
_RUNS: Final = 90
Text = Annotated[str, Form(max_length=4_000)]
Asked = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True, slots=True)
class Cell:
    """How a gateway's day compared; None of it when it was not compared."""

    run: Run | None


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day, gateway by gateway."""

    day: date
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A difference in the list."""

    finding_id: UUID
    gateway: str
    what: str
    move: str
    subject: str
    address: str
    """Where the subject is shown; empty: it is none of ours."""
    ours: Money | None
    theirs: Money | None
    line_ref: str
    day: date
    age_days: int
    state: Chip
    note: str
    decided_by: Person | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReconciliationView:
    """The matrix and the findings."""

    gateways: tuple[str, ...]
    days: tuple[DayRow, ...]
    findings: Listed[FindingRow]
    state: str
    gateway: str
    states: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding, and the form to say why."""

    row: FindingRow
    found: Finding
    settled: bool
    form: Filled
    done: str


@router.get(_PATH, policy=FINANCE)
async def show_reconciliation(
    *, request: Request, tx: TxDep, now: NowDep, paging: PagingDep, state: Asked = "open", gateway: Asked = ""
) -> Response:
    """Show days by gateways, and the findings in a state."""
    spoken = shell_of(request).language
    after = paging.after_values(UUID)
    wanted = {FindingState(state)} if state in set(FindingState) else None
    only = GatewayName(gateway) if gateway in set(GatewayName) else None
    found = await reconciliation.findings(
        tx, gateway=only, states=wanted, before=None if after is None else after[0], limit=paging.fetch
    )
    names = await shown.names_of(tx, [one.decided_by for one in found])
    view = ReconciliationView(
        gateways=tuple(one.value for one in GatewayName),
        days=_days(await reconciliation.runs(tx, limit=_RUNS)),
        findings=shown.listed(
            paging,
            found,
            item=lambda one: _row(one, names, spoken, now=now),
            position=lambda one: (one.finding_id,),
            path=_PATH,
            state=state,
            gateway=gateway,
        ),
        state=state if wanted else "",
        gateway=gateway if only else "",
        states=tuple((one.value, spoken.gettext(words.FINDING_STATES[one][0])) for one in FindingState),
    )
    return render(request, "finance/reconciliation.html", view)


@router.get(f"{_PATH}/{{finding_id}}", policy=FINANCE)
async def show_finding(request: Request, tx: TxDep, now: NowDep, finding_id: UUID, done: str = "") -> Response:
    """Show one difference with both sides."""
    return render(request, "finance/finding.html", await _view(request, tx, finding_id, now=now, done=done))


@router.post(f"{_PATH}/{{finding_id}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def decide(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    finding_id: UUID,
    act: Text = "",
    note: Text = "",
) -> Response:
    """Say why two books differ, or what was done so that they agree."""
    try:
        match act:
            case "explain":
                await reconciliation.explain(tx, finding_id=finding_id, note=note, by=principal.user_id, now=now)
            case "resolve":
                await reconciliation.resolve(tx, finding_id=finding_id, note=note, by=principal.user_id, now=now)
            case _:
                raise FormBroken("The form did not arrive whole.")
    except VibeStreamError as error:
        field = "note" if error.code == "reconciliation.note_missing" else ""
        form = Filled({"note": note}).refused(sentence_of(request, error), field_name=field)
        view = await _view(request, tx, finding_id, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/finding.html", view)) from None
    return see_other(f"{_PATH}/{finding_id}?done={act}")


async def _view(
    request: Request, tx: Tx, finding_id: UUID, *, now: datetime, form: Filled | None = None, done: str = ""
) -> FindingView:
    spoken = shell_of(request).language
    found = await reconciliation.finding(tx, finding_id=finding_id)
    names = await shown.names_of(tx, [found.decided_by])
    return FindingView(
        row=_row(found, names, spoken, now=now),
        found=found,
        settled=found.state is FindingState.RESOLVED,
        form=form or Filled({"note": found.note or ""}),
        done=done,
    )


def _days(runs: list[Run]) -> tuple[DayRow, ...]:
    by_day: dict[date, dict[GatewayName, Run]] = {}
    for run in runs:
        by_day.setdefault(run.day, {})[run.gateway] = run
    return tuple(
        DayRow(day, tuple(Cell(by_day[day].get(gateway)) for gateway in GatewayName))
        for day in sorted(by_day, reverse=True)
    )


def _row(one: Finding, names: Names, spoken: Language, *, now: datetime) -> FindingRow:
    return FindingRow(
        finding_id=one.finding_id,
        gateway=one.gateway.value,
        what=words.word(words.CLASSES, one.class_, spoken),
        move=words.word(words.MOVES, one.kind, spoken),
        subject=one.subject,
        address=_address(one.subject),
        ours=_money(one.ours, one.currency),
        theirs=_money(one.theirs, one.currency),
        line_ref=one.line_ref or "",
        day=one.day,
        age_days=(now - one.occurred_at).days,
        state=words.chip(words.FINDING_STATES, one.state, spoken),
        note=one.note or "",
        decided_by=shown.person(one.decided_by, names) if one.decided_by else None,
        decided_at=one.decided_at,
    )


def _money(minor: int | None, currency: Currency) -> Money | None:
    return None if minor is None else Money(minor, currency)


def _address(subject: str) -> str:
    kind, _, rest = subject.partition(":")
    known = kind in {"payment", "payout"} and shown.as_uuid(rest) is not None
    return f"/finance/{kind}s/{rest}" if known else ""
