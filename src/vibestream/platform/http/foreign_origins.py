"""The few addresses that scripts of other sites may use: those of apps that somebody registered, without any cookie.

A browser lets a page read another site's answer only where that site says so. We say it for the addresses that a capability
names, to origins that it knows, never with credentials: what comes from there is answered as if no cookie had been sent.
Everything else of other sites that changes something is refused, as `cross_site` says.

Source: Fetch standard, 3.2 (CORS protocol).
"""

from __future__ import annotations

from dataclasses import dataclass
from re import Pattern
from typing import Final, Protocol

import psycopg
from starlette.responses import Response
from starlette.types import Scope

from vibestream.platform.database import Database, Tx

_KEPT_S: Final = 600
_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"Authorization, Content-Type"),
    (b"access-control-max-age", str(_KEPT_S).encode()),
)
_EXPOSED: Final = b"WWW-Authenticate, Retry-After"
_MOST_BYTES: Final = 400


class KnowsOrigin(Protocol):
    """Says whether pages of an origin may use the shared addresses; given by the composition root."""

    async def __call__(self, tx: Tx, *, origin: str) -> bool:
        """Return whether somebody registered it."""


async def nobody(tx: Tx, *, origin: str) -> bool:
    """Return False: no other site's page may use anything here."""
    del tx, origin
    return False


@dataclass(frozen=True, slots=True)
class Shared:
    """Which addresses are shared, and with whom."""

    paths: frozenset[str] = frozenset()
    knows: KnowsOrigin = nobody
    posted_to: Pattern[str] | None = None
    """Addresses that other sites' pages send a browser to with a form. Only for routes that know by a secret of the browser
    that it was sent there from here: nothing else stands between them and a forged request."""

    def takes_posts(self, scope: Scope) -> bool:
        """Say whether another site's page may send a browser here with a form."""
        return (
            self.posted_to is not None
            and scope["method"] == "POST"
            and self.posted_to.fullmatch(scope["path"]) is not None
        )

    async def admitted(self, scope: Scope, *, own_origin: str, database: Database) -> str | None:
        """Return the other site's origin that a request comes from, when it may use this address; else None.

        A database that does not answer admits nobody.
        """
        if scope["path"] not in self.paths:
            return None
        origin = next((value for name, value in scope["headers"] if name == b"origin"), b"")
        if not origin or len(origin) > _MOST_BYTES or origin.decode("latin-1") == own_origin:
            return None
        asked = origin.decode("latin-1")
        try:
            known = await database.look(lambda tx: self.knows(tx, origin=asked))
        except psycopg.OperationalError:
            return None
        return asked if known else None

    def headers(self, scope: Scope, origin: str | None) -> list[tuple[bytes, bytes]]:
        """Return what the answer to a request from an admitted origin says; None: what it says to everybody else."""
        if scope["path"] not in self.paths:
            return []
        vary = [(b"vary", b"Origin")]  # a cache must not give one origin's answer to another
        if origin is None:
            return vary
        shared = (b"access-control-allow-origin", origin.encode("latin-1"))
        return [*vary, shared, (b"access-control-expose-headers", _EXPOSED)]


NOTHING: Final = Shared()


def forget_cookies(scope: Scope) -> None:
    """Take the cookies out of a request, so that nobody's session is behind it."""
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"cookie"]


def preflight(scope: Scope) -> Response | None:
    """Return the answer to a browser that asks before it sends; None when this is no such question."""
    if scope["method"] != "OPTIONS" or all(name != b"access-control-request-method" for name, _ in scope["headers"]):
        return None
    response = Response(status_code=204)
    response.raw_headers.extend(_PREFLIGHT)
    return response
