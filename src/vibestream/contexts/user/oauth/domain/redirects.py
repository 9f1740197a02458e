"""Redirect URIs: which may be registered, and whether a request's is one of them.

Compared character by character; only the port of a loopback address is free, because a native app takes the one that
its system gives it. Source: RFC 9700, 2.1 and 4.1; RFC 8252, 7 and 8.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from vibestream.contexts.user.oauth.domain.errors import RedirectUriInvalid

MOST_CHARACTERS: Final = 400
MOST_URIS: Final = 10
_AUTHORITY: Final = r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?"
_REST: Final = r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
_HTTPS: Final = re.compile(rf"(https://{_AUTHORITY}){_REST}", re.ASCII)
_LOOPBACK: Final = re.compile(rf"(http://(?:127\.0\.0\.1|\[::1\]))(?::([0-9]{{1,5}}))?({_REST})", re.ASCII)
_PRIVATE: Final = re.compile(rf"([a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+):(?=/[^/]){_REST}", re.ASCII)
"""An app's own scheme, which holds a dot: a domain name of its maker, backwards. So `javascript:` and `data:` are none."""


def check_redirect_uri(uri: str, *, public: bool) -> str:
    """Return a redirect URI that a client may have; apps' own schemes and loopback are for public clients.

    Raises:
        RedirectUriInvalid: it is of another form: with a fragment, a user, a wildcard, another host by plain http.
    """
    fits = _HTTPS.fullmatch(uri) or (public and (_LOOPBACK.fullmatch(uri) or _PRIVATE.fullmatch(uri)))
    if not fits or len(uri) > MOST_CHARACTERS:
        raise RedirectUriInvalid(uri)
    return uri


def is_registered(uri: str, registered: Iterable[str]) -> bool:
    """Say whether a request's redirect URI is one of those of its client."""
    if len(uri) > MOST_CHARACTERS:
        return False
    return any(uri == one or _same_but_port(uri, one) for one in registered)


def origin_of(uri: str) -> str:
    """Return where a redirect URI leads, as a source of a content security policy."""
    if found := _HTTPS.fullmatch(uri):
        return found[1]
    if loopback := _LOOPBACK.fullmatch(uri):
        if "[" in loopback[1]:
            return "http:"  # a policy has no way to write an IPv6 address
        return f"{loopback[1]}:{loopback[2]}" if loopback[2] else loopback[1]
    return uri.partition(":")[0] + ":"


def web_origins(uris: Iterable[str]) -> tuple[str, ...]:
    """Return the origins whose pages may ask for tokens: those of web addresses, each once, loopback without its port."""
    found = []
    for uri in uris:
        if https := _HTTPS.fullmatch(uri):
            found.append(https[1].lower().removesuffix(":443"))
        elif loopback := _LOOPBACK.fullmatch(uri):
            found.append(loopback[1])
    return tuple(dict.fromkeys(found))


def as_registered(origin: str) -> str | None:
    """Return a browser's `Origin` in the form that `web_origins` gives; None for one that no client may have."""
    if len(origin) > MOST_CHARACTERS:
        return None
    found = _HTTPS.fullmatch(origin)
    if found is not None and found[1] == origin:
        return origin
    loopback = _LOOPBACK.fullmatch(origin)
    return loopback[1] if loopback is not None and not loopback[3] else None


def with_answer(uri: str, answer: dict[str, str]) -> str:
    """Return a redirect URI with an answer's parameters added to its query."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}"


def _same_but_port(uri: str, registered: str) -> bool:
    asked, known = _LOOPBACK.fullmatch(uri), _LOOPBACK.fullmatch(registered)
    return asked is not None and known is not None and (asked[1], asked[3]) == (known[1], known[3])
