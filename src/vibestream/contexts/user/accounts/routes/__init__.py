"""HTTP for accounts: sign up, show the code, sign in, and one's own account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.accounts.routes.entered import SignedIn, device_cookie, device_of_request, signed_in
from vibestream.contexts.user.accounts.routes.factors import second_step_cookie
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistProfile, FanProfile
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import require_fresh
from vibestream.platform.runtime import Runtime

router = Router(tags=["accounts"])

_BODY_BYTES: Final = 16 * 1024
Email = Annotated[str, Field(min_length=1, max_length=320)]
Password = Annotated[str, Field(min_length=1, max_length=1024)]
DisplayName = Annotated[str, Field(min_length=1, max_length=320)]
Locale = Literal["en", "es"]
Theme = Literal["system", "dark", "light"]


class SignUp(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email
    password: Password
    display_name: DisplayName
    locale: Locale = "en"


class CodeMailed(BaseModel):
    """A code is on its way, if the address is what it seems; this browser must show it before it expires."""

    code_expires_at: datetime


class VerifyEmail(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(min_length=1, max_length=32)]


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email
    password: Password


class SecondStepWanted(BaseModel):
    """More is shown next, by this browser, at `/api/v1/sessions/second-step`.

    `app`: the password was right, and the account has an authenticator app. `app_or_mail`: passwords are being guessed at many
    accounts, and this is the answer to every password; if it was right, a code was mailed, or the account's app is asked for.
    """

    second_step_expires_at: datetime
    shown_by: Literal["app", "app_or_mail"]


class OwnArtist(BaseModel):
    artist_id: UUID
    name: str
    handle: str


class Me(BaseModel):
    user_id: UUID
    email: str
    display_name: str
    locale: Locale
    theme: Theme
    roles: list[str]
    artists: list[OwnArtist]


class ChangeMe(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    display_name: DisplayName | None = None
    locale: Locale | None = None
    theme: Theme | None = None


class ChangePassword(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    current: Password
    new: Password


@router.post(
    "/api/v1/sign-up",
    policy=ANYONE,
    status_code=202,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("sign_up", "60/hour"))],
)
async def sign_up(body: SignUp, response: Response, runtime: RuntimeDep, now: NowDep) -> CodeMailed:
    """Begin to make an account: a code is mailed. The answer is the same when the address has an account."""
    started = await service.sign_up(
        runtime,
        email=body.email,
        password=body.password,
        display_name=body.display_name,
        locale=body.locale,
        now=now,
    )
    _sign_up_cookie(runtime).set(response, value=started.browser_token, good_for=service.SIGN_UP_COOKIE_GOOD_FOR)
    return CodeMailed(code_expires_at=started.code_expires_at)


@router.post(
    "/api/v1/verify-email/resend",
    policy=ANYONE,
    status_code=202,
    dependencies=[Depends(rate_limit("resend_code", "30/hour"))],
)
async def resend_code(request: Request, response: Response, tx: TxDep, runtime: RuntimeDep, now: NowDep) -> CodeMailed:
    """Mail another code to the address that this browser signed up with; the one before is void."""
    cookie = _sign_up_cookie(runtime)
    started = await service.resend_code(tx, browser_token=cookie.read(request), now=now)
    cookie.set(response, value=started.browser_token, good_for=service.SIGN_UP_COOKIE_GOOD_FOR)
    return CodeMailed(code_expires_at=started.code_expires_at)


@router.post(
    "/api/v1/verify-email",
    policy=ANYONE,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("verify_email", "60/hour"))],
)
async def verify_email(
    *, body: VerifyEmail, request: Request, response: Response, tx: TxDep, runtime: RuntimeDep, now: NowDep
) -> SignedIn:
    """Show the mailed code, in the browser that signed up: the account is made, and the browser is signed in."""
    cookie, session_cookie = _sign_up_cookie(runtime), SessionCookie.of(runtime.settings)
    entered = await service.verify_email(
        tx,
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
    "/api/v1/sessions",
    policy=ANYONE,
    status_code=201,
    max_body_bytes=_BODY_BYTES,
    responses={202: {"model": SecondStepWanted}},
    dependencies=[Depends(rate_limit("sign_in", "10/minute"))],
)
async def sign_in(
    body: SignIn, request: Request, response: Response, runtime: RuntimeDep, now: NowDep
) -> SignedIn | SecondStepWanted:
    """Sign in: the browser gets a new session, and the one it came with is ended; or 202, and a second step is wanted."""
    session_cookie = SessionCookie.of(runtime.settings)
    entered = await service.sign_in(
        runtime,
        email=body.email,
        password=body.password,
        device=device_of_request(request),
        now=now,
        replaces=session_cookie.read(request),
        device_token=device_cookie(runtime).read(request),
    )
    if isinstance(entered, service.SecondStep):
        second_step_cookie(runtime).set(response, value=entered.browser_token, good_for=service.SECOND_STEP_GOOD_FOR)
        response.status_code = 202
        return SecondStepWanted(
            second_step_expires_at=entered.expires_at, shown_by="app_or_mail" if entered.guarded else "app"
        )
    return signed_in(entered, response, runtime)


@router.get("/api/v1/me", policy=SIGNED_IN)
async def show_me(tx: TxDep, principal: PrincipalDep) -> Me:
    """Show one's own account."""
    found = await service.account(tx, user_id=principal.user_id)
    return _me(
        found,
        await profiles.fan(tx, user_id=principal.user_id),
        principal.roles,
        await profiles.artists_of(tx, user_id=principal.user_id),
    )


@router.patch("/api/v1/me", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def change_me(body: ChangeMe, tx: TxDep, principal: PrincipalDep) -> Me:
    """Change one's display name, language or theme; what is left out stays."""
    changed = await profiles.change_fan(
        tx, user_id=principal.user_id, display_name=body.display_name, locale=body.locale, theme=body.theme
    )
    found = await service.account(tx, user_id=principal.user_id)
    return _me(found, changed, principal.roles, await profiles.artists_of(tx, user_id=principal.user_id))


@router.put(
    "/api/v1/me/password",
    policy=SIGNED_IN,
    status_code=204,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("change_password", "10/hour"))],
)
async def change_password(
    body: ChangePassword, request: Request, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> None:
    """Change one's password: every other session ends, and a notice is mailed.

    An account with a second factor must have shown it in the last five minutes, as on the page; the present password is
    all that another has to show.
    """
    async with runtime.database.begin(read_only=True) as tx:
        second = await factors.has_second(tx, user_id=principal.user_id)
    if second:
        require_fresh(request, limit=timedelta(minutes=5))
    await service.change_password(
        runtime, principal=principal, current=body.current, new=body.new, device=device_of_request(request), now=now
    )


def _sign_up_cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=service.SIGN_UP_COOKIE)


def _me(account: service.Account, fan: FanProfile, roles: frozenset[str], artists: list[ArtistProfile]) -> Me:
    return Me.model_validate(
        {
            "user_id": account.user_id,
            "email": account.email,
            "display_name": fan.display_name,
            "locale": fan.locale,
            "theme": fan.theme,
            "roles": sorted(roles),
            "artists": [{"artist_id": one.artist_id, "name": one.name, "handle": one.handle} for one in artists],
        }
    )
