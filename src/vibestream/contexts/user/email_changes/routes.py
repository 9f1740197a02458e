"""HTTP of giving one's account another address, and of undoing that from the mailbox before.

The code that undoes stands in a body: addresses of ours are logged, and hold no secrets.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.email_changes import service
from vibestream.contexts.user.sessions.service import Device, device_of
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh
from vibestream.platform.runtime import Runtime

router = Router(tags=["email"])

_BODY_BYTES: Final = 16 * 1024


class NewEmail(BaseModel):
    """The address that one's account is to have."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(min_length=1, max_length=320)]


class EmailCodeMailed(BaseModel):
    """A code is on its way, if the address is what it seems; this browser must show it before it expires."""

    code_expires_at: datetime


class EmailCode(BaseModel):
    """A code that was mailed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(min_length=1, max_length=200)]


@router.post(
    "/api/v1/me/email-change",
    policy=SIGNED_IN,
    status_code=202,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("ask_email_change", "30/hour")), Depends(fresh(5))],
)
async def ask_email_change(
    *,
    body: NewEmail,
    request: Request,
    response: Response,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
) -> EmailCodeMailed:
    """Have a code mailed to another address; the same is answered when it has an account. Codes before are void."""
    started = await service.ask_change(tx, principal=principal, email=body.email, device=_device(request), now=now)
    _cookie(runtime).set(response, value=started.browser_token, good_for=service.CHANGE_COOKIE_GOOD_FOR)
    return EmailCodeMailed(code_expires_at=started.code_expires_at)


@router.post(
    "/api/v1/me/email-change/confirm",
    policy=SIGNED_IN,
    status_code=204,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("confirm_email_change", "60/hour"))],
)
async def confirm_email_change(
    *, body: EmailCode, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Response:
    """Show the code in the browser that asked: the account has its new address, and its other sessions end."""
    cookie, answer = _cookie(runtime), Response(status_code=204)
    await service.confirm_change(
        tx,
        signing_key=runtime.settings.signing_key(),
        principal=principal,
        browser_token=cookie.read(request),
        code=body.code,
        device=_device(request),
        now=now,
    )
    cookie.clear(answer)
    return answer


@router.post(
    "/api/v1/email-change/undo",
    policy=ANYONE,
    status_code=204,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("undo_email_change", "30/hour"))],
)
async def undo_email_change(
    *, body: EmailCode, request: Request, tx: TxDep, runtime: RuntimeDep, now: NowDep
) -> Response:
    """Put the address back that the code was mailed to: everybody is signed out, and the password is good no more."""
    await service.undo_change(tx, code=body.code, device=_device(request), now=now)
    answer = Response(status_code=204)
    SessionCookie.of(runtime.settings).clear(answer)
    return answer


def _cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=service.CHANGE_COOKIE)


def _device(request: Request) -> Device:
    address = request.client.host if request.client else None
    return device_of(user_agent=request.headers.get("user-agent"), address=address)
