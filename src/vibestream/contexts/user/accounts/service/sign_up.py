"""Signing up, and proving the address.

A sign-up makes an account that nobody can enter yet. What the person chose (password, name, language) waits beside the
code that was mailed, and takes effect when the same browser shows the code. So nobody can reserve somebody else's
address with a password of their own and wait for its owner to prove it: each proves only what they themselves chose.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.user.accounts import domain, store
from vibestream.contexts.user.accounts.domain import Address, SignUp
from vibestream.contexts.user.accounts.service.mailing import mail_sign_up
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device, OpenedSession
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.errors import Gone, InvalidInput, Limited
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer
from vibestream.platform.runtime import Runtime

SIGN_UP_COOKIE: Final = "sign-up"
"""The purpose of the cookie in which the browser keeps its token between signing up and showing the code."""
SIGN_UP_COOKIE_GOOD_FOR: Final = domain.RESENDABLE_FOR


class CodeWrong(InvalidInput):
    """Not the code that was mailed; `tries_left` says how often another can be tried."""

    code: ClassVar[str] = "account.code_wrong"
    keeps_transaction: ClassVar[bool] = True
    """The try that failed is counted, so its transaction is committed although it ends in an error."""

    def __init__(self, *, tries_left: int) -> None:
        super().__init__("This is not the code from the newest message. Check it, or ask for another.")
        self.tries_left = tries_left


class CodeExpired(Gone):
    """There is no code to be shown by this browser any more: none was asked for, too late, or too many tries."""

    code: ClassVar[str] = "account.code_expired"


class CodesLimited(Limited):
    """As many codes were mailed to one address as allowed."""

    code: ClassVar[str] = "account.codes_limited"


@dataclass(frozen=True, slots=True)
class SignUpStarted:
    """A code was mailed. The browser must keep `browser_token` (an HttpOnly cookie) and show the code before the end."""

    browser_token: str
    code_expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and their new session."""

    user_id: UserId
    session: OpenedSession
    device_token: str
    """What the browser keeps in an HttpOnly cookie, to be known again."""


async def sign_up(
    runtime: Runtime, *, email: str, password: str, display_name: str, locale: str, now: datetime
) -> SignUpStarted:
    """Begin to make an account: mail a code to an address. Says the same when the address has an account already.

    The owner of an existing account is told that somebody tried. Opens its own transaction, since the password is
    hashed before it.

    Raises:
        AddressInvalid, TextInvalid, PreferenceInvalid: say what is wrong.
        PasswordLength, PasswordCommon, PasswordPersonal, PasswordBreached: the password may not be chosen.
        CodesLimited: five codes were mailed to this address within an hour.
    """
    address = domain.parse_address(email)
    name = profiles.display_name_of(display_name)
    profiles.require_preferences(locale=locale, theme="system")
    breaches = passwords.open_breaches(runtime.settings)
    chosen = await passwords.choose(runtime.cpu, breaches=breaches, password=password, context=[address.email, name])
    browser_token = secrets.token_urlsafe(32)

    async def begin(tx: Tx) -> SignUp:
        found = await _account_of(tx, address=address, display_name=name, locale=locale, now=now)
        wanted = SignUp(
            sign_up_id=new_id(),
            user_id=found.user_id,
            browser_hash=_hash(browser_token),
            decoy=False,
            email=address.email,
            password_hash=chosen.password_hash,
            display_name=name,
            locale=locale,
            created_at=now,
            expires_at=now + domain.CODE_GOOD_FOR,
            tries_left=domain.CODE_TRIES,
        )
        if not chosen.looked_up:
            action = audit_log.Action.PASSWORD_UNCHECKED
            await audit_log.record(tx, action=action, user_id=found.user_id, now=now)
        return await _mail_code(tx, wanted=wanted, verified=found.verified_at is not None, now=now)

    started = await runtime.database.run(begin)
    return SignUpStarted(browser_token, started.expires_at)


async def resend_code(tx: Tx, *, browser_token: str, now: datetime) -> SignUpStarted:
    """Mail another code for what a browser signed up with; the one before is void from then on.

    Raises:
        CodeExpired: the browser did not sign up within the last hour; it must do so again.
        CodesLimited: thirty seconds have not passed since the last code, or five were mailed within an hour.
    """
    last, owner = await _newest(tx, browser_token=browser_token)
    if last.created_at + domain.RESENDABLE_FOR <= now:
        raise _expired()
    if last.created_at + domain.RESEND_AFTER > now:
        wait = last.created_at + domain.RESEND_AFTER - now
        raise _limited(int(wait.total_seconds()))
    wanted = replace(
        last,
        sign_up_id=new_id(),
        created_at=now,
        expires_at=now + domain.CODE_GOOD_FOR,
        tries_left=domain.CODE_TRIES,
    )
    renewed = await _mail_code(tx, wanted=wanted, verified=owner.verified_at is not None, now=now)
    return SignUpStarted(browser_token, renewed.expires_at)


async def verify_email(
    tx: Tx,
    *,
    signing_key: bytes,
    browser_token: str,
    code: str,
    device: Device,
    now: datetime,
    replaces: str | None = None,
    device_token: str = "",
) -> SignedIn:
    """Take the code from the browser that asked for it: the account is verified, gets what was chosen, and is signed in.

    A code is good for one use, ten minutes and five tries. `replaces` is the session token that the browser came with.

    Raises:
        CodeWrong: not the code. Commit the transaction nevertheless, or the try is not counted.
        CodeExpired: no code of this browser can be tried any more.
        Overtaken: everybody was put out of the account since the code was asked for.
    """
    found, owner = await _newest(tx, browser_token=browser_token)
    in_round = await ways_in.begin(tx, user_id=found.user_id, since=found.created_at)
    if not found.is_open(now):
        raise _expired()
    right = domain.is_code(given=code, key=signing_key, sign_up_id=found.sign_up_id)
    # A decoy has a code too, which nobody was sent. The address may also have been proved from elsewhere meanwhile.
    if not right or owner.verified_at is not None or found.decoy:
        await store.save_tries(tx, sign_up_id=found.sign_up_id, tries_left=found.tries_left - 1)
        raise CodeWrong(tries_left=found.tries_left - 1)
    await _take_effect(tx, sign_up=found, now=now)
    opened = await sessions.open_session(
        tx, user_id=found.user_id, in_round=in_round, device=device, now=now, replaces=replaces
    )
    for action in (audit_log.Action.ADDRESS_VERIFIED, audit_log.Action.SIGNED_IN):
        await audit_log.record(
            tx, action=action, user_id=found.user_id, actor_id=found.user_id, now=now, network=device.network
        )
    token = await attempts.remember(tx, user_id=found.user_id, device_token=device_token, now=now)
    return SignedIn(found.user_id, opened, token)


async def _newest(tx: Tx, *, browser_token: str) -> tuple[SignUp, store.Account]:
    """Return a browser's newest sign-up, and its account locked: codes of one account are tried one after the other."""
    browser_hash = _hash(browser_token)
    seen = await store.find_newest_sign_up(tx, browser_hash=browser_hash)
    owner = None if seen is None else await store.lock_account(tx, user_id=seen.user_id)
    # What was seen before the lock may have been tried, replaced or used while we waited for it.
    found = None if owner is None else await store.find_newest_sign_up(tx, browser_hash=browser_hash)
    if found is None or owner is None:
        raise _expired()
    return found, owner


async def _account_of(tx: Tx, *, address: Address, display_name: str, locale: str, now: datetime) -> store.Account:
    user_id = UserId(new_id())
    if await store.add_account(tx, user_id=user_id, address=address, now=now):
        await profiles.create_fan(tx, user_id=user_id, display_name=display_name, locale=locale)
    found = await store.lock_by_lookup(tx, address=address)
    if found is None:  # it was there and was forgotten, unverified, between the two statements
        return await _account_of(tx, address=address, display_name=display_name, locale=locale, now=now)
    return found


async def _mail_code(tx: Tx, *, wanted: SignUp, verified: bool, now: datetime) -> SignUp:
    recent = await store.list_recent(tx, user_id=wanted.user_id, since=now - domain.CODES_WITHIN)
    if len(recent) >= domain.MOST_CODES:
        wait = recent[-domain.MOST_CODES] + domain.CODES_WITHIN - now
        raise _limited(int(wait.total_seconds()))
    if verified:
        wanted = replace(wanted, decoy=True, email=None, password_hash=None, display_name=None)
    await store.add_sign_up(tx, sign_up=wanted)
    await defer(tx, mail_sign_up, sign_up_id=str(wanted.sign_up_id))
    return wanted


async def _take_effect(tx: Tx, *, sign_up: SignUp, now: datetime) -> None:
    if sign_up.email is None or sign_up.password_hash is None or sign_up.display_name is None:
        raise ValueError(sign_up.sign_up_id)  # only a decoy is without them: the table's constraint says so
    await store.save_verified(tx, user_id=sign_up.user_id, email=sign_up.email, now=now)
    await passwords.set_password(tx, user_id=sign_up.user_id, password_hash=sign_up.password_hash, now=now)
    await profiles.create_fan(tx, user_id=sign_up.user_id, display_name=sign_up.display_name, locale=sign_up.locale)
    await store.drop_sign_ups(tx, user_id=sign_up.user_id)


def _expired() -> CodeExpired:
    return CodeExpired("There is no code that this browser could show any more. Ask for another, or sign up again.")


def _limited(wait_s: int) -> CodesLimited:
    seconds = max(1, wait_s)
    return CodesLimited(f"Enough codes were sent for now. Try again in {seconds} s.", retry_after_s=seconds)


def _hash(browser_token: str) -> bytes:
    return hashlib.sha256(browser_token.encode("utf-8", "replace")).digest()
