"""HTTP for second factors: the second step of signing in, the proof before what matters, and one's own factors."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.accounts.routes.entered import SignedIn, device_cookie, device_of_request, signed_in
from vibestream.contexts.user.factors import service as factors
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer

router = Router(tags=["factors"])

_BODY_BYTES: Final = 16 * 1024
_FRESH: Final = 5
Code = Annotated[str, Field(min_length=1, max_length=64)]


class ShowCode(BaseModel):
    """A code of the authenticator app, a recovery code, or the one that was mailed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Code


class Proof(BaseModel):
    """A code of the second factor or a recovery code; the password of an account that has no second factor."""

    model_config = ConfigDict(extra="forbid", strict=True)

    proof: Annotated[str, Field(min_length=1, max_length=1024)]


class Proved(BaseModel):
    fresh_until: datetime
    """Until then, what wants a proof is done."""


class FactorsBody(BaseModel):
    totp_since: datetime | None
    """Since when an authenticator app is asked for at sign-in; null: none is."""
    recovery_codes_left: int


class EnrolmentBody(BaseModel):
    """What an authenticator app needs."""

    uri: str
    """For a QR code: `otpauth://totp/...`."""
    key: str
    """The same secret, for typing."""


class RecoveryCodes(BaseModel):
    """Shown this once; each signs in once in the place of the app."""

    recovery_codes: list[str]


@router.post(
    "/api/v1/sessions/second-step",
    policy=ANYONE,
    status_code=201,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("second_step", "30/minute"))],
)
async def show_second_factor(
    *, body: ShowCode, request: Request, response: Response, tx: TxDep, runtime: RuntimeDep, now: NowDep
) -> SignedIn:
    """Finish to sign in, in the browser that has shown the password: by the app, a recovery code, or the mailed code if one was."""
    cookie, session_cookie = second_step_cookie(runtime), SessionCookie.of(runtime.settings)
    entered = await service.finish_second_step(
        tx,
        sealer=_sealer(runtime),
        signing_key=runtime.settings.signing_key(),
        browser_token=cookie.read(request),
        code=body.code,
        device=device_of_request(request),
        now=now,
        replaces=session_cookie.read(request),
        device_token=device_cookie(runtime).read(request),
    )
    cookie.clear(response)
    return signed_in(entered, response, runtime)


@router.post(
    "/api/v1/me/step-up",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("step_up", "20/hour"))],
)
async def step_up(
    *, body: Proof, request: Request, response: Response, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Proved:
    """Show that it is you; the session gets a new token, and what answered `access.proof_too_old` can be repeated."""
    opened = await service.step_up(
        runtime, principal=principal, proof=body.proof, device=device_of_request(request), now=now
    )
    SessionCookie.of(runtime.settings).set(response, token=opened.token, expires=opened.expires_at)
    return Proved(fresh_until=now + timedelta(minutes=_FRESH))


@router.get("/api/v1/me/factors", policy=SIGNED_IN)
async def show_factors(tx: TxDep, principal: PrincipalDep) -> FactorsBody:
    """Show what one's account is entered with beside the password."""
    found = await factors.factors_of(tx, user_id=principal.user_id)
    return FactorsBody(totp_since=found.totp_since, recovery_codes_left=found.recovery_left)


@router.post("/api/v1/me/factors/totp", policy=SIGNED_IN, status_code=201, dependencies=[Depends(fresh(_FRESH))])
async def begin_app(tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep) -> EnrolmentBody:
    """Begin to set up an authenticator app; it is asked for once its first code was shown."""
    begun = await service.begin_app(tx, sealer=_sealer(runtime), principal=principal, now=now)
    return EnrolmentBody(uri=begun.uri, key=begun.key)


@router.post(
    "/api/v1/me/factors/totp/confirm",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("confirm_app", "30/hour")), Depends(fresh(30))],
)
async def confirm_app(
    *, body: ShowCode, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> RecoveryCodes:
    """Show the app's first code: it is asked for at sign-in from now on. Answers with the recovery codes, this once."""
    codes = await service.confirm_app(
        tx,
        sealer=_sealer(runtime),
        principal=principal,
        code=body.code,
        device=device_of_request(request),
        now=now,
    )
    return RecoveryCodes(recovery_codes=codes)


@router.delete("/api/v1/me/factors/totp", policy=SIGNED_IN, status_code=204, dependencies=[Depends(fresh(_FRESH))])
async def remove_app(tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """Remove the authenticator app and the recovery codes; a notice is mailed."""
    await service.remove_app(tx, principal=principal, now=now)


@router.post("/api/v1/me/factors/recovery-codes", policy=SIGNED_IN, dependencies=[Depends(fresh(_FRESH))])
async def renew_recovery_codes(tx: TxDep, principal: PrincipalDep, now: NowDep) -> RecoveryCodes:
    """Make ten new recovery codes; those before are void. Answers with them, this once."""
    return RecoveryCodes(recovery_codes=await service.renew_recovery_codes(tx, principal=principal, now=now))


def second_step_cookie(runtime: Runtime) -> BrowserCookie:
    """Return the cookie that a browser keeps between its password and its second factor."""
    return BrowserCookie.of(runtime.settings, purpose=service.SECOND_STEP_COOKIE)


def _sealer(runtime: Runtime) -> Sealer:
    return Sealer.of(runtime.settings, purpose=factors.PURPOSE)
