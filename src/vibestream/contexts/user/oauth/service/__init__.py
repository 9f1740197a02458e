"""Apps that other people write: registered, allowed by a person, given tokens, known again by them."""

from __future__ import annotations

from vibestream.contexts.user.oauth.domain.errors import (
    ClientMissing,
    ClientsLimited,
    GrantReplayed,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    ProtocolRefusal,
    RedirectUriInvalid,
    RequestUnusable,
    ScopesInvalid,
    UnsupportedGrant,
)
from vibestream.contexts.user.oauth.domain.redirects import origin_of
from vibestream.contexts.user.oauth.domain.scopes import EMAIL, LISTEN, OFFLINE, OPENID, PROFILE, SCOPES, WALLET_READ
from vibestream.contexts.user.oauth.domain.values import ACCESS_FOR, App, Asked, Client, Confidence
from vibestream.contexts.user.oauth.service.authorizing import (
    AuthorizationRefused,
    allow,
    apps_of,
    asked,
    refusal,
    remembered,
    revoke_all,
    take_back,
)
from vibestream.contexts.user.oauth.service.bearing import authenticate
from vibestream.contexts.user.oauth.service.clients import (
    Registered,
    authenticated,
    clients_of,
    end_client,
    register,
    renew_secret,
)
from vibestream.contexts.user.oauth.service.signing import ALGORITHM, published
from vibestream.contexts.user.oauth.service.tokens import (
    Issuer,
    Tokens,
    claims_about,
    for_code,
    for_refresh,
    introspected,
    revoke,
)

__all__ = [
    "ACCESS_FOR",
    "ALGORITHM",
    "EMAIL",
    "LISTEN",
    "OFFLINE",
    "OPENID",
    "PROFILE",
    "SCOPES",
    "WALLET_READ",
    "App",
    "Asked",
    "AuthorizationRefused",
    "Client",
    "ClientMissing",
    "ClientsLimited",
    "Confidence",
    "GrantReplayed",
    "InvalidClient",
    "InvalidGrant",
    "InvalidRequest",
    "InvalidScope",
    "Issuer",
    "ProtocolRefusal",
    "RedirectUriInvalid",
    "Registered",
    "RequestUnusable",
    "ScopesInvalid",
    "Tokens",
    "UnsupportedGrant",
    "allow",
    "apps_of",
    "asked",
    "authenticate",
    "authenticated",
    "claims_about",
    "clients_of",
    "end_client",
    "for_code",
    "for_refresh",
    "introspected",
    "origin_of",
    "published",
    "refusal",
    "register",
    "remembered",
    "renew_secret",
    "revoke",
    "revoke_all",
    "take_back",
]
