"""Asking to reset a password, and doing it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, TypeVar

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import Account, CodesLimited, CodeWrong
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import FactorWrong
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.passwords.service import Chosen
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.recovery import domain, store
from vibestream.contexts.user.recovery.domain import Reset
from vibestream.contexts.user.recovery.service.mailing import mail_password_reset
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device
from vibestream.kernel.errors import Gone, InvalidInput
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer

T = TypeVar("T")

RESET_COOKIE: Final = "password-reset"
"""The purpose of the cookie in which the browser keeps its secret between asking and showing the code."""
RESET_COOKIE_GOOD_FOR: Final = domain.CODE_GOOD_FOR


class ResetExpired(Gone):
    """This browser has no code to show: none was asked for, too late, used, too many tries, or the password changed."""

    code: ClassVar[str] = "recovery.expired"

    def __init__(self) -> None:
        super().__init__("There is no code that this browser could show any more. Ask for another.")


class SecondFactorWanted(InvalidInput):
    """The code is right; the account has a second factor, and a code of it is to be sent along."""

    code: ClassVar[str] = "recovery.second_factor_wanted"

    def __init__(self) -> None:
        super().__init__("Enter a code of your authenticator app too, or one of your recovery codes.")


@dataclass(frozen=True, slots=True)
class ResetStarted:
    """A code is on its way, if anybody has the address. The browser keeps `browser_token` in an HttpOnly cookie."""

    browser_token: str
    code_expires_at: datetime


async def ask_reset(tx: Tx, *, signing_key: bytes, email: str, device: Device, now: datetime) -> ResetStarted:
    """Mail a code to an address, if it has an account; the answer and the work are the same if it has none.

    Raises:
        AddressInvalid: not an address.
        CodesLimited: three were asked for from this network within an hour, or twenty from anywhere.
    """
    found = await accounts.verified_by_email(tx, email=email)
    counted = domain.address_hash(key=signing_key, lookup=found.lookup)
    await store.lock_address(tx, address_hash=counted)
    asked = await store.list_asked(tx, address_hash=counted, since=now - domain.COUNTED_FOR)
    if wait_s := domain.wait_s(asked, network=device.network, now=now):
        raise CodesLimited(f"Enough codes were sent for now. Try again in {wait_s} s.", retry_after_s=wait_s)
    token = secrets.token_urlsafe(32)
    reset = Reset(
        reset_id=new_id(),
        user_id=found.user_id,
        browser_hash=_hash(token),
        created_at=now,
        expires_at=now + domain.CODE_GOOD_FOR,
        tries_left=domain.CODE_TRIES,
    )
    await store.add_reset(tx, reset=reset, address_hash=counted, network=device.network)
    await defer(tx, mail_password_reset, reset_id=str(reset.reset_id))
    action = audit_log.Action.RESET_ASKED
    await audit_log.record(tx, action=action, user_id=found.user_id, now=now, network=device.network)
    return ResetStarted(token, reset.expires_at)


async def reset_password(
    runtime: Runtime, *, browser_token: str, code: str, new: str, second_factor: str, device: Device, now: datetime
) -> None:
    """Give an account a new password, for the browser that asked and now shows the code; every session ends.

    A code is good for one reset, ten minutes and five tries, and until the password is changed otherwise. Its owner is
    told by mail. `second_factor`: a code of the app or a recovery code, where the account has a second factor. Opens its
    own transactions, with the hashing between them.

    Raises:
        CodeWrong: not the code.
        ResetExpired: no code of this browser can be tried any more.
        PasswordLength, PasswordCommon, PasswordPersonal, PasswordBreached: the new password may not be chosen; the code is still good.
        SecondFactorWanted, FactorWrong, FactorLimited: the second factor is missing or wrong.
    """
    key = runtime.settings.signing_key()

    async def look(tx: Tx) -> tuple[Account, str, bool]:
        owner = await _owner(tx, key=key, browser_token=browser_token, code=code, device=device, now=now)
        name = (await profiles.fan(tx, user_id=owner.user_id)).display_name
        return owner, name, await factors.has_second(tx, user_id=owner.user_id)

    owner, name, second = await _kept(runtime, look)
    breaches = passwords.open_breaches(runtime.settings)
    made = await passwords.choose(
        runtime.cpu, breaches=breaches, password=new, context=[owner.email, name], second=second
    )

    async def finish(tx: Tx) -> UserId:
        still = await _owner(tx, key=key, browser_token=browser_token, code=code, device=device, now=now)
        await _second(
            tx, runtime, user_id=still.user_id, shown=second_factor, token=browser_token, device=device, now=now
        )
        if made.short:  # the factor may have been removed while it was hashed
            await factors.require_second(tx, user_id=still.user_id)
        await _take_effect(tx, user_id=still.user_id, made=made, device=device, now=now)
        return still.user_id

    await _kept(runtime, finish)


async def end_resets(tx: Tx, *, user_id: UserId, now: datetime) -> None:
    """Make every code that was mailed to reset an account's password good for nothing: its address is another."""
    await store.end_resets(tx, user_id=user_id, now=now)


async def _owner(tx: Tx, *, key: bytes, browser_token: str, code: str, device: Device, now: datetime) -> Account:
    reset = await store.lock_of_browser(tx, browser_hash=_hash(browser_token))
    if reset is None or not reset.is_open(now):
        raise ResetExpired
    # One that nobody has the address of has a code too, which nobody was sent.
    right = domain.is_code(given=code, key=key, reset_id=reset.reset_id)
    if not right or reset.user_id is None:
        await store.spend_try(tx, reset_id=reset.reset_id)
        action = audit_log.Action.RESET_REFUSED
        await audit_log.record(tx, action=action, user_id=reset.user_id, now=now, network=device.network)
        raise CodeWrong(tries_left=reset.tries_left - 1)
    try:
        return await accounts.account(tx, user_id=reset.user_id)
    except accounts.AccountMissing:  # erased meanwhile
        raise ResetExpired from None


async def _second(
    tx: Tx, runtime: Runtime, *, user_id: UserId, shown: str, token: str, device: Device, now: datetime
) -> None:
    if not await factors.has_second(tx, user_id=user_id):
        return
    if not shown.strip():
        raise SecondFactorWanted
    sealer = Sealer.of(runtime.settings, purpose=factors.PURPOSE)
    try:
        await accounts.show_factor(tx, sealer=sealer, user_id=user_id, code=shown, device=device, now=now)
    except FactorWrong:
        reset = await store.lock_of_browser(tx, browser_hash=_hash(token))
        if reset is not None:
            await store.spend_try(tx, reset_id=reset.reset_id)
        raise


async def _take_effect(tx: Tx, *, user_id: UserId, made: Chosen, device: Device, now: datetime) -> None:
    await passwords.set_password(tx, user_id=user_id, password_hash=made.password_hash, short=made.short, now=now)
    if not made.looked_up:
        unchecked = audit_log.Action.PASSWORD_UNCHECKED
        await audit_log.record(tx, action=unchecked, user_id=user_id, now=now, network=device.network)
    await store.end_resets(tx, user_id=user_id, now=now)
    await sessions.end_all(tx, user_id=user_id, now=now)
    action = audit_log.Action.PASSWORD_RESET
    await audit_log.record(tx, action=action, user_id=user_id, now=now, network=device.network)
    await accounts.tell_password_changed(tx, user_id=user_id, now=now)


async def _kept(runtime: Runtime, work: Callable[[Tx], Awaitable[T]]) -> T:
    """Run work in a transaction that is committed although it ends in a wrong code, since that is counted."""

    async def counted(tx: Tx) -> T | CodeWrong | FactorWrong:
        try:
            return await work(tx)
        except (CodeWrong, FactorWrong) as error:
            return error

    result = await runtime.database.run(counted)
    if isinstance(result, CodeWrong | FactorWrong):
        raise result
    return result


def _hash(browser_token: str) -> bytes:
    return hashlib.sha256(browser_token.encode("utf-8", "replace")).digest()
