"""One's second factor: setting up an authenticator app, removing it, and the recovery codes, which are shown once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

import segno
from fastapi import Depends, Form, Request
from markupsafe import Markup
from starlette.responses import Response

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import Enrolment
from vibestream.contexts.user.sessions.service import device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_FRESH: Final = 5
_SETTING_UP: Final = 30
"""Minutes: whoever began to set an app up may take their time to find it in the shop."""
Text = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class AppView:
    """The page on which an app is set up: its QR code as an image, and the same secret for typing."""

    form: Filled
    qr: Markup
    key: str


@router.post("/account/app", policy=SIGNED_IN, dependencies=[Depends(proven(_FRESH))])
async def begin_app(tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, request: Request, now: NowDep) -> Response:
    """Begin to set up an app: nothing is asked for before its first code was shown."""
    try:
        await accounts.begin_app(tx, sealer=_sealer(runtime), principal=principal, now=now)
    except VibeStreamError as error:
        raise answer_with(request, error, see_other("/account")) from None
    return see_other("/account/app")


@router.get("/account/app", policy=SIGNED_IN, dependencies=[Depends(proven(_SETTING_UP))])
async def show_app(request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Show what the app that is being set up needs."""
    begun = await accounts.app_begun(tx, sealer=_sealer(runtime), principal=principal, now=now)
    return see_other("/account") if begun is None else _app_page(request, begun, Filled())


@router.post(
    "/account/app/confirm",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("confirm_app", "30/hour")), Depends(proven(_SETTING_UP, back="/account/app"))],
)
async def confirm_app(
    *, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep, code: Text = ""
) -> Response:
    """Take the app's first code, and show the recovery codes, this once."""
    address = request.client.host if request.client else None
    device = device_of(user_agent=request.headers.get("user-agent"), address=address)
    sealer = _sealer(runtime)
    try:
        codes = await accounts.confirm_app(tx, sealer=sealer, principal=principal, code=code, device=device, now=now)
    except VibeStreamError as error:
        raise answer_with(
            request, error, await _refused(request, error, tx=tx, runtime=runtime, principal=principal, now=now)
        ) from None
    return render(request, "recovery_codes.html", codes=codes, added=True)


@router.post("/account/app/remove", policy=SIGNED_IN, dependencies=[Depends(proven(_FRESH))])
async def remove_app(tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Remove the app and the recovery codes."""
    await accounts.remove_app(tx, principal=principal, now=now)
    return see_other("/account?done=app_removed")


@router.post("/account/recovery-codes", policy=SIGNED_IN, dependencies=[Depends(proven(_FRESH))])
async def renew_recovery_codes(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Make new recovery codes, and show them, this once."""
    codes = await accounts.renew_recovery_codes(tx, principal=principal, now=now)
    return render(request, "recovery_codes.html", codes=codes, added=False)


async def _refused(
    request: Request, error: VibeStreamError, *, tx: Tx, runtime: Runtime, principal: Principal, now: datetime
) -> Response:
    begun = await accounts.app_begun(tx, sealer=_sealer(runtime), principal=principal, now=now)
    sentence = sentence_of(request, error)
    if begun is None:
        return see_other("/account")
    return _app_page(request, begun, Filled().refused(sentence, field_name="code"))


def _app_page(request: Request, begun: Enrolment, form: Filled) -> Response:
    return render(request, "set_up_app.html", AppView(form, _qr(begun.uri), begun.key))


def _qr(text: str) -> Markup:
    """Return a QR code as an image in the page itself: the secret goes to nobody else to be drawn."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        scale=5, border=4, dark="#000", light="#fff", omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - drawn by us: numbers and two colours


def _sealer(runtime: Runtime) -> Sealer:
    return Sealer.of(runtime.settings, purpose=factors.PURPOSE)
