"""Access tokens, as apps send them: in the `Authorization` header, and nowhere else.

Source: RFC 6750, 2 and 3; RFC 9700, 4.3.2: never in an address, which is logged, kept and passed on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import parse_qsl

from starlette.requests import HTTPConnection

from vibestream.kernel.errors import InvalidInput, Unauthenticated
from vibestream.platform.access import Principal


class TokenRefused(Unauthenticated):
    """The access token is unknown, expired or revoked."""

    code: ClassVar[str] = "access.token_refused"
    challenge: ClassVar[str] = 'Bearer realm="VibeStream", error="invalid_token"'


class TokenInAddress(InvalidInput):
    """An access token stands in the address."""

    code: ClassVar[str] = "access.token_in_address"
    http_status: ClassVar[int] = 400


@dataclass(frozen=True, slots=True)
class Bearer:
    """The access token that a request came with."""

    token: str = field(repr=False)

    def require(self, principal: Principal | None) -> Principal:
        """Return whom the token stands for.

        Raises:
            TokenRefused: nobody.
        """
        if principal is None:
            raise TokenRefused("This access token is not good for anything. Get another one.")
        return principal


def bearer_of(connection: HTTPConnection) -> Bearer | None:
    """Return the access token of a request, None when it did not come with one.

    Raises:
        TokenInAddress: it stands in the query.
    """
    query = connection.scope["query_string"]
    if b"token" in query and any(name == "access_token" for name, _ in parse_qsl(query.decode("latin-1"))):
        raise TokenInAddress(
            "Send the access token in the Authorization header; take this one back, for it was logged."
        )
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return Bearer(token.strip()) if scheme.lower() == "bearer" else None
