"""Giving tokens for codes and refresh tokens, and taking them back.

Access tokens are opaque: only this deployment reads them, whoever comes is looked up in any case (their roles are those of
this moment), and a token that is revoked is good for nothing at once. A refresh token is good once. Its successor is derived from it under a key of
the deployment, so that two tabs that refresh at once get the same one, without any token being stored.

Source: RFC 6749, 4.1.3, 5 and 6; RFC 7009; RFC 7636, 4.6; RFC 7662; RFC 9700, 2.2 and 4.14; OpenID Connect Core 1.0, 2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.events import AppTokenReplayed
from vibestream.contexts.user.oauth.domain import proof
from vibestream.contexts.user.oauth.domain.errors import GrantReplayed, InvalidGrant, InvalidRequest
from vibestream.contexts.user.oauth.domain.scopes import EMAIL, OFFLINE, OPENID, PROFILE, parse_scopes
from vibestream.contexts.user.oauth.domain.values import (
    ACCESS_FOR,
    REFRESH_IDLE,
    REFRESH_LONGEST,
    SAME_SUCCESSOR,
    Client,
    Grant,
)
from vibestream.contexts.user.oauth.service import signing
from vibestream.contexts.user.oauth.store import grants as store
from vibestream.contexts.user.oauth.store.grants import Code, Refresh
from vibestream.kernel.ids import UserId
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.sealed import Sealer

_SUCCESSORS: Final = b"vibestream.oauth.successor.v1"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who this deployment is as an issuer, and what it signs and derives with."""

    url: str
    sealer: Sealer
    successor_key: bytes

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the issuer of a deployment: its address is the issuer's identifier."""
        sealer = Sealer.of(settings, purpose=signing.PURPOSE)
        return cls(settings.base_url, sealer, hmac.digest(settings.signing_key(), _SUCCESSORS, "sha256"))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client is given. Source: RFC 6749, 5.1."""

    access: str
    scopes: tuple[str, ...]
    refresh: str | None
    id_token: str | None


async def for_code(
    tx: Tx, *, issuer: Issuer, client: Client, code: str, redirect_uri: str | None, verifier: str, now: datetime
) -> Tokens:
    """Return the tokens of a code, which is good once, for a minute, for its client, with the verifier of its challenge.

    Raises:
        InvalidGrant: unknown, expired, revoked or another client's.
        GrantReplayed: it was used before, or the proof is wrong: its grant is revoked with every token of it.
    """
    code_hash = proof.hash_of(code)
    found = await store.lock_code(tx, code_hash=code_hash) if proof.is_secret(code, proof.CODE) else None
    grant = None if found is None else await store.load_grant(tx, grant_id=found.grant_id)
    if found is None or grant is None or grant.client_id != client.client_id:
        raise InvalidGrant("This code is not one of this client's.")
    if found.used_at is not None:
        await _revoke_replayed(tx, grant, now)
        raise GrantReplayed("This code was used before. All that came of it is revoked.")
    _check_code(found, grant, now)
    await store.save_code_used(tx, code_hash=code_hash, now=now)
    if redirect_uri not in (None, found.redirect_uri) or not proof.fits(verifier, challenge=found.challenge):
        await _revoke_replayed(tx, grant, now)
        raise GrantReplayed("The redirect URI or the verifier is not the one that this code was made for.")
    return await first_tokens(tx, issuer=issuer, grant=grant, now=now, nonce=found.nonce)


async def first_tokens(tx: Tx, *, issuer: Issuer, grant: Grant, now: datetime, nonce: str = "") -> Tokens:
    """Return the first tokens of a grant; a refresh token among them where the app may come while the person is away."""
    refresh = proof.REFRESH + secrets.token_urlsafe(32) if OFFLINE in grant.scopes else None
    if refresh is not None:
        await _keep_refresh(tx, refresh, grant, now)
    return await _tokens(tx, issuer, grant, scopes=grant.scopes, refresh=refresh, now=now, nonce=nonce)


async def for_refresh(
    tx: Tx, *, issuer: Issuer, client: Client, token: str, scope: str | None, now: datetime
) -> Tokens:
    """Return new tokens for a refresh token, which is good once.

    Shown again within ten seconds, while its successor is unused, it answers with the same successor: two tabs did it
    at once. Shown again later, somebody else has it: the whole grant is revoked.

    Raises:
        InvalidGrant: unknown, expired, revoked or another client's.
        GrantReplayed: it was used before.
        InvalidScope: more than was granted.
    """
    token_hash = proof.hash_of(token)
    found = await store.lock_refresh(tx, token_hash=token_hash) if proof.is_secret(token, proof.REFRESH) else None
    grant = None if found is None else await store.load_grant(tx, grant_id=found.grant_id)
    if found is None or grant is None or grant.client_id != client.client_id:
        raise InvalidGrant("This refresh token is not one of this client's.")
    if grant.revoked_at is not None or found.expires_at <= now:
        raise InvalidGrant("This refresh token is good for nothing any more.")
    scopes = grant.scopes if scope is None else parse_scopes(scope, allowed=grant.scopes)
    successor = _successor(issuer, token)
    if found.used_at is None:
        successor_hash = proof.hash_of(successor)
        await store.save_refresh_used(tx, token_hash=token_hash, successor_hash=successor_hash, now=now)
        await _keep_refresh(tx, successor, grant, now)
    elif not _at_once(found, now):
        await _revoke_replayed(tx, grant, now)
        raise GrantReplayed("This refresh token was used before. All that came of it is revoked.")
    return await _tokens(tx, issuer, grant, scopes=scopes, refresh=successor, now=now)


async def revoke(tx: Tx, *, client: Client, token: str, now: datetime) -> None:
    """Take a client's token back: a refresh token with its whole grant, an access token alone. Any other text: nothing.

    Source: RFC 7009, 2.1 and 2.2.
    """
    refresh = proof.is_secret(token, proof.REFRESH)
    if not refresh and not proof.is_secret(token, proof.ACCESS):
        return
    token_hash = proof.hash_of(token)
    grant_id = await store.grant_of_token(tx, token_hash=token_hash)
    grant = None if grant_id is None else await store.load_grant(tx, grant_id=grant_id)
    if grant is None or grant.client_id != client.client_id:
        return
    if refresh:
        await store.revoke_grant(tx, grant_id=grant.grant_id, now=now)
    else:
        await store.drop_access(tx, token_hash=token_hash)


async def introspected(tx: Tx, *, client: Client, token: str, issuer: str, now: datetime) -> dict[str, Any]:
    """Return what a confidential client's own token is good for; `{"active": False}` of anything else.

    Source: RFC 7662, 2.2 and 4: one client learns nothing about another's tokens.

    Raises:
        InvalidRequest: the client is public: anybody could ask in its name.
    """
    if client.public:
        raise InvalidRequest("Only clients with a secret may ask.")
    common = {"active": True, "client_id": str(client.client_id), "iss": issuer}
    if proof.is_secret(token, proof.ACCESS):
        held = await store.find_access(tx, token_hash=proof.hash_of(token), now=now)
        if held is not None and held.client_id == client.client_id:
            times = {"exp": _seconds(held.expires_at), "iat": _seconds(held.made_at)}
            said = {"sub": str(held.user_id), "scope": " ".join(held.scopes), "token_type": "Bearer"}
            return common | times | said
    elif proof.is_secret(token, proof.REFRESH):
        found = await store.find_refresh(tx, token_hash=proof.hash_of(token), now=now)
        grant = None if found is None else await store.load_grant(tx, grant_id=found[0])
        if found is not None and grant is not None and grant.client_id == client.client_id:
            said = {"sub": str(grant.user_id), "scope": " ".join(grant.scopes)}
            return common | {"exp": _seconds(found[1]), "iat": _seconds(grant.made_at)} | said
    return {"active": False}


async def claims_about(
    tx: Tx, *, user_id: UserId, scopes: frozenset[str], display_name: str, locale: str | None
) -> dict[str, Any]:
    """Return what an app with these scopes may know about somebody. Source: OpenID Connect Core 1.0, 5.3 and 5.4."""
    claims: dict[str, Any] = {"sub": str(user_id)}
    if PROFILE in scopes:
        claims |= {"name": display_name} | ({"locale": locale} if locale else {})
    if EMAIL in scopes:
        address = await store.address_of(tx, user_id=user_id)
        claims |= {"email": address, "email_verified": True} if address else {}
    return claims


def _check_code(code: Code, grant: Grant, now: datetime) -> None:
    if grant.revoked_at is not None or code.expires_at <= now:
        raise InvalidGrant("This code is good for nothing any more.")


def _at_once(refresh: Refresh, now: datetime) -> bool:
    return refresh.used_at is not None and now - refresh.used_at <= SAME_SUCCESSOR and not refresh.successor_used


def _successor(issuer: Issuer, token: str) -> str:
    made = hmac.digest(issuer.successor_key, token.encode("ascii"), "sha256")
    return proof.REFRESH + base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


async def _keep_refresh(tx: Tx, token: str, grant: Grant, now: datetime) -> None:
    expires_at = min(now + REFRESH_IDLE, grant.made_at + REFRESH_LONGEST)
    await store.add_refresh(tx, token_hash=proof.hash_of(token), grant_id=grant.grant_id, expires_at=expires_at)


async def _revoke_replayed(tx: Tx, grant: Grant, now: datetime) -> None:
    if grant.revoked_at is not None:
        return
    await store.revoke_grant(tx, grant_id=grant.grant_id, now=now)
    await audit_log.record(
        tx,
        action=audit_log.Action.APP_TOKEN_REPLAYED,
        user_id=grant.user_id,
        now=now,
        detail=str(grant.client_id),
    )
    await publish(tx, AppTokenReplayed(user_id=grant.user_id, client_id=grant.client_id, occurred_at=now))


async def _tokens(
    tx: Tx,
    issuer: Issuer,
    grant: Grant,
    *,
    scopes: tuple[str, ...],
    refresh: str | None,
    now: datetime,
    nonce: str = "",
) -> Tokens:
    access = proof.ACCESS + secrets.token_urlsafe(32)
    await store.add_access(
        tx,
        token_hash=proof.hash_of(access),
        grant_id=grant.grant_id,
        scopes=scopes,
        now=now,
        expires_at=now + ACCESS_FOR,
    )
    id_token = None
    if OPENID in scopes:
        claims = _identity(issuer, grant, access, now) | ({"nonce": nonce} if nonce else {})
        id_token = await signing.sign(tx, sealer=issuer.sealer, claims=claims, now=now)
    return Tokens(access, scopes, refresh, id_token)


def _identity(issuer: Issuer, grant: Grant, access: str, now: datetime) -> dict[str, Any]:
    half = hashlib.sha256(access.encode("ascii")).digest()[:16]
    claims: dict[str, Any] = {
        "iss": issuer.url,
        "sub": str(grant.user_id),
        "aud": str(grant.client_id),
        "iat": _seconds(now),
        "exp": _seconds(now + ACCESS_FOR),
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode("ascii"),
    }
    return claims | ({} if grant.auth_time is None else {"auth_time": _seconds(grant.auth_time)})


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
