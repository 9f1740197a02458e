"""Making passkeys, and checking what somebody signs with one.

A challenge is good for one browser, one purpose and one answer: whichever way the answer is judged, it is used up by
it. A wrong answer says nothing about why, and as little about whether there is such a key.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import structlog

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.passkeys import domain, store
from vibestream.contexts.user.passkeys.domain import (
    CHALLENGE_GOOD_FOR,
    AnswerRefusedError,
    Attested,
    Passkey,
    Purpose,
    Site,
)
from vibestream.contexts.user.passkeys.store import Taken
from vibestream.kernel.errors import Conflict, Gone, InvalidInput, Missing
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx

__all__ = [
    "CHALLENGE_GOOD_FOR",
    "Asked",
    "Passkey",
    "PasskeyCopied",
    "PasskeyExists",
    "PasskeyExpired",
    "PasskeyMissing",
    "PasskeyNameInvalid",
    "PasskeyOnly",
    "PasskeyRefused",
    "Shown",
    "Site",
    "add",
    "ask_to_create",
    "ask_to_show",
    "ask_to_sign_in",
    "drop_expired",
    "passkeys_of",
    "remove",
    "rename",
    "show",
    "sign_in",
]

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_log = structlog.get_logger()


class PasskeyRefused(InvalidInput):
    """What was signed does not hold: by no key that is known here, for another site, or by nobody who was verified."""

    code: ClassVar[str] = "passkey.refused"
    keeps_transaction: ClassVar[bool] = True
    """The challenge is used up, so its transaction is committed although it ends in an error."""

    def __init__(self) -> None:
        super().__init__("This passkey is not one of an account here, or it was not confirmed. Try again.")


class PasskeyExpired(Gone):
    """The challenge is not one that this browser was given, or was answered already, or longer ago than ten minutes."""

    code: ClassVar[str] = "passkey.expired"
    keeps_transaction: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("That took too long, or was answered already. Try again.")


class PasskeyCopied(PasskeyRefused):
    """The key's counter went backwards: there is a copy of it, and nothing is entered by it any more."""

    code: ClassVar[str] = "passkey.copied"

    def __init__(self, *, user_id: UserId) -> None:
        super().__init__()
        self._user_id = user_id

    @property
    def user_id(self) -> UserId:
        """Whose it is, and who ought to be told; not told to who asks."""
        return self._user_id


class PasskeyExists(Conflict):
    """This key is known already, or the account has as many as it may."""

    code: ClassVar[str] = "passkey.exists"
    keeps_transaction: ClassVar[bool] = True


class PasskeyMissing(Missing):
    """The account has no such passkey."""

    code: ClassVar[str] = "passkey.missing"


class PasskeyOnly(Conflict):
    """It is the last way into the account."""

    code: ClassVar[str] = "passkey.only"


class PasskeyNameInvalid(InvalidInput):
    """A name has 1 to 60 characters."""

    code: ClassVar[str] = "passkey.name_invalid"


@dataclass(frozen=True, slots=True)
class Shown:
    """By which passkey somebody signs in, and when their browser was asked for one."""

    passkey: Passkey
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser is asked for, and the secret that it keeps in a cookie until it answers."""

    options: dict[str, Any]
    browser_token: str


async def passkeys_of(tx: Tx, *, user_id: UserId) -> list[Passkey]:
    """Return an account's passkeys, the oldest first."""
    return await store.list_passkeys(tx, user_id=user_id)


async def ask_to_create(
    tx: Tx, *, site: Site, browser_token: str, user_id: UserId, label: str, shown_name: str, now: datetime
) -> Asked:
    """Return what a browser needs to make a passkey. `label` is what the authenticator calls the account."""
    known = await store.list_passkeys(tx, user_id=user_id)
    challenge, token = await _ask(tx, Purpose.REGISTER, browser_token=browser_token, user_id=user_id, now=now)
    options = domain.creation_options(
        site, challenge=challenge, user_id=user_id, label=label, shown_name=shown_name, known=known
    )
    return Asked(options, token)


async def ask_to_sign_in(tx: Tx, *, site: Site, browser_token: str, now: datetime) -> Asked:
    """Return what a browser needs to sign in by whichever passkey its owner chooses; no account is named."""
    challenge, token = await _ask(tx, Purpose.SIGN_IN, browser_token=browser_token, user_id=None, now=now)
    return Asked(domain.request_options(site, challenge=challenge), token)


async def ask_to_show(tx: Tx, *, site: Site, browser_token: str, user_id: UserId, now: datetime) -> Asked:
    """Return what a browser needs to show a passkey of the account that is signed in.

    Raises:
        PasskeyMissing: it has none that can be shown.
    """
    known = [one for one in await store.list_passkeys(tx, user_id=user_id) if one.suspected_at is None]
    if not known:
        raise PasskeyMissing("There is no such passkey.")
    challenge, token = await _ask(tx, Purpose.STEP_UP, browser_token=browser_token, user_id=user_id, now=now)
    return Asked(domain.request_options(site, challenge=challenge, known=known), token)


async def add(
    tx: Tx, *, site: Site, browser_token: str, user_id: UserId, answer: Mapping[str, Any], name: str, now: datetime
) -> Passkey:
    """Take a passkey that a browser has made, and return it.

    Raises:
        PasskeyNameInvalid: no such name can be given; the challenge stays good.
        PasskeyExpired: not what this browser was asked for, or not now.
        PasskeyRefused: it does not hold. Commit the transaction nevertheless.
        PasskeyExists: the key is known, or there are twenty. Commit the transaction nevertheless.
    """
    kept = _name(name)
    taken = await _taken(tx, Purpose.REGISTER, browser_token=browser_token, user_id=user_id, answer=answer, now=now)
    try:
        made = domain.attested(site, answer, challenge=taken.challenge)
    except AnswerRefusedError as error:
        raise _refusal(error) from error
    passkey = _new(made, user_id=user_id, name=kept, now=now)
    if not await store.add_passkey(tx, passkey=passkey, most=domain.MOST):
        raise PasskeyExists("This passkey is known already, or there are as many as there may be.")
    await audit_log.record(
        tx, action=audit_log.Action.FACTOR_ADDED, user_id=user_id, actor_id=user_id, now=now, detail="passkey"
    )
    return passkey


async def sign_in(tx: Tx, *, site: Site, browser_token: str, answer: Mapping[str, Any], now: datetime) -> Shown:
    """Check what a browser has signed to sign in, and return the passkey, whose owner it is.

    Raises:
        PasskeyExpired: not what this browser was asked for, or not now.
        PasskeyRefused, PasskeyCopied: it does not hold. Commit the transaction nevertheless.
    """
    taken = await _taken(tx, Purpose.SIGN_IN, browser_token=browser_token, user_id=None, answer=answer, now=now)
    if not domain.names_owner(answer):
        raise PasskeyRefused
    passkey = await _shown(tx, site=site, challenge=taken.challenge, answer=answer, owner=None, now=now)
    return Shown(passkey, taken.created_at)


async def show(
    tx: Tx, *, site: Site, browser_token: str, user_id: UserId, answer: Mapping[str, Any], now: datetime
) -> Passkey:
    """Check what the browser of somebody who is signed in has signed to show that it is them.

    Raises:
        PasskeyExpired: not what this browser was asked for, or not now.
        PasskeyRefused, PasskeyCopied: it does not hold. Commit the transaction nevertheless.
    """
    taken = await _taken(tx, Purpose.STEP_UP, browser_token=browser_token, user_id=user_id, answer=answer, now=now)
    return await _shown(tx, site=site, challenge=taken.challenge, answer=answer, owner=user_id, now=now)


async def rename(tx: Tx, *, user_id: UserId, passkey_id: UUID, name: str) -> None:
    """Give one of an account's passkeys another name.

    Raises:
        PasskeyNameInvalid: no such name can be given.
        PasskeyMissing: the account has no such passkey.
    """
    if not await store.save_name(tx, user_id=user_id, passkey_id=passkey_id, name=_name(name)):
        raise PasskeyMissing("There is no such passkey.")


async def remove(tx: Tx, *, user_id: UserId, passkey_id: UUID, other_way: bool, now: datetime) -> None:
    """Remove one of an account's passkeys. `other_way`: the account can be entered by something else, as a password.

    Raises:
        PasskeyMissing: the account has no such passkey.
        PasskeyOnly: it is the last way in.
    """
    usable = await store.lock_usable(tx, user_id=user_id)
    if not other_way and usable == [passkey_id]:
        raise PasskeyOnly("This passkey is the only way into your account. Add another one first.")
    if await store.drop_passkey(tx, user_id=user_id, passkey_id=passkey_id) is None:
        raise PasskeyMissing("There is no such passkey.")
    await audit_log.record(
        tx, action=audit_log.Action.FACTOR_REMOVED, user_id=user_id, actor_id=user_id, now=now, detail="passkey"
    )


async def remove_since(tx: Tx, *, user_id: UserId, since: datetime, now: datetime) -> int:
    """Remove the passkeys that were added to an account since an instant, and return how many: another has added them."""
    removed = await store.drop_since(tx, user_id=user_id, since=since)
    for _ in range(removed):
        await audit_log.record(tx, action=audit_log.Action.FACTOR_REMOVED, user_id=user_id, now=now, detail="passkey")
    return removed


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete challenges that nobody answered in time, at most so many, and return how many."""
    return await store.drop_expired(tx, before=before, most=most)


async def _ask(
    tx: Tx, purpose: Purpose, *, browser_token: str, user_id: UserId | None, now: datetime
) -> tuple[bytes, str]:
    # A browser keeps its secret while it has several pages open, each with a challenge of its own.
    token = browser_token if _TOKEN.fullmatch(browser_token) else secrets.token_urlsafe(32)
    challenge = secrets.token_bytes(domain.CHALLENGE_BYTES)
    await store.add_challenge(
        tx,
        challenge=challenge,
        browser_hash=_hash(token),
        purpose=purpose,
        user_id=user_id,
        now=now,
        expires_at=now + CHALLENGE_GOOD_FOR,
    )
    return challenge, token


async def _taken(
    tx: Tx,
    purpose: Purpose,
    *,
    browser_token: str,
    user_id: UserId | None,
    answer: Mapping[str, Any],
    now: datetime,
) -> Taken:
    try:
        told = domain.challenge_in(answer)
    except AnswerRefusedError as error:
        raise _refusal(error) from error
    found = await store.take_challenge(tx, challenge=told, browser_hash=_hash(browser_token), purpose=purpose, now=now)
    if found is None or found.user_id != user_id:
        raise PasskeyExpired
    return found


async def _shown(
    tx: Tx, *, site: Site, challenge: bytes, answer: Mapping[str, Any], owner: UserId | None, now: datetime
) -> Passkey:
    try:
        passkey = await store.lock_credential(tx, credential_id=domain.credential_in(answer))
        told = domain.asserted(site, answer, challenge=challenge, passkey=passkey, owner=owner)
    except AnswerRefusedError as error:
        raise _refusal(error) from error
    if domain.went_backwards(told):
        await store.save_suspected(tx, passkey_id=told.passkey.passkey_id, now=now)
        raise PasskeyCopied(user_id=told.passkey.user_id)
    await store.save_used(tx, told=told, now=now)
    return told.passkey


def _refusal(error: AnswerRefusedError) -> PasskeyRefused:
    _log.info("passkey.refused", reason=str(error)[:200])
    return PasskeyRefused()


def _new(made: Attested, *, user_id: UserId, name: str, now: datetime) -> Passkey:
    return Passkey(
        passkey_id=new_id(),
        user_id=user_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        aaguid=made.aaguid,
        transports=made.transports,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        name=name,
        made_at=now,
        used_at=None,
        suspected_at=None,
    )


def _name(text: str) -> str:
    name = domain.shown_name(text)
    if name is None:
        raise PasskeyNameInvalid("A name has 1 to 60 characters.")
    return name


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
