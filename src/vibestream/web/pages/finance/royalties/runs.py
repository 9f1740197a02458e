"""One run of a month: what it gave to whom and what it did not count; and its reversal, by two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import RunView
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import RoyaltyRunId
from vibestream.kernel.money import Money
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken
from vibestream.web.pages.finance.royalties.comparing import MOST_PAYEES, Comparison, comparison_of
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Names, Person
from vibestream.web.pages.finance.words import GOOD, WARM, Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

PATH: Final = "/finance/royalties"
Text = Annotated[str, Form(max_length=1_000)]


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


@router.get(f"{PATH}/runs/{{run_id}}", policy=FINANCE)
async def show_run(request: Request, tx: TxDep, principal: PrincipalDep, run_id: UUID, done: str = "") -> Response:
    """Show one run: what both engines gave to whom, what was not counted, and its reversal."""
    return render(request, "finance/run.html", await _run_page(request, tx, principal, run_id, done=done))


@router.post(f"{PATH}/runs/{{run_id}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
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
    return see_other(f"{PATH}/runs/{run_id}?done={act}")


async def reversals_for(tx: Tx, principal: Principal) -> tuple[ReversalRow, ...]:
    """Return the runs that somebody wants reversed and nobody has agreed to yet, as a reader sees them."""
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


def run_row(one: RunView, names: Names, spoken: Language) -> RunRow:
    """Return a run as it is listed."""
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


async def _run_page(
    request: Request, tx: Tx, principal: Principal, run_id: UUID, *, form: Filled | None = None, done: str = ""
) -> RunPage:
    spoken = shell_of(request).language
    found = await royalties.run(tx, run_id=RoyaltyRunId(run_id))
    totals = await royalties.totals_of(tx, run_id=found.run_id)
    names = await shown.names_of(tx, [found.made_by])
    reversals = await reversals_for(tx, principal)
    excluded = await royalties.exclusions_of(tx, run_id=found.run_id)
    return RunPage(
        row=run_row(found, names, spoken),
        found=found,
        month=royalties.label(found.month),
        comparison=await comparison_of(
            tx,
            shares=await royalties.compare(tx, run_id=found.run_id, limit=MOST_PAYEES),
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
