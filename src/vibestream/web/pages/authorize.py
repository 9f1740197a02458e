"""Asking a person whether an app may do what it asks for: the authorisation endpoint, seen by people.

Source: RFC 6749, 3.1 and 4.1; RFC 9700, 4.16 (no framing) and 4.12 (303 after a form); OpenID Connect Core 1.0, 3.1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import parse_qsl, quote
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.oauth import service as oauth
from vibestream.contexts.user.oauth.service import Asked, AuthorizationRefused, RequestUnusable
from vibestream.platform.access import ANYONE, SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.security_headers import csp_nonce, page_csp
from vibestream.platform.http.step_up import ProofTooOld
from vibestream.web.pages.forms import see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import render

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_PATH: Final = "/oauth/authorize"
_LONGEST: Final = 1_800
"""Characters of a request's query: it must fit, quoted, into the address that the sign-in page goes on to."""
_HALTED: Final = "vs_halted"
"""Our own parameter: a form of ours led here, whose page lets no answer go elsewhere, so that a page is shown first."""
_DEFAULT_MINUTES: Final = 5
Query = Annotated[str, Form(max_length=_LONGEST)]
Text = Annotated[str, Form(max_length=100)]


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What an app asks for, shown to whoever is asked."""

    name: str
    scopes: tuple[str, ...]
    leads_to: str
    asked: str
    who: UUID
    person: str


@router.get(_PATH, policy=ANYONE, dependencies=[Depends(rate_limit("oauth_authorize", "60/minute"))])
async def show_consent(
    request: Request, tx: TxDep, runtime: RuntimeDep, principal: MaybePrincipalDep, now: NowDep
) -> Response:
    """Ask whoever is signed in, or send the browser back at once where that was agreed to before.

    Of somebody who is not signed in, nothing that is wrong with a request is told to its client: anybody can register one, and
    a link to us would lead to whatever page they like. Only `prompt=none` wants an answer in any case. Source: RFC 9700, 4.11.2.
    """
    query, issuer = request.scope["query_string"].decode("latin-1"), runtime.settings.base_url
    silent = "none" in request.query_params.get("prompt", "").split()
    try:
        asked = await _asked(tx, query, issuer)
        if principal is None:
            if silent:
                raise oauth.refusal(asked, error="login_required", description="Nobody is signed in.", issuer=issuer)
            return see_other(f"/sign-in?next={quote(_halted(query), safe='/')}")
        await _proved(request, asked, query, issuer)
        may = await oauth.remembered(tx, asked=asked, user_id=principal.user_id)
        if may and _HALTED not in request.query_params and "select_account" not in asked.prompt:
            return see_other(await oauth.allow(tx, asked=asked, principal=principal, now=now, issuer=issuer))
        if silent:
            raise oauth.refusal(asked, error="consent_required", description="The person has to agree.", issuer=issuer)
    except AuthorizationRefused as refused:
        if principal is None and not silent:
            raise RequestUnusable(str(refused)) from None
        return see_other(refused.location)
    return _page(request, asked, principal, query)


@router.post(
    _PATH,
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("oauth_authorize", "60/minute"))],
)
async def decide(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    asked: Query = "",
    who: Text = "",
    decision: Text = "",
) -> Response:
    """Take the answer, and send the browser back to the app with it."""
    issuer = runtime.settings.base_url
    try:
        found = await _asked(tx, asked, issuer)
        await _proved(request, found, asked, issuer)
        if decision != "allow":
            raise oauth.refusal(found, error="access_denied", description="The person did not agree.", issuer=issuer)
    except AuthorizationRefused as refused:
        return see_other(refused.location)
    if who != str(principal.user_id):  # somebody else has signed in since the question was shown
        return _page(request, found, principal, asked)
    return see_other(await oauth.allow(tx, asked=found, principal=principal, now=now, issuer=issuer))


async def _asked(tx: Tx, query: str, issuer: str) -> Asked:
    if len(query) > _LONGEST:
        raise RequestUnusable("What the app asks for is too long.")
    parameters = [pair for pair in parse_qsl(query, errors="replace") if pair[0] != _HALTED]
    if any("\0" in text or "\ufffd" in text for pair in parameters for text in pair):
        raise RequestUnusable("What the app asks for cannot be read.")
    return await oauth.asked(tx, parameters=parameters, issuer=issuer)


async def _proved(request: Request, asked: Asked, query: str, issuer: str) -> None:
    """Return when the person has shown that it is them as lately as the app wants."""
    if "login" not in asked.prompt and asked.max_age_s is None:
        return
    minutes = _DEFAULT_MINUTES if asked.max_age_s is None else max(1, asked.max_age_s // 60)
    if "login" in asked.prompt:  # however long ago the app would let it be
        minutes = min(minutes, _DEFAULT_MINUTES)
    try:
        await proven(minutes, back=_halted(query))(request)
    except ProofTooOld:
        if "none" not in asked.prompt:
            raise
        description = "The person has to show that it is them."
        raise oauth.refusal(asked, error="login_required", description=description, issuer=issuer) from None


def _halted(query: str) -> str:
    return f"{_PATH}?{query}" if _HALTED in query else f"{_PATH}?{query}&{_HALTED}=1"


def _page(request: Request, asked: Asked, principal: Principal, query: str) -> Response:
    leads_to = oauth.origin_of(asked.redirect_uri)
    view = ConsentView(
        name=asked.client.name,
        scopes=asked.scopes,
        leads_to=leads_to,
        asked=query,
        who=principal.user_id,
        person=principal.display_name,
    )
    response = render(request, "consent.html", view)
    # The answer to this form leads to the app, which a page's usual policy does not let a form do.
    policy = page_csp(csp_nonce(request)).replace("form-action 'self'", f"form-action 'self' {leads_to}")
    response.headers["Content-Security-Policy"] = policy
    return response
