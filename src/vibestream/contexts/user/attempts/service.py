"""Letting attempts through, counting those that failed, and knowing browsers again.

An attempt is counted before its password is looked at and given back when it was right, so that a thousand at once are
no way around the limit.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.attacks import service as attacks
from vibestream.contexts.user.attempts import domain, store
from vibestream.contexts.user.attempts.domain import DEVICE_GOOD_FOR, Counted, SignInSlowed
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

__all__ = [
    "DEVICE_COOKIE",
    "DEVICE_GOOD_FOR",
    "Admission",
    "SignInSlowed",
    "Standing",
    "admit",
    "failed",
    "let_in",
    "may_mail",
    "remember",
    "standing",
    "succeeded",
]

DEVICE_COOKIE: Final = "device"
"""The purpose of the cookie by which a browser that was let in is known again."""
_NOBODY: Final = UserId(UUID(int=0))


@dataclass(frozen=True, slots=True)
class Standing:
    """Attempts that were counted, how many are let through, and when counting begins anew; None: none were."""

    taken: int
    most: int
    ends_at: datetime | None

    @property
    def slowed(self) -> bool:
        """Whether a stranger's next attempt is one too many."""
        return self.taken >= self.most


@dataclass(frozen=True, slots=True)
class Admission:
    """An attempt that was let through, and what it was counted in; `network` None: a browser that the account knows."""

    attempt: Counted
    network: Counted | None
    guarded: bool = False
    """Passwords are being guessed at many accounts, and the account does not know the browser: a password alone opens
    nothing, and the answer is the same whether or not it is right."""


async def admit(
    tx: Tx, *, key: bytes, lookup: str, user_id: UserId | None, network: str, device_token: str, now: datetime
) -> Admission:
    """Count an attempt to sign in at an address, and return when its password may be looked at.

    The same is done, in the same time, for an address that nobody has (`user_id` None).

    Args:
        tx: a transaction of its own, which commits before the password is looked at.
        key: what addresses are hashed by.
        lookup: what is counted: the address as it is searched by, or what was typed in the place of one.
        user_id: whose account it is.
        network: the coarse network that the attempt comes from.
        device_token: what the browser keeps in its cookie; empty when it keeps nothing.
        now: when.

    Raises:
        SignInSlowed: too many by browsers that the account does not know, or by this one that it knows.
    """
    device_hash = _hash(device_token)
    seen_after = now - DEVICE_GOOD_FOR
    if await store.knows(tx, device_hash=device_hash, user_id=user_id or _NOBODY, seen_after=seen_after):
        bucket = domain.device_bucket(key=key, device_hash=device_hash, lookup=lookup)
        counted = await store.take(tx, bucket=bucket, now=now, within=domain.OF_DEVICE.within)
        _require(domain.wait_s(counted, domain.OF_DEVICE, now))
        return Admission(counted, None)
    bucket = domain.address_bucket(key=key, lookup=lookup)
    at_address = await store.take(tx, bucket=bucket, now=now, within=domain.OF_STRANGERS.within)
    _require(domain.wait_s(at_address, domain.OF_STRANGERS, now))
    bucket = domain.network_bucket(key=key, network=network)
    of_network = await store.take(tx, bucket=bucket, now=now, within=domain.OF_NETWORK.within)
    _require(domain.wait_s(of_network, domain.OF_NETWORK, now))
    return Admission(at_address, of_network, guarded=await attacks.is_attacked(tx, now=now))


async def failed(tx: Tx, *, admission: Admission, user_id: UserId | None, network: str, now: datetime) -> None:
    """Note that the password was wrong: the first time, the tenth and so on; and what a network has come to.

    The last that a transaction does: the first times are counted for the whole installation.
    """
    taken, action = admission.attempt.taken, audit_log.Action.SIGN_IN_REFUSED
    if domain.is_told(taken):
        detail = "" if taken == 1 else f"{taken} attempts"
        await audit_log.record(tx, action=action, user_id=user_id, now=now, network=network, detail=detail)
    if admission.network is not None and domain.is_told_of_network(admission.network.taken):
        detail = f"{admission.network.taken} attempts from this network"
        await audit_log.record(tx, action=action, user_id=None, now=now, network=network, detail=detail)
    if admission.network is not None and taken <= domain.COUNTED_FOR_ALL:
        await attacks.refused(tx, guarded=admission.guarded, now=now)


async def succeeded(tx: Tx, *, admission: Admission) -> None:
    """Take back what was counted: the password was right."""
    for counted in (admission.attempt, admission.network):
        if counted is not None:
            await store.give_back(tx, bucket=counted.bucket, ends_at=counted.ends_at)


async def let_in(tx: Tx, *, key: bytes, user_id: UserId, now: datetime) -> None:
    """Note that a password has opened an account to a browser that it did not know; the last that a transaction does."""
    bucket = domain.let_in_bucket(key=key, user_id=user_id)
    counted = await store.take(tx, bucket=bucket, now=now, within=attacks.LET_IN_ONCE)
    if counted.taken == 1:
        await attacks.let_in(tx, now=now)


async def may_mail(tx: Tx, *, key: bytes, admission: Admission, password_hash: str, now: datetime) -> bool:
    """Count a code that is to be mailed to the address of an attempt, and say whether it may be mailed.

    The same is done, in the same time, when nothing is mailed because the password was wrong (`password_hash` empty).
    """
    bucket = domain.code_bucket(key=key, attempt=admission.attempt, password_hash=password_hash)
    counted = await store.take(tx, bucket=bucket, now=now, within=domain.OF_CODES.within)
    return domain.wait_s(counted, domain.OF_CODES, now) == 0


async def remember(tx: Tx, *, user_id: UserId, device_token: str, now: datetime) -> str:
    """Note that an account has let a browser in, and return the secret that the browser must keep.

    It keeps the one that it has when any account knows it; one that nobody gave it is not taken.
    """
    known = bool(device_token) and await store.is_anybodys(tx, device_hash=_hash(device_token))
    token = device_token if known else secrets.token_urlsafe(32)
    await store.save_device(tx, device_hash=_hash(token), user_id=user_id, now=now, most=domain.MOST_DEVICES)
    return token


async def standing(tx: Tx, *, key: bytes, lookup: str, now: datetime) -> Standing:
    """Return how many attempts at an address were made by browsers that it does not know, without counting one."""
    bucket = domain.address_bucket(key=key, lookup=lookup)
    counted = await store.load(tx, bucket=bucket, now=now)
    if counted is None:
        return Standing(0, domain.OF_STRANGERS.most, None)
    return Standing(counted.taken, domain.OF_STRANGERS.most, counted.ends_at)


def _require(wait_s: int) -> None:
    if wait_s:
        raise SignInSlowed(retry_after_s=wait_s)


def _hash(device_token: str) -> bytes:
    return hashlib.sha256(device_token.encode("utf-8", "replace")).digest()
