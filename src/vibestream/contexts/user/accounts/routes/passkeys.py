"""HTTP for passkeys: sign in by one, show one as a proof, and one's own; bodies are those of Web Authentication in JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.accounts.routes.entered import SignedIn, device_cookie, device_of_request, signed_in
from vibestream.contexts.user.accounts.routes.factors import Proved
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passkeys.service import Asked, Passkey, Site
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh
from vibestream.platform.runtime import Runtime

router = Router(tags=["passkeys"])

_BODY_BYTES: Final = 32 * 1024
_FRESH: Final = 5
Name = Annotated[str, Field(min_length=1, max_length=320)]


class Options(BaseModel):
    """What the browser's `PublicKeyCredential.parse...OptionsFromJSON` takes; the answer must come from this browser."""

    public_key: dict[str, Any]


class Answer(BaseModel):
    """What the browser's `PublicKeyCredential.toJSON` gave."""

    model_config = ConfigDict(extra="forbid", strict=True)

    credential: dict[str, Any]


class NewPasskey(Answer):
    name: Name


class Rename(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name


class PasskeyView(BaseModel):
    passkey_id: UUID
    name: str
    made_at: datetime
    used_at: datetime | None
    synchronised: bool
    """Whether it may be on several devices of its owner, so that losing one does not lose it."""
    backed_up: bool
    suspected_at: datetime | None
    """When its counter went backwards: there is a copy, and it signs in no more; null: never."""


class PasskeyList(BaseModel):
    passkeys: list[PasskeyView]


@router.post(
    "/api/v1/sessions/passkey/options",
    policy=ANYONE,
    dependencies=[Depends(rate_limit("passkey_options", "60/minute"))],
)
async def ask_to_sign_in(request: Request, response: Response, tx: TxDep, runtime: RuntimeDep, now: NowDep) -> Options:
    """Ask what is to be signed to sign in by a passkey; it is good for ten minutes, once, and for this browser."""
    cookie, site = _cookie(runtime), Site.at(runtime.settings.base_url)
    asked = await passkeys.ask_to_sign_in(tx, site=site, browser_token=cookie.read(request), now=now)
    return _options(asked, response, cookie)


@router.post(
    "/api/v1/sessions/passkey",
    policy=ANYONE,
    status_code=201,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("passkey_sign_in", "30/minute"))],
)
async def sign_in(
    *, body: Answer, request: Request, response: Response, tx: TxDep, runtime: RuntimeDep, now: NowDep
) -> SignedIn:
    """Sign in by a passkey, which stands for both factors; the session that the browser came with is ended."""
    session_cookie = SessionCookie.of(runtime.settings)
    entered = await service.passkey_sign_in(
        tx,
        site=Site.at(runtime.settings.base_url),
        browser_token=_cookie(runtime).read(request),
        answer=body.credential,
        device=device_of_request(request),
        now=now,
        replaces=session_cookie.read(request),
        device_token=device_cookie(runtime).read(request),
    )
    return signed_in(entered, response, runtime)


@router.post(
    "/api/v1/me/step-up/passkey/options",
    policy=SIGNED_IN,
    dependencies=[Depends(rate_limit("passkey_options", "60/minute"))],
)
async def ask_to_show(
    *, request: Request, response: Response, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Options:
    """Ask what is to be signed with one of one's passkeys, in the place of the second factor or the password."""
    cookie, site = _cookie(runtime), Site.at(runtime.settings.base_url)
    asked = await passkeys.ask_to_show(
        tx, site=site, browser_token=cookie.read(request), user_id=principal.user_id, now=now
    )
    return _options(asked, response, cookie)


@router.post(
    "/api/v1/me/step-up/passkey",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("step_up", "20/hour"))],
)
async def step_up(
    *,
    body: Answer,
    request: Request,
    response: Response,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
) -> Proved:
    """Show a passkey; the session gets a new token, and what answered `access.proof_too_old` can be repeated."""
    opened = await service.passkey_step_up(
        tx,
        site=Site.at(runtime.settings.base_url),
        browser_token=_cookie(runtime).read(request),
        principal=principal,
        answer=body.credential,
        device=device_of_request(request),
        now=now,
    )
    SessionCookie.of(runtime.settings).set(response, token=opened.token, expires=opened.expires_at)
    return Proved(fresh_until=now + timedelta(minutes=_FRESH))


@router.get("/api/v1/me/passkeys", policy=SIGNED_IN)
async def list_passkeys(tx: TxDep, principal: PrincipalDep) -> PasskeyList:
    """List one's passkeys, the oldest first."""
    found = await passkeys.passkeys_of(tx, user_id=principal.user_id)
    return PasskeyList(passkeys=[_view(one) for one in found])


@router.post(
    "/api/v1/me/passkeys/options",
    policy=SIGNED_IN,
    dependencies=[Depends(rate_limit("passkey_options", "60/minute")), Depends(fresh(_FRESH))],
)
async def ask_to_create(
    *, request: Request, response: Response, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Options:
    """Ask what a new passkey must be like; it is good for ten minutes, once, and for this browser."""
    cookie, site = _cookie(runtime), Site.at(runtime.settings.base_url)
    asked = await service.ask_to_create_passkey(
        tx, site=site, browser_token=cookie.read(request), principal=principal, now=now
    )
    return _options(asked, response, cookie)


@router.post(
    "/api/v1/me/passkeys",
    policy=SIGNED_IN,
    status_code=201,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("add_passkey", "30/hour")), Depends(fresh(2 * _FRESH))],
)
async def add_passkey(
    *, body: NewPasskey, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> PasskeyView:
    """Add the passkey that the browser has made; a notice is mailed."""
    made = await service.add_passkey(
        tx,
        site=Site.at(runtime.settings.base_url),
        browser_token=_cookie(runtime).read(request),
        principal=principal,
        answer=body.credential,
        name=body.name,
        now=now,
    )
    return _view(made)


@router.patch(
    "/api/v1/me/passkeys/{passkey_id}",
    policy=SIGNED_IN,
    status_code=204,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(fresh(_FRESH))],
)
async def rename_passkey(passkey_id: UUID, body: Rename, tx: TxDep, principal: PrincipalDep) -> None:
    """Give one of one's passkeys another name."""
    await passkeys.rename(tx, user_id=principal.user_id, passkey_id=passkey_id, name=body.name)


@router.delete(
    "/api/v1/me/passkeys/{passkey_id}", policy=SIGNED_IN, status_code=204, dependencies=[Depends(fresh(_FRESH))]
)
async def remove_passkey(passkey_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """Remove one of one's passkeys, unless it is the last way in; a notice is mailed."""
    await service.remove_passkey(tx, principal=principal, passkey_id=passkey_id, now=now)


def _options(asked: Asked, response: Response, cookie: BrowserCookie) -> Options:
    cookie.set(response, value=asked.browser_token, good_for=passkeys.CHALLENGE_GOOD_FOR)
    return Options(public_key=asked.options)


def _cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose="passkey")


def _view(one: Passkey) -> PasskeyView:
    return PasskeyView(
        passkey_id=one.passkey_id,
        name=one.name,
        made_at=one.made_at,
        used_at=one.used_at,
        synchronised=one.backup_eligible,
        backed_up=one.backed_up,
        suspected_at=one.suspected_at,
    )
