"""Months, tracks and usage: what was heard, counted once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import numpy as np

from vibestream.contexts.payment.royalties.domain.usage import Claim, Listen, Usage
from vibestream.kernel.ids import ArtistId, TrackId, UserId
from vibestream.platform.database import Tx


async def hold_open(tx: Tx, month: date) -> bool:
    """Keep a month from being closed until the transaction ends; return False when it is closed already."""
    await tx.execute("INSERT INTO payment.royalty_month (month) VALUES (%s) ON CONFLICT DO NOTHING", [month])
    return bool(
        await tx.value("SELECT closed_at IS NULL FROM payment.royalty_month WHERE month = %s FOR SHARE", [month])
    )


async def close(tx: Tx, month: date) -> None:
    """Close a month for usage and splits; wait for whoever is counting into it. Closing twice is closing once."""
    await tx.execute("INSERT INTO payment.royalty_month (month) VALUES (%s) ON CONFLICT DO NOTHING", [month])
    await tx.execute(
        "UPDATE payment.royalty_month SET closed_at = clock_timestamp() WHERE month = %s AND closed_at IS NULL", [month]
    )


async def lock_month(tx: Tx, month: date) -> bool:
    """Lock a month against others who close or run it; return whether it is closed."""
    return bool(
        await tx.value("SELECT closed_at IS NOT NULL FROM payment.royalty_month WHERE month = %s FOR UPDATE", [month])
    )


async def closed_months(tx: Tx) -> set[date]:
    """Return the months that are closed."""
    return set(await tx.values("SELECT month FROM payment.royalty_month WHERE closed_at IS NOT NULL"))


async def save_track(
    tx: Tx, track_id: TrackId, *, artist_id: ArtistId, owner_user_id: UserId, title: str, isrc: str | None
) -> None:
    """Keep what is known of a track; its owner stays the first one."""
    await tx.execute(
        """
        INSERT INTO payment.royalty_track (track_id, artist_id, owner_user_id, title, isrc) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (track_id) DO UPDATE SET title = excluded.title, isrc = excluded.isrc
        """,
        [track_id, artist_id, owner_user_id, title, isrc],
    )


async def add_tracks(tx: Tx, listens: Iterable[Listen]) -> None:
    """Keep whose the tracks are that were heard, as far as nobody said so before."""
    tracks = {one.track_id: one for one in listens}
    await tx.execute(
        """
        INSERT INTO payment.royalty_track (track_id, artist_id, owner_user_id)
        SELECT track_id, artist_id, owner_user_id
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS heard (track_id, artist_id, owner_user_id)
        ORDER BY track_id
        ON CONFLICT DO NOTHING
        """,
        [list(tracks), [one.artist_id for one in tracks.values()], [one.owner_user_id for one in tracks.values()]],
    )


async def count(tx: Tx, listens: Sequence[tuple[date, Listen]]) -> int:
    """Count listens into their months, each once whatever it is called with, and return how many were new."""
    return int(
        await tx.value(
            """
            WITH new AS (
                INSERT INTO payment.royalty_listen (listen_id, month, listener_id, track_id, heard_at, heard_ms)
                SELECT given.listen_id, given.month, given.listener_id, given.track_id, given.heard_at, given.heard_ms
                FROM unnest(%(ids)s::uuid[], %(months)s::date[], %(listeners)s::uuid[], %(tracks)s::uuid[],
                    %(at)s::timestamptz[], %(ms)s::bigint[])
                    AS given (listen_id, month, listener_id, track_id, heard_at, heard_ms)
                ORDER BY given.listen_id
                ON CONFLICT DO NOTHING
                RETURNING month, listener_id, track_id, heard_at, heard_ms
            ), counted AS (
                INSERT INTO payment.royalty_usage AS usage
                    (month, listener_id, track_id, heard_month, listens, heard_ms)
                SELECT new.month, new.listener_id, new.track_id,
                    date_trunc('month', new.heard_at AT TIME ZONE 'UTC')::date, count(*), sum(new.heard_ms)
                FROM new GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
                ON CONFLICT (month, listener_id, track_id, heard_month) DO UPDATE
                SET listens = usage.listens + excluded.listens, heard_ms = usage.heard_ms + excluded.heard_ms
            )
            SELECT count(*) FROM new
            """,
            {
                "ids": [one.listen_id for _, one in listens],
                "months": [month for month, _ in listens],
                "listeners": [one.listener_id for _, one in listens],
                "tracks": [one.track_id for _, one in listens],
                "at": [one.heard_at for _, one in listens],
                "ms": [one.heard_ms for _, one in listens],
            },
        )
    )


async def known_listens(tx: Tx, listens: Iterable[Listen]) -> set[UUID]:
    """Return which of these were counted before."""
    ids = [one.listen_id for one in listens]
    return set(await tx.values("SELECT listen_id FROM payment.royalty_listen WHERE listen_id = ANY(%s)", [ids]))


async def load_usage(tx: Tx, month: date) -> Usage:
    """Return a month's usage.

    The rows come as one binary value of places in the two lists before it: a million rows take a second, instead of the
    ten that a million Python objects took.
    """
    listeners = await tx.values(
        "SELECT DISTINCT listener_id FROM payment.royalty_usage WHERE month = %s ORDER BY 1", [month]
    )
    claims = await tx.all(
        Claim,
        """
        SELECT DISTINCT track_id, heard_month FROM payment.royalty_usage WHERE month = %s ORDER BY 1, 2
        """,
        [month],
    )
    packed = await tx.value(
        """
        WITH usage AS MATERIALIZED (
            SELECT listener_id, track_id, heard_month, listens, heard_ms FROM payment.royalty_usage WHERE month = %s
        ), listener AS MATERIALIZED (
            SELECT listener_id, row_number() OVER (ORDER BY listener_id) - 1 AS place
            FROM usage GROUP BY listener_id
        ), claim AS MATERIALIZED (
            SELECT track_id, heard_month, row_number() OVER (ORDER BY track_id, heard_month) - 1 AS place
            FROM usage GROUP BY track_id, heard_month
        )
        SELECT string_agg(
            int8send(listener.place) || int8send(claim.place) || int8send(usage.listens) || int8send(usage.heard_ms),
            ''::bytea ORDER BY listener.place, claim.place)
        FROM usage JOIN listener USING (listener_id) JOIN claim USING (track_id, heard_month)
        """,
        [month],
    )
    columns = np.frombuffer(packed or b"", dtype=">i8").reshape(-1, 4).astype(np.int64)
    return Usage(
        listeners=tuple(listeners),
        claims=tuple(claims),
        listener=columns[:, 0].copy(),
        claim=columns[:, 1].copy(),
        listens=columns[:, 2].copy(),
        heard_ms=columns[:, 3].copy(),
    )
