"""Signing up, entering the mailed code, signing in and out. Every form works without a script."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.identities import service as identities
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device, device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import ANYONE
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, RuntimeDep, TxDep
from vibestream.platform.http.edge import edge_of
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.forms import Filled, local_path, see_other
from vibestream.web.pages.let_in import device_cookie, let_in
from vibestream.web.pages.second_step import to_second_step
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_FIELDS: Final = {
    "account.address_invalid": "email",
    "account.code_wrong": "code",
    "password.length": "password",
    "password.common": "password",
    "password.personal": "password",
    "text.invalid": "display_name",
}
Text = Annotated[str, Form(max_length=2_000)]
Next = Annotated[str, Query(max_length=2_000)]


@router.get("/sign-up", policy=ANYONE)
async def show_sign_up(request: Request, principal: MaybePrincipalDep, next: Next = "/") -> Response:  # noqa: A002 - the parameter's public name
    """Show the form that begins an account."""
    return see_other("/") if principal else _sign_up_page(request, Filled({"next": local_path(next)}))


@router.post(
    "/sign-up", policy=ANYONE, max_body_bytes=_BODY_BYTES, dependencies=[Depends(rate_limit("sign_up", "60/hour"))]
)
async def sign_up(
    *,
    request: Request,
    runtime: RuntimeDep,
    now: NowDep,
    email: Text = "",
    password: Text = "",
    display_name: Text = "",
    next: Text = "/",  # noqa: A002 - the field's public name
) -> Response:
    """Begin an account: a code is mailed."""
    filled = Filled({"email": email, "display_name": display_name, "next": local_path(next)})
    language = shell_of(request).language.code
    try:
        started = await accounts.sign_up(
            runtime, email=email, password=password, display_name=display_name, locale=language, now=now
        )
    except VibeStreamError as error:
        raise answer_with(request, error, _sign_up_page(request, _at(request, filled, error))) from None
    response = see_other("/verify" if filled.values["next"] == "/" else f"/verify?next={filled.values['next']}")
    _sign_up_cookie(runtime).set(response, value=started.browser_token, good_for=accounts.SIGN_UP_COOKIE_GOOD_FOR)
    return response


@router.get("/verify", policy=ANYONE)
async def show_verify(request: Request, next: Next = "/", again: bool = False) -> Response:  # noqa: A002, FBT001, FBT002 - public names
    """Ask for the mailed code."""
    return _verify_page(request, Filled({"next": local_path(next)}), again=again)


@router.post(
    "/verify", policy=ANYONE, max_body_bytes=_BODY_BYTES, dependencies=[Depends(rate_limit("verify_email", "60/hour"))]
)
async def verify(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    now: NowDep,
    code: Text = "",
    next: Text = "/",  # noqa: A002 - the field's public name
) -> Response:
    """Make the account and sign its browser in."""
    cookie, session_cookie = _sign_up_cookie(runtime), SessionCookie.of(runtime.settings)
    filled = Filled({"next": local_path(next)})
    try:
        entered = await accounts.verify_email(
            tx,
            signing_key=runtime.settings.signing_key(),
            browser_token=cookie.read(request),
            code=code,
            device=_device(request),
            now=now,
            replaces=session_cookie.read(request),
            device_token=device_cookie(runtime).read(request),
        )
    except VibeStreamError as error:
        raise answer_with(request, error, _verify_page(request, _at(request, filled, error))) from None
    response = see_other(filled.values["next"])
    cookie.clear(response)
    let_in(response, runtime, entered)
    return response


@router.post("/verify/again", policy=ANYONE, dependencies=[Depends(rate_limit("resend_code", "30/hour"))])
async def verify_again(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    now: NowDep,
    next: Text = "/",  # noqa: A002 - the field's public name
) -> Response:
    """Mail another code."""
    cookie = _sign_up_cookie(runtime)
    filled = Filled({"next": local_path(next)})
    try:
        started = await accounts.resend_code(tx, browser_token=cookie.read(request), now=now)
    except VibeStreamError as error:
        raise answer_with(request, error, _verify_page(request, _at(request, filled, error))) from None
    response = see_other(f"/verify?again=true&next={filled.values['next']}")
    cookie.set(response, value=started.browser_token, good_for=accounts.SIGN_UP_COOKIE_GOOD_FOR)
    return response


@router.get("/sign-in", policy=ANYONE)
async def show_sign_in(
    request: Request,
    principal: MaybePrincipalDep,
    next: Next = "/",  # noqa: A002 - the parameter's public name
    done: str = "",
) -> Response:
    """Show the form that signs in; `done`: what the person has just done."""
    onward = local_path(next)
    return see_other(onward) if principal else sign_in_page(request, Filled({"next": onward}), done=done)


@router.post(
    "/sign-in", policy=ANYONE, max_body_bytes=_BODY_BYTES, dependencies=[Depends(rate_limit("sign_in", "10/minute"))]
)
async def sign_in(
    *,
    request: Request,
    runtime: RuntimeDep,
    now: NowDep,
    email: Text = "",
    password: Text = "",
    next: Text = "/",  # noqa: A002 - the field's public name
) -> Response:
    """Sign in, and go on to where the form was asked for."""
    session_cookie = SessionCookie.of(runtime.settings)
    filled = Filled({"email": email, "next": local_path(next)})
    try:
        entered = await accounts.sign_in(
            runtime,
            email=email,
            password=password,
            device=_device(request),
            now=now,
            replaces=session_cookie.read(request),
            device_token=device_cookie(runtime).read(request),
        )
    except VibeStreamError as error:
        raise answer_with(request, error, sign_in_page(request, _at(request, filled, error))) from None
    if isinstance(entered, accounts.SecondStep):
        return to_second_step(runtime, entered, onward=filled.values["next"])
    response = see_other(filled.values["next"])
    let_in(response, runtime, entered)
    return response


@router.post("/sign-out", policy=ANYONE)
async def sign_out(tx: TxDep, runtime: RuntimeDep, principal: MaybePrincipalDep, now: NowDep) -> Response:
    """End this browser's session; nothing happens when it has ended already."""
    if principal is not None:
        await sessions.sign_out(tx, principal=principal, now=now)
    response = see_other("/")
    SessionCookie.of(runtime.settings).clear(response)
    return response


def sign_in_page(request: Request, form: Filled, *, done: str = "") -> Response:
    """Return the page that signs in, with what was refused."""
    issuers = identities.providers(edge_of(request).settings)
    return render(request, "sign_in.html", form=form, done=done, issuers=issuers)


def _sign_up_page(request: Request, form: Filled) -> Response:
    return render(request, "sign_up.html", form=form, issuers=identities.providers(edge_of(request).settings))


def _verify_page(request: Request, form: Filled, *, again: bool = False) -> Response:
    minutes = int(accounts.CODE_GOOD_FOR.total_seconds()) // 60
    return render(request, "verify.html", form=form, minutes=minutes, again=again)


def _at(request: Request, form: Filled, error: VibeStreamError) -> Filled:
    return form.refused(sentence_of(request, error), field_name=_FIELDS.get(error.code, ""))


def _sign_up_cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=accounts.SIGN_UP_COOKIE)


def _device(request: Request) -> Device:
    address = request.client.host if request.client else None
    return device_of(user_agent=request.headers.get("user-agent"), address=address)
