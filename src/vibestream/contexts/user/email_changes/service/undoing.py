"""Putting an account's former address back, for whoever reads its mail."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.email_changes import domain, store
from vibestream.contexts.user.events import EmailChanged
from vibestream.contexts.user.identities import service as identities
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.recovery import service as recovery
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.errors import Gone
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish


class UndoExpired(Gone):
    """There is no such code, or it was used, or a week has passed, or the account is gone; which of these is not said."""

    code: ClassVar[str] = "email_change.undo_expired"

    def __init__(self) -> None:
        super().__init__("This code undoes nothing: it is mistyped, was used, or is older than a week.")


async def undo_change(tx: Tx, *, code: str, device: Device, now: datetime) -> UserId:
    """Put the address back that a code was mailed to, and return whose it is; everybody is signed out.

    Who changed it has had the account in their hands. Hence every session and every app's token ends; the password is
    good for nothing any more, and its owner chooses another by a reset; passkeys that were added since, and accounts
    elsewhere that were connected since, are removed.
    An authenticator app stays, since a reset asks for it: whoever came by an old mailbox alone must not get around it.
    Codes of this change and of later ones are void. Announces EmailChanged.

    Raises:
        UndoExpired: the code is good for nothing.
        AddressTaken: the address has an account of its own by now.
    """
    code_hash = domain.undo_hash(code)
    undo = None if code_hash is None else await store.lock_undo(tx, code_hash=code_hash)
    if undo is None or not undo.is_open(now):
        raise UndoExpired
    try:
        await accounts.move_address(tx, user_id=undo.user_id, email=undo.email, now=now)
    except accounts.AccountMissing:
        raise UndoExpired from None
    user_id = undo.user_id
    await ways_in.next_round(tx, user_id=user_id, now=now)  # before what lets somebody in is looked for, and removed
    await store.end_undos(tx, user_id=user_id, made_from=undo.made_at, now=now)
    await store.end_changes(tx, user_id=user_id)
    await recovery.end_resets(tx, user_id=user_id, now=now)
    await passwords.forget(tx, user_id=user_id)
    await passkeys.remove_since(tx, user_id=user_id, since=undo.made_at, now=now)
    await identities.remove_since(tx, user_id=user_id, since=undo.made_at, now=now)
    await sessions.end_all(tx, user_id=user_id, now=now)
    action = audit_log.Action.EMAIL_CHANGE_UNDONE
    await audit_log.record(tx, action=action, user_id=user_id, now=now, network=device.network)
    await publish(tx, EmailChanged(user_id=user_id, restored=True, occurred_at=now))
    return user_id
