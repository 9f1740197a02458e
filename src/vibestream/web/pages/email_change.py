"""Giving one's account another address, and undoing that from the mailbox before. Every form works without a script.

The code that undoes a change stands in the link behind a `#`, which no browser sends: neither this server's log nor one on
the way has it. A script puts it into the form; nothing is undone before the button is pressed, since scanners open links.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.email_changes import service as email_changes
from vibestream.contexts.user.sessions.service import Device, device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_PAGE: Final = "/account/email"
_CODE_PAGE: Final = "/account/email/code"
_ADDRESS_FIELDS: Final = {"account.address_invalid": "email", "email_change.unchanged": "email"}
_CODE_FIELDS: Final = {"account.code_wrong": "code", "email_change.undo_expired": "code"}
Text = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class EmailView:
    """The page on which another address is asked for."""

    email: str
    form: Filled


@router.get(_PAGE, policy=SIGNED_IN)
async def show_email(request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show the address of one's account, and ask for another."""
    own = await accounts.account(tx, user_id=principal.user_id)
    return render(request, "email_change.html", EmailView(own.email, Filled()))


@router.post(
    _PAGE,
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("ask_email_change", "30/hour")), Depends(proven(5))],
)
async def ask(
    *, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep, email: Text = ""
) -> Response:
    """Mail a code to the new address, and go on to where it is entered. The same is said when it has an account."""
    try:
        started = await email_changes.ask_change(tx, principal=principal, email=email, device=_device(request), now=now)
    except VibeStreamError as error:
        own = await accounts.account(tx, user_id=principal.user_id)
        form = _at(request, Filled({"email": email}), error, _ADDRESS_FIELDS)
        raise answer_with(request, error, render(request, "email_change.html", EmailView(own.email, form))) from None
    response = see_other(_CODE_PAGE)
    _cookie(runtime).set(response, value=started.browser_token, good_for=email_changes.CHANGE_COOKIE_GOOD_FOR)
    return response


@router.get(_CODE_PAGE, policy=SIGNED_IN)
async def show_code(request: Request, runtime: RuntimeDep) -> Response:
    """Ask for the mailed code; a browser that has not asked for one does that first."""
    if not _cookie(runtime).read(request):
        return see_other(_PAGE)
    return _code_page(request, Filled())


@router.post(
    _CODE_PAGE,
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("confirm_email_change", "60/hour"))],
)
async def confirm(
    *, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep, code: Text = ""
) -> Response:
    """Take the code: the account has its new address."""
    cookie = _cookie(runtime)
    try:
        await email_changes.confirm_change(
            tx,
            signing_key=runtime.settings.signing_key(),
            principal=principal,
            browser_token=cookie.read(request),
            code=code,
            device=_device(request),
            now=now,
        )
    except VibeStreamError as error:
        form = _at(request, Filled(), error, _CODE_FIELDS)
        raise answer_with(request, error, _code_page(request, form)) from None
    response = see_other("/account?done=email")
    cookie.clear(response)
    return response


@router.get("/undo-email", policy=ANYONE)
async def show_undo(request: Request) -> Response:
    """Ask for the code that was mailed to the address before; what stands behind the link's # is put in by a script."""
    return render(request, "undo_email.html", form=Filled())


@router.post(
    "/undo-email",
    policy=ANYONE,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("undo_email_change", "30/hour"))],
)
async def undo(*, request: Request, tx: TxDep, runtime: RuntimeDep, now: NowDep, code: Text = "") -> Response:
    """Put the address back and sign everybody out, this browser too; its owner chooses a new password next."""
    try:
        await email_changes.undo_change(tx, code=code, device=_device(request), now=now)
    except VibeStreamError as error:
        form = _at(request, Filled({"code": code}), error, _CODE_FIELDS)
        raise answer_with(request, error, render(request, "undo_email.html", form=form)) from None
    response = see_other("/forgot-password?done=undone")
    SessionCookie.of(runtime.settings).clear(response)
    return response


def _code_page(request: Request, form: Filled) -> Response:
    minutes = int(email_changes.CODE_GOOD_FOR.total_seconds()) // 60
    return render(request, "email_code.html", form=form, minutes=minutes)


def _at(request: Request, form: Filled, error: VibeStreamError, fields: dict[str, str]) -> Filled:
    return form.refused(sentence_of(request, error), field_name=fields.get(error.code, ""))


def _cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=email_changes.CHANGE_COOKIE)


def _device(request: Request) -> Device:
    address = request.client.host if request.client else None
    return device_of(user_agent=request.headers.get("user-agent"), address=address)
