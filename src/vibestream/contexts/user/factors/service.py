"""Setting up an authenticator app, checking what somebody shows, and the recovery codes for when the app is lost.

A code is good once: the time step that it was made for is remembered by the statement that takes it. Wrong codes are
counted for each account, wherever they come from, and make everybody wait longer and longer; a recovery code can be
shown all the while, since it cannot be guessed, so that whoever knows the password cannot lock its owner out.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import domain, store
from vibestream.contexts.user.factors.domain import Shown, Totp
from vibestream.kernel.errors import Conflict, InvalidInput, Limited, Missing
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx
from vibestream.platform.sealed import Sealer

__all__ = [
    "PURPOSE",
    "Enrolment",
    "FactorExists",
    "FactorLimited",
    "FactorMissing",
    "FactorWrong",
    "Factors",
    "Shown",
    "begin_totp",
    "confirm_totp",
    "factors_of",
    "has_second",
    "new_recovery_codes",
    "pending_totp",
    "remove_totp",
    "require_second",
    "reseal",
    "show",
    "waits_s",
]

PURPOSE: Final = "user.totp"
"""What secrets of apps are sealed for."""


class FactorWrong(InvalidInput):
    """Not a code of the app, one that was used before, or not a recovery code that is left."""

    code: ClassVar[str] = "factor.wrong"
    keeps_transaction: ClassVar[bool] = True
    """The wrong code is counted, so its transaction is committed although it ends in an error."""

    def __init__(self, *, attacked: bool = False) -> None:
        super().__init__("This code is wrong or was used before. Wait for the app's next one, or use a recovery code.")
        self._attacked = attacked

    @property
    def attacked(self) -> bool:
        """Whether it is the one from which on there is a wait, and the owner ought to be told."""
        return self._attacked


class FactorLimited(Limited):
    """Too many wrong codes of the app, from wherever; recovery codes are taken all the while."""

    code: ClassVar[str] = "factor.limited"

    def __init__(self, *, retry_after_s: int) -> None:
        message = f"Too many wrong codes. Wait {retry_after_s} s, or use a recovery code."
        super().__init__(message, retry_after_s=retry_after_s)


class FactorExists(Conflict):
    """The account has an authenticator app already; it is removed before another is set up."""

    code: ClassVar[str] = "factor.exists"


class FactorMissing(Missing):
    """There is no such factor, or its setting up was not finished in time."""

    code: ClassVar[str] = "factor.missing"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app needs to be set up, shown to its owner once: `uri` for the QR code, `key` for typing."""

    uri: str
    key: str


@dataclass(frozen=True, slots=True)
class Factors:
    """What an account has beside its password."""

    totp_since: datetime | None
    recovery_left: int

    @property
    def second(self) -> bool:
        """Whether there is a second factor."""
        return self.totp_since is not None


async def factors_of(tx: Tx, *, user_id: UserId) -> Factors:
    """Return what an account has beside its password."""
    found = await store.find_totp(tx, user_id=user_id)
    return Factors(found.confirmed_at if found else None, await store.count_recovery(tx, user_id=user_id))


async def has_second(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether an account must show a second factor to be entered."""
    found = await store.find_totp(tx, user_id=user_id)
    return found is not None and found.confirmed_at is not None


async def waits_s(tx: Tx, *, user_id: UserId, now: datetime) -> int:
    """Return for how many seconds no code of an account's app is looked at, because too many were wrong; 0: it is now."""
    found = await store.find_totp(tx, user_id=user_id)
    return 0 if found is None else found.wait_s(now)


async def require_second(tx: Tx, *, user_id: UserId) -> None:
    """Return when an account has a second factor, which then stays until the transaction ends.

    Raises:
        FactorMissing: it has none, or none any more.
    """
    found = await store.lock_totp(tx, user_id=user_id)
    if found is None or found.confirmed_at is None:
        raise FactorMissing("There is no second factor any more. Choose a longer password.")


async def begin_totp(tx: Tx, *, sealer: Sealer, user_id: UserId, label: str, now: datetime) -> Enrolment:
    """Begin to set up an app: make its secret, which asks for nothing until a first code is shown.

    `label` is what the app will call the account, such as its address.

    Raises:
        FactorExists: there is one.
    """
    secret = secrets.token_bytes(domain.SECRET_BYTES)
    sealed = sealer.seal(secret, belongs_to=user_id.bytes)
    if not await store.begin_totp(tx, user_id=user_id, sealed=sealed, now=now):
        raise FactorExists("There is an authenticator app already. Remove it to set up another.")
    return Enrolment(domain.enrolment_uri(secret, label=label), domain.key_text(secret))


async def pending_totp(tx: Tx, *, sealer: Sealer, user_id: UserId, label: str, now: datetime) -> Enrolment | None:
    """Return what an app that is being set up needs, once more; None when none is."""
    found = await store.find_totp(tx, user_id=user_id)
    if found is None or not _is_pending(found, now):
        return None
    secret = sealer.open(found.sealed, belongs_to=user_id.bytes)
    return Enrolment(domain.enrolment_uri(secret, label=label), domain.key_text(secret))


async def confirm_totp(tx: Tx, *, sealer: Sealer, user_id: UserId, code: str, now: datetime) -> list[str]:
    """Finish to set up an app by its first code, and return ten recovery codes: the only time they are to be had.

    From then on the account is entered by password and code.

    Raises:
        FactorMissing: none was begun, or longer ago than half an hour.
        FactorWrong: not its code. Commit the transaction nevertheless.
        FactorLimited: too many wrong ones.
    """
    found = await store.lock_totp(tx, user_id=user_id)
    if found is None or not _is_pending(found, now):
        raise FactorMissing("Begin again to set up the app: this was not finished in time.")
    step = await _right_step(tx, found, sealer=sealer, code=code, now=now)
    if not await store.confirm_totp(tx, user_id=user_id, step=step, now=now):
        raise FactorWrong
    await audit_log.record(
        tx, action=audit_log.Action.FACTOR_ADDED, user_id=user_id, actor_id=user_id, now=now, detail="totp"
    )
    return await _make_recovery(tx, user_id=user_id, now=now)


async def show(tx: Tx, *, sealer: Sealer, user_id: UserId, code: str, now: datetime) -> Shown:
    """Take a code of the account's app, or one of its recovery codes, and say which it was; each is good once.

    Raises:
        FactorMissing: the account has no second factor.
        FactorWrong: neither. Commit the transaction nevertheless, or the wrong code is not counted.
        FactorLimited: too many wrong ones; recovery codes are still taken.
    """
    found = await store.lock_totp(tx, user_id=user_id)
    if found is None or found.confirmed_at is None:
        raise FactorMissing("There is no second factor.")
    if domain.looks_like_totp(code):
        step = await _right_step(tx, found, sealer=sealer, code=code, now=now)
        if not await store.take_step(tx, user_id=user_id, step=step):
            raise FactorWrong
        return Shown.TOTP
    code_hash = domain.recovery_hash(code)
    if code_hash is None or not await store.use_recovery(tx, user_id=user_id, code_hash=code_hash, now=now):
        raise FactorWrong
    await store.save_failure(tx, user_id=user_id, failures=0, retry_at=None)
    await audit_log.record(tx, action=audit_log.Action.RECOVERY_USED, user_id=user_id, actor_id=user_id, now=now)
    return Shown.RECOVERY


async def remove_totp(tx: Tx, *, user_id: UserId, now: datetime) -> None:
    """Remove an account's app, and its recovery codes with it. The caller has made sure that its owner is asking.

    Raises:
        FactorMissing: there is none.
    """
    if not await store.drop_totp(tx, user_id=user_id):
        raise FactorMissing("There is no authenticator app.")
    await store.drop_recovery(tx, user_id=user_id)
    await audit_log.record(
        tx, action=audit_log.Action.FACTOR_REMOVED, user_id=user_id, actor_id=user_id, now=now, detail="totp"
    )


async def new_recovery_codes(tx: Tx, *, user_id: UserId, now: datetime) -> list[str]:
    """Return ten new recovery codes, the only time they are to be had; those before are void.

    Raises:
        FactorMissing: there is no second factor to be recovered from.
    """
    found = await store.lock_totp(tx, user_id=user_id)
    if found is None or found.confirmed_at is None:
        raise FactorMissing("There is no second factor.")
    await audit_log.record(tx, action=audit_log.Action.RECOVERY_MADE, user_id=user_id, actor_id=user_id, now=now)
    return await _make_recovery(tx, user_id=user_id, now=now)


async def reseal(tx: Tx, *, sealer: Sealer, most: int) -> int:
    """Seal again, by the present key, secrets that a former one sealed, at most so many, and return how many.

    What no known key opens is left as it is.
    """
    done = 0
    for user_id, sealed in await store.list_sealed_otherwise(tx, prefix=sealer.name, most=most):
        secret = sealer.try_open(sealed, belongs_to=user_id.bytes)
        if secret is not None:
            again = sealer.seal(secret, belongs_to=user_id.bytes)
            await store.save_sealed(tx, user_id=user_id, old=sealed, new=again)
            done += 1
    return done


def _is_pending(found: Totp, now: datetime) -> bool:
    return found.confirmed_at is None and now < found.made_at + domain.CONFIRM_WITHIN


async def _right_step(tx: Tx, found: Totp, *, sealer: Sealer, code: str, now: datetime) -> int:
    if wait_s := found.wait_s(now):
        raise FactorLimited(retry_after_s=wait_s)
    secret = sealer.open(found.sealed, belongs_to=found.user_id.bytes)
    step = domain.matching_step(secret, domain.typed_code(code), now=now, after=found.last_step)
    if step is not None:
        return step
    failures = found.failures + 1
    wait = domain.wait_after(failures)
    retry_at = None if wait is None else now + wait
    await store.save_failure(tx, user_id=found.user_id, failures=failures, retry_at=retry_at)
    raise FactorWrong(attacked=failures == domain.FREE_FAILURES)


async def _make_recovery(tx: Tx, *, user_id: UserId, now: datetime) -> list[str]:
    codes = [domain.recovery_text(secrets.token_bytes(domain.RECOVERY_BYTES)) for _ in range(domain.RECOVERY_CODES)]
    hashes = [code_hash for code in codes if (code_hash := domain.recovery_hash(code)) is not None]
    await store.put_recovery(tx, user_id=user_id, hashes=hashes, now=now)
    return codes
