"""The codes of eight digits that are mailed, and typed into the browser that asked for them.

A code is derived from the deployment's key, from what it is for, and from the id of what waits for it: it stands in no table
and in no job.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from uuid import UUID

DIGITS: Final = 8


def code_of(*, key: bytes, purpose: bytes, waiting: UUID) -> str:
    """Return the code that something waits for; not to be guessed without the key, and another for every purpose."""
    digest = hmac.digest(key, purpose + waiting.bytes, hashlib.sha256)
    return str(int.from_bytes(digest) % 10**DIGITS).zfill(DIGITS)


def is_code(*, given: str, key: bytes, purpose: bytes, waiting: UUID) -> bool:
    """Say whether a person typed that code, in a time that does not tell; spaces and hyphens in it do not count."""
    digits = "".join(given[: 4 * DIGITS].split()).replace("-", "")
    right = code_of(key=key, purpose=purpose, waiting=waiting)
    return hmac.compare_digest(digits.encode("utf-8", "replace"), right.encode())
