"""Passkeys of an account: adding and removing them, signing in by one, and showing one as a proof; each is told by mail.

A passkey stands for both factors: its authenticator is something that one has, and it has verified its owner by
something that they know or are. Hence no authenticator app is asked for beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from vibestream.contexts.user.accounts.service.lookup import account
from vibestream.contexts.user.accounts.service.sign_up import SignedIn
from vibestream.contexts.user.accounts.service.step_up import proved
from vibestream.contexts.user.accounts.service.telling import tell_factor
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passkeys.service import Asked, Passkey, PasskeyCopied, PasskeyRefused, Site
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device, EnteredBy, OpenedSession
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.ids import UserId
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx

_BY = EnteredBy.PASSKEY.value


async def ask_to_create_passkey(
    tx: Tx, *, site: Site, browser_token: str, principal: Principal, now: datetime
) -> Asked:
    """Return what the browser of somebody who is signed in needs to make a passkey."""
    label = (await account(tx, user_id=principal.user_id)).email
    return await passkeys.ask_to_create(
        tx,
        site=site,
        browser_token=browser_token,
        user_id=principal.user_id,
        label=label,
        shown_name=principal.display_name,
        now=now,
    )


async def add_passkey(
    tx: Tx,
    *,
    site: Site,
    browser_token: str,
    principal: Principal,
    answer: Mapping[str, Any],
    name: str,
    now: datetime,
) -> Passkey:
    """Take a passkey that a browser has made; the owner is told.

    Raises:
        PasskeyNameInvalid, PasskeyExpired, PasskeyRefused, PasskeyExists: see `passkeys.service.add`.
        Overtaken: the session has ended at this moment.
    """
    await ways_in.require_signed_in(tx, user_id=principal.user_id, session_id=principal.session_id)
    made = await passkeys.add(
        tx, site=site, browser_token=browser_token, user_id=principal.user_id, answer=answer, name=name, now=now
    )
    await tell_factor(tx, user_id=principal.user_id, notice=FactorNotice.PASSKEY_ADDED, now=now)
    return made


async def remove_passkey(tx: Tx, *, principal: Principal, passkey_id: UUID, now: datetime) -> None:
    """Remove a passkey; the owner is told.

    Raises:
        PasskeyMissing: the account has no such passkey.
        PasskeyOnly: there is neither a password nor another passkey.
    """
    other_way = await passwords.hash_of(tx, user_id=principal.user_id) is not None
    await passkeys.remove(tx, user_id=principal.user_id, passkey_id=passkey_id, other_way=other_way, now=now)
    await tell_factor(tx, user_id=principal.user_id, notice=FactorNotice.PASSKEY_REMOVED, now=now)


async def passkey_sign_in(
    tx: Tx,
    *,
    site: Site,
    browser_token: str,
    answer: Mapping[str, Any],
    device: Device,
    now: datetime,
    replaces: str | None = None,
    device_token: str = "",
) -> SignedIn:
    """Open a session for whoever shows a passkey; the one that the browser came with is ended.

    Raises:
        PasskeyExpired: not what this browser was asked for, or not now.
        PasskeyRefused, PasskeyCopied: it does not hold. Commit the transaction nevertheless.
        Overtaken: everybody was put out of the account since the browser was asked.
    """
    try:
        shown = await passkeys.sign_in(tx, site=site, browser_token=browser_token, answer=answer, now=now)
    except PasskeyRefused as wrong:
        await _refused(tx, wrong=wrong, user_id=None, device=device, now=now)
        raise
    user_id = shown.passkey.user_id
    in_round = await ways_in.begin(tx, user_id=user_id, since=shown.asked_at)
    opened = await sessions.open_session(
        tx, user_id=user_id, in_round=in_round, device=device, now=now, replaces=replaces, by=EnteredBy.PASSKEY
    )
    await audit_log.record(
        tx,
        action=audit_log.Action.SIGNED_IN,
        user_id=user_id,
        actor_id=user_id,
        now=now,
        network=device.network,
        detail=_BY,
    )
    token = await attempts.remember(tx, user_id=user_id, device_token=device_token, now=now)
    return SignedIn(user_id, opened, token)


async def passkey_step_up(
    tx: Tx,
    *,
    site: Site,
    browser_token: str,
    principal: Principal,
    answer: Mapping[str, Any],
    device: Device,
    now: datetime,
) -> OpenedSession:
    """Take a passkey as the proof that it is still the account's owner, and return the session's new token.

    Raises:
        PasskeyExpired: not what this browser was asked for, or not now.
        PasskeyRefused, PasskeyCopied: it does not hold. Commit the transaction nevertheless.
        SessionMissing: the session has ended meanwhile.
    """
    user_id = principal.user_id
    try:
        await passkeys.show(tx, site=site, browser_token=browser_token, user_id=user_id, answer=answer, now=now)
    except PasskeyRefused as wrong:
        await _refused(tx, wrong=wrong, user_id=user_id, device=device, now=now)
        raise
    return await proved(tx, principal=principal, by=_BY, device=device, now=now)


async def _refused(tx: Tx, *, wrong: PasskeyRefused, user_id: UserId | None, device: Device, now: datetime) -> None:
    owner = wrong.user_id if isinstance(wrong, PasskeyCopied) else user_id
    action = audit_log.Action.SIGN_IN_REFUSED if owner is None else audit_log.Action.FACTOR_REFUSED
    await audit_log.record(tx, action=action, user_id=owner, now=now, network=device.network, detail=_BY)
    if isinstance(wrong, PasskeyCopied):
        await tell_factor(tx, user_id=wrong.user_id, notice=FactorNotice.PASSKEY_COPIED, now=now)
