"""Addresses by which one person fetches one export for a few minutes: signed, so that none can be made up or stretched.

An address alone opens nothing: whoever uses it has to be signed in as the person it was made for.

Source: HMAC with SHA-256, RFC 2104; compared in constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.exports.domain.exports import LinkInvalid


def signature_of(*, key: bytes, export_id: UUID, user_id: UUID, until: int) -> str:
    """Return the signature of an address, in base64url: for an export, a person and the second until which it is good."""
    signed = f"vibestream-export-link-v1\n{export_id}\n{user_id}\n{until}\n".encode()
    return base64.urlsafe_b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode().rstrip("=")


def require_good(
    *, keys: Iterable[bytes], export_id: UUID, user_id: UUID, until: int, signature: str, now: datetime
) -> None:
    """Return when an address was signed with one of the keys and its time is not over.

    Raises:
        LinkInvalid: it was not, or it is.
    """
    wanted = [signature_of(key=key, export_id=export_id, user_id=user_id, until=until) for key in keys]
    known = any(hmac.compare_digest(one.encode(), signature.encode()) for one in wanted)
    if not known or now.timestamp() >= until:
        raise LinkInvalid
