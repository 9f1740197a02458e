"""The table of fans' pages and that of their handles. Whether a page may be seen is part of every query for others."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from vibestream.contexts.user.fans.domain import Badge, FanPage, Switches, badges_of
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_PAGE: Final = (
    "SELECT page.user_id, fan.display_name, page.handle, page.about, page.taste, page.open, page.shows_taste,"
    " page.shows_follows, page.shows_badges, page.hidden, page.since"
    " FROM users.fan_page page JOIN users.fan_profile fan USING (user_id)"
)


async def find_seen(tx: Tx, *, skeleton: str, viewer: UserId | None) -> FanPage | None:
    """Return the page that has, or had, a handle, if the viewer may see it: it is their own, or open and nothing is between them."""
    return await tx.one(
        _page,
        _PAGE + " JOIN users.fan_handle held ON held.user_id = page.user_id WHERE held.skeleton = %(skeleton)s"
        " AND (page.user_id = %(viewer)s::uuid OR page.open AND NOT page.hidden"
        " AND NOT users.apart(page.user_id, %(viewer)s::uuid))",
        {"skeleton": skeleton, "viewer": viewer},
    )


async def load_own(tx: Tx, *, user_id: UserId) -> FanPage | None:
    """Return somebody's own page."""
    return await tx.one(_page, _PAGE + " WHERE page.user_id = %s", [user_id])


async def lock_own(tx: Tx, *, user_id: UserId) -> FanPage | None:
    """Return somebody's own page, locked by the row that everybody has, so that the first page is made once."""
    await tx.execute("SELECT FROM users.fan_profile WHERE user_id = %s FOR NO KEY UPDATE", [user_id])
    return await load_own(tx, user_id=user_id)


async def save_page(tx: Tx, *, page: FanPage) -> None:
    """Insert somebody's own page, or save what they can change of it; whether it is hidden is not theirs to change."""
    await tx.execute(
        "INSERT INTO users.fan_page (user_id, handle, about, taste, open, shows_taste, shows_follows, shows_badges, since)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (user_id) DO UPDATE SET handle = excluded.handle,"
        " about = excluded.about, taste = excluded.taste, open = excluded.open, shows_taste = excluded.shows_taste,"
        " shows_follows = excluded.shows_follows, shows_badges = excluded.shows_badges",
        [
            *(page.user_id, page.handle, page.about, list(page.taste), page.switches.open),
            *(page.switches.shows_taste, page.switches.shows_follows, page.switches.shows_badges, page.since),
        ],
    )


async def keep_handle(tx: Tx, *, user_id: UserId, skeleton: str, handle: str, now: datetime) -> None:
    """Note a handle that the account holds as one of its page's."""
    await tx.execute(
        "INSERT INTO users.fan_handle (skeleton, user_id, handle, taken_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (skeleton) DO UPDATE SET handle = excluded.handle WHERE fan_handle.user_id = excluded.user_id",
        [skeleton, user_id, handle, now],
    )


async def list_handles_since(tx: Tx, *, user_id: UserId, since: datetime) -> list[datetime]:
    """Return when somebody took the handles that they took since an instant, in order."""
    return await tx.values(
        "SELECT taken_at FROM users.fan_handle WHERE user_id = %s AND taken_at > %s ORDER BY taken_at", [user_id, since]
    )


async def list_badges(tx: Tx, *, user_id: UserId) -> tuple[Badge, ...]:
    """Return the badges of somebody."""
    found = await tx.values("SELECT verified_at IS NOT NULL FROM users.artist_profile WHERE user_id = %s", [user_id])
    return badges_of(artist=bool(found), verified=any(found))


def _page(*, open: bool, shows_taste: bool, shows_follows: bool, shows_badges: bool, taste: list[str], **columns: Any) -> FanPage:  # noqa: A002 - the column's name  # fmt: skip
    switches = Switches(open=open, shows_taste=shows_taste, shows_follows=shows_follows, shows_badges=shows_badges)
    return FanPage(**columns, taste=tuple(taste), switches=switches)
