"""The second step of signing in: a browser that has shown the password, or an account elsewhere, shows the second factor.

Between the two it has a secret in a cookie and no session; the secret is good for ten minutes and five tries, for this
browser, and as long as the password stays what it was and nobody puts everybody out of the account.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.contexts.user.accounts import store
from vibestream.contexts.user.accounts.service.sign_up import SignedIn
from vibestream.contexts.user.accounts.service.telling import tell_factor
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import FactorWrong, Shown
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.contexts.user.ways_in.service import Round
from vibestream.kernel.errors import Gone
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.sealed import Sealer

SECOND_STEP_COOKIE: Final = "second-step"
"""The purpose of the cookie in which the browser keeps its secret between the two steps."""
SECOND_STEP_GOOD_FOR: Final = timedelta(minutes=10)
_TRIES: Final = 5
_NO_PASSWORD: Final = ""


class SecondStepExpired(Gone):
    """This browser has not shown a password, or too long ago, or has tried too often, or the password was changed."""

    code: ClassVar[str] = "account.second_step_expired"


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The password was right, and the second factor is wanted. The browser keeps `browser_token` in an HttpOnly cookie."""

    browser_token: str
    expires_at: datetime


async def begin_second_step(
    tx: Tx, *, user_id: UserId, in_round: Round, password_hash: str | None, now: datetime
) -> SecondStep:
    """Note that a browser has shown the first factor, and return what it must keep.

    `password_hash`: the account's, whichever factor was shown; None when it has none. `in_round`: the account's, when it
    was shown.
    """
    token, expires_at = secrets.token_urlsafe(32), now + SECOND_STEP_GOOD_FOR
    await store.add_second_step(
        tx,
        browser_hash=_hash(token),
        user_id=user_id,
        password_print=_hash(password_hash or _NO_PASSWORD),
        in_round=in_round,
        tries_left=_TRIES,
        now=now,
        expires_at=expires_at,
    )
    return SecondStep(token, expires_at)


async def finish_second_step(
    tx: Tx,
    *,
    sealer: Sealer,
    browser_token: str,
    code: str,
    device: Device,
    now: datetime,
    replaces: str | None = None,
    device_token: str = "",
) -> SignedIn:
    """Open a session for the browser that showed the password and now shows a code of the app, or a recovery code.

    Raises:
        FactorWrong: not such a code. Commit the transaction nevertheless, or the try is not counted.
        FactorLimited: too many wrong codes of the app, from wherever.
        SecondStepExpired: the password is to be shown again.
        Overtaken: everybody was put out of the account at this moment.
    """
    found = await store.lock_second_step(tx, browser_hash=_hash(browser_token), now=now)
    if found is None or not await _counts(tx, found):
        raise SecondStepExpired("Enter your address and your password once more.")
    try:
        shown = await factors.show(tx, sealer=sealer, user_id=found.user_id, code=code, now=now)
    except FactorWrong as wrong:
        await store.spend_try(tx, browser_hash=_hash(browser_token))
        await refused(tx, user_id=found.user_id, wrong=wrong, device=device, now=now)
        raise
    except factors.FactorMissing:
        raise SecondStepExpired("Enter your address and your password once more.") from None
    await store.drop_second_step(tx, browser_hash=_hash(browser_token))
    if shown is Shown.RECOVERY:
        await tell_factor(tx, user_id=found.user_id, notice=FactorNotice.RECOVERY_USED, now=now)
    opened = await sessions.open_session(
        tx, user_id=found.user_id, in_round=found.round, device=device, now=now, replaces=replaces
    )
    await audit_log.record(
        tx,
        action=audit_log.Action.SIGNED_IN,
        user_id=found.user_id,
        actor_id=found.user_id,
        now=now,
        network=device.network,
        detail=shown.value,
    )
    token = await attempts.remember(tx, user_id=found.user_id, device_token=device_token, now=now)
    return SignedIn(found.user_id, opened, token)


async def refused(tx: Tx, *, user_id: UserId, wrong: FactorWrong, device: Device, now: datetime) -> None:
    """Note a wrong second factor; its owner is told once, when there are so many that somebody is guessing."""
    await audit_log.record(tx, action=audit_log.Action.FACTOR_REFUSED, user_id=user_id, now=now, network=device.network)
    if wrong.attacked:
        await tell_factor(tx, user_id=user_id, notice=FactorNotice.ATTACKED, now=now)


async def _counts(tx: Tx, step: store.SecondStepRow) -> bool:
    """Say whether what was shown first still counts: neither is the password another, nor was everybody put out since."""
    stored = await passwords.hash_of(tx, user_id=step.user_id)
    same = await ways_in.begin(tx, user_id=step.user_id) == step.round
    return same and _hash(stored or _NO_PASSWORD) == step.password_print


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
