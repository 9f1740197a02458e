"""Signing in by password, and changing it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import ClassVar, Final

from vibestream.contexts.user.accounts import domain, store
from vibestream.contexts.user.accounts.service.guarding import ask_for_more
from vibestream.contexts.user.accounts.service.half_way import SecondStep, begin_second_step
from vibestream.contexts.user.accounts.service.lookup import account
from vibestream.contexts.user.accounts.service.sign_up import SignedIn
from vibestream.contexts.user.accounts.service.telling import tell_password_changed
from vibestream.contexts.user.accounts.store import Credential
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.attempts.service import Admission
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.passwords.service import Verdict
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device, OpenedSession
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.errors import InvalidInput, Unauthenticated
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime

_COUNTED: Final = 320


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
    runtime: Runtime,
    *,
    email: str,
    password: str,
    device: Device,
    now: datetime,
    replaces: str | None = None,
    device_token: str = "",
) -> SignedIn | SecondStep:
    """Open a new session for whoever knows an account's password; the one that the browser came with is ended.

    An account with a second factor is not entered yet: the browser gets what `finish_second_step` wants of it. So does,
    while passwords are being guessed at many accounts, every browser that the account does not know, whatever it shows.

    Opens its own transactions, one to count the attempt and one to write, with the hashing between them. A hash that was
    made by older parameters is renewed. `device_token`: what the browser keeps since an account let it in.

    Raises:
        SignInRefused: says the same, after the same work, for an unknown address as for a wrong password.
        SignInSlowed: too many attempts at this address or from this network, by browsers that the account does not know.
        CpuBusy: too many are signing in.
        Overtaken: everybody was put out of the account while the password was checked.
    """
    looked = await runtime.database.run(
        partial(_admit, runtime, email=email, device=device, device_token=device_token, now=now)
    )
    credential, admission = looked
    key = runtime.settings.signing_key()
    stored = None if credential is None else credential.password_hash
    verdict = await passwords.check(runtime.cpu, password=password, stored=stored)

    async def finish(tx: Tx) -> SignedIn | SecondStep | None:
        # The password may have been changed while it was checked: then the old one is refused like any other.
        right = credential is not None and verdict.matches and await _still(tx, credential)
        owner, shown = None if credential is None else credential.user_id, credential if right else None
        if admission.guarded:
            return await ask_for_more(
                tx, key=key, admission=admission, owner=owner, shown=shown, device=device, now=now
            )
        if shown is None:
            await attempts.failed(tx, admission=admission, user_id=owner, network=device.network, now=now)
            return None
        await attempts.succeeded(tx, admission=admission)
        entered = await _enter(tx, credential=shown, verdict=verdict, device=device, now=now, replaces=replaces)
        if isinstance(entered, SecondStep):
            return entered
        token = await attempts.remember(tx, user_id=shown.user_id, device_token=device_token, now=now)
        if admission.network is not None:
            await attempts.let_in(tx, key=key, user_id=shown.user_id, now=now)
        return SignedIn(shown.user_id, entered, token)

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
        Overtaken: the session has ended while the passwords were looked at.
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
        await ways_in.require_signed_in(tx, user_id=principal.user_id, session_id=principal.session_id)
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


async def _admit(
    runtime: Runtime, tx: Tx, *, email: str, device: Device, device_token: str, now: datetime
) -> tuple[Credential | None, Admission]:
    """Return whose address it is, and count the attempt; what is no address is counted as it was typed."""
    try:
        address = domain.parse_address(email)
    except domain.AddressInvalid:
        credential, lookup = None, email[:_COUNTED]
    else:
        credential, lookup = await store.find_credential(tx, address=address), address.lookup
    admission = await attempts.admit(
        tx,
        key=runtime.settings.signing_key(),
        lookup=lookup,
        user_id=None if credential is None else credential.user_id,
        network=device.household or device.network,
        device_token=device_token,
        now=now,
    )
    return credential, admission


async def _still(tx: Tx, credential: Credential) -> bool:
    return await passwords.hash_of(tx, user_id=credential.user_id) == credential.password_hash


async def _enter(
    tx: Tx, *, credential: Credential, verdict: Verdict, device: Device, now: datetime, replaces: str | None
) -> OpenedSession | SecondStep:
    user_id, stored = credential.user_id, credential.password_hash
    if verdict.upgraded is not None and await passwords.upgrade(tx, user_id=user_id, old=stored, new=verdict.upgraded):
        stored = verdict.upgraded
    if await factors.has_second(tx, user_id=user_id):
        return await begin_second_step(tx, user_id=user_id, in_round=credential.round, password_hash=stored, now=now)
    opened = await sessions.open_session(
        tx, user_id=user_id, in_round=credential.round, device=device, now=now, replaces=replaces
    )
    await audit_log.record(
        tx,
        action=audit_log.Action.SIGNED_IN,
        user_id=user_id,
        actor_id=user_id,
        now=now,
        network=device.network,
    )
    return opened
