"""Sources of reward pools: what each holds, what days took of them, and topping one up, which takes two people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Sourced
from vibestream.contexts.payment.pool_sources import service as sources
from vibestream.contexts.payment.pool_sources.service import State, TopUp
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.finance import shown
from vibestream.web.pages.finance.asked import key_of, money_of
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Person
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/books/sources"
_TOP_UPS: Final = 50
_DAYS: Final = 14
_FIELDS: Final = {
    "pool_sources.name_invalid": "source",
    "pool_sources.top_up_invalid": "amount",
    "finance.amount_unreadable": "amount",
    "text.invalid": "reason",
}
Text = Annotated[str, Form(max_length=1_000)]


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """A top-up, with who proposed it and who decided."""

    one: TopUp
    proposed_by: Person
    decided_by: Person | None
    own: bool


@dataclass(frozen=True, slots=True)
class SourcesView:
    """The page."""

    balances: tuple[tuple[str, Money], ...]
    days: tuple[Sourced, ...]
    waiting: tuple[TopUpRow, ...]
    decided: tuple[TopUpRow, ...]
    form: Filled
    done: str


@router.get(_PATH, policy=FINANCE)
async def show(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, done: str = "") -> Response:
    """Show the sources, what the last days took, and what waits for a second person."""
    view = await _view(tx, principal.user_id, now=now, form=Filled(), done=done)
    return render(request, "finance/sources.html", view)


@router.post(_PATH, policy=FINANCE, max_body_bytes=BODY_BYTES)
async def propose(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    key: Text = "",
    source: Text = "",
    amount: Text = "",
    reason: Text = "",
) -> Response:
    """Propose points for a source. Sent twice, they are proposed once."""
    typed = {"key": key, "source": source, "amount": amount, "reason": reason}
    try:
        await sources.propose(
            tx,
            top_up_id=UUID(key_of(key)),
            source=source,
            amount=money_of(amount, VIBE),
            reason=reason,
            proposed_by=principal.user_id,
            now=now,
        )
    except VibeStreamError as error:
        form = Filled(typed).refused(sentence_of(request, error), field_name=_FIELDS.get(error.code, ""))
        view = await _view(tx, principal.user_id, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/sources.html", view)) from None
    return see_other(f"{_PATH}?done=proposed")


@router.post(f"{_PATH}/{{top_up_id}}/approve", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def approve(*, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, top_up_id: UUID) -> Response:
    """Issue what a colleague proposed into its source."""
    try:
        await sources.approve(tx, top_up_id=top_up_id, by=principal.user_id, now=now)
    except VibeStreamError as error:
        view = await _view(tx, principal.user_id, now=now, form=Filled().refused(sentence_of(request, error)))
        raise answer_with(request, error, render(request, "finance/sources.html", view)) from None
    return see_other(f"{_PATH}?done=approved")


@router.post(f"{_PATH}/{{top_up_id}}/withdraw", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def withdraw(tx: TxDep, principal: PrincipalDep, now: NowDep, top_up_id: UUID) -> Response:
    """Take a proposal back."""
    await sources.withdraw(tx, top_up_id=top_up_id, by=principal.user_id, now=now)
    return see_other(f"{_PATH}?done=withdrawn")


async def _view(tx: Tx, reader: UserId, *, now: datetime, form: Filled, done: str = "") -> SourcesView:
    found = await sources.top_ups(tx, limit=_TOP_UPS)
    people: Collection[UserId] = {one.proposed_by for one in found} | {
        one.decided_by for one in found if one.decided_by
    }
    names = await shown.names_of(tx, people)
    rows = [
        TopUpRow(
            one,
            shown.person(one.proposed_by, names),
            shown.person(one.decided_by, names) if one.decided_by else None,
            one.proposed_by == reader,
        )
        for one in found
    ]
    days = await pools.sourced(tx, epochs=[now.date() - timedelta(days=n) for n in range(_DAYS)])
    fresh = {"key": str(new_id()), "source": "", "amount": "", "reason": ""}
    return SourcesView(
        balances=tuple((await sources.balances(tx)).items()),
        days=tuple(sorted(days, key=lambda one: (-one.epoch.toordinal(), one.source))),
        waiting=tuple(row for row in rows if row.one.state is State.PROPOSED),
        decided=tuple(row for row in rows if row.one.state is not State.PROPOSED),
        form=replace(form, values={**fresh, **form.values}),
        done=done,
    )
