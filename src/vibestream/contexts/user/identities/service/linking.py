"""Connecting an account here with one elsewhere, and removing that; each is logged, and its owner is told by mail."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.identities.domain.errors import (
    IdentitiesFull,
    IdentityMissing,
    IdentityTaken,
    LastWayIn,
)
from vibestream.contexts.user.identities.domain.values import MOST, Claimed, Identity
from vibestream.contexts.user.identities.store import identities
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions.service import Device
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx

_MOST_REMOVALS: Final = 1_000


async def link(tx: Tx, *, claimed: Claimed, user_id: UserId, device: Device, now: datetime) -> Identity:
    """Connect an account with one elsewhere; of two who connect the same at once, one does.

    Raises:
        IdentityTaken: it is connected, with whomever.
        IdentitiesFull: ten are connected with the account.
    """
    await identities.lock_person(tx, user_id=user_id)
    if len(await identities.list_of(tx, user_id=user_id)) >= MOST:
        raise IdentitiesFull
    identity = Identity(
        identity_id=new_id(),
        user_id=user_id,
        provider=claimed.provider,
        issuer=claimed.issuer,
        subject=claimed.subject,
        label=claimed.label,
        linked_at=now,
    )
    if not await identities.add(tx, identity=identity):
        raise IdentityTaken
    await _tell(tx, identity=identity, added=True, device=device, now=now)
    return identity


async def connected(tx: Tx, *, user_id: UserId) -> list[Identity]:
    """Return what is connected with an account, the oldest first."""
    return await identities.list_of(tx, user_id=user_id)


async def remove(tx: Tx, *, principal: Principal, identity_id: UUID, device: Device, now: datetime) -> None:
    """Remove a connection. Browsers that came by it and stand before the second factor must begin again.

    Raises:
        IdentityMissing: the account has no such connection.
        LastWayIn: there is neither a password, nor a passkey, nor another connection.
    """
    user_id = principal.user_id
    await identities.lock_person(tx, user_id=user_id)
    kept = await identities.list_of(tx, user_id=user_id)
    gone = next((one for one in kept if one.identity_id == identity_id), None)
    if gone is None:
        raise IdentityMissing
    others = len(kept) > 1 or await passwords.hash_of(tx, user_id=user_id) is not None
    if not others and not await passkeys.passkeys_of(tx, user_id=user_id):
        raise LastWayIn
    await identities.remove(tx, user_id=user_id, identity_id=identity_id)
    await accounts.drop_second_steps(tx, user_id=user_id)
    await _tell(tx, identity=gone, added=False, device=device, now=now)


async def remove_since(tx: Tx, *, user_id: UserId, since: datetime, now: datetime) -> None:
    """Remove what was connected with an account since an instant: somebody else has connected it.

    Browsers that stand before the second factor must begin again, by whatever they came.
    """
    await identities.lock_person(tx, user_id=user_id)
    for provider in await identities.remove_since(tx, user_id=user_id, since=since):
        action = audit_log.Action.IDENTITY_REMOVED
        await audit_log.record(tx, action=action, user_id=user_id, now=now, detail=provider)
    await accounts.drop_second_steps(tx, user_id=user_id)


async def was_removed(tx: Tx, *, user_id: UserId, provider: str) -> bool:
    """Say whether a connection with a provider was ever taken off an account, which the security log remembers for good."""
    action = audit_log.Action.IDENTITY_REMOVED
    lines = await audit_log.search(tx, action=action, user_id=user_id, limit=_MOST_REMOVALS)
    return any((line.entry.user_id, line.entry.detail) == (user_id, provider) for line in lines)


async def _tell(tx: Tx, *, identity: Identity, added: bool, device: Device, now: datetime) -> None:
    await audit_log.record(
        tx,
        action=audit_log.Action.IDENTITY_LINKED if added else audit_log.Action.IDENTITY_REMOVED,
        user_id=identity.user_id,
        actor_id=identity.user_id,
        now=now,
        network=device.network,
        detail=identity.provider,
    )
    notice = FactorNotice.IDENTITY_LINKED if added else FactorNotice.IDENTITY_REMOVED
    await accounts.tell_factor(tx, user_id=identity.user_id, notice=notice, now=now)
