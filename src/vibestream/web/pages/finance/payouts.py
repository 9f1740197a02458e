"""Payouts: all of them by state, and one with its story; agreed to or refused, by whom and by how many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.service import Payout, PayoutEvent, PayoutState
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import PayoutId, UserId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import FormBroken, ReasonMissing
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Listed, Names, Person, TransactionRow
from vibestream.web.pages.finance.words import Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/payouts"
_AGREED: Final = frozenset({"agreed"})
_NOT_SENT: Final = "said_not_sent"
Text = Annotated[str, Form(max_length=1_000)]
Asked = Annotated[str, Query(max_length=60)]


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout in the list."""

    payout_id: UUID
    short: str
    person: Person
    state: Chip
    method: str
    net: Money
    requested_by: Person | None
    """None: the monthly run."""
    requested_at: datetime
    approvals_needed: int
    under_review: bool


@dataclass(frozen=True, slots=True)
class PayoutsView:
    """The list of payouts."""

    payouts: Listed[PayoutRow]
    state: str
    states: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened to a payout."""

    version: int
    at: datetime
    title: str
    note: str
    actor: Person | None
    transactions: tuple[TransactionRow, ...]


@dataclass(frozen=True, slots=True)
class PayoutPage:
    """One payout."""

    payout: Payout
    row: PayoutRow
    events: tuple[EventRow, ...]
    agreed: tuple[Person, ...]
    """Who agreed so far."""
    may_decide: bool
    own: bool
    """The reader is its payee or asked for it, and may not agree to it."""
    spoken_already: bool
    may_say_not_sent: bool
    other_amount: bool
    """The gateway has it at another amount than was asked for: nothing is posted of it by itself."""
    form: Filled
    done: str


@router.get(_PATH, policy=FINANCE)
async def list_payouts(request: Request, tx: TxDep, paging: PagingDep, state: Asked = "") -> Response:
    """Show payouts in a state or in any, the newest first."""
    spoken = shell_of(request).language
    after = paging.after_values(UUID)
    wanted = {PayoutState(state)} if state in set(PayoutState) else None
    found = await payouts.payouts(
        tx, states=wanted, before=None if after is None else PayoutId(after[0]), limit=paging.fetch
    )
    names = await _names(tx, *found)
    view = PayoutsView(
        payouts=shown.listed(
            paging,
            found,
            item=lambda one: _row(one, names, spoken),
            position=lambda one: (one.payout_id,),
            path=_PATH,
            state=state if wanted else "",
        ),
        state=state if wanted else "",
        states=tuple((one.value, spoken.gettext(words.PAYOUT_STATES[one][0])) for one in PayoutState),
    )
    return render(request, "finance/payouts.html", view)


@router.get(f"{_PATH}/{{payout_id}}", policy=FINANCE)
async def show_payout(
    *, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, payout_id: UUID, done: str = ""
) -> Response:
    """Show one payout with its story, each event with what it posted."""
    view = await _page(request, tx, payout_id, reader=principal.user_id, now=now, done=done)
    return render(request, "finance/payout.html", view)


@router.post(f"{_PATH}/{{payout_id}}", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def decide(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    payout_id: UUID,
    act: Text = "",
    reason: Text = "",
) -> Response:
    """Agree to a payout, refuse it, or say that it never reached its gateway."""
    payout, who = PayoutId(payout_id), principal.user_id
    try:
        match act:
            case "approve":
                await payouts.approve(tx, payout_id=payout, approver=who, now=now)
            case "reject" if reason.strip():
                await payouts.reject(tx, payout_id=payout, by=who, reason=reason.strip()[:200], now=now)
            case "reject":
                raise ReasonMissing("Say why, in words that the payee may read.")
            case "not-sent":
                await payouts.declare_not_sent(tx, payout_id=payout, by=who, now=now)
            case _:
                raise FormBroken("The form did not arrive whole.")
    except VibeStreamError as error:
        field = "reason" if isinstance(error, ReasonMissing) else ""
        form = Filled({"reason": reason}).refused(sentence_of(request, error), field_name=field)
        view = await _page(request, tx, payout_id, reader=who, now=now, form=form)
        raise answer_with(request, error, render(request, "finance/payout.html", view)) from None
    return see_other(f"{_PATH}/{payout_id}?done={act}")


async def _page(
    request: Request,
    tx: Tx,
    payout_id: UUID,
    *,
    reader: UserId,
    now: datetime,
    form: Filled | None = None,
    done: str = "",
) -> PayoutPage:
    spoken = shell_of(request).language
    found = await payouts.payout(tx, payout_id=PayoutId(payout_id))
    story = await payouts.timeline(tx, payout_id=found.payout_id)
    actors = [event.actor for event in story]
    names = await shown.names_of(tx, [found.user_id, found.requested_by, *actors])
    agreed = [event.actor for event in story if event.kind in _AGREED and event.actor]
    said = {event.actor for event in story if event.kind == _NOT_SENT}
    own = reader in {found.user_id, found.requested_by}
    waits = found.state in {PayoutState.SCREENING, PayoutState.REQUESTED}
    return PayoutPage(
        payout=found,
        row=_row(found, names, spoken),
        events=tuple([await _event(tx, event, names, spoken) for event in story]),
        agreed=tuple(shown.person(one, names) for one in agreed),
        may_decide=waits,
        own=own,
        spoken_already=reader in agreed,
        may_say_not_sent=payouts.may_declare_not_sent(found, now=now) and reader not in said and not own,
        other_amount=found.state is PayoutState.UNKNOWN and found.failure == payouts.AMOUNT_DIFFERS,
        form=form or Filled(),
        done=done,
    )


async def _event(tx: Tx, event: PayoutEvent, names: Names, spoken: Language) -> EventRow:
    behind = []
    if event.transaction_id is not None:
        behind = [await ledger.transaction(tx, transaction_id=event.transaction_id)]
    return EventRow(
        version=event.version,
        at=event.at,
        title=words.word(words.PAYOUT_EVENTS, event.kind, spoken),
        note=event.note,
        actor=shown.person(event.actor, names) if event.actor else None,
        transactions=tuple(await shown.transactions(tx, behind, spoken)),
    )


async def _names(tx: Tx, *found: Payout) -> Names:
    return await shown.names_of(tx, [who for one in found for who in (one.user_id, one.requested_by)])


def _row(one: Payout, names: Names, spoken: Language) -> PayoutRow:
    return PayoutRow(
        payout_id=one.payout_id,
        short=shown.short(one.payout_id),
        person=shown.person(one.user_id, names),
        state=words.chip(words.PAYOUT_STATES, one.state, spoken),
        method=one.method.value,
        net=one.net,
        requested_by=shown.person(one.requested_by, names) if one.requested_by else None,
        requested_at=one.requested_at,
        approvals_needed=one.approvals_needed,
        under_review=one.under_review,
    )
