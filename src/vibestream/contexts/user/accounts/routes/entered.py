"""What every way to enter has in common: whose browser it is, and the answer with the session's cookie."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel

from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.sessions.service import Device, device_of
from vibestream.platform.http.cookies import SessionCookie


class SignedIn(BaseModel):
    user_id: UUID
    session_id: UUID
    expires_at: datetime


def device_of_request(request: Request) -> Device:
    """Return what a request's browser says of itself, and the network that it comes from."""
    address = request.client.host if request.client else None
    return device_of(user_agent=request.headers.get("user-agent"), address=address)


def signed_in(entered: service.SignedIn, response: Response, cookie: SessionCookie) -> SignedIn:
    """Return the answer to whoever has entered, and give their browser its session."""
    cookie.set(response, token=entered.session.token, expires=entered.session.expires_at)
    return SignedIn(
        user_id=entered.user_id, session_id=entered.session.session_id, expires_at=entered.session.expires_at
    )
