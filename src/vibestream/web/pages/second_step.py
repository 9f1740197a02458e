"""The second step of signing in: the browser that has shown a password asks for a code of the app, or the mailed one."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.sessions.service import device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import ANYONE
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer
from vibestream.web.pages.forms import Filled, local_path, see_other
from vibestream.web.pages.let_in import device_cookie, let_in
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_AT_THE_CODE: Final = frozenset({"factor.wrong", "account.sign_in_code_wrong", "factor.limited", "sealed.unknown"})
Text = Annotated[str, Form(max_length=2_000)]
Next = Annotated[str, Query(max_length=2_000)]


def to_second_step(runtime: Runtime, step: accounts.SecondStep, *, onward: str) -> Response:
    """Send a browser that has shown the password on to the second step, with what it must keep."""
    response = see_other(_address("/sign-in/second", onward=onward, mailed=step.guarded))
    _cookie(runtime).set(response, value=step.browser_token, good_for=accounts.SECOND_STEP_GOOD_FOR)
    return response


@router.get("/sign-in/second", policy=ANYONE)
async def show_second_step(
    request: Request,
    runtime: RuntimeDep,
    next: Next = "/",  # noqa: A002 - the parameter's public name
    mailed: bool = False,  # noqa: FBT001, FBT002 - the parameter's public name
) -> Response:
    """Ask for the second factor; a browser that has not shown a password does that first.

    `mailed`: passwords are being guessed at many accounts, and a code was mailed if the password was right.
    """
    onward = local_path(next)
    if not _cookie(runtime).read(request):
        return see_other(_address("/sign-in", onward=onward))
    return _page(request, Filled({"next": onward}), mailed=mailed)


@router.post(
    "/sign-in/second",
    policy=ANYONE,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("second_step", "30/minute"))],
)
async def finish(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    now: NowDep,
    code: Text = "",
    next: Text = "/",  # noqa: A002 - the field's public name
    mailed: Annotated[bool, Form()] = False,
) -> Response:
    """Sign in, and go on to where the form was asked for."""
    cookie, session_cookie = _cookie(runtime), SessionCookie.of(runtime.settings)
    filled = Filled({"next": local_path(next)})
    address = request.client.host if request.client else None
    try:
        entered = await accounts.finish_second_step(
            tx,
            sealer=Sealer.of(runtime.settings, purpose=factors.PURPOSE),
            signing_key=runtime.settings.signing_key(),
            browser_token=cookie.read(request),
            code=code,
            device=device_of(user_agent=request.headers.get("user-agent"), address=address),
            now=now,
            replaces=session_cookie.read(request),
            device_token=device_cookie(runtime).read(request),
        )
    except VibeStreamError as error:
        field = "code" if error.code in _AT_THE_CODE else ""
        refused = filled.refused(sentence_of(request, error), field_name=field)
        raise answer_with(request, error, _page(request, refused, mailed=mailed)) from None
    response = see_other(filled.values["next"])
    cookie.clear(response)
    let_in(response, runtime, entered)
    return response


def _page(request: Request, form: Filled, *, mailed: bool) -> Response:
    minutes = int(accounts.SECOND_STEP_GOOD_FOR.total_seconds()) // 60
    return render(request, "second_step.html", form=form, mailed=mailed, minutes=minutes)


def _address(path: str, *, onward: str, mailed: bool = False) -> str:
    """Return a page's address, with what it must know in its query."""
    query = urlencode(
        {**({"mailed": "true"} if mailed else {}), **({"next": onward} if onward != "/" else {})}, safe="/"
    )
    return f"{path}?{query}" if query else path


def _cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=accounts.SECOND_STEP_COOKIE)
