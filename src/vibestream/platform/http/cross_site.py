"""Refusing what another site makes a browser send.

A browser says itself where an unsafe request comes from, and a page cannot forge it: `Sec-Fetch-Site`, or in browsers
before 2023 `Origin`. A request with neither does not come from a page, hence not with a victim's cookie.

Source: Fetch Metadata (W3C); the order of checks as in Go's net/http CrossOriginProtection.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

from vibestream.kernel.errors import Forbidden

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = frozenset({"same-origin", "none"})


class CrossSite(Forbidden):
    """The request was made by a page of another site."""

    code = "http.cross_site"


def check(scope: Scope, *, own_origin: str) -> None:
    """Return when a request may be answered as far as its origin goes.

    Raises:
        CrossSite: it changes something and comes from a page of another origin.
    """
    if scope["method"] in _SAFE:
        return
    site = origin = host = None
    for name, value in scope["headers"]:
        if name == b"sec-fetch-site":
            site = value.decode("latin-1")
        elif name == b"origin":
            origin = value.decode("latin-1")
        elif name == b"host":
            host = value.decode("latin-1")
    if origin == own_origin and site in (None, *_OWN):
        return
    if site is not None:
        if site in _OWN:
            return
    elif origin is None or (host is not None and urlsplit(origin).netloc == host):
        return
    raise CrossSite("This request came from another site. Open VibeStream and try again there.")
