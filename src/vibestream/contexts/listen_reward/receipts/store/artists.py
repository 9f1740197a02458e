"""What was heard of artists: summed up from the receipts of listens, and who of how many heard one for so long."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class HeardOfArtist:
    """How long one listener heard one artist in an epoch."""

    user_id: UserId
    commitment: bytes
    artist_id: ArtistId
    seconds: int


async def sum_by_artist(tx: Tx, epoch: date) -> list[HeardOfArtist]:
    """Return how long each listener heard each artist by receipts of an epoch, by account and artist."""
    return await tx.all(
        HeardOfArtist,
        """
        SELECT p.user_id, p.commitment, t.artist_id, sum(p.seconds)::int AS seconds FROM listen_reward.receipt p
        JOIN listen_reward.listen l USING (listen_id) JOIN listen_reward.track t USING (track_id)
        WHERE p.epoch = %s GROUP BY p.user_id, p.commitment, t.artist_id ORDER BY p.user_id, t.artist_id
        """,
        [epoch],
    )


async def count_fans(tx: Tx, epoch: date, *, artist_id: ArtistId, least_s: int, at_most: int) -> int:
    """Return how many listeners heard an artist for so long in an epoch, at most a number."""
    return int(
        await tx.value(
            """
            SELECT count(*) FROM (
                SELECT FROM listen_reward.receipt WHERE artist_id = %s AND epoch = %s AND seconds >= %s LIMIT %s) fans
            """,
            [artist_id, epoch, least_s, at_most],
        )
    )


async def count_fans_by_day(tx: Tx, epochs: Collection[date], *, artist_id: ArtistId, least_s: int) -> dict[date, int]:
    """Return how many listeners heard an artist for so long in each of these epochs; those without any are left out."""
    rows = await tx.all(
        _day,
        """
        SELECT epoch, count(*)::int AS number FROM listen_reward.receipt
        WHERE artist_id = %s AND epoch = ANY(%s) AND seconds >= %s GROUP BY epoch
        """,
        [artist_id, list(epochs), least_s],
    )
    return dict(rows)


async def list_days_of_fan(
    tx: Tx, user_id: UserId, *, artist_id: ArtistId, least_s: int, now: datetime
) -> list[tuple[date, int]]:
    """Return the closed epochs, of those that claims are taken upon, in which a listener heard an artist for so long."""
    return await tx.all(
        _day,
        """
        SELECT epoch, seconds AS number FROM listen_reward.receipt JOIN listen_reward.receipt_epoch USING (epoch)
        WHERE user_id = %s AND artist_id = %s AND seconds >= %s AND claimable_until > %s ORDER BY epoch DESC
        """,
        [user_id, artist_id, least_s, now],
    )


async def list_heard(tx: Tx, user_id: UserId, *, now: datetime) -> list[tuple[ArtistId, int]]:
    """Return the artists that a listener heard in closed epochs that claims are taken upon, with the most seconds of a day."""
    rows = await tx.rows(
        """
        SELECT artist_id, max(seconds) FROM listen_reward.receipt JOIN listen_reward.receipt_epoch USING (epoch)
        WHERE user_id = %s AND artist_id IS NOT NULL AND claimable_until > %s GROUP BY artist_id
        """,
        [user_id, now],
    )
    return [(ArtistId(artist_id), seconds) for artist_id, seconds in rows]


def _day(*, epoch: date, number: int) -> tuple[date, int]:
    return epoch, number
