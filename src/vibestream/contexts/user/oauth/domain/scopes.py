"""What an app may be let do. A scope that is not listed here does not exist."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from vibestream.contexts.user.oauth.domain.errors import InvalidScope, ScopesInvalid

OPENID: Final = "openid"
PROFILE: Final = "profile"
EMAIL: Final = "email"
OFFLINE: Final = "offline_access"
LISTEN: Final = "listen"
WALLET_READ: Final = "wallet:read"
PAGE_READ: Final = "page:read"
SCOPES: Final = (OPENID, PROFILE, EMAIL, OFFLINE, LISTEN, WALLET_READ, PAGE_READ)
"""In the order in which people are asked. None of them moves money, changes an account or uses a role."""
PERSONAL_SCOPES: Final = (OPENID, PROFILE, EMAIL, LISTEN, WALLET_READ, PAGE_READ)
"""What a personal access token may: it is of use while one is away in any case."""
ROLES: Final = frozenset({"fan", "artist"})
"""The roles that are used through an app; operators' and finance's are not, whatever the person holds."""
_SHAPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")


def parse_scopes(text: str, *, allowed: Collection[str]) -> tuple[str, ...]:
    """Return the scopes that a request names, each once, in our order.

    Raises:
        InvalidScope: none, or one that is not allowed. Source: RFC 6749, 3.3.
    """
    if not _SHAPE.fullmatch(text):
        raise InvalidScope("Name at least one scope, separated by single spaces.")
    asked = set(text.split(" "))
    if not asked <= set(allowed):
        raise InvalidScope("A scope is unknown, or not one of this client's.")
    return tuple(scope for scope in SCOPES if scope in asked)


def chosen_scopes(chosen: Collection[str], *, offered: Collection[str] = SCOPES) -> tuple[str, ...]:
    """Return the scopes that somebody chose in a form, in our order.

    Raises:
        ScopesInvalid: none, or one that is not offered.
    """
    if not chosen or not set(chosen) <= set(offered):
        raise ScopesInvalid("Choose at least one of what is offered.")
    return tuple(scope for scope in SCOPES if scope in chosen)
