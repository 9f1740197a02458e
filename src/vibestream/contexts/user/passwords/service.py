"""Making, checking and keeping password hashes.

Hashing takes about 140 ms of one processor and 19 MiB. It runs in the process's bounded threads, and before or between
transactions, never within one: make the hash first, then open the transaction that stores it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from vibestream.contexts.user.passwords import domain, store
from vibestream.contexts.user.passwords.domain import (
    PasswordBreached,
    PasswordCommon,
    PasswordLength,
    PasswordPersonal,
    PasswordShortAlone,
)
from vibestream.contexts.user.passwords.gateway import Breaches, open_breaches
from vibestream.kernel.ids import UserId
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Tx

__all__ = [
    "HASHER",
    "Breaches",
    "Chosen",
    "PasswordBreached",
    "PasswordCommon",
    "PasswordLength",
    "PasswordPersonal",
    "PasswordShortAlone",
    "Verdict",
    "check",
    "choose",
    "hash_of",
    "least_characters",
    "open_breaches",
    "replace",
    "require_long_enough_alone",
    "set_password",
    "upgrade",
]

HASHER: Final = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
"""argon2id, t=2, m=19 MiB, p=1. Source: OWASP Password Storage Cheat Sheet (2025), argon2id, second configuration."""

NOBODY: Final = f"$argon2id$v=19$m={HASHER.memory_cost},t={HASHER.time_cost},p=1${'A' * 22}${'A' * 43}"
"""The hash of no known password, with the parameters of a real one, so that refusing an unknown account costs the same."""

_LONGEST_INPUT: Final = 4 * domain.MAX_CHARACTERS
"""Code points before normalisation, which composes up to four into one character."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password matched; and its hash by today's parameters, when the stored one was made by older ones."""

    matches: bool
    upgraded: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A password that may be chosen, as its hash.

    `short`: only beside a second factor. `looked_up`: False when there was no answer to whether it was stolen; it was
    taken nevertheless, and the security log is to say so.
    """

    password_hash: str
    short: bool = False
    looked_up: bool = True


def least_characters(*, second: bool) -> int:
    """Return how long a password must be, for an account with a second factor or without."""
    return domain.MIN_BESIDE_A_FACTOR if second else domain.MIN_CHARACTERS


async def choose(
    cpu: BoundedThreads, *, breaches: Breaches, password: str, context: Sequence[str], second: bool = False
) -> Chosen:
    """Return a newly chosen password. `context`: texts about the person, such as their name and address.

    Not within a transaction: stolen passwords may be looked up over the network, by five digits of the hash.

    Raises:
        PasswordLength: shorter than 15 characters, or than 8 where a second factor is asked for, or longer than 256.
        PasswordCommon: among those that are tried first.
        PasswordPersonal: mostly made of the context's words.
        PasswordBreached: it was stolen somewhere.
    """
    chosen = await cpu.run(_judge, password, tuple(context), least_characters(second=second))
    known = await breaches.knows(chosen)
    if known:
        raise PasswordBreached
    made = await cpu.run(HASHER.hash, _octets(chosen))
    return Chosen(made, short=len(chosen) < domain.MIN_CHARACTERS, looked_up=known is not None)


async def check(cpu: BoundedThreads, *, password: str, stored: str | None) -> Verdict:
    """Say whether a password matches a stored hash; None never matches, and takes as long to say."""
    return await cpu.run(_check, password, stored)


async def hash_of(tx: Tx, *, user_id: UserId) -> str | None:
    """Return an account's hash, None when it has no password."""
    return await store.load_hash(tx, user_id=user_id)


async def set_password(tx: Tx, *, user_id: UserId, password_hash: str, now: datetime, short: bool = False) -> None:
    """Give an account the password with this hash, whatever it had before."""
    await store.save_hash(tx, user_id=user_id, password_hash=password_hash, short=short, now=now)


async def forget(tx: Tx, *, user_id: UserId) -> None:
    """Make an account's password good for nothing, since somebody else may know it; its owner chooses another by a reset."""
    await store.drop_hash(tx, user_id=user_id)


async def replace(tx: Tx, *, user_id: UserId, old: str, new: Chosen, now: datetime) -> bool:
    """Change an account's password, and say whether `old` was still its hash; if not, nothing was changed."""
    return await store.swap_hash(tx, user_id=user_id, old=old, new=new.password_hash, short=new.short, now=now)


async def require_long_enough_alone(tx: Tx, *, user_id: UserId) -> None:
    """Return when an account's password may be the only thing that is asked for; an account without one has none to be.

    Raises:
        PasswordShortAlone: it is too short for that.
    """
    if await store.is_short(tx, user_id=user_id):
        raise PasswordShortAlone


async def upgrade(tx: Tx, *, user_id: UserId, old: str, new: str) -> bool:
    """Store the same password under newer parameters, unless it was changed in the meantime."""
    return await store.renew_hash(tx, user_id=user_id, old=old, new=new)


def _judge(password: str, context: Sequence[str], least: int) -> str:
    if len(password) > _LONGEST_INPUT:
        raise PasswordLength(least=least)
    chosen = domain.normalise(password)
    domain.require_good(chosen, context=context, common=_common(), least=least)
    return chosen


def _check(password: str, stored: str | None) -> Verdict:
    # One that nobody could have chosen costs the same work as any other, so that time tells nothing.
    possible = stored is not None and len(password) <= _LONGEST_INPUT
    given = _octets(domain.normalise(password[:_LONGEST_INPUT]))
    try:
        HASHER.verify(stored or NOBODY, given)
    except VerifyMismatchError:
        return Verdict(matches=False)
    if stored is None or not possible:
        return Verdict(matches=False)
    return Verdict(matches=True, upgraded=HASHER.hash(given) if HASHER.check_needs_rehash(stored) else None)


def _octets(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # a lone surrogate is a wrong password, not a crash


@functools.cache
def _common() -> frozenset[str]:
    """Return 30,000 passwords that people use most. Source: the frequency lists that zxcvbn ships."""
    # a large module, wanted at the first sign-up only
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

    return frozenset(FREQUENCY_LISTS["passwords"])
