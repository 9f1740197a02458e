"""Sharing a subscription: invitations by a code that is shown once, joining, leaving, being let go."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money.paying import FORM_BYTES
from vibestream.web.pages.money.subscription import NewInvitation, subscription_page
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_PAGE = "/subscription"


@router.post(f"{_PAGE}/invitations", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def invite(request: Request, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep) -> Response:
    """Make a code with which one account can join, and show it this once."""
    try:
        invited = await subscriptions.invite(tx, user_id=principal.user_id, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error), field_name="family")
        page = await subscription_page(request, tx, principal, now=now, form=form)
        raise answer_with(request, error, page) from None
    invitation = NewInvitation(code=invited.token, where=f"{runtime.settings.base_url}{_PAGE}/join")
    answer = await subscription_page(request, tx, principal, now=now, invitation=invitation)
    answer.headers["HX-Push-Url"] = _PAGE
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post(f"{_PAGE}/invitations/{{invitation_id}}/withdraw", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def withdraw(invitation_id: UUID, tx: TxDep, principal: PrincipalDep) -> Response:
    """Let a code be used no more."""
    await subscriptions.withdraw_invitation(tx, user_id=principal.user_id, invitation_id=invitation_id)
    return see_other(_PAGE)


@router.get(f"{_PAGE}/join", policy=SIGNED_IN)
async def show_join(request: Request) -> Response:
    """Ask for the code; only the form's button uses it. The address carries none, and what it carries is not read."""
    return render(request, "money/join.html", form=Filled())


@router.post(
    f"{_PAGE}/join",
    policy=SIGNED_IN,
    max_body_bytes=FORM_BYTES,
    dependencies=[Depends(rate_limit("join_family", "30/hour"))],
)
async def join(
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    code: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Share the subscription that a code invites to."""
    try:
        await subscriptions.join(tx, user_id=principal.user_id, token=code, now=now)
    except VibeStreamError as error:
        form = Filled({"code": code}).refused(sentence_of(request, error), field_name="code")
        raise answer_with(request, error, render(request, "money/join.html", form=form)) from None
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
