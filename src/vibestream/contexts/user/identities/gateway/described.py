"""What an issuer says of itself, kept for an hour; its keys are fetched again when a token names one that is not known.

Source: OpenID Connect Discovery 1.0, 4; RFC 9207, 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from joserfc.jwk import KeySet

from vibestream.contexts.user.identities.domain.errors import IssuerUnavailable
from vibestream.contexts.user.identities.gateway import tokens
from vibestream.contexts.user.identities.gateway.parts import Client, text
from vibestream.kernel.time import utc_now

_KEPT_FOR: Final = timedelta(hours=1)
_KEYS_AGAIN_AFTER: Final = timedelta(seconds=30)
"""However many tokens name unknown keys, an issuer is asked for them this often at most."""
_USUAL_ALGORITHMS: Final = ["RS256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What of an issuer's description is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    names_itself: bool
    """Whether every answer says whose it is."""
    by_basic: bool
    """Whether our secret is shown in the header; else in the form."""
    algorithms: tuple[str, ...]


class Description:
    """An issuer's description and keys, as this process last read them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._read_at = self._keys_at = self._missed_at = utc_now() - _KEPT_FOR

    async def metadata(self) -> Metadata:
        """Return the description.

        Raises:
            IssuerUnavailable: there is none, or it is another issuer's.
        """
        now = utc_now()
        if self._metadata is None or now - self._read_at >= _KEPT_FOR:
            base = self._client.setting.issuer.rstrip("/")
            document = await self._client.ask_object(f"{base}/.well-known/openid-configuration")
            self._metadata, self._read_at = self._parsed(document), now
        return self._metadata

    async def keys(self, *, known_at: datetime | None = None) -> tuple[KeySet, datetime]:
        """Return the keys, and when they were read; `known_at`: those of then were not enough.

        Raises:
            IssuerUnavailable: they cannot be had.
        """
        now = utc_now()
        missed = known_at is not None and known_at == self._keys_at and now - self._missed_at >= _KEYS_AGAIN_AFTER
        self._missed_at = now if missed else self._missed_at
        if self._keys is None or missed or now - self._keys_at >= _KEPT_FOR:
            document = await self._client.ask_object((await self.metadata()).jwks_uri)
            try:
                self._keys, self._keys_at = tokens.read_keys(document), now
            except ValueError:
                raise IssuerUnavailable("no keys") from None
        return self._keys, self._keys_at

    def _parsed(self, document: dict[str, Any]) -> Metadata:
        if document.get("issuer") != self._client.setting.issuer:
            raise IssuerUnavailable("another issuer's description")
        needed = {name: text(document, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        schemes = {"https"} if self._client.production else {"https", "http"}
        signed_by = document.get("id_token_signing_alg_values_supported", _USUAL_ALGORITHMS)
        if any(_scheme(url) not in schemes for url in needed.values()) or not isinstance(signed_by, list):
            raise IssuerUnavailable("unusable description")
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Metadata(
            **needed,
            userinfo_endpoint=text(document, "userinfo_endpoint"),
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
            by_basic=isinstance(methods, list) and "client_secret_basic" in methods,
            algorithms=tuple(one for one in signed_by if one in tokens.ALGORITHMS),
        )


def _scheme(url: str) -> str:
    """Return the scheme of an address; empty when it is none."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""
