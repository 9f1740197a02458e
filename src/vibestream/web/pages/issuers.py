"""Signing in with an account elsewhere: being sent there, coming back, and saying who one is when nobody here is known by it.

Being sent there is a link and no form: browsers hold a form's whole chain of redirects to `form-action`, and an issuer may
have its own. Nothing of the person changes by it; what is noted expires in ten minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Depends, Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.user.accounts.service import SecondStep, SignedIn
from vibestream.contexts.user.identities import service as identities
from vibestream.contexts.user.identities.service import Answer, Newcomer, Proved, ToConnect
from vibestream.contexts.user.sessions.service import Device, device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import ANYONE, Principal
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.entering import sign_in_page
from vibestream.web.pages.forms import Filled, local_path, see_other
from vibestream.web.pages.let_in import device_cookie, let_in
from vibestream.web.pages.second_step import to_second_step
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

BACK: Final = re.compile(r"/sign-in-with/[a-z][a-z0-9-]{0,31}/back")
"""Where issuers' pages may post to; that the browser was sent there is checked by its own secret."""
CONNECTED: Final = "/account/connected"
_NEWCOMER: Final = "/sign-in-with"
_COOKIE: Final = "sign-in-with"
_CROSS_SITE_COOKIE: Final = "sign-in-from"
_COOKIE_GOOD_FOR: Final = timedelta(hours=1)
_BODY_BYTES: Final = 32 * 1024
Text = Annotated[str, Form(max_length=2_000)]
Next = Annotated[str, Query(max_length=2_000)]
Brought = Annotated[str, Query(max_length=4_000)]
Posted = Annotated[str, Form(max_length=8_000)]


@dataclass(frozen=True, slots=True)
class NewcomerView:
    """The page of somebody who came from an issuer and is connected with nobody here."""

    title: str
    newcomer: Newcomer
    form: Filled


@dataclass(frozen=True, slots=True)
class Done:
    """The page after somebody has shown at an issuer that it is them: what they had asked for, to be sent."""

    again: str
    carried: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The page when that did not show it."""

    error: str


@router.get("/sign-in-with/{provider}", policy=ANYONE, dependencies=[Depends(rate_limit("sign_in_with", "30/minute"))])
async def lead_there(
    *,
    provider: str,
    request: Request,
    runtime: RuntimeDep,
    principal: MaybePrincipalDep,
    now: NowDep,
    next: Next = "/",  # noqa: A002 - the parameter's public name
) -> Response:
    """Send the browser to an issuer: to sign in, or of somebody who is signed in to connect an account there."""
    onward = local_path(next)
    try:
        sent = await identities.send(
            runtime,
            provider=provider,
            browser_token=browser_token(runtime, request),
            onward=onward,
            linking=principal is not None,
            now=now,
        )
    except identities.IssuerUnavailable as error:
        raise answer_with(request, error, _refused(request, error, onward=onward)) from None
    response = see_other(sent.url)
    remember(response, runtime, sent.browser_token, posts=sent.posts)
    return response


@router.get(
    "/sign-in-with/{provider}/back", policy=ANYONE, dependencies=[Depends(rate_limit("sign_in_back", "60/minute"))]
)
async def come_back(
    *,
    provider: str,
    request: Request,
    runtime: RuntimeDep,
    principal: MaybePrincipalDep,
    now: NowDep,
    state: Brought = "",
    code: Brought = "",
    error: Brought = "",
    iss: Brought = "",
) -> Response:
    """Take what an issuer sent the browser back with."""
    brought = Answer(state=state, code=code, error=error, iss=iss)
    return await _answered(request, runtime, provider=provider, brought=brought, principal=principal, now=now)


@router.post(
    "/sign-in-with/{provider}/back",
    policy=ANYONE,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("sign_in_back", "60/minute"))],
)
async def come_back_by_form(
    *,
    provider: str,
    request: Request,
    runtime: RuntimeDep,
    now: NowDep,
    state: Posted = "",
    code: Posted = "",
    error: Posted = "",
    iss: Posted = "",
    user: Posted = "",
) -> Response:
    """Take what an issuer's page posts: it comes from another site, and with it only the cookie that was made for it."""
    brought = Answer(state=state, code=code, error=error, iss=iss, user=user)
    return await _answered(request, runtime, provider=provider, brought=brought, now=now)


@router.get("/sign-in-with", policy=ANYONE)
async def show_newcomer(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: MaybePrincipalDep,
    now: NowDep,
    next: Next = "/",  # noqa: A002 - the parameter's public name
) -> Response:
    """Ask somebody who came from an issuer, and is connected with nobody here, who they are."""
    if principal is not None:
        return see_other(CONNECTED)
    token = browser_token(runtime, request)
    found = await identities.newcomer(tx, settings=runtime.settings, browser_token=token, now=now)
    if found is None:
        return see_other("/sign-in")
    form = Filled({"display_name": found.name, "next": local_path(next)})
    return _newcomer_page(request, runtime, found, form)


@router.post(
    "/sign-in-with", policy=ANYONE, max_body_bytes=_BODY_BYTES, dependencies=[Depends(rate_limit("sign_up", "60/hour"))]
)
async def make_account(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    now: NowDep,
    display_name: Text = "",
    next: Text = "/",  # noqa: A002 - the field's public name
) -> Response:
    """Make an account of whoever came from an issuer that vouches for their address, and sign in."""
    token, filled = browser_token(runtime, request), Filled({"display_name": display_name, "next": local_path(next)})
    found = await identities.newcomer(tx, settings=runtime.settings, browser_token=token, now=now)
    try:
        made = await identities.make_account(
            tx,
            settings=runtime.settings,
            browser_token=token,
            display_name=display_name,
            locale=shell_of(request).language.code,
            device=device(request),
            now=now,
            replaces=SessionCookie.of(runtime.settings).read(request),
            device_token=device_cookie(runtime).read(request),
        )
    except VibeStreamError as error:
        if found is None:
            raise answer_with(request, error, _refused(request, error, onward=filled.values["next"])) from None
        field = "display_name" if error.code == "text.invalid" else ""
        form = filled.refused(sentence_of(request, error), field_name=field)
        raise answer_with(request, error, _newcomer_page(request, runtime, found, form)) from None
    return _let_on(runtime, made, onward=filled.values["next"])


def browser_token(runtime: Runtime, request: Request) -> str:
    """Return the secret by which an issuer's answers are known to be of this browser; empty when it has none."""
    return _cookie(runtime).read(request) or _cross_site_cookie(runtime).read(request)


def device(request: Request) -> Device:
    """Return the device of a request."""
    address = request.client.host if request.client else None
    return device_of(user_agent=request.headers.get("user-agent"), address=address)


async def _answered(
    request: Request,
    runtime: Runtime,
    *,
    provider: str,
    brought: Answer,
    now: datetime,
    principal: Principal | None = None,
) -> Response:
    token = browser_token(runtime, request)
    try:
        answered = await identities.answer(
            runtime,
            provider=provider,
            answer=brought,
            browser_token=token,
            device=device(request),
            now=now,
            replaces=SessionCookie.of(runtime.settings).read(request),
            device_token=device_cookie(runtime).read(request),
            principal=principal,
        )
    except identities.ProviderMissing:
        raise
    except VibeStreamError as error:
        refused = _refused(request, error, onward="/")
        if principal is not None:
            refused = render(request, "step_up_failed.html", Failed(sentence_of(request, error)))
        raise answer_with(request, error, refused) from None
    if isinstance(answered.outcome, Proved):
        return _go_on(request, runtime, answered.outcome, onward=answered.onward)
    if not isinstance(answered.outcome, ToConnect):
        return _let_on(runtime, answered.outcome, onward=answered.onward)
    response = see_other(CONNECTED if answered.outcome.linking else _with_next(_NEWCOMER, answered.onward))
    remember(response, runtime, token, posts=False)
    return response


def _go_on(request: Request, runtime: Runtime, proved: Proved, *, onward: str) -> Response:
    response: Response = see_other(onward)
    if proved.again:  # a page of our own: what comes from another site may not post here
        response = render(request, "step_up_done.html", Done(proved.again, proved.carried))
    SessionCookie.of(runtime.settings).set(response, token=proved.session.token, expires=proved.session.expires_at)
    return response


def _let_on(runtime: Runtime, entered: SignedIn | SecondStep, *, onward: str) -> Response:
    if isinstance(entered, SecondStep):
        return to_second_step(runtime, entered, onward=onward)
    response = see_other(onward)
    let_in(response, runtime, entered)
    return response


def remember(response: Response, runtime: Runtime, token: str, *, posts: bool) -> None:
    """Have the browser keep the secret by which an issuer's answer is known to be its."""
    _cookie(runtime).set(response, value=token, good_for=_COOKIE_GOOD_FOR)
    if posts:
        _cross_site_cookie(runtime).set(response, value=token, good_for=_COOKIE_GOOD_FOR)


def _newcomer_page(request: Request, runtime: Runtime, found: Newcomer, form: Filled) -> Response:
    titles = {one.name: one.title for one in identities.providers(runtime.settings)}
    return render(request, "newcomer.html", NewcomerView(titles.get(found.provider, found.provider), found, form))


def _refused(request: Request, error: VibeStreamError, *, onward: str) -> Response:
    return sign_in_page(request, Filled({"next": onward}).refused(sentence_of(request, error)))


def _with_next(path: str, onward: str) -> str:
    return path if onward == "/" else f"{path}?next={quote(onward, safe='/')}"


def _cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=_COOKIE)


def _cross_site_cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=_CROSS_SITE_COOKIE, cross_site=True)
