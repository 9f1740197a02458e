"""Payouts of a payee: what could leave now, where it goes, asking for it, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.gateways.service import GatewayName, Gateways
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.service import CHANGE_DELAY, Destination, Origin, Payable, Payout, ToldState
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import PayoutId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.rate_limits import address_key
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.localization import Language
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money import words
from vibestream.web.pages.money.paying import FORM_BYTES, device_of, typed_amount
from vibestream.web.pages.money.words import Chip
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_PAGE: Final = "/studio/payouts"
_FRESH: Final = 5
"""Minutes since whose money it is has shown that it is them."""
_RECENT: Final = 20
Typed = Annotated[str, Form(max_length=60)]
OBSTACLES: Final = {
    "no_destination": N_("Say first where it goes."),
    "destination_waits": N_("The destination was changed; nothing is paid out until the wait is over."),
    "address_changed": N_("Your e-mail address was changed; nothing is paid out for 72 hours."),
    "destination_unready": N_("The payment service still asks you for something before it takes money for you."),
    "currency": N_("Your destination is not paid in this currency."),
    "below_minimum": N_("It is less than the least that is paid out at once."),
}


@dataclass(frozen=True, slots=True)
class PayableRow:
    """What one has of a currency, and why none of it can leave now."""

    found: Payable
    obstacle: str


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout in the history."""

    payout_id: UUID
    at: datetime
    state: Chip
    gross: Money
    net: Money
    where: str


@dataclass(frozen=True, slots=True)
class PayoutsView:
    """The payouts page."""

    rows: tuple[PayableRow, ...]
    destination: Destination | None
    site: str
    waits: bool
    frozen_until: datetime | None
    """Until then nothing is paid out, because the account's e-mail address was changed; None: it is not so."""
    delay_hours: int
    stripe: bool
    history: tuple[PayoutRow, ...]
    key: UUID
    """Of the request that the form would make, so that sending it twice asks once."""
    form: Filled
    destination_form: Filled
    done: str


@router.get(_PAGE, policy=SIGNED_IN)
async def show_payouts(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    done: str = "",
    onboarded: str = "",
    onboarding: str = "",
) -> Response:
    """Show what could be paid out, where to, and what was."""
    said = "onboarded" if onboarded else "again" if onboarding else done
    return await _page(request, tx, principal, runtime, now=now, done=said)


@router.post(_PAGE, policy=SIGNED_IN, max_body_bytes=FORM_BYTES, dependencies=[Depends(proven(_FRESH))])
async def request_payout(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    key: Annotated[UUID, Form()],
    currency: Typed = "",
    amount: Typed = "",
) -> Response:
    """Ask for a payout of an amount, or of all there is."""
    try:
        money = Currency.of(currency)
        asked = await payouts.request_payout(
            tx,
            key=f"page:{principal.user_id}:{key}",
            user_id=principal.user_id,
            currency=money,
            amount=typed_amount(amount, money) if amount.strip() else None,
            requested_by=principal.user_id,
            origin=Origin(network=address_key(request), device=device_of(principal)),
            now=now,
        )
    except VibeStreamError as error:
        form = Filled({"amount": amount, "currency": currency}).refused(
            sentence_of(request, error), field_name="amount"
        )
        page = await _page(request, tx, principal, runtime, now=now, form=form)
        raise answer_with(request, error, page) from None
    return see_other(f"{_PAGE}/{asked.payout_id}")


@router.post(
    f"{_PAGE}/destination", policy=SIGNED_IN, max_body_bytes=FORM_BYTES, dependencies=[Depends(proven(_FRESH))]
)
async def set_paypal(
    *, request: Request, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep, address: Typed = ""
) -> Response:
    """Have one's money sent to a PayPal address."""
    try:
        await payouts.set_destination(
            tx, user_id=principal.user_id, method=GatewayName.PAYPAL, address=address, ready=True, now=now
        )
    except VibeStreamError as error:
        form = Filled({"address": address}).refused(sentence_of(request, error), field_name="address")
        page = await _page(request, tx, principal, runtime, now=now, destination_form=form)
        raise answer_with(request, error, page) from None
    return see_other(f"{_PAGE}?done=destination")


@router.post(
    f"{_PAGE}/destination/undo", policy=SIGNED_IN, max_body_bytes=FORM_BYTES, dependencies=[Depends(proven(_FRESH))]
)
async def undo_destination(
    request: Request, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep
) -> Response:
    """Go back to the destination before a change that still waits."""
    try:
        await payouts.undo_change(tx, user_id=principal.user_id, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        page = await _page(request, tx, principal, runtime, now=now, destination_form=form)
        raise answer_with(request, error, page) from None
    return see_other(f"{_PAGE}?done=undone")


@router.post(f"{_PAGE}/stripe", policy=SIGNED_IN, max_body_bytes=FORM_BYTES, dependencies=[Depends(proven(_FRESH))])
async def open_stripe(  # the gateway is asked, so no transaction is open
    *,
    request: Request,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    country: Typed = "",
    email: Annotated[str, Form(max_length=254)] = "",
) -> Response:
    """Open or complete one's account at Stripe: shows the way to its page, since a form must not lead there itself."""
    here = f"{runtime.settings.base_url}{_PAGE}"
    try:
        url = await payouts.begin_onboarding(
            runtime,
            user_id=principal.user_id,
            email=email.strip(),
            name=principal.display_name or "VibeStream artist",
            country=country.strip().upper(),
            return_url=f"{here}?onboarded=1",
            refresh_url=f"{here}?onboarding=again",
            now=now,
        )
    except VibeStreamError as error:
        form = Filled({"country": country, "email": email}).refused(sentence_of(request, error), field_name="country")
        async with runtime.database.begin(read_only=True) as tx:
            page = await _page(request, tx, principal, runtime, now=now, destination_form=form)
        raise answer_with(request, error, page) from None
    return render(request, "money/to_stripe.html", url=url)


@router.post(f"{_PAGE}/stripe/use", policy=SIGNED_IN, max_body_bytes=FORM_BYTES, dependencies=[Depends(proven(_FRESH))])
async def use_stripe(request: Request, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep) -> Response:
    """Have one's money sent to one's account at Stripe."""
    try:
        await payouts.use_own_account(runtime, user_id=principal.user_id, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        async with runtime.database.begin(read_only=True) as tx:
            page = await _page(request, tx, principal, runtime, now=now, destination_form=form)
        raise answer_with(request, error, page) from None
    return see_other(f"{_PAGE}?done=destination")


@router.get(f"{_PAGE}/history", policy=SIGNED_IN)
async def show_history(request: Request, tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Response:
    """Show every payout, the newest first."""
    spoken = shell_of(request).language
    after = paging.after_values(UUID)
    before = None if after is None else PayoutId(after[0])
    found = await payouts.payouts(tx, user_id=principal.user_id, before=before, limit=paging.fetch)
    page = paging.page(found, item=lambda one: _row(one, spoken), position=lambda one: (one.payout_id,))
    return render(request, "money/payout_history.html", rows=tuple(page.items), next_cursor=page.next_cursor)


@router.get(f"{_PAGE}/{{payout_id}}", policy=SIGNED_IN)
async def show_payout(payout_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show one of one's payouts with its story."""
    spoken = shell_of(request).language
    found = await payouts.payout(tx, payout_id=PayoutId(payout_id), user_id=principal.user_id)
    events = await payouts.story(tx, payout_id=found.payout_id, user_id=principal.user_id)
    return render(
        request,
        "money/payout.html",
        payout=found,
        row=_row(found, spoken),
        events=[(one.at, spoken.gettext(words.PAYOUT_EVENTS[one.kind]), one.note) for one in events],
        cancellable=payouts.state_told(found.state) is ToldState.REQUESTED,
        moving=found.state in payouts.UNFINISHED,
    )


@router.post(f"{_PAGE}/{{payout_id}}/cancel", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def cancel_payout(payout_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Take a request back while it waits for agreement."""
    await payouts.cancel(tx, payout_id=PayoutId(payout_id), user_id=principal.user_id, now=now)
    return see_other(f"{_PAGE}/{payout_id}")


async def _page(
    request: Request,
    tx: Tx,
    principal: Principal,
    runtime: Runtime,
    *,
    now: datetime,
    done: str = "",
    form: Filled | None = None,
    destination_form: Filled | None = None,
) -> Response:
    spoken = shell_of(request).language
    destination = await payouts.destination(tx, user_id=principal.user_id)
    overview = await payouts.overview(tx, user_id=principal.user_id, now=now)
    history = await payouts.payouts(tx, user_id=principal.user_id, limit=_RECENT)
    view = PayoutsView(
        rows=tuple(
            PayableRow(one, spoken.gettext(OBSTACLES[one.obstacle]) if one.obstacle else "") for one in overview
        ),
        destination=destination,
        site=words.site_of(destination.method) if destination else "",
        waits=destination is not None and now < destination.usable_from,
        frozen_until=_frozen(destination, now),
        delay_hours=int(CHANGE_DELAY.total_seconds()) // 3600,
        stripe=GatewayName.STRIPE in runtime.part(Gateways).configured,
        history=tuple(_row(one, spoken) for one in history),
        key=new_id(),
        form=form or Filled(),
        destination_form=destination_form or Filled(),
        done=done,
    )
    return render(request, "money/payouts.html", view)


def _frozen(destination: Destination | None, now: datetime) -> datetime | None:
    until = None if destination is None else destination.frozen_until
    return until if until is not None and now < until else None


def _row(one: Payout, spoken: Language) -> PayoutRow:
    return PayoutRow(
        payout_id=one.payout_id,
        at=one.requested_at,
        state=words.chip(payouts.state_told(one.state), words.PAYOUT_STATES, spoken),
        gross=one.gross,
        net=one.net,
        where=f"{words.site_of(one.method)}, {one.address}",
    )
