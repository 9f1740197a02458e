"""Signing in by password, and changing it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from vibestream.contexts.user.accounts import domain, store
from vibestream.contexts.user.accounts.service.lookup import account
from vibestream.contexts.user.accounts.service.second_step import SecondStep, begin_second_step
from vibestream.contexts.user.accounts.service.sign_up import SignedIn
from vibestream.contexts.user.accounts.service.telling import tell_password_changed
from vibestream.contexts.user.accounts.store import Credential
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.passwords.service import Verdict
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device
from vibestream.kernel.errors import InvalidInput, Unauthenticated
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime


class SignInRefused(Unauthenticated):
    """No account has this address and this password, or its address was not verified; which of these is not said."""

    code: ClassVar[str] = "account.sign_in_refused"

    def __init__(self) -> None:
        super().__init__(
            "The address or the password is wrong. If you signed up and did not enter the code, sign up again."
        )


class WrongPassword(InvalidInput):
    """The password that was given as the present one is not."""

    code: ClassVar[str] = "account.wrong_password"

    def __init__(self) -> None:
        super().__init__("This is not your present password.")


async def sign_in(
    runtime: Runtime, *, email: str, password: str, device: Device, now: datetime, replaces: str | None = None
) -> SignedIn | SecondStep:
    """Open a new session for whoever knows an account's password; the one that the browser came with is ended.

    An account with a second factor is not entered yet: the browser gets what `finish_second_step` wants of it.

    Opens its own transactions, one to read and one to write, with the hashing between them. A hash that was made by
    older parameters is renewed.

    Raises:
        SignInRefused: says the same, after the same work, for an unknown address as for a wrong password.
        CpuBusy: too many are signing in.
    """
    async with runtime.database.begin() as tx:
        credential = await _credential(tx, email=email)
    stored = None if credential is None else credential.password_hash
    verdict = await passwords.check(runtime.cpu, password=password, stored=stored)

    async def finish(tx: Tx) -> SignedIn | SecondStep | None:
        # The password may have been changed while it was checked: then the old one is refused like any other.
        if credential is None or not verdict.matches or not await _still(tx, credential):
            user_id = None if credential is None else credential.user_id
            refused = audit_log.Action.SIGN_IN_REFUSED
            await audit_log.record(tx, action=refused, user_id=user_id, now=now, network=device.network)
            return None
        return await _enter(tx, credential=credential, verdict=verdict, device=device, now=now, replaces=replaces)

    signed_in = await runtime.database.run(finish)
    if signed_in is None:
        raise SignInRefused
    return signed_in


async def change_password(
    runtime: Runtime, *, principal: Principal, current: str, new: str, device: Device, now: datetime
) -> None:
    """Change an account's password, end its other sessions, and tell its owner by mail.

    Opens its own transactions, with the hashing between them.

    Raises:
        WrongPassword: `current` is not the password, or it was changed at the same moment.
        PasswordLength, PasswordCommon, PasswordPersonal, PasswordBreached: `new` may not be chosen.
    """
    async with runtime.database.begin() as tx:
        stored = await passwords.hash_of(tx, user_id=principal.user_id)
        email = (await account(tx, user_id=principal.user_id)).email
        second = await factors.has_second(tx, user_id=principal.user_id)
    verdict = await passwords.check(runtime.cpu, password=current, stored=stored)
    made = None
    if stored is not None and verdict.matches:
        made = await passwords.choose(
            runtime.cpu,
            breaches=passwords.open_breaches(runtime.settings),
            password=new,
            context=[email, principal.display_name],
            second=second,
        )

    async def finish(tx: Tx) -> bool:
        if made is not None and made.short:  # the factor may have been removed while it was hashed
            await factors.require_second(tx, user_id=principal.user_id)
        changed = (
            stored is not None
            and made is not None
            and await passwords.replace(tx, user_id=principal.user_id, old=stored, new=made, now=now)
        )
        action = audit_log.Action.PASSWORD_CHANGED if changed else audit_log.Action.PASSWORD_CHANGE_REFUSED
        await audit_log.record(
            tx,
            action=action,
            user_id=principal.user_id,
            actor_id=principal.user_id,
            now=now,
            network=device.network,
        )
        if made is not None and changed and not made.looked_up:
            unchecked = audit_log.Action.PASSWORD_UNCHECKED
            await audit_log.record(tx, action=unchecked, user_id=principal.user_id, now=now, network=device.network)
        if changed:
            await sessions.end_all(tx, user_id=principal.user_id, but=principal.session_id, now=now)
            await tell_password_changed(tx, user_id=principal.user_id, now=now)
        return changed

    if not await runtime.database.run(finish):
        raise WrongPassword


async def _credential(tx: Tx, *, email: str) -> Credential | None:
    try:
        address = domain.parse_address(email)
    except domain.AddressInvalid:
        return None
    return await store.find_credential(tx, address=address)


async def _still(tx: Tx, credential: Credential) -> bool:
    return await passwords.hash_of(tx, user_id=credential.user_id) == credential.password_hash


async def _enter(
    tx: Tx, *, credential: Credential, verdict: Verdict, device: Device, now: datetime, replaces: str | None
) -> SignedIn | SecondStep:
    user_id, stored = credential.user_id, credential.password_hash
    if verdict.upgraded is not None and await passwords.upgrade(tx, user_id=user_id, old=stored, new=verdict.upgraded):
        stored = verdict.upgraded
    if await factors.has_second(tx, user_id=user_id):
        return await begin_second_step(tx, user_id=user_id, password_hash=stored, now=now)
    opened = await sessions.open_session(tx, user_id=user_id, device=device, now=now, replaces=replaces)
    await audit_log.record(
        tx,
        action=audit_log.Action.SIGNED_IN,
        user_id=user_id,
        actor_id=user_id,
        now=now,
        network=device.network,
    )
    return SignedIn(user_id, opened)
