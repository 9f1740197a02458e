"""What every way to enter has in common: whose browser it is, and the answer with the session's cookie."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel

from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.sessions.service import Device, device_of
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.runtime import Runtime


class SignedIn(BaseModel):
    user_id: UUID
    session_id: UUID
    expires_at: datetime


def device_of_request(request: Request) -> Device:
    """Return what a request's browser says of itself, and the network that it comes from."""
    address = request.client.host if request.client else None
    return device_of(user_agent=request.headers.get("user-agent"), address=address)


def device_cookie(runtime: Runtime) -> BrowserCookie:
    """Return the cookie by which a browser that was let in is known again."""
    return BrowserCookie.of(runtime.settings, purpose=service.DEVICE_COOKIE)


def signed_in(entered: service.SignedIn, response: Response, runtime: Runtime) -> SignedIn:
    """Return the answer to whoever has entered, and give their browser its session and what it is known by."""
    cookie = SessionCookie.of(runtime.settings)
    device_cookie(runtime).set(response, value=entered.device_token, good_for=service.DEVICE_GOOD_FOR)
    cookie.set(response, token=entered.session.token, expires=entered.session.expires_at)
    return SignedIn(
        user_id=entered.user_id, session_id=entered.session.session_id, expires_at=entered.session.expires_at
    )
