"""Lists that are read page by page.

@router.get("/api/v1/releases", policy=ANYONE)
async def list_releases(tx: TxDep, paging: PagingDep) -> Page[ReleaseOut]:
    after = paging.after_values(datetime, UUID)
    rows = await service.list_releases(tx, after=after, limit=paging.fetch)
    return paging.page(rows, item=ReleaseOut.of, position=lambda row: (row.published_at, row.release_id))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from vibestream.platform.http.cursors import Cursor, CursorKey, CursorValue, InvalidCursor
from vibestream.platform.http.edge import edge_of

__all__ = ["Cursor", "CursorValue", "InvalidCursor", "Page", "Paging", "PagingDep"]

T = TypeVar("T")
Row = TypeVar("Row")

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
_MAX_CURSOR: Final = 1024


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(None, description="Pass it as `cursor` to read on; null on the last page.")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for."""

    limit: int
    after: Cursor | None
    key: CursorKey
    scope: str

    @property
    def fetch(self) -> int:
        """How many rows to read: one more than the page shows, which tells whether there is another page."""
        return self.limit + 1

    def after_values(self, *types: type[Any]) -> tuple[Any, ...] | None:
        """Return the position to read on from as values of these types, None for the first page.

        Raises:
            InvalidCursor: the list's order has changed since the cursor was made.
        """
        if self.after is None:
            return None
        values = self.after.values
        if len(values) != len(types) or not all(map(isinstance, values, types)):
            raise InvalidCursor
        return values

    def page(
        self, rows: Sequence[Row], *, item: Callable[[Row], T], position: Callable[[Row], tuple[CursorValue, ...]]
    ) -> Page[T]:
        """Return the page of up to `fetch` rows: each through `item`, the cursor from `position` of the last shown."""
        shown = rows[: self.limit]
        cursor = None
        if len(rows) > self.limit:
            cursor = Cursor(position(shown[-1])).encode(key=self.key, scope=self.scope)
        return Page(items=[item(row) for row in shown], next_cursor=cursor)


async def paging(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items on the page.")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=_MAX_CURSOR, description="`next_cursor` of the page before; none for the first.")
    ] = None,
) -> Paging:
    """Return which page is asked for.

    Raises:
        InvalidCursor: the cursor was not made by this list.
    """
    key = edge_of(request).cursor_key
    scope = str(request.scope["route"].path_format)
    after = None if cursor is None else Cursor.decode(cursor, key=key, scope=scope)
    return Paging(limit, after, key, scope)


PagingDep = Annotated[Paging, Depends(paging)]
"""`?limit=` and `?cursor=` of a list route."""
