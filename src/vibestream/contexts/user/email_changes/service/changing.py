"""Asking for another address, and showing the code that was mailed there."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import AddressTaken, CodesLimited, CodeWrong
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.email_changes import domain, store
from vibestream.contexts.user.email_changes.domain import Change, Undo
from vibestream.contexts.user.email_changes.service.mailing import mail_email_change, mail_email_undo
from vibestream.contexts.user.events import EmailChanged
from vibestream.contexts.user.recovery import service as recovery
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.errors import Gone, InvalidInput
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.jobs import defer

CHANGE_COOKIE: Final = "email-change"
"""The purpose of the cookie in which the browser keeps its secret between asking and showing the code."""
CHANGE_COOKIE_GOOD_FOR: Final = domain.CODE_GOOD_FOR


class AddressUnchanged(InvalidInput):
    """It is the account's own address already."""

    code: ClassVar[str] = "email_change.unchanged"

    def __init__(self) -> None:
        super().__init__("This is your address already.")


class ChangeExpired(Gone):
    """This browser has no code to show in this account's name: none was asked for, too late, used, or tried too often."""

    code: ClassVar[str] = "email_change.expired"

    def __init__(self) -> None:
        super().__init__("There is no code that this browser could show any more. Ask for another.")


@dataclass(frozen=True, slots=True)
class ChangeStarted:
    """A code is on its way, if the address is free. The browser keeps `browser_token` in an HttpOnly cookie."""

    browser_token: str
    code_expires_at: datetime


async def ask_change(tx: Tx, *, principal: Principal, email: str, device: Device, now: datetime) -> ChangeStarted:
    """Mail a code to another address; the answer and the work are the same when it has an account.

    That the person who asks is the account's owner is the edge's to make sure of, by a fresh proof. Codes that were asked
    for before are void from then on.

    Raises:
        AddressInvalid: not an address.
        AddressUnchanged: it is the account's own.
        CodesLimited: five were asked for within an hour, or twenty to this address by all accounts together.
    """
    wanted = accounts.canonical(email)
    own = await accounts.account(tx, user_id=principal.user_id)
    if accounts.canonical(own.email).lookup == wanted.lookup:
        raise AddressUnchanged
    await store.lock_asking(tx, user_id=principal.user_id, lookup=wanted.lookup)
    since = now - domain.COUNTED_FOR
    mine = await store.list_asked_by(tx, user_id=principal.user_id, since=since)
    all_of_them = await store.list_asked_to(tx, lookup=wanted.lookup, since=since)
    wait_s = max(
        domain.wait_s(mine, most=domain.MOST_BY_ACCOUNT, now=now),
        domain.wait_s(all_of_them, most=domain.MOST_TO_ADDRESS, now=now),
    )
    if wait_s:
        raise CodesLimited(f"Enough codes were sent for now. Try again in {wait_s} s.", retry_after_s=wait_s)
    await store.end_changes(tx, user_id=principal.user_id)
    token = secrets.token_urlsafe(32)
    change = Change(
        change_id=new_id(),
        user_id=principal.user_id,
        browser_hash=_hash(token),
        email=wanted.email,
        lookup=wanted.lookup,
        created_at=now,
        expires_at=now + domain.CODE_GOOD_FOR,
        tries_left=domain.CODE_TRIES,
    )
    await store.add_change(tx, change=change)
    await defer(tx, mail_email_change, change_id=str(change.change_id))
    await _log(tx, audit_log.Action.EMAIL_CHANGE_ASKED, principal.user_id, device, now)
    return ChangeStarted(token, change.expires_at)


async def confirm_change(
    tx: Tx, *, signing_key: bytes, principal: Principal, browser_token: str, code: str, device: Device, now: datetime
) -> None:
    """Give the account its new address, for the browser that asked and now shows the code; its other sessions end.

    A code is good once, ten minutes and five tries. The address before is told, and can undo it for a week. Codes that
    were mailed to it to reset the password are void. Announces EmailChanged.

    Raises:
        CodeWrong: not the code. Commit the transaction nevertheless, or the try is not counted.
        ChangeExpired: no code of this browser and account can be tried any more.
        AddressTaken: somebody else has proved the address; only who reads its mail gets to know.
        Overtaken: the session has ended at this moment.
    """
    user_id = principal.user_id
    await ways_in.require_signed_in(tx, user_id=user_id, session_id=principal.session_id)
    change = await store.lock_of_browser(tx, browser_hash=_hash(browser_token), user_id=user_id)
    if change is None or not change.is_open(now):
        raise ChangeExpired
    # One to an address that has an account has a code too, which nobody was sent.
    if not domain.is_code(given=code, key=signing_key, change_id=change.change_id):
        await store.spend_try(tx, change_id=change.change_id)
        await _log(tx, audit_log.Action.EMAIL_CHANGE_REFUSED, user_id, device, now)
        raise CodeWrong(tries_left=change.tries_left - 1)
    try:
        before = await accounts.move_address(tx, user_id=user_id, email=change.email, now=now)
    except accounts.AccountMissing:  # erased, or moved by another browser at the same moment
        raise ChangeExpired from None
    await _remember(tx, signing_key=signing_key, user_id=user_id, before=before, now=now)
    await store.end_changes(tx, user_id=user_id)
    await recovery.end_resets(tx, user_id=user_id, now=now)
    await sessions.end_all(tx, user_id=user_id, but=principal.session_id, now=now)
    await _log(tx, audit_log.Action.EMAIL_CHANGED, user_id, device, now)
    await publish(tx, EmailChanged(user_id=user_id, restored=False, occurred_at=now))


async def _remember(tx: Tx, *, signing_key: bytes, user_id: UserId, before: str, now: datetime) -> None:
    undo_id = new_id()
    code_hash = domain.undo_hash(domain.undo_code_of(key=signing_key, undo_id=undo_id))
    if code_hash is None:
        raise ValueError(undo_id)  # every code that is made can be read again: tests/contexts/user/email_changes
    undo = Undo(
        undo_id=undo_id,
        user_id=user_id,
        email=before,
        code_hash=code_hash,
        made_at=now,
        good_until=now + domain.UNDO_GOOD_FOR,
    )
    await store.add_undo(tx, undo=undo)
    await defer(tx, mail_email_undo, undo_id=str(undo_id))


async def _log(tx: Tx, action: audit_log.Action, user_id: UserId, device: Device, now: datetime) -> None:
    await audit_log.record(tx, action=action, user_id=user_id, actor_id=user_id, now=now, network=device.network)


def _hash(browser_token: str) -> bytes:
    return hashlib.sha256(browser_token.encode("utf-8", "replace")).digest()


__all__ = [
    "CHANGE_COOKIE",
    "CHANGE_COOKIE_GOOD_FOR",
    "AddressTaken",
    "AddressUnchanged",
    "ChangeExpired",
    "ChangeStarted",
    "ask_change",
    "confirm_change",
]
