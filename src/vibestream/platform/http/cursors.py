"""Cursors: the place in a list where reading goes on, opaque, signed and bound to its list.

A cursor holds the sort values of the last item shown, so that a page costs the same however deep it is and nothing is
skipped or shown twice when rows are added. A client can neither build one nor use it on another list.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from vibestream.kernel.errors import InvalidInput

CursorValue = str | int | datetime | UUID

_SIGNATURE_BYTES: Final = 16


class InvalidCursor(InvalidInput):
    """The cursor was not made by this list; start again without one."""

    code = "http.invalid_cursor"

    def __init__(self) -> None:
        super().__init__("The cursor does not belong to this list. Start again without one.")


@dataclass(frozen=True, slots=True)
class CursorKey:
    """The key that cursors are signed with."""

    secret: bytes

    @classmethod
    def of(cls, signing_key: bytes) -> Self:
        """Derive the key from the deployment's signing key, for cursors alone."""
        return cls(hmac.digest(signing_key, b"vibestream cursor v1", hashlib.sha256))

    def sign(self, payload: bytes, *, scope: str) -> bytes:
        """Return the signature of a payload for one list: 16 bytes of HMAC-SHA-256."""
        return hmac.digest(self.secret, scope.encode() + b"\0" + payload, hashlib.sha256)[:_SIGNATURE_BYTES]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The sort values of the last item that was shown, in the list's order."""

    values: tuple[CursorValue, ...]

    def encode(self, *, key: CursorKey, scope: str) -> str:
        """Return the opaque text of the cursor for one list."""
        payload = json.dumps([_tagged(value) for value in self.values], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(key.sign(payload, scope=scope) + payload).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, *, key: CursorKey, scope: str) -> Self:
        """Read a cursor that `encode` made for the same list.

        Raises:
            InvalidCursor: it was altered, or made for another list or by another deployment.
        """
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise InvalidCursor from None
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, key.sign(payload, scope=scope)):
            raise InvalidCursor
        return cls(tuple(_READERS[tag](value) for tag, value in json.loads(payload)))


_READERS: Final[Mapping[str, Callable[[Any], CursorValue]]] = {
    "t": datetime.fromisoformat,
    "u": UUID,
    "i": int,
    "s": str,
}


def _tagged(value: CursorValue) -> tuple[str, str | int]:
    match value:
        case datetime():
            return "t", value.isoformat()
        case UUID():
            return "u", value.hex
        case int():
            return "i", value
        case str():
            return "s", value
