"""Exchanging what is in one's wallet: a quote to look at, and carrying it out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.exchange import service as exchange
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.money import Currency
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money.paying import FORM_BYTES, typed_amount
from vibestream.web.pages.money.wallet import wallet_page
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

Typed = Annotated[str, Form(max_length=40)]


@router.post("/wallet/exchanges", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def ask_for_quote(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    sell: Typed = "",
    given: Annotated[str, Form(alias="from", max_length=40)] = "",
    into: Typed = "",
) -> Response:
    """Ask what an amount would become, and go to the offer."""
    try:
        offer = await exchange.quote(
            tx,
            user_id=principal.user_id,
            sell=typed_amount(sell, Currency.of(given)),
            buy=Currency.of(into),
            policy=exchange.policy_of(runtime.settings),
            now=now,
        )
    except VibeStreamError as error:
        filled = Filled({"sell": sell, "from": given, "into": into})
        form = filled.refused(sentence_of(request, error), field_name="sell")
        page = await wallet_page(request, tx, principal, runtime, now=now, exchange_form=form)
        raise answer_with(request, error, page) from None
    return see_other(f"/wallet/exchanges/{offer.quote_id}")


@router.get("/wallet/exchanges/{quote_id}", policy=SIGNED_IN)
async def show_quote(quote_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Show an offer, and whether it still stands."""
    return await _page(request, tx, principal, quote_id, now=now)


@router.post("/wallet/exchanges/{quote_id}", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def carry_out(
    *, quote_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep
) -> Response:
    """Carry an offer out, once."""
    policy = exchange.policy_of(runtime.settings)
    try:
        await exchange.execute(tx, quote_id=quote_id, user_id=principal.user_id, policy=policy, now=now)
    except VibeStreamError as error:
        if isinstance(error, exchange.UnknownQuote):
            raise
        page = await _page(
            request, tx, principal, quote_id, now=now, form=Filled().refused(sentence_of(request, error))
        )
        raise answer_with(request, error, page) from None
    return see_other("/wallet?done=exchanged")


async def _page(
    request: Request, tx: Tx, principal: Principal, quote_id: UUID, *, now: datetime, form: Filled | None = None
) -> Response:
    offer, done = await exchange.quote_of_person(tx, quote_id=quote_id, user_id=principal.user_id)
    spoken = shell_of(request).language
    return render(
        request,
        "money/exchange.html",
        offer=offer,
        rate=spoken.decimal(Decimal(offer.rate.decimal)),
        kept=spoken.percent(Decimal(offer.rate.spread_bp).scaleb(-4), exact=True),
        done=done,
        expired=done is None and offer.expires_at <= now,
        form=form or Filled(),
    )
