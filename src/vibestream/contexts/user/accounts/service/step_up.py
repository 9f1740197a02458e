"""Showing once more that it is oneself, for what a stolen session must not do."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.accounts.service.second_step import refused
from vibestream.contexts.user.accounts.service.sign_in import WrongPassword
from vibestream.contexts.user.accounts.service.telling import tell_factor
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import FactorWrong, Shown
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device, OpenedSession
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer


async def step_up(
    runtime: Runtime, *, principal: Principal, proof: str, device: Device, now: datetime
) -> OpenedSession:
    """Take a proof that it is still the account's owner, and return the session's new token; the former one is void.

    The proof is a code of the second factor, or a recovery code; the password only where the account has no second
    factor. Opens its own transactions.

    Raises:
        FactorWrong, FactorLimited: not such a code, or too many wrong ones; each is counted.
        WrongPassword: not the password.
        SessionMissing: the session has ended meanwhile.
    """
    async with runtime.database.begin() as tx:
        second = await factors.has_second(tx, user_id=principal.user_id)
        stored = await passwords.hash_of(tx, user_id=principal.user_id)
    if not second:
        matches = (await passwords.check(runtime.cpu, password=proof, stored=stored)).matches

    async def finish(tx: Tx) -> OpenedSession | FactorWrong | None:
        if second:
            return await _by_factor(tx, runtime, principal=principal, code=proof, device=device, now=now)
        # A second factor may have been set up, or the password changed, while it was checked.
        same = await passwords.hash_of(tx, user_id=principal.user_id) == stored
        if not (matches and same) or await factors.has_second(tx, user_id=principal.user_id):
            action = audit_log.Action.FACTOR_REFUSED
            await audit_log.record(
                tx, action=action, user_id=principal.user_id, now=now, network=device.network, detail="password"
            )
            return None
        return await proved(tx, principal=principal, by="password", device=device, now=now)

    opened = await runtime.database.run(finish)
    if opened is None:
        raise WrongPassword
    if isinstance(opened, FactorWrong):
        raise opened
    return opened


async def proved(tx: Tx, *, principal: Principal, by: str, device: Device, now: datetime) -> OpenedSession:
    """Note that somebody has shown that it is them, `by` what, and return the session's new token.

    Raises:
        SessionMissing: the session has ended meanwhile.
    """
    await audit_log.record(
        tx,
        action=audit_log.Action.STEPPED_UP,
        user_id=principal.user_id,
        actor_id=principal.user_id,
        now=now,
        network=device.network,
        detail=by,
    )
    return await sessions.prove(tx, principal=principal, now=now)


async def _by_factor(
    tx: Tx, runtime: Runtime, *, principal: Principal, code: str, device: Device, now: datetime
) -> OpenedSession | FactorWrong:
    sealer = Sealer.of(runtime.settings, purpose=factors.PURPOSE)
    try:
        shown = await factors.show(tx, sealer=sealer, user_id=principal.user_id, code=code, now=now)
    except FactorWrong as wrong:
        await refused(tx, user_id=principal.user_id, wrong=wrong, device=device, now=now)
        return wrong
    if shown is Shown.RECOVERY:
        await tell_factor(tx, user_id=principal.user_id, notice=FactorNotice.RECOVERY_USED, now=now)
    return await proved(tx, principal=principal, by=shown.value, device=device, now=now)
