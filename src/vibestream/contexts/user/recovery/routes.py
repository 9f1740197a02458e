"""HTTP for passwords that were forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.recovery import service
from vibestream.contexts.user.sessions.service import device_of
from vibestream.platform.access import ANYONE
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.dependencies import NowDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router

router = Router(tags=["accounts"])

_BODY_BYTES: Final = 16 * 1024


class AskReset(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(min_length=1, max_length=320)]


class ResetCodeMailed(BaseModel):
    """A code is on its way, if the address has an account; this browser must show it before it expires."""

    code_expires_at: datetime


class ResetPassword(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(min_length=1, max_length=32)]
    new: Annotated[str, Field(min_length=1, max_length=1024)]
    second_factor: Annotated[str, Field(max_length=64)] = ""
    """A code of the authenticator app or a recovery code, of an account that has them."""


@router.post(
    "/api/v1/password-reset",
    policy=ANYONE,
    status_code=202,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("ask_reset", "60/hour"))],
)
async def ask_reset(
    *, body: AskReset, request: Request, response: Response, tx: TxDep, runtime: RuntimeDep, now: NowDep
) -> ResetCodeMailed:
    """Ask for a code to reset a password. The answer is the same when nobody has the address."""
    address = request.client.host if request.client else None
    started = await service.ask_reset(
        tx,
        signing_key=runtime.settings.signing_key(),
        email=body.email,
        device=device_of(user_agent=request.headers.get("user-agent"), address=address),
        now=now,
    )
    cookie = BrowserCookie.of(runtime.settings, purpose=service.RESET_COOKIE)
    cookie.set(response, value=started.browser_token, good_for=service.RESET_COOKIE_GOOD_FOR)
    return ResetCodeMailed(code_expires_at=started.code_expires_at)


@router.post(
    "/api/v1/password-reset/finish",
    policy=ANYONE,
    status_code=204,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("reset_password", "60/hour"))],
)
async def reset_password(
    body: ResetPassword, request: Request, response: Response, runtime: RuntimeDep, now: NowDep
) -> None:
    """Show the code in the browser that asked, with a new password: every session ends, and a notice is mailed."""
    cookie = BrowserCookie.of(runtime.settings, purpose=service.RESET_COOKIE)
    address = request.client.host if request.client else None
    await service.reset_password(
        runtime,
        browser_token=cookie.read(request),
        code=body.code,
        new=body.new,
        second_factor=body.second_factor,
        device=device_of(user_agent=request.headers.get("user-agent"), address=address),
        now=now,
    )
    cookie.clear(response)
