"""How many attempts to sign in by password are looked at, so that guessing is slow and nobody can be locked out.

A browser that an account has let in before keeps a secret by which it is known again. Its attempts are counted by
themselves; those of everybody else are counted together, by address and by network. So whoever guesses at somebody's
password uses up what strangers may try, and the person goes on entering from where they entered before, or by a passkey.

An address is counted whether or not anybody has it, by a keyed hash. What is spread over so many addresses and networks that
none of these counts shows it is seen by `attacks`.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies"; NIST SP 800-63B-4, 3.2.2: at most 100 failures.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.kernel.errors import Limited
from vibestream.kernel.ids import UserId

DEVICE_GOOD_FOR: Final = timedelta(days=365)
MOST_DEVICES: Final = 20
"""Browsers that are known of one account; the one that was not seen for longest makes room."""
_PURPOSE: Final = b"vibestream.user.sign-in-attempt.v1:"
_TOLD_FROM: Final = 100


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many attempts within so long."""

    most: int
    within: timedelta


OF_STRANGERS: Final = Allowance(10, timedelta(minutes=15))
"""At one address, by browsers that it does not know, wherever they are."""
OF_NETWORK: Final = Allowance(100, timedelta(hours=1))
"""At any addresses, by browsers that these do not know, from one network (a /24 of IPv4, a /64 or wider of IPv6)."""
OF_DEVICE: Final = Allowance(20, timedelta(minutes=15))
"""At one address, by a browser that it knows."""
COUNTED_FOR_ALL: Final = 3
"""So many failures at one address within its time count for the whole installation, so that nobody who mistypes, or whom
somebody hates, looks like an attack on many accounts."""
OF_CODES: Final = Allowance(5, timedelta(hours=1))
"""Codes that are mailed for one address and one right password: whoever has chosen another password since begins anew."""


class SignInSlowed(Limited):
    """Too many attempts at this address or from this network by browsers that it does not know. Passkeys still enter."""

    code: ClassVar[str] = "account.sign_in_slowed"

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(
            f"Too many attempts. Try again in {retry_after_s} s, use a passkey, or a browser that you have used before.",
            retry_after_s=retry_after_s,
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """What an attempt was counted in: how many that makes, and when counting begins anew."""

    bucket: bytes
    taken: int
    ends_at: datetime


def address_bucket(*, key: bytes, lookup: str) -> bytes:
    """Return what strangers' attempts at an address are counted by: it cannot be turned back without the key."""
    return hmac.digest(key, _PURPOSE + b"address:" + lookup.encode("utf-8", "replace"), hashlib.sha256)


def network_bucket(*, key: bytes, network: str) -> bytes:
    """Return what strangers' attempts from a network are counted by."""
    return hmac.digest(key, _PURPOSE + b"network:" + network.encode("utf-8", "replace"), hashlib.sha256)


def device_bucket(*, key: bytes, device_hash: bytes, lookup: str) -> bytes:
    """Return what a known browser's attempts at an address are counted by."""
    text = b"device:" + device_hash + lookup.encode("utf-8", "replace")
    return hmac.digest(key, _PURPOSE + text, hashlib.sha256)


def let_in_bucket(*, key: bytes, user_id: UserId) -> bytes:
    """Return what shows whether an account was entered today by a browser that it did not know."""
    return hmac.digest(key, _PURPOSE + b"let in:" + user_id.bytes, hashlib.sha256)


def code_bucket(*, key: bytes, attempt: Counted, password_hash: str) -> bytes:
    """Return what codes are counted by that are mailed for the address of an attempt; `password_hash` empty: it was wrong."""
    return hmac.digest(key, _PURPOSE + b"code:" + attempt.bucket + password_hash.encode(), hashlib.sha256)


def wait_s(counted: Counted, allowance: Allowance, now: datetime) -> int:
    """Return for how many seconds this attempt is one too many; 0: it is let through."""
    if counted.taken <= allowance.most:
        return 0
    return max(1, int((counted.ends_at - now).total_seconds()))


def is_told(taken: int) -> bool:
    """Say whether a failure is written to the security log: the first of its time, the tenth, the hundredth and so on.

    An attack of a million guesses is seven lines, not a million.
    """
    while taken > 1 and taken % 10 == 0:
        taken //= 10
    return taken == 1


def is_told_of_network(taken: int) -> bool:
    """Say whether a network's failures are worth a line of their own: from a hundred on, at each power of ten."""
    return taken >= _TOLD_FROM and is_told(taken)
