"""One's subscription: plans, ordering, trying for free, changing with the difference shown first, cancelling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.checkout.service import ENDED
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.contexts.payment.subscriptions.service import Cycle, Family, Payer, Standing, State, Terms
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency, Money, UnknownCurrency
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money import plans as shown
from vibestream.web.pages.money.paying import (
    FORM_BYTES,
    address_of,
    come_back_to,
    device_of,
    method_for,
    methods_of,
    network_of,
)
from vibestream.web.pages.money.plans import InvoiceRow, PlanCard
from vibestream.web.pages.money.words import Chip, chip
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_PAGE = "/subscription"
Typed = Annotated[str, Form(max_length=40)]
Asked = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation that was just made: its code, which is shown this once, and the page where it is entered."""

    code: str
    where: str


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """The subscription page."""

    standing: Standing
    name: str
    next_name: str
    state: Chip | None
    end_words: str
    under_way: bool
    """A payment for it was begun and can still come in."""
    cycle: Cycle
    currency: str
    currencies: tuple[str, ...]
    cards: tuple[PlanCard, ...]
    history: tuple[InvoiceRow, ...]
    family: Family | None
    names: dict[UserId, str]
    owns: bool
    invitation: NewInvitation | None
    form: Filled
    done: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """The page on which a plan is ordered, or a change of it confirmed."""

    card: PlanCard
    cycle: Cycle
    currency: str
    methods: tuple[tuple[str, str], ...]
    trial: bool
    form: Filled


@router.get(_PAGE, policy=SIGNED_IN)
async def show_subscription(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    cycle: Asked = "",
    currency: Asked = "",
    done: Asked = "",
) -> Response:
    """Show the plans, and one's own subscription with its history."""
    return await subscription_page(request, tx, principal, now=now, cycle=cycle, currency=currency, done=done)


@router.get(f"{_PAGE}/order", policy=SIGNED_IN)
async def show_order(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    plan: Asked = "",
    cycle: Asked = "",
    currency: Asked = "",
) -> Response:
    """Show what an order costs, before it is made."""
    return await _order_page(request, tx, principal, runtime, now=now, asked=(plan, cycle, currency), form=Filled())


@router.post(f"{_PAGE}/order", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def order(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    plan: Typed = "",
    cycle: Typed = "",
    currency: Typed = "",
    method: Typed = "",
    keep: Typed = "",
    action: Typed = "",
) -> Response:
    """Order a plan and go to its payment, or begin its trial."""
    try:
        money, terms = Currency.of(currency), Terms(plan=plan, cycle=_cycle(cycle))
        if action == "trial":
            await subscriptions.start_trial(tx, user_id=principal.user_id, terms=terms, currency=money, now=now)
            return see_other(f"{_PAGE}?done=trial")
        payer = _payer(request, principal, runtime, method=method, currency=money, keep=bool(keep))
        ordered = await subscriptions.subscribe(
            tx, user_id=principal.user_id, terms=terms, currency=money, payer=payer, now=now
        )
    except VibeStreamError as error:
        form = _refused(request, error, method=method, keep=keep)
        page = await _order_page(request, tx, principal, runtime, now=now, asked=(plan, cycle, currency), form=form)
        raise answer_with(request, error, page) from None
    return see_other(address_of(ordered.payment.payment_id) if ordered.payment else _PAGE)


@router.get(f"{_PAGE}/change", policy=SIGNED_IN)
async def show_change(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    plan: Asked = "",
    cycle: Asked = "",
) -> Response:
    """Show what a change costs and when it takes effect, before it is made."""
    return await _change_page(request, tx, principal, runtime, now=now, plan=plan, cycle=cycle, form=Filled())


@router.post(f"{_PAGE}/change", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def change(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    plan: Typed = "",
    cycle: Typed = "",
    method: Typed = "",
    keep: Typed = "",
) -> Response:
    """Change the plan: at once when its difference is paid, or with the next period; or drop a change that was planned."""
    try:
        standing = await subscriptions.standing(tx, user_id=principal.user_id, now=now)
        currency = standing.subscription.currency if standing.subscription else Currency.of("USD")
        payer = _payer(request, principal, runtime, method=method, currency=currency, keep=bool(keep))
        changed = await subscriptions.change_plan(
            tx, user_id=principal.user_id, terms=Terms(plan=plan, cycle=_cycle(cycle)), payer=payer, now=now
        )
    except VibeStreamError as error:
        form = _refused(request, error, method=method, keep=keep)
        page = await _change_page(request, tx, principal, runtime, now=now, plan=plan, cycle=cycle, form=form)
        raise answer_with(request, error, page) from None
    return see_other(address_of(changed.payment.payment_id) if changed.payment else f"{_PAGE}?done=changed")


@router.post(f"{_PAGE}/drop-change", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def drop_change(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Drop a change that was planned for the next period."""
    standing = await subscriptions.standing(tx, user_id=principal.user_id, now=now)
    if standing.subscription is None:
        raise subscriptions.SubscriptionMissing("You have no subscription.")
    await subscriptions.change_plan(
        tx,
        user_id=principal.user_id,
        terms=standing.subscription.terms,
        payer=Payer(return_to=come_back_to(_PAGE), network=network_of(request), device=device_of(principal)),
        now=now,
    )
    return see_other(f"{_PAGE}?done=kept")


@router.post(f"{_PAGE}/pay", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def pay(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Pay what is due, or go on with a payment under way."""
    payer = Payer(return_to=come_back_to(_PAGE), network=network_of(request), device=device_of(principal))
    try:
        ordered = await subscriptions.pay(tx, user_id=principal.user_id, payer=payer, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        raise answer_with(request, error, await subscription_page(request, tx, principal, now=now, form=form)) from None
    return see_other(address_of(ordered.payment.payment_id) if ordered.payment else _PAGE)


@router.post(f"{_PAGE}/cancel", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def cancel(tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """End one's subscription with its period."""
    await subscriptions.cancel(tx, user_id=principal.user_id, now=now)
    return see_other(f"{_PAGE}?done=cancelled")


@router.post(f"{_PAGE}/undo-cancel", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def undo_cancel(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Let one's subscription go on after all."""
    try:
        await subscriptions.undo_cancel(tx, user_id=principal.user_id, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        raise answer_with(request, error, await subscription_page(request, tx, principal, now=now, form=form)) from None
    return see_other(f"{_PAGE}?done=goes_on")


async def subscription_page(
    request: Request,
    tx: Tx,
    principal: Principal,
    *,
    now: datetime,
    cycle: str = "",
    currency: str = "",
    done: str = "",
    invitation: NewInvitation | None = None,
    form: Filled | None = None,
) -> Response:
    """Return the subscription page; `invitation` was just made, and is shown once."""
    spoken = shell_of(request).language
    standing = await subscriptions.standing(tx, user_id=principal.user_id, now=now)
    own, prices = standing.subscription, await subscriptions.prices(tx, now=now)
    live = own is not None and own.live and own.state is not State.INCOMPLETE
    chosen = _cycle(cycle or (own.terms.cycle.value if own and live else ""))
    money = own.currency if own and live else _currency(currency)
    family = await subscriptions.family(tx, user_id=principal.user_id, now=now)
    people = [] if family is None else [family.owner, *(one.user_id for one in family.members)]
    lines = [] if own is None else await subscriptions.invoices_of(tx, subscription_id=own.subscription_id)
    payment = standing.payment
    view = SubscriptionView(
        standing=standing,
        name=shown.name_of(own.terms, spoken) if own else "",
        next_name=shown.name_of(own.next_terms, spoken) if own and own.next_terms else "",
        state=chip(own.state, shown.STATES, spoken) if own else None,
        end_words=spoken.gettext(shown.ENDS[own.end_reason]) if own and own.end_reason else "",
        under_way=payment is not None and payment.state not in ENDED,
        cycle=chosen,
        currency=money.code,
        currencies=(money.code,) if live else shown.CURRENCIES,
        cards=shown.cards(
            await subscriptions.plans(tx), prices, cycle=chosen, currency=money, subscription=own, spoken=spoken
        ),
        history=tuple(shown.invoice_row(line, spoken) for line in lines),
        family=family,
        names=await profiles.names_of(tx, user_ids=people),
        owns=family is not None and family.owner == principal.user_id,
        invitation=invitation,
        form=form or Filled(),
        done=done,
    )
    return render(request, "money/subscription.html", view)


async def _order_page(
    request: Request,
    tx: Tx,
    principal: Principal,
    runtime: Runtime,
    *,
    now: datetime,
    asked: tuple[str, str, str],
    form: Filled,
) -> Response:
    plan, cycle, currency = asked
    spoken = shell_of(request).language
    standing = await subscriptions.standing(tx, user_id=principal.user_id, now=now)
    chosen, money = _cycle(cycle), _currency(currency)
    found = shown.cards(
        await subscriptions.plans(tx),
        await subscriptions.prices(tx, now=now),
        cycle=chosen,
        currency=money,
        subscription=None,
        spoken=spoken,
    )
    card = next((one for one in found if one.code == plan and one.price is not None), None)
    if card is None:
        raise subscriptions.UnknownPlan("There is no such plan.")
    trial = standing.trial_available and card.trial_days > 0
    methods = _methods_in(runtime, money, methods_of(runtime, spoken))
    return render(request, "money/order.html", OrderView(card, chosen, money.code, methods, trial, form))


async def _change_page(
    request: Request,
    tx: Tx,
    principal: Principal,
    runtime: Runtime,
    *,
    now: datetime,
    plan: str,
    cycle: str,
    form: Filled,
) -> Response:
    spoken = shell_of(request).language
    terms = Terms(plan=plan, cycle=_cycle(cycle))
    asked = await subscriptions.quote_change(tx, user_id=principal.user_id, terms=terms, now=now)
    return render(
        request,
        "money/change.html",
        asked=asked,
        given=asked.due - asked.charge if asked.at_once else Money.zero(asked.worth.currency),
        name=shown.name_of(terms, spoken),
        methods=_methods_in(runtime, asked.worth.currency, methods_of(runtime, spoken)),
        form=form,
    )


def _methods_in(
    runtime: Runtime, currency: Currency, methods: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Return those of the ways to pay that deal in a currency."""
    able = []
    for code, word in methods:
        try:
            method_for(runtime, code, currency)
        except VibeStreamError:
            continue
        able.append((code, word))
    return tuple(able)


def _payer(
    request: Request, principal: Principal, runtime: Runtime, *, method: str, currency: Currency, keep: bool
) -> Payer:
    return Payer(
        return_to=come_back_to(_PAGE),
        keep_method=keep,
        gateway=method_for(runtime, method, currency) if method else None,
        network=network_of(request),
        device=device_of(principal),
    )


def _refused(request: Request, error: VibeStreamError, *, method: str, keep: str) -> Filled:
    field = "method" if error.code == "form.method_unavailable" else ""
    return Filled({"method": method, "keep": keep}).refused(sentence_of(request, error), field_name=field)


def _cycle(text: str) -> Cycle:
    return Cycle.YEARLY if text == Cycle.YEARLY.value else Cycle.MONTHLY


def _currency(text: str) -> Currency:
    try:
        return Currency.of(text) if text in shown.CURRENCIES else Currency.of("USD")
    except UnknownCurrency:
        return Currency.of("USD")
