"""Secrets that are shown, and the proof that whoever shows a code is who asked for it.

Source: RFC 7636, 4.1 to 4.6.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_SECRET: Final = re.compile(r"vs[carpsd]_[A-Za-z0-9_-]{43}", re.ASCII)
CODE, ACCESS, REFRESH, PERSONAL, CLIENT, DEVICE = "vsc_", "vsa_", "vsr_", "vsp_", "vss_", "vsd_"
"""How each kind of secret begins, so that one that leaked is recognised and one kind is never taken for another."""


def is_challenge(text: str) -> bool:
    """Say whether a text can be an S256 challenge."""
    return _CHALLENGE.fullmatch(text) is not None


def fits(verifier: str, *, challenge: str) -> bool:
    """Say whether a verifier is the one that a challenge was made from, by S256, in constant time."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode("ascii"))


def is_secret(text: str, kind: str) -> bool:
    """Say whether a text has the form of one of our secrets; anything else is not worth a query."""
    return text.startswith(kind) and _SECRET.fullmatch(text) is not None


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret of 256 random bits: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8")).digest()
