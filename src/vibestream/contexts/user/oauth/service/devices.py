"""Letting in a device without a browser: it shows a code, somebody types it in where they are signed in, and decides.

Source: RFC 8628. What it warns of (5.4: somebody sends people the code of a device of their own) is met by a page that
says so, by clients that may do this only where they were registered for it, and by codes that live ten minutes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.oauth.domain import devices, proof
from vibestream.contexts.user.oauth.domain.devices import DEVICE_FOR, INTERVAL_S, Waiting
from vibestream.contexts.user.oauth.domain.errors import (
    AuthorizationPending,
    InvalidGrant,
    SlowDown,
    UnauthorizedClient,
    UserCodeUnknown,
)
from vibestream.contexts.user.oauth.domain.scopes import parse_scopes
from vibestream.contexts.user.oauth.domain.values import Client, Grant
from vibestream.contexts.user.oauth.service.tokens import Issuer, Tokens, first_tokens
from vibestream.contexts.user.oauth.store import clients as clients_store
from vibestream.contexts.user.oauth.store import devices as store
from vibestream.contexts.user.oauth.store import grants as grants_store
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.ids import new_id
from vibestream.platform.access import Principal
from vibestream.platform.database import DatabaseBusy, Tx

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
"""The grant type. Source: RFC 8628, 3.4."""
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Begun:
    """What a device is told: the code that it keeps, and the one that it shows."""

    device_code: str
    user_code: str
    interval_s: int


@dataclass(frozen=True, slots=True)
class Asking:
    """A device that waits, as the person sees it who typed its code."""

    client: Client
    scopes: tuple[str, ...]
    user_code: str


async def begin(tx: Tx, *, client: Client, scope: str, now: datetime) -> Begun:
    """Let a device wait for a person, with two codes that are good for ten minutes.

    Raises:
        UnauthorizedClient: the client was not registered for this.
        InvalidScope: none, or more than it may ask for.
        DatabaseBusy: no free code was found; try again.
    """
    if not client.devices:
        raise UnauthorizedClient("This client was not registered for devices without a browser.")
    waiting = Waiting(
        client_id=client.client_id,
        scopes=parse_scopes(scope, allowed=client.scopes),
        made_at=now,
        expires_at=now + DEVICE_FOR,
        interval_s=INTERVAL_S,
        polled_at=None,
        decided_at=None,
        grant_id=None,
        used_at=None,
    )
    device_code = proof.DEVICE + secrets.token_urlsafe(32)
    for _ in range(_TRIES):
        user_code = "".join(secrets.choice(devices.ALPHABET) for _ in range(devices.CHARACTERS))
        if await store.add_device(tx, device_hash=proof.hash_of(device_code), user_code=user_code, waiting=waiting):
            return Begun(device_code, devices.shown(user_code), INTERVAL_S)
    raise DatabaseBusy("No free code was found. Try again in a moment.")


async def asking(tx: Tx, *, typed: str, now: datetime) -> Asking:
    """Return the device whose code somebody typed, in any case, with or without its dash.

    Raises:
        UserCodeUnknown: no device waits with this code.
    """
    user_code = devices.read_code(typed)
    waiting = None if user_code is None else await store.lock_undecided(tx, user_code=user_code, now=now)
    client = None if waiting is None else await clients_store.load_client(tx, client_id=waiting.client_id)
    if user_code is None or waiting is None or client is None or not client.devices:
        raise UserCodeUnknown("No device waits with this code. Look at it again, or let the device show another one.")
    return Asking(client, waiting.scopes, devices.shown(user_code))


async def decide(tx: Tx, *, typed: str, allowed: bool, principal: Principal, now: datetime) -> Asking:
    """Let a device in, or refuse it, and return which one that was.

    Each device is asked about, whatever was agreed to before: anybody can pretend to be a client without a secret.

    Raises:
        UserCodeUnknown: no device waits with this code.
        Overtaken: the session by which the person is signed in has ended at this moment.
    """
    found = await asking(tx, typed=typed, now=now)
    user_code, client_id, user_id = found.user_code.replace("-", ""), found.client.client_id, principal.user_id
    if not allowed:
        await store.save_decision(tx, user_code=user_code, user_id=user_id, grant_id=None, now=now)
        return found
    await ways_in.require_signed_in(tx, user_id=principal.user_id, session_id=principal.session_id)
    grant = Grant(
        grant_id=new_id(),
        client_id=client_id,
        user_id=user_id,
        scopes=found.scopes,
        auth_time=principal.proved_at,
        made_at=now,
        revoked_at=None,
    )
    await grants_store.add_grant(tx, grant=grant)
    await clients_store.save_consent(tx, user_id=user_id, client_id=client_id, scopes=found.scopes, now=now)
    await store.save_decision(tx, user_code=user_code, user_id=user_id, grant_id=grant.grant_id, now=now)
    await audit_log.record(
        tx,
        action=audit_log.Action.APP_ALLOWED,
        user_id=user_id,
        actor_id=user_id,
        now=now,
        detail=str(client_id),
    )
    return found


async def for_device(tx: Tx, *, issuer: Issuer, client: Client, device_code: str, now: datetime) -> Tokens:
    """Return the tokens of a device that was let in, once.

    Raises:
        AuthorizationPending: nobody has decided; it may ask again after the interval.
        SlowDown: it asked sooner, and has to wait five seconds more from now on.
        AccessDenied, DeviceCodeExpired: it has to begin anew.
        InvalidGrant: unknown, another client's, answered already, or taken back meanwhile.
    """
    device_hash = proof.hash_of(device_code)
    known = proof.is_secret(device_code, proof.DEVICE)
    waiting = await store.lock_device(tx, device_hash=device_hash) if known else None
    if waiting is None or waiting.client_id != client.client_id:
        raise InvalidGrant("This device code is not one of this client's.")
    try:
        grant_id = devices.granted(waiting, now)
    except (AuthorizationPending, SlowDown) as error:
        wait_s = devices.slower(waiting.interval_s) if isinstance(error, SlowDown) else waiting.interval_s
        await store.save_polled(tx, device_hash=device_hash, interval_s=wait_s, now=now)
        raise
    grant = await grants_store.load_grant(tx, grant_id=grant_id)
    if grant is None or grant.revoked_at is not None:
        raise InvalidGrant("What this device was let do has been taken back.")
    await store.save_device_used(tx, device_hash=device_hash, now=now)
    return await first_tokens(tx, issuer=issuer, grant=grant, now=now)
