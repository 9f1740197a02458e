"""Tips: giving one to an artist, from the wallet or by a payment."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.payment.tips.service import MESSAGE_CHARACTERS, Payer, PayWith
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistProfile
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import Currency
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import ProofTooOld
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money.paying import (
    FORM_BYTES,
    address_of,
    come_back_to,
    device_of,
    method_for,
    methods_of,
    network_of,
    typed_amount,
)
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

Typed = Annotated[str, Form(max_length=40)]
_FRESH: Final = 5
"""How many minutes a proof is good for, for a large tip."""
_WALLET: Final = ("wallet", N_("From your wallet"))
_FIELDS: Final = {
    "form.amount_unreadable": "amount",
    "tips.out_of_bounds": "amount",
    "wallet.too_low": "method",
    "form.method_unavailable": "method",
    "text.invalid": "message",
}


@router.get("/artists/{handle}/tip", policy=SIGNED_IN)
async def show_tip(
    *,
    handle: str,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    done: str = "",
) -> Response:
    """Show the form for a tip; after one from the wallet, that it was given."""
    artist = await profiles.artist_by_handle(tx, handle=handle)
    return await _page(request, tx, principal, runtime, artist, now=now, done=bool(done))


@router.post("/artists/{handle}/tip", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def give_tip(
    *,
    handle: str,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    key: Annotated[UUID, Form()],
    amount: Typed = "",
    currency: Typed = "",
    method: Typed = "",
    message: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Give a tip: from the wallet at once, or by going to its payment. The same form sent again leads to the same tip."""
    artist = await profiles.artist_by_handle(tx, handle=handle)
    by_wallet = method == _WALLET[0]
    pay_with = PayWith.WALLET if by_wallet else PayWith.GATEWAY
    try:
        money = Currency.of(currency)
        asked = typed_amount(amount, money)
        if await tips.wants_proof(tx, amount=asked, pay_with=pay_with, now=now):
            await proven(_FRESH)(request)
        given = await tips.send(
            tx,
            key=f"page:{key}",
            from_user=principal.user_id,
            artist_id=artist.artist_id,
            amount=asked,
            message=message,
            pay_with=pay_with,
            payer=Payer(
                return_to=come_back_to(f"/artists/{artist.handle}"),
                gateway=None if by_wallet else method_for(runtime, method, money),
                email=(await accounts.account(tx, user_id=principal.user_id)).email,
                network=network_of(request),
                device=device_of(principal),
            ),
            now=now,
        )
    except ProofTooOld:
        raise  # answered by the prompt, which sends this form again
    except VibeStreamError as error:
        filled = Filled({"amount": amount, "currency": currency, "method": method, "message": message})
        form = filled.refused(sentence_of(request, error), field_name=_FIELDS.get(error.code, ""))
        page = await _page(request, tx, principal, runtime, artist, now=now, form=form)
        raise answer_with(request, error, page) from None
    if given.payment is None:
        return see_other(f"/artists/{artist.handle}/tip?done=1")
    return see_other(address_of(given.payment.payment_id))


async def _page(
    request: Request,
    tx: Tx,
    principal: Principal,
    runtime: Runtime,
    artist: ArtistProfile,
    *,
    now: datetime,
    done: bool = False,
    form: Filled | None = None,
) -> Response:
    spoken = shell_of(request).language
    policies = await tips.policies(tx, now=now)
    taken = {one.minimum.currency for one in policies}
    balances = await wallets.wallet(tx, user_id=principal.user_id)
    code, word = _WALLET
    return render(
        request,
        "money/tip.html",
        artist=artist,
        policies=policies,
        balances=[one for one in balances if one.currency in taken and one.available.minor > 0],
        methods=((code, spoken.gettext(word)), *methods_of(runtime, spoken)),
        most_characters=MESSAGE_CHARACTERS,
        form=form or Filled({"currency": "USD"}),
        key=new_id(),
        done=done,
    )
