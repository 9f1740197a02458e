"""Lists that are read page by page with an opaque, signed cursor.

A cursor holds the sort values of the last item shown, so that a page costs the same however deep it is and nothing is
skipped when rows are added. It is signed and bound to its list: a client can neither build one nor use it elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Generic, Self, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from vibestream.kernel.errors import InvalidInput

T = TypeVar("T")
Item = TypeVar("Item")
CursorValue = str | int | datetime | UUID

MAX_LIMIT: Final = 200
_SIGNATURE_BYTES: Final = 16
_MAX_CURSOR: Final = 1024


class InvalidCursor(InvalidInput):
    """The cursor was not made by this list; start again without one."""

    code = "http.invalid_cursor"


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(None, description="Pass it as `cursor` to read on; null on the last page.")


@dataclass(frozen=True, slots=True)
class CursorKey:
    """The key that cursors are signed with, derived from the deployment's signing key."""

    secret: bytes

    @classmethod
    def of(cls, signing_key: bytes) -> Self:
        """Derive the key from the deployment's signing key."""
        return cls(hmac.digest(signing_key, b"vibestream cursor v1", hashlib.sha256))

    def sign(self, scope: str, payload: bytes) -> bytes:
        """Return the signature of a payload for one list."""
        return hmac.digest(self.secret, scope.encode() + b"\0" + payload, hashlib.sha256)[:_SIGNATURE_BYTES]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The sort values of the last item that was shown, in the list's order."""

    values: tuple[CursorValue, ...]

    def encode(self, *, key: CursorKey, scope: str) -> str:
        """Return the opaque text of the cursor for one list."""
        payload = json.dumps([_tagged(value) for value in self.values], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(key.sign(scope, payload) + payload).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, *, key: CursorKey, scope: str) -> Self:
        """Read a cursor that `encode` made for the same list.

        Raises:
            InvalidCursor: it was altered, or made for another list or by another deployment.
        """
        refusal = InvalidCursor("The cursor does not belong to this list. Start again without one.")
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise refusal from None
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, key.sign(scope, payload)):
            raise refusal
        return cls(tuple(_untagged(tag, value) for tag, value in json.loads(payload)))


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for. Read one item more than `limit`, so that `page` can tell whether there is another."""

    limit: int
    after: Cursor | None
    key: CursorKey
    scope: str

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than the page shows."""
        return self.limit + 1

    def page(
        self, rows: Sequence[Item], *, item: Callable[[Item], Any], position: Callable[[Item], tuple[CursorValue, ...]]
    ) -> Page[Any]:
        """Return the page of up to `fetch` rows: each through `item`, the cursor from `position` of the last shown."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        cursor = Cursor(position(shown[-1])).encode(key=self.key, scope=self.scope) if more else None
        return Page[Any](items=[item(row) for row in shown], next_cursor=cursor)


async def paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items on the page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=_MAX_CURSOR, description="`next_cursor` of the page before; leave out for the first.")
    ] = None,
) -> Paging:
    """Return which page is asked for.

    Raises:
        InvalidCursor: the cursor was not made by this list.
    """
    key: CursorKey = request.app.state.edge.cursor_key
    scope = request.scope["route"].path_format
    after = None if cursor is None else Cursor.decode(cursor, key=key, scope=scope)
    return Paging(limit, after, key, scope)


PagingDep = Annotated[Paging, Depends(paging)]
"""`?limit=` and `?cursor=` of a list route."""


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


def _untagged(tag: str, value: Any) -> CursorValue:
    readers: dict[str, Callable[[Any], CursorValue]] = {"t": datetime.fromisoformat, "u": UUID, "i": int, "s": str}
    return readers[tag](value)
