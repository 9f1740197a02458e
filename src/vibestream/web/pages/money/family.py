"""Sharing a subscription: invitations by a link that is shown once, joining, leaving, being let go."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money.paying import FORM_BYTES
from vibestream.web.pages.money.subscription import subscription_page
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_PAGE = "/subscription"


@router.post(f"{_PAGE}/invitations", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def invite(request: Request, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep) -> Response:
    """Make a link with which one account can join, and show it this once."""
    try:
        invited = await subscriptions.invite(tx, user_id=principal.user_id, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error), field_name="family")
        page = await subscription_page(request, tx, principal, now=now, form=form)
        raise answer_with(request, error, page) from None
    link = f"{runtime.settings.base_url}{_PAGE}/join?token={quote(invited.token, safe='')}"
    answer = await subscription_page(request, tx, principal, now=now, link=link)
    answer.headers["HX-Push-Url"] = _PAGE
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post(f"{_PAGE}/invitations/{{invitation_id}}/withdraw", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def withdraw(invitation_id: UUID, tx: TxDep, principal: PrincipalDep) -> Response:
    """Let a link be used no more."""
    await subscriptions.withdraw_invitation(tx, user_id=principal.user_id, invitation_id=invitation_id)
    return see_other(_PAGE)


@router.get(f"{_PAGE}/join", policy=SIGNED_IN)
async def show_join(request: Request, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Ask whether to join; only the button does."""
    return render(request, "money/join.html", token=token, form=Filled())


@router.post(f"{_PAGE}/join", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def join(
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Share the subscription that a link invites to."""
    try:
        await subscriptions.join(tx, user_id=principal.user_id, token=token, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        raise answer_with(request, error, render(request, "money/join.html", token=token, form=form)) from None
    return see_other(f"{_PAGE}?done=joined")


@router.post(f"{_PAGE}/members/{{member}}/remove", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def remove(member: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Let somebody share one's subscription no more."""
    await subscriptions.remove_member(tx, user_id=principal.user_id, member=UserId(member), now=now)
    return see_other(_PAGE)


@router.post(f"{_PAGE}/leave", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def leave(tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Share a subscription no more."""
    await subscriptions.leave(tx, user_id=principal.user_id, now=now)
    return see_other(f"{_PAGE}?done=left")
