"""Asking a person whether an app may do what it asks for.

Source: RFC 6749, 4.1; OAuth 2.1 draft 13, 4.1; RFC 7636; RFC 9207; RFC 9700; OpenID Connect Core 1.0, 3.1.2.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.oauth.domain import proof, redirects
from vibestream.contexts.user.oauth.domain.errors import ClientMissing, InvalidScope, RequestUnusable
from vibestream.contexts.user.oauth.domain.scopes import parse_scopes
from vibestream.contexts.user.oauth.domain.values import CODE_FOR, App, Asked, Client, Grant, OpenGrant
from vibestream.contexts.user.oauth.service.clients import client_named
from vibestream.contexts.user.oauth.store import clients as clients_store
from vibestream.contexts.user.oauth.store import grants as store
from vibestream.contexts.user.oauth.store import personal_tokens as personal_store
from vibestream.contexts.user.oauth.store.grants import Code
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx

_STATE: Final = 512
_DIGITS: Final = 9
_PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})


class AuthorizationRefused(InvalidInput):
    """The request is refused, and the client is told so: the browser is sent to `location`."""

    code: ClassVar[str] = "oauth.authorization_refused"

    def __init__(self, error: str, description: str, *, location: str) -> None:
        super().__init__(description)
        self.error = error
        self._location = location

    @property
    def location(self) -> str:
        """The client's redirect URI with the error in its query."""
        return self._location


async def asked(tx: Tx, *, parameters: Sequence[tuple[str, str]], issuer: str) -> Asked:
    """Return what an authorisation request asks for.

    PKCE by S256 is wanted of every client; `state` and `nonce` are the client's. No error leads to an address that was
    not registered, so that nobody can use us to send people elsewhere.

    Raises:
        RequestUnusable: client or redirect URI are unknown: shown to the person, never sent on.
        AuthorizationRefused: anything else.
    """
    first = dict(reversed(parameters))
    names = [name for name, _ in parameters]
    if any(names.count(name) != 1 for name in ("client_id", "redirect_uri")):
        raise RequestUnusable("The app that sent you here did not say what it is.")
    client = await client_named(tx, client_id=first["client_id"])
    if client is None or not redirects.is_registered(first["redirect_uri"], client.redirect_uris):
        raise RequestUnusable(
            "The app that sent you here is not known, or asks to go on to an address that is not its."
        )
    return _read(client, first, names, issuer)


async def remembered(tx: Tx, *, asked: Asked, user_id: UserId) -> bool:
    """Say whether a person need not be asked: they agreed to all of it before, and the client has shown a secret since.

    A public client is asked about each time, because anybody can pretend to be it. Source: RFC 8252, 8.6.
    """
    if asked.client.public or "consent" in asked.prompt:
        return False
    return set(asked.scopes) <= await clients_store.consented(tx, user_id=user_id, client_id=asked.client.client_id)


async def allow(tx: Tx, *, asked: Asked, principal: Principal, now: datetime, issuer: str) -> str:
    """Grant what was asked for, remember it, and return where to send the browser: back, with a code.

    Raises:
        Overtaken: the session by which they are signed in has ended at this moment.
    """
    await ways_in.require_signed_in(tx, user_id=principal.user_id, session_id=principal.session_id)
    client_id = asked.client.client_id
    await clients_store.save_consent(tx, user_id=principal.user_id, client_id=client_id, scopes=asked.scopes, now=now)
    grant = Grant(
        grant_id=new_id(),
        client_id=client_id,
        user_id=principal.user_id,
        scopes=asked.scopes,
        auth_time=principal.proved_at,
        made_at=now,
        revoked_at=None,
    )
    await store.add_grant(tx, grant=grant)
    secret = proof.CODE + secrets.token_urlsafe(32)
    code = Code(
        grant_id=grant.grant_id,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        nonce=asked.nonce,
        expires_at=now + CODE_FOR,
        used_at=None,
    )
    await store.add_code(tx, code_hash=proof.hash_of(secret), code=code)
    await audit_log.record(
        tx,
        action=audit_log.Action.APP_ALLOWED,
        user_id=principal.user_id,
        actor_id=principal.user_id,
        now=now,
        detail=str(client_id),
    )
    return redirects.with_answer(asked.redirect_uri, {"code": secret} | _echo(asked.state, issuer))


def refusal(asked: Asked, *, error: str, description: str, issuer: str) -> AuthorizationRefused:
    """Return the refusal that tells the client an error of RFC 6749, 4.1.2.1, or OpenID Connect Core 1.0, 3.1.2.6."""
    return _refused(asked.redirect_uri, asked.state, error, description, issuer)


async def apps_of(tx: Tx, *, user_id: UserId) -> list[App]:
    """Return the apps that a person lets do something, by name."""
    return await clients_store.list_apps(tx, user_id=user_id)


async def take_back(tx: Tx, *, user_id: UserId, client_id: UUID, now: datetime) -> None:
    """Take back all that a person lets an app do: its tokens are good for nothing from then on.

    Raises:
        ClientMissing: they do not let it do anything.
    """
    had = await clients_store.drop_consent(tx, user_id=user_id, client_id=client_id)
    revoked = await store.revoke_grants(tx, user_id=user_id, client_id=client_id, now=now)
    if not had and not revoked:
        raise ClientMissing("There is no such app.")
    await audit_log.record(
        tx,
        action=audit_log.Action.APP_REVOKED,
        user_id=user_id,
        actor_id=user_id,
        now=now,
        detail=str(client_id),
    )


async def open_grants(tx: Tx, *, user_id: UserId, now: datetime) -> list[OpenGrant]:
    """Return the grants by which apps can still come in a person's name, the newest first."""
    return await store.list_open(tx, user_id=user_id, now=now)


async def end_grant(tx: Tx, *, user_id: UserId, grant_id: UUID, now: datetime) -> bool:
    """Revoke one grant of a person with all its tokens, and say whether there was one; what they let the app do stays."""
    return await store.end_grant(tx, user_id=user_id, grant_id=grant_id, now=now)


async def revoke_all(tx: Tx, *, user_id: UserId, now: datetime) -> int:
    """Revoke every token of every app of a person, and their personal ones; return how many grants and tokens that were.

    What they let the apps do is forgotten: whoever had the account in their hands may have agreed to an app of their own,
    which would come by new tokens without a question as soon as the owner opens a page of it.
    """
    await clients_store.drop_consents(tx, user_id=user_id)
    revoked = await store.revoke_grants(tx, user_id=user_id, client_id=None, now=now)
    return revoked + await personal_store.revoke_tokens(tx, user_id=user_id, token_id=None, now=now)


def _read(client: Client, first: dict[str, str], names: list[str], issuer: str) -> Asked:
    uri, state = first["redirect_uri"], first.get("state", "")
    wrong = _wrong_with(first, names) or _wrong_prompt(first)
    if wrong is not None:
        raise _refused(uri, state[:_STATE], *wrong, issuer)
    try:
        scopes = parse_scopes(first.get("scope", ""), allowed=client.scopes)
    except InvalidScope as error:
        raise _refused(uri, state, error.error, str(error), issuer) from None
    max_age = first.get("max_age", "")
    return Asked(
        client=client,
        redirect_uri=uri,
        scopes=scopes,
        challenge=first["code_challenge"],
        state=state,
        nonce=first.get("nonce", ""),
        prompt=frozenset(first.get("prompt", "").split()),
        max_age_s=int(max_age) if max_age else None,
    )


def _wrong_with(first: dict[str, str], names: list[str]) -> tuple[str, str] | None:
    if len(set(names)) != len(names):
        return "invalid_request", "A parameter is there twice."
    if max(len(first.get("state", "")), len(first.get("nonce", ""))) > _STATE:
        return "invalid_request", f"state and nonce have at most {_STATE} characters."
    for name in ("request", "request_uri"):
        if name in first:
            return f"{name}_not_supported", "Send the parameters by themselves."
    if first.get("response_type") != "code" or first.get("response_mode", "query") != "query":
        return "unsupported_response_type", "Only response_type=code is answered, and in the query."
    if first.get("code_challenge_method") != "S256" or not proof.is_challenge(first.get("code_challenge", "")):
        return "invalid_request", "PKCE with code_challenge_method=S256 is required."
    return None


def _wrong_prompt(first: dict[str, str]) -> tuple[str, str] | None:
    prompt, max_age = frozenset(first.get("prompt", "").split()), first.get("max_age", "")
    if not prompt <= _PROMPTS or ("none" in prompt and len(prompt) > 1):
        return "invalid_request", "This prompt is not one, or none with another."
    if max_age and not (max_age.isascii() and max_age.isdecimal() and len(max_age) <= _DIGITS):
        return "invalid_request", "max_age is a number of seconds."
    return None


def _refused(uri: str, state: str, error: str, description: str, issuer: str) -> AuthorizationRefused:
    answer = {"error": error, "error_description": description} | _echo(state, issuer)
    return AuthorizationRefused(error, description, location=redirects.with_answer(uri, answer))


def _echo(state: str, issuer: str) -> dict[str, str]:
    return ({"state": state} if state else {}) | {"iss": issuer}
