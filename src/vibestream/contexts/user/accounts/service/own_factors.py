"""One's own second factor: setting it up, removing it, new recovery codes; each is told by mail.

That the person who asks is the account's owner is the edge's to make sure of, by a fresh proof (`sessions.prove`).
"""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.accounts.service.lookup import account
from vibestream.contexts.user.accounts.service.second_step import refused
from vibestream.contexts.user.accounts.service.telling import tell_factor
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import Enrolment, FactorWrong
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.sealed import Sealer


async def begin_app(tx: Tx, *, sealer: Sealer, principal: Principal, now: datetime) -> Enrolment:
    """Begin to set up an authenticator app, and return what it needs. Nothing changes before a first code is shown.

    Raises:
        FactorExists: there is one.
    """
    label = (await account(tx, user_id=principal.user_id)).email
    return await factors.begin_totp(tx, sealer=sealer, user_id=principal.user_id, label=label, now=now)


async def app_begun(tx: Tx, *, sealer: Sealer, principal: Principal, now: datetime) -> Enrolment | None:
    """Return what the app that is being set up needs, for half an hour; None when none is."""
    label = (await account(tx, user_id=principal.user_id)).email
    return await factors.pending_totp(tx, sealer=sealer, user_id=principal.user_id, label=label, now=now)


async def confirm_app(
    tx: Tx, *, sealer: Sealer, principal: Principal, code: str, device: Device, now: datetime
) -> list[str]:
    """Finish to set up an authenticator app by its first code, and return the recovery codes, which are shown once.

    Other sessions stay signed in, but have to show the app before they do what needs it.

    Raises:
        FactorMissing: none was begun, or too long ago.
        FactorWrong: not its code. Commit the transaction nevertheless.
        FactorLimited: too many wrong ones.
        Overtaken: the session has ended at this moment.
    """
    await ways_in.require_signed_in(tx, user_id=principal.user_id, session_id=principal.session_id)
    try:
        codes = await factors.confirm_totp(tx, sealer=sealer, user_id=principal.user_id, code=code, now=now)
    except FactorWrong as wrong:
        await refused(tx, user_id=principal.user_id, wrong=wrong, device=device, now=now)
        raise
    await sessions.forget_proofs(tx, user_id=principal.user_id, but=principal.session_id)
    await tell_factor(tx, user_id=principal.user_id, notice=FactorNotice.TOTP_ADDED, now=now)
    return codes


async def remove_app(tx: Tx, *, principal: Principal, now: datetime) -> None:
    """Remove the authenticator app and the recovery codes; the owner is told.

    Raises:
        FactorMissing: there is none.
        PasswordShortAlone: the password was chosen short because of it.
        Overtaken: the session has ended at this moment.
    """
    await ways_in.require_signed_in(tx, user_id=principal.user_id, session_id=principal.session_id)
    await factors.remove_totp(tx, user_id=principal.user_id, now=now)
    await passwords.require_long_enough_alone(
        tx, user_id=principal.user_id
    )  # after it: a short one is chosen under its lock
    await tell_factor(tx, user_id=principal.user_id, notice=FactorNotice.TOTP_REMOVED, now=now)


async def renew_recovery_codes(tx: Tx, *, principal: Principal, now: datetime) -> list[str]:
    """Return new recovery codes, which are shown once; those before are void, and the owner is told.

    Raises:
        FactorMissing: there is no second factor.
        Overtaken: the session has ended at this moment.
    """
    await ways_in.require_signed_in(tx, user_id=principal.user_id, session_id=principal.session_id)
    codes = await factors.new_recovery_codes(tx, user_id=principal.user_id, now=now)
    await tell_factor(tx, user_id=principal.user_id, notice=FactorNotice.RECOVERY_MADE, now=now)
    return codes
