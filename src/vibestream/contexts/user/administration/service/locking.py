"""Locking and unlocking accounts."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.administration import domain, store
from vibestream.contexts.user.administration.domain import LockUnchanged
from vibestream.contexts.user.administration.service.granting import require_admin
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.events import AccountLockChanged
from vibestream.contexts.user.locks import service as locks
from vibestream.contexts.user.locks.service import LockReason
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish


async def lock_account(
    tx: Tx, *, user_id: UserId, reason: LockReason, note: str, by: UserId, network: str, now: datetime
) -> None:
    """Lock an account: nobody signs in, and whoever is in it is put out, with every app, token and open stream.

    The note is for those who look at the account, and for the person when they ask for their data. Announces
    AccountLockChanged, by which the person is told the reason.

    Raises:
        OwnAccount: it is one's own.
        NoAdmin: whoever decides is no admin any more.
        AccountMissing: there is none, or it was erased.
        TextInvalid: the note is not one line of 1 to 500 characters.
        LockUnchanged: it is locked already.
    """
    domain.require_other(by=by, user_id=user_id)
    await store.take_turn(tx)
    await require_admin(tx, user_id=by)
    await accounts.account(tx, user_id=user_id)
    if not await locks.lock(tx, user_id=user_id, reason=reason, note=note, by=by, now=now):
        raise LockUnchanged
    await sessions.end_all(tx, user_id=user_id, now=now)
    action = audit_log.Action.ACCOUNT_LOCKED
    await audit_log.record(
        tx, action=action, user_id=user_id, actor_id=by, now=now, network=network, detail=reason.value
    )
    await publish(tx, AccountLockChanged(user_id=user_id, reason=reason.value, locked=True, occurred_at=now))


async def unlock_account(tx: Tx, *, user_id: UserId, note: str, by: UserId, network: str, now: datetime) -> None:
    """Let an account be entered again. Announces AccountLockChanged.

    Raises:
        OwnAccount: it is one's own.
        NoAdmin: whoever decides is no admin any more.
        TextInvalid: the note is not one line of 1 to 500 characters.
        LockUnchanged: it is not locked.
    """
    domain.require_other(by=by, user_id=user_id)
    await store.take_turn(tx)
    await require_admin(tx, user_id=by)
    if not await locks.unlock(tx, user_id=user_id, note=note, by=by, now=now):
        raise LockUnchanged
    action = audit_log.Action.ACCOUNT_UNLOCKED
    await audit_log.record(tx, action=action, user_id=user_id, actor_id=by, now=now, network=network)
    await publish(tx, AccountLockChanged(user_id=user_id, reason="", locked=False, occurred_at=now))
