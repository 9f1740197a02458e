"""Registering apps, and knowing them again."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import unquote_plus
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.oauth.domain import proof
from vibestream.contexts.user.oauth.domain.errors import (
    ClientMissing,
    ClientsLimited,
    InvalidClient,
    InvalidRequest,
    RedirectUriInvalid,
)
from vibestream.contexts.user.oauth.domain.redirects import MOST_URIS, as_registered, check_redirect_uri
from vibestream.contexts.user.oauth.domain.scopes import chosen_scopes
from vibestream.contexts.user.oauth.domain.values import Client, Confidence
from vibestream.contexts.user.oauth.store import clients as store
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.text import one_line
from vibestream.platform.database import Tx

MOST_CLIENTS: Final = 25
NAME_CHARACTERS: Final = 60


@dataclass(frozen=True, slots=True)
class Registered:
    """A client, and its secret: the only time that it is to be had. None for a public one."""

    client: Client
    secret: str | None


async def register(
    tx: Tx,
    *,
    owner_id: UserId,
    name: str,
    confidence: Confidence,
    redirect_uris: Sequence[str],
    scopes: Collection[str],
    now: datetime,
    devices: bool = False,
) -> Registered:
    """Register an app of a signed-in person; with `devices` it may be let in by a code that people type in elsewhere.

    Raises:
        TextInvalid: the name.
        RedirectUriInvalid: one of them, or more than ten, or there is none and it does not run on devices.
        ScopesInvalid: none, or an unknown one.
        ClientsLimited: they have twenty-five.
    """
    if len(redirect_uris) > MOST_URIS or not (redirect_uris or devices):
        raise RedirectUriInvalid("")
    public = confidence is Confidence.PUBLIC
    client = Client(
        client_id=new_id(),
        owner_id=owner_id,
        name=one_line(name, field="name", most=NAME_CHARACTERS),
        confidence=confidence,
        redirect_uris=tuple(check_redirect_uri(uri, public=public) for uri in redirect_uris),
        scopes=chosen_scopes(scopes),
        made_at=now,
        devices=devices,
    )
    secret = None if public else proof.CLIENT + secrets.token_urlsafe(32)
    hashed = None if secret is None else proof.hash_of(secret)
    if not await store.add_client(tx, client=client, secret_hash=hashed, most=MOST_CLIENTS):
        raise ClientsLimited(f"You have {MOST_CLIENTS} apps. Delete one first.")
    await _log(tx, audit_log.Action.CLIENT_REGISTERED, client.client_id, owner_id, now)
    return Registered(client, secret)


async def renew_secret(tx: Tx, *, owner_id: UserId, client_id: UUID, now: datetime) -> str:
    """Return a new secret of one's app; the former one is good for nothing from then on.

    Raises:
        ClientMissing: the account has no such app with a secret.
    """
    secret = proof.CLIENT + secrets.token_urlsafe(32)
    hashed = proof.hash_of(secret)
    if not await store.save_secret(tx, client_id=client_id, owner_id=owner_id, secret_hash=hashed):
        raise ClientMissing("There is no such app.")
    await _log(tx, audit_log.Action.CLIENT_SECRET_RENEWED, client_id, owner_id, now)
    return secret


async def end_client(tx: Tx, *, owner_id: UserId, client_id: UUID, now: datetime) -> None:
    """Delete one's app: everything that anybody granted it is revoked.

    Raises:
        ClientMissing: the account has no such app.
    """
    if not await store.end_client(tx, client_id=client_id, owner_id=owner_id, now=now):
        raise ClientMissing("There is no such app.")
    await _log(tx, audit_log.Action.CLIENT_ENDED, client_id, owner_id, now)


async def clients_of(tx: Tx, *, owner_id: UserId) -> list[Client]:
    """Return the apps that somebody registered, the newest first."""
    return await store.list_clients(tx, owner_id=owner_id)


async def knows_origin(tx: Tx, *, origin: str) -> bool:
    """Say whether pages of an origin are some public client's, so that their scripts may ask for its tokens."""
    registered = as_registered(origin)
    return registered is not None and await store.has_origin(tx, origin=registered)


async def client_named(tx: Tx, *, client_id: str) -> Client | None:
    """Return the client with this id, or None; an id is written in one way only."""
    try:
        parsed = UUID(client_id)
    except ValueError:
        return None
    return await store.load_client(tx, client_id=parsed) if str(parsed) == client_id else None


async def authenticated(tx: Tx, *, authorization: str, client_id: str, client_secret: str) -> Client:
    """Return the client that makes a request: a confidential one has shown its secret, a public one has said its id.

    A client uses one way of showing itself, never two. Source: RFC 6749, 2.3; RFC 9700, 2.5.

    Raises:
        InvalidRequest: two ways at once.
        InvalidClient: unknown, the wrong secret, a secret of a client that has none, or none of one that has.
    """
    if authorization:
        said, secret = _basic(authorization)
        if client_secret or client_id not in ("", said):
            raise InvalidRequest("Authenticate the client in one way only.")
        client_id, client_secret = said, secret
    client = await client_named(tx, client_id=client_id)
    if client is None:
        raise InvalidClient("This client is not known.")
    known = await store.secret_hash_of(tx, client_id=client.client_id)
    if known is None and not client_secret and not authorization:
        return client
    if known is None or not hmac.compare_digest(known, proof.hash_of(client_secret)):
        raise InvalidClient("The client did not show that it is itself.")
    return client


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("Authenticate the client by Basic.")
    try:
        said, colon, secret = base64.b64decode(credentials.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidClient("These are no Basic credentials.") from None
    if not colon:
        raise InvalidClient("These are no Basic credentials.")
    return unquote_plus(said), unquote_plus(secret)


async def _log(tx: Tx, action: audit_log.Action, client_id: UUID, owner_id: UserId, now: datetime) -> None:
    await audit_log.record(tx, action=action, user_id=owner_id, actor_id=owner_id, now=now, detail=str(client_id))
