"""Payments: all of them by filter, and one with its story, every posting behind it, its disputes and its refunds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import (
    ARRIVED,
    PaymentState,
    PaymentView,
    RefundExceedsPayment,
    Traced,
)
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.user.accounts import service as accounts
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import PaymentId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.finance import shown, words
from vibestream.web.pages.finance.asked import key_of, money_of
from vibestream.web.pages.finance.payment_facts import FactRow, fact_rows
from vibestream.web.pages.finance.shown import BODY_BYTES, FINANCE, Listed, Names, Person, TransactionRow
from vibestream.web.pages.finance.words import Chip
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PATH: Final = "/finance/payments"
_BEARERS: Final = ("wallet", "escrow", "platform")
Text = Annotated[str, Form(max_length=1_000)]
Asked = Annotated[str, Query(max_length=320)]


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment in the list."""

    payment_id: UUID
    short: str
    person: Person
    purpose: str
    state: Chip
    gateway: str
    amount: Money
    started_at: datetime
    flags: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class PaymentsView:
    """The list of payments."""

    payments: Listed[PaymentRow]
    filters: dict[str, str]
    trouble: str
    """Why nothing is found, when what was asked for cannot be."""
    states: tuple[tuple[str, str], ...]
    gateways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened to a payment, and what it moved."""

    version: int
    at: datetime
    title: str
    facts: tuple[FactRow, ...]
    transactions: tuple[TransactionRow, ...]


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """One payment."""

    payment: PaymentView
    person: Person
    purpose: str
    state: Chip
    flags: tuple[Chip, ...]
    left: Money
    """What can still be refunded."""
    refundable: bool
    bearers: tuple[tuple[str, str], ...]
    events: tuple[EventRow, ...]
    elsewhere: tuple[TransactionRow, ...]
    form: Filled
    done: str


@router.get(_PATH, policy=FINANCE)
async def list_payments(
    *,
    request: Request,
    tx: TxDep,
    paging: PagingDep,
    state: Asked = "",
    gateway: Asked = "",
    person: Asked = "",
    since: Asked = "",
    until: Asked = "",
) -> Response:
    """Show payments by state, gateway, person and day, the newest first."""
    spoken = shell_of(request).language
    asked = {"state": state, "gateway": gateway, "person": person.strip(), "since": since, "until": until}
    rows: list[PaymentView] = []
    trouble, after = "", paging.after_values(UUID)
    try:
        rows = await checkout.payments(
            tx,
            user_id=await _user(tx, asked["person"]),
            state=PaymentState(state) if state else None,
            gateway=GatewayName(gateway) if gateway else None,
            since=_midnight(since),
            until=_midnight(until, days=1),
            before=None if after is None else PaymentId(after[0]),
            limit=paging.fetch,
        )
    except VibeStreamError as error:
        trouble = sentence_of(request, error)
    except (ValueError, OverflowError):
        trouble = spoken.gettext("One of the filters is not understood. Choose it again.")
    names = await shown.names_of(tx, [one.user_id for one in rows])
    view = PaymentsView(
        payments=shown.listed(
            paging,
            rows,
            item=lambda one: _row(one, names, spoken),
            position=lambda one: (one.payment_id,),
            path=_PATH,
            **asked,
        ),
        filters=asked,
        trouble=trouble,
        states=tuple((one.value, spoken.gettext(words.PAYMENT_STATES[one][0])) for one in PaymentState),
        gateways=tuple(one.value for one in GatewayName),
    )
    return render(request, "finance/payments.html", view)


@router.get(f"{_PATH}/{{payment_id}}", policy=FINANCE)
async def show_payment(request: Request, tx: TxDep, payment_id: UUID, done: str = "") -> Response:
    """Show one payment with its timeline; each event opens to its transactions and postings."""
    return render(request, "finance/payment.html", await _page(request, tx, payment_id, done=done))


@router.post(f"{_PATH}/{{payment_id}}/refund", policy=FINANCE, max_body_bytes=BODY_BYTES)
async def refund(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    payment_id: UUID,
    amount: Text = "",
    reason: Text = "",
    source: Text = "",
    key: Text = "",
    sure: Text = "",
) -> Response:
    """Ask for some of a payment to be given back. Sent twice, the form asks once: its key is made with the form."""
    typed = {"amount": amount, "reason": reason, "source": source, "key": key}
    field = "amount"
    try:
        view = await checkout.payment(tx, payment_id=PaymentId(payment_id))
        money, left = money_of(amount, view.amount.currency), _left(view)
        if money.minor > left.minor:
            raise RefundExceedsPayment(asked=money, left=left)
        field = ""
        if sure != "yes":
            page = await _page(request, tx, payment_id, form=Filled(typed))
            return shown.in_place(render(request, "finance/refund.html", page, money=money))
        await checkout.request_refund(
            tx,
            key=f"refund:console:{key_of(key)}",
            payment_id=view.payment_id,
            amount=money,
            reason=reason.strip(),
            requested_by=principal.user_id,
            source=checkout.bearer_of(view, who=source if source in _BEARERS else None),
        )
    except VibeStreamError as error:
        form = Filled(typed).refused(sentence_of(request, error), field_name=field)
        page = await _page(request, tx, payment_id, form=form)
        raise answer_with(request, error, render(request, "finance/payment.html", page)) from None
    return see_other(f"{_PATH}/{payment_id}?done=refund")


async def rows_of_person(tx: Tx, *, user_id: UserId, limit: int, spoken: Language) -> tuple[PaymentRow, ...]:
    """Return the latest payments of a person as they are listed."""
    found = await checkout.payments(tx, user_id=user_id, limit=limit)
    names = await shown.names_of(tx, [user_id])
    return tuple(_row(one, names, spoken) for one in found)


async def _page(
    request: Request, tx: Tx, payment_id: UUID, *, form: Filled | None = None, done: str = ""
) -> PaymentPage:
    spoken = shell_of(request).language
    found = await checkout.traced(tx, payment_id=PaymentId(payment_id))
    view = found.payment
    left = _left(view)
    fresh = {"amount": left.decimal, "key": str(new_id()), "reason": "", "source": ""}
    filled = Filled(fresh) if form is None else replace(form, values={**fresh, **form.values})
    names = await shown.names_of(tx, [view.user_id])
    return PaymentPage(
        payment=view,
        person=shown.person(view.user_id, names),
        purpose=words.word(words.PURPOSES, view.purpose, spoken),
        state=words.chip(words.PAYMENT_STATES, view.state, spoken),
        flags=_flags(view, spoken),
        left=left,
        refundable=view.state in ARRIVED and view.state is not PaymentState.DISPUTED and left.minor > 0,
        bearers=_bearers(spoken),
        events=await _events(tx, found, spoken),
        elsewhere=tuple(await shown.transactions(tx, found.elsewhere, spoken)),
        form=filled,
        done=done,
    )


async def _events(tx: Tx, found: Traced, spoken: Language) -> tuple[EventRow, ...]:
    rows = await shown.transactions(tx, list(found.transactions.values()), spoken)
    behind = {row.transaction_id: row for row in rows}
    return tuple(
        EventRow(
            version=entry.version,
            at=entry.at,
            title=words.word(words.PAYMENT_EVENTS, entry.type, spoken),
            facts=fact_rows(entry.facts, spoken),
            transactions=tuple(behind[UUID(str(one))] for one in entry.transaction_ids),
        )
        for entry in found.timeline
    )


def _left(view: PaymentView) -> Money:
    """Return what can still be refunded, counting what is on its way back."""
    return view.captured - view.refunded - view.refunding


def _row(one: PaymentView, names: Names, spoken: Language) -> PaymentRow:
    return PaymentRow(
        payment_id=one.payment_id,
        short=shown.short(one.payment_id),
        person=shown.person(one.user_id, names),
        purpose=words.word(words.PURPOSES, one.purpose, spoken),
        state=words.chip(words.PAYMENT_STATES, one.state, spoken),
        gateway=one.gateway.value if one.gateway else "",
        amount=one.amount,
        started_at=one.started_at,
        flags=_flags(one, spoken),
    )


def _flags(one: PaymentView, spoken: Language) -> tuple[Chip, ...]:
    """Return what of a payment wants somebody's look."""
    flags = []
    if one.in_review:
        flags.append(Chip(spoken.gettext("in review"), words.WARM))
    if one.refunding.minor:
        flags.append(Chip(spoken.gettext("refund under way"), words.WARM))
    if one.unexplained:
        flags.append(Chip(spoken.gettext("does not fit"), words.BAD))
    return tuple(flags)


def _bearers(spoken: Language) -> tuple[tuple[str, str], ...]:
    return (
        ("", spoken.gettext("whoever the money went to")),
        ("wallet", spoken.gettext("the payer's wallet")),
        ("escrow", spoken.gettext("the payment's own escrow")),
        ("platform", spoken.gettext("VibeStream, as a loss")),
    )


async def _user(tx: Tx, asked: str) -> UserId | None:
    """Return whose payments are wanted: an address, or an id."""
    if not asked:
        return None
    if "@" in asked:
        return (await accounts.user_by_email(tx, email=asked)).user_id
    return UserId(UUID(asked))


def _midnight(day: str, *, days: int = 0) -> datetime | None:
    if not day:
        return None
    return datetime.combine(date.fromisoformat(day), time(), tzinfo=UTC) + timedelta(days=days)
