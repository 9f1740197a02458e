"""Rates of exchange: which are good now, every one there was, and publishing one with four eyes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.exchange import service as exchange
from vibestream.contexts.payment.exchange.service import Proposal, Rate, RateSet, RateUnavailable
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import USD, Currency
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.pagination import Paging, PagingDep
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown
from vibestream.web.pages.finance.asked import end_of_day, number_of
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Listed, Names, Person
from vibestream.web.pages.finance.words import GOOD, PLAIN, WARM, Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/books/rates"
_MOST_SPREAD_BP: Final = 5_000
_BASIS: Final = 10_000
_FIELDS: Final = {
    "finance.number_unreadable": "spread_bp",
    "finance.day_unreadable": "until",
    "exchange.invalid_rate": "rate",
    "text.invalid": "source",
}
Text = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate."""

    rate_id: UUID
    pair: str
    rate: str
    spread: str
    source: str
    since: datetime
    until: datetime | None
    set_by: Person | None
    state: Chip


@dataclass(frozen=True, slots=True)
class RatesView:
    """Rates now and ever, and the form to propose one."""

    current: tuple[RateRow, ...]
    history: Listed[RateRow]
    currencies: tuple[str, ...]
    form: Filled
    done: str


@dataclass(frozen=True, slots=True)
class ProposalView:
    """What somebody proposes, beside the rate that it would take over from."""

    text: str
    address: str
    """Where a colleague finds it."""
    pair: str
    base: str
    quote: str
    rate: str
    spread: str
    source: str
    until: datetime | None
    proposed_by: Person
    proposed_at: datetime
    over_at: datetime
    now_rate: str
    """The rate that is good now; empty when there is none."""
    change: str
    own: bool
    form: Filled


@router.get(_PATH, policy=FINANCE)
async def list_rates(request: Request, tx: TxDep, now: NowDep, paging: PagingDep, done: str = "") -> Response:
    """Show the rates that are good now, and every rate there was, the latest first."""
    return render(request, "finance/rates.html", await _view(request, tx, paging, now=now, done=done))


@router.post(_PATH, policy=FINANCE, max_body_bytes=BODY_BYTES)
async def propose(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    paging: PagingDep,
    base: Text = "",
    quote: Text = "",
    rate: Text = "",
    spread_bp: Text = "",
    source: Text = "",
    until: Text = "",
) -> Response:
    """Propose a rate: lead to the page that is handed on to a colleague. Nothing is written."""
    typed = {"base": base, "quote": quote, "rate": rate, "spread_bp": spread_bp, "source": source, "until": until}
    try:
        text = exchange.propose_rate(
            signing_key=runtime.settings.signing_key(),
            rate_id=new_id(),
            base=Currency.of(base),
            quote=Currency.of(quote),
            value=rate.strip().replace(",", "."),
            spread_bp=number_of(spread_bp, most=_MOST_SPREAD_BP),
            source=source,
            effective_from=None,
            effective_until=end_of_day(until),
            proposed_by=principal.user_id,
            now=now,
        )
    except VibeStreamError as error:
        form = Filled(typed).refused(sentence_of(request, error), field_name=_FIELDS.get(error.code, ""))
        view = await _view(request, tx, paging, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/rates.html", view)) from None
    return see_other(f"{_PATH}/proposals/{text}")


@router.get(f"{_PATH}/proposals/{{text}}", policy=FINANCE)
async def show_proposal(
    *, request: Request, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep, text: str
) -> Response:
    """Show a proposed rate beside the one that is good now; to a colleague of whoever proposed it, with the way to publish it."""
    view = await _proposal(request, tx, runtime, text, reader=principal.user_id, now=now)
    return render(request, "finance/rate_proposal.html", view)


@router.post(f"{_PATH}/proposals/{{text}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def publish(
    *, request: Request, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep, text: str
) -> Response:
    """Publish what a colleague proposed. Sent twice, it is published once: the proposal names the rate's id."""
    proposal = exchange.proposal_of(text, signing_key=runtime.settings.signing_key())
    try:
        await exchange.publish_rate(tx, proposal=proposal, published_by=principal.user_id, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        view = await _proposal(request, tx, runtime, text, reader=principal.user_id, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/rate_proposal.html", view)) from None
    return see_other(f"{_PATH}?done=published")


async def _view(
    request: Request, tx: Tx, paging: Paging, *, now: datetime, form: Filled | None = None, done: str = ""
) -> RatesView:
    spoken = shell_of(request).language
    before = paging.after_values(datetime, UUID)
    found = await exchange.rates_set(tx, before=before and (before[0], before[1]), limit=paging.fetch)
    current = {rate.rate_id: rate for rate in await exchange.rates_now(tx, now=now)}
    names = await shown.names_of(tx, [one.set_by for one in found])
    fresh = {"base": "EUR", "quote": USD.code, "rate": "", "spread_bp": "100", "source": "", "until": ""}
    return RatesView(
        current=tuple(_row(rate, None, spoken, Chip(spoken.gettext("good now"), GOOD)) for rate in current.values()),
        history=shown.listed(
            paging,
            found,
            item=lambda one: _set(one, names, spoken, good=one.rate.rate_id in current, now=now),
            position=lambda one: (one.rate.effective_from, one.rate.rate_id),
            path=_PATH,
        ),
        currencies=tuple(sorted(one.code for one in Currency.all())),
        form=Filled(fresh) if form is None else replace(form, values={**fresh, **form.values}),
        done=done,
    )


async def _proposal(
    request: Request, tx: Tx, runtime: Runtime, text: str, *, reader: UserId, now: datetime, form: Filled | None = None
) -> ProposalView:
    spoken = shell_of(request).language
    found = exchange.proposal_of(text, signing_key=runtime.settings.signing_key())
    names = await shown.names_of(tx, [found.proposed_by])
    try:
        before: Rate | None = await exchange.current_rate(tx, one=found.base, other=found.quote, now=now)
    except RateUnavailable:
        before = None
    return ProposalView(
        text=text,
        address=f"{runtime.settings.base_url.rstrip('/')}{_PATH}/proposals/{text}",
        pair=f"{found.base.code}/{found.quote.code}",
        base=found.base.code,
        quote=found.quote.code,
        rate=found.value,
        spread=_spread(found.spread_bp, spoken),
        source=found.source,
        until=found.effective_until,
        proposed_by=shown.person(found.proposed_by, names),
        proposed_at=found.proposed_at,
        over_at=found.over_at,
        now_rate=before.decimal if before else "",
        change=_change(before, found, spoken) if before else "",
        own=found.proposed_by == reader,
        form=form or Filled(),
    )


def _change(before: Rate, found: Proposal, spoken: Language) -> str:
    """Return by how much a proposal differs from the rate that is good now, in hundredths of a percent, with its sign."""
    now, then = Decimal(before.decimal), Decimal(found.value)
    share = ((then - now) * _BASIS // now).scaleb(-4)
    return ("+" if share > 0 else "") + spoken.percent(share, exact=True)


def _set(one: RateSet, names: Names, spoken: Language, *, good: bool, now: datetime) -> RateRow:
    if good:
        state = Chip(spoken.gettext("good now"), GOOD)
    elif one.rate.effective_from > now:
        state = Chip(spoken.gettext("to come"), WARM)
    else:
        state = Chip(spoken.gettext("past"), PLAIN)
    return _row(one.rate, shown.person(one.set_by, names) if one.set_by else None, spoken, state)


def _row(rate: Rate, set_by: Person | None, spoken: Language, state: Chip) -> RateRow:
    return RateRow(
        rate_id=rate.rate_id,
        pair=f"{rate.base.code}/{rate.quote.code}",
        rate=rate.decimal,
        spread=_spread(rate.spread_bp, spoken),
        source=rate.source,
        since=rate.effective_from,
        until=rate.effective_until,
        set_by=set_by,
        state=state,
    )


def _spread(spread_bp: int, spoken: Language) -> str:
    return spoken.percent(Decimal(spread_bp).scaleb(-4), exact=True)
