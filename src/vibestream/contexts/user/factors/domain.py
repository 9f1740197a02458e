"""Codes of authenticator apps and recovery codes: what is right, what comes next, how long to wait after wrong ones.

Source: RFC 4226 (HOTP), RFC 6238 (TOTP) with SHA-1, six digits and steps of 30 s, which every app knows; NIST SP
800-63B-4, 3.2.2, for bounding wrong tries.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from vibestream.kernel.ids import UserId

STEP_S: Final = 30
DIGITS: Final = 6
WINDOW: Final = 1
"""Steps before and after the present one whose code is taken: clocks differ, and people type slowly."""
SECRET_BYTES: Final = 20
"""160 bits. Source: RFC 4226, section 4, R6."""
CONFIRM_WITHIN: Final = timedelta(minutes=30)
"""So long after an app was begun to be set up, its first code can be shown."""

RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 15
"""120 bits, more than the 112 from which a plain hash suffices. Source: OWASP ASVS 5.0, 6.5.2."""

FREE_FAILURES: Final = 10
"""Wrong codes in a row before there is a wait: 10 of them are right by chance once in 33,000 times."""
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(days=1)

_ISSUER: Final = "VibeStream"
_GROUP: Final = 4
_RECOVERY_CHARACTERS: Final = RECOVERY_BYTES * 8 // 5


class Shown(enum.StrEnum):
    """What somebody showed."""

    TOTP = "totp"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """An account's authenticator app. `confirmed_at` None: no code of it was shown yet."""

    user_id: UserId
    sealed: bytes
    made_at: datetime
    confirmed_at: datetime | None
    last_step: int
    failures: int
    retry_at: datetime | None

    def wait_s(self, now: datetime) -> int:
        """Return the seconds for which no code is looked at, because too many were wrong; 0 for none."""
        return 0 if self.retry_at is None or self.retry_at <= now else int((self.retry_at - now).total_seconds()) + 1


def step_of(now: datetime) -> int:
    """Return the number of the time step that an instant is in."""
    return int(now.timestamp()) // STEP_S


def code_at(secret: bytes, step: int) -> str:
    """Return the six digits of a step."""
    digest = hmac.digest(secret, step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: bytes, code: str, *, now: datetime, after: int) -> int | None:
    """Return the step, later than `after` and within the window, whose code this is; None for a wrong code."""
    given, present, found = code.encode("utf-8", "replace"), step_of(now), None
    for step in range(present - WINDOW, present + WINDOW + 1):  # each is compared, whichever was right: equal time
        same = hmac.compare_digest(given, code_at(secret, step).encode())
        if same and step > after and found is None:
            found = step
    return found


def wait_after(failures: int) -> timedelta | None:
    """Return how long no code is looked at after so many wrong ones in a row; None for not at all.

    A minute from the tenth on, then twice as long each time, up to a day: a year of guessing succeeds about once in a
    thousand times.
    """
    if failures < FREE_FAILURES:
        return None
    doublings = min(failures - FREE_FAILURES, 16)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def typed_code(text: str) -> str:
    """Return the digits of an app's code as typed, with the spaces and hyphens between them left out."""
    return _without_spaces(text)


def looks_like_totp(text: str) -> bool:
    """Say whether what was typed is an app's code rather than a recovery code."""
    return len(_without_spaces(text)) <= DIGITS


def key_text(secret: bytes) -> str:
    """Return the secret as people type it into an app: Base32 in groups of four."""
    return _grouped(base64.b32encode(secret).decode().rstrip("="))


def enrolment_uri(secret: bytes, *, label: str) -> str:
    """Return the address that an app reads from the QR code; `label` says which account it is.

    Source: the Key URI Format of Google Authenticator, which every app reads.
    """
    plain = base64.b32encode(secret).decode().rstrip("=")
    name = quote(f"{_ISSUER}:{label}", safe="")
    return f"otpauth://totp/{name}?secret={plain}&issuer={_ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"


def recovery_text(octets: bytes) -> str:
    """Return a recovery code as it is shown: 24 letters and digits in groups of four."""
    return _grouped(base64.b32encode(octets).decode().lower())


def recovery_hash(text: str) -> bytes | None:
    """Return the hash of a recovery code as typed, whatever its case and spaces; None when it has not a code's length.

    0, 1 and 8, which no code holds, are read as the letters that they are mistaken for.
    """
    plain = _without_spaces(text).lower().translate(str.maketrans("018", "olb"))
    return hashlib.sha256(plain.encode()).digest() if len(plain) == _RECOVERY_CHARACTERS and plain.isascii() else None


def _grouped(text: str) -> str:
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def _without_spaces(text: str) -> str:
    return "".join(text[:100].split()).replace("-", "")
