"""Months, tracks and usage: what was heard, counted once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from vibestream.contexts.payment.royalties.domain.largest_remainder import Ints
from vibestream.contexts.payment.royalties.domain.usage import Claim, Listen, Usage
from vibestream.kernel.ids import ArtistId, TrackId, UserId
from vibestream.platform.database import Tx

_PAGE: Final = 1_000_000
"""Rows; a page is one value of 60 bytes each, and a value may have a gigabyte."""
_NOBODY: Final = UUID(int=0)
_EPOCH: Final = date(2000, 1, 1).toordinal()
"""What PostgreSQL counts days from. Source: PostgreSQL source, src/include/datatype/timestamp.h, POSTGRES_EPOCH_JDATE."""
_KEY: Final = ("listener_high", "listener_low", "track_high", "track_low", "heard")
_ROW: Final = np.dtype(
    [
        *((name, ">u8") for name in ("listener_high", "listener_low", "track_high", "track_low")),
        ("heard", ">i4"),
        ("listens", ">i8"),
        ("heard_ms", ">i8"),
    ]
)
_PAGE_OF_USAGE: Final = """
    SELECT string_agg(
        uuid_send(usage.listener_id) || uuid_send(usage.track_id) || date_send(usage.heard_month)
            || int8send(usage.listens) || int8send(usage.heard_ms),
        ''::bytea)
    FROM (
        SELECT listener_id, track_id, heard_month, listens, heard_ms FROM payment.royalty_usage
        WHERE month = %(month)s AND (listener_id, track_id, heard_month) > (%(listener)s, %(track)s, %(heard)s)
        ORDER BY listener_id, track_id, heard_month LIMIT %(page)s
    ) AS usage
"""


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


async def load_usage(tx: Tx, month: date) -> Usage:
    """Return a month's usage.

    Rows come a page at a time as one binary value: a million of them take a second,
    instead of the ten that a million Python objects took.
    """
    pages: list[NDArray[np.void]] = []
    last: dict[str, object] = {"month": month, "listener": _NOBODY, "track": _NOBODY, "heard": date.min, "page": _PAGE}
    while True:
        packed: bytes | None = await tx.value(_PAGE_OF_USAGE, last)
        if not packed:
            break
        page = np.frombuffer(packed, dtype=_ROW)
        pages.append(page)
        if len(page) < _PAGE:
            break
        row = page[np.lexsort([page[name] for name in _KEY[::-1]])[-1]]
        claim = _claim_of(row)
        last.update(listener=_listener_of(row), track=claim.track_id, heard=claim.heard_month)
    return _usage(np.concatenate(pages) if pages else np.zeros(0, dtype=_ROW))


def _usage(rows: NDArray[np.void]) -> Usage:
    listener = {name: rows[name].astype(np.uint64) for name in ("listener_high", "listener_low")}
    claim = {name: rows[name].astype(np.uint64) for name in ("track_high", "track_low", "heard")}
    listener_place, first_rows = _places(list(listener.values()))
    claim_place, first_claims = _places(list(claim.values()))
    order = np.lexsort((claim_place, listener_place))  # no aggregate promises to keep the order of its rows
    return Usage(
        listeners=tuple(_listener_of(row) for row in rows[first_rows]),
        claims=tuple(_claim_of(row) for row in rows[first_claims]),
        listener=listener_place[order],
        claim=claim_place[order],
        listens=rows["listens"].astype(np.int64)[order],
        heard_ms=rows["heard_ms"].astype(np.int64)[order],
    )


def _places(columns: list[NDArray[np.uint64]]) -> tuple[Ints, Ints]:
    """Return of each row its place among the distinct ones in order, and of each distinct one a row."""
    rows = len(columns[0])
    order = np.lexsort(columns[::-1])
    new = np.zeros(rows, dtype=np.bool_)
    new[:1] = True
    for column in columns:
        new[1:] |= np.diff(column[order]) != 0
    places = np.empty(rows, dtype=np.int64)
    places[order] = np.cumsum(new) - 1
    return places, order[new]


def _listener_of(row: np.void) -> UUID:
    return UUID(int=int(row["listener_high"]) << 64 | int(row["listener_low"]))


def _claim_of(row: np.void) -> Claim:
    track_id = UUID(int=int(row["track_high"]) << 64 | int(row["track_low"]))
    return Claim(track_id, date.fromordinal(_EPOCH + int(row["heard"])))
