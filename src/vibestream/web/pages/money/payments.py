"""One's own payments: waiting for one, going to the gateway's page, coming back, and what happened, in plain words.

Nothing is believed of the way back: the page shows what checkout learnt from the gateway itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import ARRIVED, ENDED, PaymentState, PaymentView, Purpose
from vibestream.contexts.payment.top_ups import service as top_ups
from vibestream.contexts.payment.top_ups.service import TopUpMissing
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import PaymentId, UserId
from vibestream.kernel.money import Money
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import PrincipalDep, TxDep
from vibestream.platform.http.pagination import PagingDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money import words
from vibestream.web.pages.money.paying import FORM_BYTES, address_of, goes_on_at
from vibestream.web.pages.money.words import Chip
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_LANDINGS: Final = {Purpose.SUBSCRIPTION: "/subscription"}
_PLACES: Final = {
    "/subscription": N_("Go to your subscription"),
    "/artists": N_("Back to the artist"),
    "/wallet": N_("Go to your wallet"),
}


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened to a payment."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment in the list."""

    payment_id: UUID
    what: str
    state: Chip
    amount: Money
    started_at: datetime
    method: str


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """A payment as its payer follows it."""

    payment: PaymentView
    what: str
    state: Chip
    stage: str
    """`preparing`, `leave`, `confirming`, `unsure`, `arriving`, `done`, `ended` or `returned`: what the page says first."""
    ending: str
    site: str
    moving: bool
    """Whether it will go on by itself, so that the page keeps looking."""
    cancellable: bool
    refundable: Money | None
    gave_up: bool
    back: bool
    events: tuple[EventRow, ...]
    onward: str
    onward_words: str
    form: Filled


@router.get("/payments", policy=SIGNED_IN)
async def list_payments(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    paging: PagingDep,
    payment: UUID | None = None,
    given_up: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """Show one's payments, the newest first; with `payment`, as gateways send payers back, that one."""
    if payment is not None:
        return see_other(address_of(payment, back=True) + ("&gave_up=1" if given_up else ""))
    spoken = shell_of(request).language
    after = paging.after_values(UUID)
    before = None if after is None else PaymentId(after[0])
    found = await checkout.payments(tx, user_id=principal.user_id, before=before, limit=paging.fetch)
    page = paging.page(found, item=lambda one: _row(one, spoken), position=lambda one: (one.payment_id,))
    return render(request, "money/payments.html", rows=tuple(page.items), next_cursor=page.next_cursor)


@router.get("/payments/{payment_id}", policy=SIGNED_IN)
async def show_payment(
    *,
    payment_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    back: Annotated[str, Query(max_length=1)] = "",
    gave_up: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """Show one of one's payments as it stands now."""
    page = await _page(tx, request, principal, payment_id, back=bool(back), gave_up=bool(gave_up))
    return render(request, "money/payment.html", page)


@router.post("/payments/{payment_id}/cancel", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def cancel_payment(payment_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Call off one's own payment while its money has not come."""
    try:
        await checkout.cancel(tx, payment_id=PaymentId(payment_id), user_id=principal.user_id)
    except checkout.NotCancellable as error:
        raise answer_with(request, error, await _refused(tx, request, principal, payment_id, error)) from None
    return see_other(address_of(payment_id, back=True))


@router.post("/payments/{payment_id}/refund", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def refund_top_up(payment_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Have what is still in one's wallet of a top-up back."""
    paid = PaymentId(payment_id)
    try:
        await top_ups.refund(
            tx,
            payment_id=paid,
            user_id=principal.user_id,
            amount=None,
            reason="Asked for by the payer",
            requested_by=principal.user_id,
        )
    except (top_ups.NothingToRefund, checkout.NotRefundable) as error:
        raise answer_with(request, error, await _refused(tx, request, principal, payment_id, error)) from None
    return see_other(address_of(payment_id, back=True))


async def _refused(
    tx: Tx, request: Request, principal: Principal, payment_id: UUID, error: VibeStreamError
) -> Response:
    form = Filled().refused(sentence_of(request, error))
    page = await _page(tx, request, principal, payment_id, back=True, gave_up=False, form=form)
    return render(request, "money/payment.html", page)


async def _page(
    tx: Tx,
    request: Request,
    principal: Principal,
    payment_id: UUID,
    *,
    back: bool,
    gave_up: bool,
    form: Filled | None = None,
) -> PaymentPage:
    spoken = shell_of(request).language
    found = await checkout.payment(tx, payment_id=PaymentId(payment_id), user_id=principal.user_id)
    settled = await wallets.settlement(tx, payment_id=found.payment_id) is not None
    stage = _stage(found, settled=settled, back=back)
    onward = goes_on_at(found, default=_LANDINGS.get(found.purpose, "/wallet"))
    place = next((one for one in _PLACES if onward.startswith(one)), "/wallet")
    entries = await checkout.timeline(tx, payment_id=found.payment_id)
    return PaymentPage(
        payment=found,
        what=spoken.gettext(words.PURPOSES[found.purpose]),
        state=words.chip(found.state, words.STATES, spoken),
        stage=stage,
        ending=words.ending_of(found, spoken) if stage == "ended" else "",
        site=words.site_of(found.gateway),
        moving=stage in {"preparing", "leave", "confirming", "unsure", "arriving"} or found.refunding.minor > 0,
        cancellable=found.state in {PaymentState.CREATED, PaymentState.PENDING},
        refundable=await _refundable(tx, found, user_id=principal.user_id, settled=settled),
        gave_up=gave_up and found.state is PaymentState.PENDING,
        back=back,
        events=tuple(EventRow(one.at, words.event_words(one.type, spoken)) for one in entries if one.shown_to_payer),
        onward=onward,
        onward_words=spoken.gettext(_PLACES[place]),
        form=form or Filled(),
    )


def _stage(found: PaymentView, *, settled: bool, back: bool) -> str:  # noqa: PLR0911 - one line a stage
    match found.state:
        case PaymentState.CREATED:
            return "preparing"
        case PaymentState.PENDING if found.redirect_url is None:
            return "preparing"
        case PaymentState.PENDING:
            return "confirming" if back else "leave"
        case PaymentState.AUTHORISED:
            return "confirming"
        case PaymentState.UNKNOWN:
            return "unsure"
        case state if state in ENDED:
            return "ended"
        case PaymentState.CAPTURED:
            return "done" if settled else "arriving"
        case _:
            return "returned"


async def _refundable(tx: Tx, found: PaymentView, *, user_id: UserId, settled: bool) -> Money | None:
    """Return what of a top-up can be had back now; None when it is none, or nothing is."""
    if (
        found.purpose is not Purpose.WALLET_TOP_UP
        or not settled
        or found.state not in ARRIVED - {PaymentState.DISPUTED}
    ):
        return None
    try:
        most = await top_ups.refundable(tx, payment_id=found.payment_id, user_id=user_id)
    except TopUpMissing:
        return None
    return most if most.minor > 0 else None


def _row(one: PaymentView, spoken: Language) -> PaymentRow:
    return PaymentRow(
        payment_id=one.payment_id,
        what=spoken.gettext(words.PURPOSES[one.purpose]),
        state=words.chip(one.state, words.STATES, spoken),
        amount=one.amount,
        started_at=one.started_at,
        method=words.site_of(one.gateway),
    )
