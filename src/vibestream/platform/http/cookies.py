"""The session cookie: the one thing a browser keeps, unreadable by scripts and never sent by another site's form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from starlette.requests import HTTPConnection
from starlette.responses import Response

from vibestream.platform.config import Settings

SECURE_NAME: Final = "__Host-vs"
"""The prefix makes the browser insist on Secure, Path=/ and no Domain. Source: RFC 6265bis, 4.1.3.2."""
PLAIN_NAME: Final = "vs_session"
"""The name over plain http on a laptop, where `__Host-` cookies cannot be set."""
_FORGET: Final = '"cache", "cookies", "storage"'


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """How this deployment's session cookie is called and set: `Secure; HttpOnly; SameSite=Lax; Path=/`, no Domain."""

    secure: bool

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the cookie of a deployment: secure whenever people reach it by https."""
        return cls(secure=settings.base_url.startswith("https://"))

    @property
    def name(self) -> str:
        """The cookie's name."""
        return SECURE_NAME if self.secure else PLAIN_NAME

    def read(self, connection: HTTPConnection) -> str | None:
        """Return the token that the browser sent, or None."""
        return connection.cookies.get(self.name) or None

    def set(self, response: Response, *, token: str, expires: datetime) -> None:
        """Give the browser a session token until an instant."""
        response.set_cookie(
            self.name, token, expires=expires, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def clear(self, response: Response) -> None:
        """Make the browser forget the session, and what it cached while signed in."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="lax")
        if self.secure:  # browsers ignore the header on plain http
            response.headers["Clear-Site-Data"] = _FORGET
