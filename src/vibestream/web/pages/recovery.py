"""Resetting a password that was forgotten. Both forms work without a script, and neither says who has an account."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.recovery import service as recovery
from vibestream.contexts.user.sessions.service import Device, device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import ANYONE
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.dependencies import NowDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_FIELDS: Final = {
    "account.address_invalid": "email",
    "account.code_wrong": "code",
    "password.length": "new",
    "password.common": "new",
    "password.personal": "new",
    "recovery.second_factor_wanted": "second_factor",
    "factor.wrong": "second_factor",
    "factor.limited": "second_factor",
}
Text = Annotated[str, Form(max_length=2_000)]


@router.get("/forgot-password", policy=ANYONE)
async def show_forgotten(request: Request, done: str = "") -> Response:
    """Ask for the address of the account; `done`: what was done just before."""
    return render(request, "forgot_password.html", form=Filled(), done=done)


@router.post(
    "/forgot-password",
    policy=ANYONE,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("ask_reset", "60/hour"))],
)
async def ask(*, request: Request, tx: TxDep, runtime: RuntimeDep, now: NowDep, email: Text = "") -> Response:
    """Mail a code, if the address has an account, and go on to where it is entered."""
    try:
        started = await recovery.ask_reset(
            tx, signing_key=runtime.settings.signing_key(), email=email, device=_device(request), now=now
        )
    except VibeStreamError as error:
        form = _at(request, Filled({"email": email}), error)
        raise answer_with(request, error, render(request, "forgot_password.html", form=form, done="")) from None
    response = see_other("/reset-password")
    _cookie(runtime).set(response, value=started.browser_token, good_for=recovery.RESET_COOKIE_GOOD_FOR)
    return response


@router.get("/reset-password", policy=ANYONE)
async def show_reset(request: Request, runtime: RuntimeDep) -> Response:
    """Ask for the mailed code and a new password; a browser that has not asked for a code does that first."""
    if not _cookie(runtime).read(request):
        return see_other("/forgot-password")
    return _reset_page(request, Filled())


@router.post(
    "/reset-password",
    policy=ANYONE,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("reset_password", "60/hour"))],
)
async def reset(
    *,
    request: Request,
    runtime: RuntimeDep,
    now: NowDep,
    code: Text = "",
    new: Text = "",
    second_factor: Text = "",
) -> Response:
    """Give the account its new password; whoever has it signs in with it next."""
    cookie = _cookie(runtime)
    try:
        await recovery.reset_password(
            runtime,
            browser_token=cookie.read(request),
            code=code,
            new=new,
            second_factor=second_factor,
            device=_device(request),
            now=now,
        )
    except VibeStreamError as error:
        # The code may be right and the rest not: it is kept, and is good for nothing in another browser.
        form = _at(request, Filled({"code": code}), error)
        raise answer_with(request, error, _reset_page(request, form)) from None
    response = see_other("/sign-in?done=reset")
    cookie.clear(response)
    return response


def _reset_page(request: Request, form: Filled) -> Response:
    minutes = int(recovery.CODE_GOOD_FOR.total_seconds()) // 60
    return render(request, "reset_password.html", form=form, minutes=minutes)


def _at(request: Request, form: Filled, error: VibeStreamError) -> Filled:
    return form.refused(sentence_of(request, error), field_name=_FIELDS.get(error.code, ""))


def _cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=recovery.RESET_COOKIE)


def _device(request: Request) -> Device:
    address = request.client.host if request.client else None
    return device_of(user_agent=request.headers.get("user-agent"), address=address)
