"""The second step of signing in: a browser that has shown the password, or an account elsewhere, shows the second factor.

What lies between the two is in `half_way`, and what is different during an attack in `guarding`.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.user.accounts import store
from vibestream.contexts.user.accounts.service.guarding import show_guarded
from vibestream.contexts.user.accounts.service.half_way import browser_hash, still_counts
from vibestream.contexts.user.accounts.service.sign_up import SignedIn
from vibestream.contexts.user.accounts.service.telling import tell_factor, tell_wrong_factor
from vibestream.contexts.user.accounts.store import SecondStepRow
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import FactorWrong, Shown
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device
from vibestream.kernel.errors import Gone
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.sealed import Sealer


class SecondStepExpired(Gone):
    """This browser has not shown a password, or too long ago, or has tried too often, or the password was changed."""

    code: ClassVar[str] = "account.second_step_expired"

    def __init__(self) -> None:
        super().__init__("Enter your address and your password once more.")


_BY_MAIL: Final = "mailed code"


async def finish_second_step(
    tx: Tx,
    *,
    sealer: Sealer,
    signing_key: bytes,
    browser_token: str,
    code: str,
    device: Device,
    now: datetime,
    replaces: str | None = None,
    device_token: str = "",
) -> SignedIn:
    """Open a session for the browser that showed the password and now shows a code of the app, or a recovery code.

    A step that was begun during an attack is finished by the code that was mailed, where the account has no app.

    Raises:
        FactorWrong, SignInCodeWrong: not such a code. Commit the transaction nevertheless, or the try is not counted.
        FactorLimited: too many wrong codes of the app, from wherever.
        SecondStepExpired: the password is to be shown again.
        Overtaken: everybody was put out of the account at this moment.
    """
    found = await store.lock_second_step(tx, browser_hash=browser_hash(browser_token), now=now)
    if found is None:
        raise SecondStepExpired
    if found.guarded:
        user_id, shown = await show_guarded(
            tx,
            step=found,
            browser_token=browser_token,
            sealer=sealer,
            key=signing_key,
            code=code,
            device=device,
            now=now,
        )
    else:
        user_id, shown = await _show(
            tx, step=found, browser_token=browser_token, sealer=sealer, code=code, device=device, now=now
        )
    await store.drop_second_step(tx, browser_hash=browser_hash(browser_token))
    if shown is Shown.RECOVERY:
        await tell_factor(tx, user_id=user_id, notice=FactorNotice.RECOVERY_USED, now=now)
    opened = await sessions.open_session(
        tx, user_id=user_id, in_round=found.round, device=device, now=now, replaces=replaces
    )
    await audit_log.record(
        tx,
        action=audit_log.Action.SIGNED_IN,
        user_id=user_id,
        actor_id=user_id,
        now=now,
        network=device.network,
        detail=_BY_MAIL if shown is None else shown.value,
    )
    token = await attempts.remember(tx, user_id=user_id, device_token=device_token, now=now)
    if found.guarded:
        await attempts.let_in(tx, key=signing_key, user_id=user_id, now=now)
    return SignedIn(user_id, opened, token)


async def _show(
    tx: Tx, *, step: SecondStepRow, browser_token: str, sealer: Sealer, code: str, device: Device, now: datetime
) -> tuple[UserId, Shown]:
    """Take a code of the account's second factor, and return whose it is, and what it was."""
    user_id = step.user_id
    if user_id is None or not await still_counts(tx, step=step, user_id=user_id):
        raise SecondStepExpired
    try:
        return user_id, await factors.show(tx, sealer=sealer, user_id=user_id, code=code, now=now)
    except FactorWrong as wrong:
        await store.spend_try(tx, browser_hash=browser_hash(browser_token))
        await refused(tx, user_id=user_id, wrong=wrong, device=device, now=now)
        raise
    except factors.FactorMissing:
        raise SecondStepExpired from None


async def refused(tx: Tx, *, user_id: UserId, wrong: FactorWrong, device: Device, now: datetime) -> None:
    """Note a wrong second factor; its owner is told once, when there are so many that somebody is guessing."""
    await audit_log.record(tx, action=audit_log.Action.FACTOR_REFUSED, user_id=user_id, now=now, network=device.network)
    await tell_wrong_factor(tx, user_id=user_id, wrong=wrong, now=now)
