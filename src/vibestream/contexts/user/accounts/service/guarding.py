"""Signing in while passwords are being guessed at many accounts.

A browser that the account does not know is answered the same whatever password it shows and whatever address: a second step,
with a cookie. Only if the password was right, a code is mailed; it opens the account in that browser, within ten minutes and
five tries. An account with an authenticator app is opened by a code of the app, or a recovery code, as ever, and none is
mailed. So whoever goes through a list of stolen passwords neither gets in nor learns which of them are right. Known browsers,
passkeys and other issuers let people in all the while.

What an attempt was counted in is not given back for a right password: that would tell.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.user.accounts import store
from vibestream.contexts.user.accounts.service.half_way import (
    SecondStep,
    begin_guarded,
    browser_hash,
    is_sign_in_code,
    still_counts,
)
from vibestream.contexts.user.accounts.service.mailing import mail_sign_in_code
from vibestream.contexts.user.accounts.service.telling import tell_wrong_factor
from vibestream.contexts.user.accounts.store import Credential, SecondStepRow
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.attempts.service import Admission
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import FactorLimited, FactorMissing, FactorWrong, Shown
from vibestream.contexts.user.sessions.service import Device
from vibestream.contexts.user.ways_in.service import Round
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer
from vibestream.platform.sealed import Sealer

_NOBODY: Final = UserId(UUID(int=0))


class SignInCodeWrong(InvalidInput):
    """Not a code that opens an account in this browser; or the password or the address was wrong. Which is not said."""

    code: ClassVar[str] = "account.sign_in_code_wrong"
    keeps_transaction: ClassVar[bool] = True
    """The try that failed is counted, so its transaction is committed although it ends in an error."""

    def __init__(self) -> None:
        super().__init__(
            "This code is wrong, or the address or the password was. Check the newest message or your authenticator app, or "
            "sign in again."
        )


async def ask_for_more(
    tx: Tx,
    *,
    key: bytes,
    admission: Admission,
    owner: UserId | None,
    shown: Credential | None,
    device: Device,
    now: datetime,
) -> SecondStep:
    """Answer a password that was shown during an attack; `shown`: the account that it opens otherwise, None when it is wrong.

    `owner`: who has the address. The work is the same in either case, but for what is written to the security log.
    """
    stored = "" if shown is None else shown.password_hash
    mailed = await attempts.may_mail(tx, key=key, admission=admission, password_hash=stored, now=now)
    by_app = await factors.has_second(tx, user_id=_NOBODY if shown is None else shown.user_id)
    step_id, step = await begin_guarded(
        tx,
        user_id=shown.user_id if shown is not None and (mailed or by_app) else None,
        in_round=Round(0) if shown is None else shown.round,
        password_hash=stored,
        now=now,
    )
    await defer(tx, mail_sign_in_code, step_id=str(step_id))
    if shown is None:
        await attempts.failed(tx, admission=admission, user_id=owner, network=device.network, now=now)
    else:
        action = audit_log.Action.SIGN_IN_GUARDED
        await audit_log.record(tx, action=action, user_id=shown.user_id, now=now, network=device.network)
    return step


async def show_guarded(
    tx: Tx,
    *,
    step: SecondStepRow,
    browser_token: str,
    sealer: Sealer,
    key: bytes,
    code: str,
    device: Device,
    now: datetime,
) -> tuple[UserId, Shown | None]:
    """Take the code that was mailed, or one of the account's second factor; return whose account it opens, and by what; None: by mail.

    Raises:
        SignInCodeWrong: neither, or no password that is right was shown. Commit the transaction nevertheless.
    """
    # Somebody who does not exist is asked for too, so that it takes as long.
    counts = await still_counts(tx, step=step, user_id=step.user_id or _NOBODY)
    owner = step.user_id if counts else None
    mailed = is_sign_in_code(given=code, key=key, step_id=step.step_id)
    try:
        shown = await factors.show(tx, sealer=sealer, user_id=owner or _NOBODY, code=code, now=now)
    except FactorMissing:
        if owner is not None and mailed:
            return owner, None
    except FactorWrong as wrong:
        await tell_wrong_factor(tx, user_id=owner or _NOBODY, wrong=wrong, now=now)
    except FactorLimited:
        pass  # said like a wrong one: otherwise it would tell that the password was right
    else:
        if owner is not None:
            return owner, shown
    await store.spend_try(tx, browser_hash=browser_hash(browser_token))
    action = audit_log.Action.FACTOR_REFUSED
    await audit_log.record(tx, action=action, user_id=step.user_id, now=now, network=device.network)
    raise SignInCodeWrong
