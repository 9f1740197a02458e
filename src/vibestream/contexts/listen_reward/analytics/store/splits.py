"""The tables of what listens were started from, and of the weeks that were cut another way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from vibestream.contexts.listen_reward.analytics.domain.splits import Kind, Piece, Surface
from vibestream.kernel.ids import ArtistId, ListenId, UserId
from vibestream.platform.database import Tx


async def insert_surface(tx: Tx, listen_id: ListenId, surface: Surface, *, user_id: UserId) -> bool:
    """Note what a listen of an account was started from, once; False: there is no such listen of theirs that is still open or counts."""
    await tx.execute(
        """
        INSERT INTO listen_reward.listen_surface (listen_id, surface)
        SELECT listen_id, %s FROM listen_reward.listen WHERE listen_id = %s AND user_id = %s
        ON CONFLICT (listen_id) DO NOTHING
        """,
        [surface.value, listen_id, user_id],
    )
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM listen_reward.listen WHERE listen_id = %s AND user_id = %s)",
            [listen_id, user_id],
        )
    )


async def delete_surfaces(tx: Tx, *, until: datetime) -> int:
    """Forget what listens were started from that were opened before an instant; return of how many."""
    return await tx.execute(
        """
        DELETE FROM listen_reward.listen_surface f USING listen_reward.listen l
        WHERE l.listen_id = f.listen_id AND l.opened_at < %s
        """,
        [until],
    )


async def delete_surfaces_of(tx: Tx, user_id: UUID) -> None:
    """Forget what an account's listens were started from."""
    await tx.execute(
        """
        DELETE FROM listen_reward.listen_surface f USING listen_reward.listen l
        WHERE l.listen_id = f.listen_id AND l.user_id = %s
        """,
        [user_id],
    )


async def insert_pieces(tx: Tx, artist_id: ArtistId, week: date, pieces: Sequence[Piece]) -> None:
    """Keep the pieces that an artist is told of a week."""
    rows = [(place, one.kind.value, one.name, one.listens, one.listeners) for place, one in enumerate(pieces)]
    if rows:
        await tx.execute(
            """
            INSERT INTO listen_reward.audience_piece (artist_id, week, place, kind, name, listens, listeners)
            SELECT %s, %s, n.* FROM unnest(%s::int[], %s::text[], %s::text[], %s::int[], %s::int[]) AS n
            """,
            [artist_id, week, *map(list, zip(*rows, strict=True))],
        )


async def list_pieces(tx: Tx, artist_id: ArtistId, week: date) -> list[Piece]:
    """Return the pieces that an artist was told of a week, in their order."""
    rows = await tx.rows(
        "SELECT kind, name, listens, listeners FROM listen_reward.audience_piece WHERE artist_id = %s AND week = %s ORDER BY place",
        [artist_id, week],
    )
    return [Piece(Kind(kind), name, listens, listeners) for kind, name, listens, listeners in rows]
