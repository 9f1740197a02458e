"""A short-lived secret that one browser keeps between two steps of one thing, such as between asking for a code and showing it.

It has the protection of the session cookie: unreadable by scripts, never sent by another site's form, and over https
tied to this very host.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Self

from starlette.requests import HTTPConnection
from starlette.responses import Response

from vibestream.platform.config import Settings


@dataclass(frozen=True, slots=True)
class BrowserCookie:
    """A cookie by its purpose: `__Host-vs-PURPOSE`, or `vs_PURPOSE` over plain http on a laptop."""

    purpose: str
    secure: bool
    cross_site: bool = False
    """Whether a form that another site posts brings it along: only over https, and it must open nothing by itself."""

    @classmethod
    def of(cls, settings: Settings, *, purpose: str, cross_site: bool = False) -> Self:
        """Return the cookie of a deployment: secure whenever people reach it by https."""
        return cls(purpose, secure=settings.base_url.startswith("https://"), cross_site=cross_site)

    @property
    def name(self) -> str:
        """The cookie's name."""
        return f"__Host-vs-{self.purpose}" if self.secure else f"vs_{self.purpose}"

    def read(self, connection: HTTPConnection) -> str:
        """Return what the browser sent; empty when it sent nothing."""
        return connection.cookies.get(self.name, "")

    def set(self, response: Response, *, value: str, good_for: timedelta) -> None:
        """Give the browser a secret for so long."""
        response.set_cookie(
            self.name,
            value,
            max_age=int(good_for.total_seconds()),
            path="/",
            secure=self.secure,
            httponly=True,
            samesite=self._samesite,
        )

    def clear(self, response: Response) -> None:
        """Make the browser forget it."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite=self._samesite)

    @property
    def _samesite(self) -> Literal["lax", "none"]:
        return "none" if self.cross_site and self.secure else "lax"
