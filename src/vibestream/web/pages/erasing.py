"""Deleting one's account: what stands in its way, what becomes of what one leaves, and the page afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.leaving import service as money
from vibestream.contexts.payment.leaving.service import UnderWay
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.erasure.service import Erasure, Music, State, newest
from vibestream.flows import erase_person
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.money import Money
from vibestream.platform.access import ANYONE, SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_YES: Final = "yes"
Text = Annotated[str, Form(max_length=400)]


@dataclass(frozen=True, slots=True)
class ErasingView:
    """The page: what is under way and left, and the form."""

    email: str
    days: int
    artist: bool
    under_way: UnderWay
    left: tuple[Money, ...]
    refused_before: bool
    form: Filled


@dataclass(frozen=True, slots=True)
class GoodbyeView:
    """The page afterwards."""

    days: int


@router.get("/account/delete", policy=SIGNED_IN)
async def show_erasing(request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep) -> Response:
    """Show what deleting the account means, and what stands in its way."""
    view = await _view(tx, principal, days=runtime.settings.erasure_wait_days, form=Filled())
    return render(request, "delete_account.html", view)


@router.post(
    "/account/delete",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("erasure", "10/hour")), Depends(proven(5))],
)
async def ask(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    confirmation: Text = "",
    music: Text = Music.TAKE_DOWN.value,
    give_up: Text = "",
) -> Response:
    """Have one's account deleted after some days, and be signed out everywhere at once."""
    chosen = Music.KEEP if music == Music.KEEP.value else Music.TAKE_DOWN
    try:
        await erase_person.ask(
            tx,
            settings=runtime.settings,
            user_id=principal.user_id,
            confirmation=confirmation,
            music=chosen,
            gives_up=give_up == _YES,
            now=now,
        )
    except VibeStreamError as error:
        form = Filled({"confirmation": confirmation, "music": chosen.value, "give_up": give_up})
        at = "confirmation" if error.code == erase_person.ConfirmationWrong.code else ""
        form = form.refused(sentence_of(request, error), field_name=at)
        view = await _view(tx, principal, days=runtime.settings.erasure_wait_days, form=form)
        raise answer_with(request, error, render(request, "delete_account.html", view)) from None
    answer = see_other("/goodbye")
    SessionCookie.of(runtime.settings).clear(answer)
    return answer


@router.get("/goodbye", policy=ANYONE)
async def show_goodbye(request: Request, runtime: RuntimeDep) -> Response:
    """Say how long one can come back."""
    return render(request, "goodbye.html", GoodbyeView(runtime.settings.erasure_wait_days))


async def _view(tx: Tx, principal: Principal, *, days: int, form: Filled) -> ErasingView:
    account = await accounts.account(tx, user_id=principal.user_id)
    last: Erasure | None = await newest(tx, user_id=principal.user_id)
    return ErasingView(
        email=account.email,
        days=days,
        artist=principal.holds("artist"),
        under_way=await money.under_way(tx, user_id=principal.user_id),
        left=tuple(await money.left_of(tx, user_id=principal.user_id)),
        refused_before=last is not None and last.state is State.REFUSED,
        form=form,
    )
