"""The tables of listening: the tracks that can be listened to, listens, and their raw heartbeats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.listen_reward.listening.domain import Beat, Heard, Listen, Reason, Spans, State, Track
from vibestream.kernel.ids import ListenId, SessionId, TrackId, UserId
from vibestream.platform.database import Params, Tx

_STATES: Final = {one.value: one for one in State}
_COLUMNS: Final = """
    l.listen_id, l.user_id, l.track_id, t.artist_id, t.owner_user_id, t.duration_ms, l.opened_at, l.state, l.live,
    l.reason, l.ended_at, l.last_beat_at, l.accepted_at, l.last_seq, l.last_at_ms, l.last_position_ms, l.playing,
    l.credited_ms, l.oddities, l.heard::text AS heard, l.attributed, l.served::text AS served
    FROM listen_reward.listen l JOIN listen_reward.track t USING (track_id)
"""
_HEARD: Final = """
    l.listen_id, l.user_id, l.track_id, t.artist_id, l.opened_at AS began_at, l.live,
    (SELECT coalesce(sum(upper(span) - lower(span)), 0)::bigint FROM unnest(l.heard) AS span) AS heard_ms
    FROM listen_reward.listen l JOIN listen_reward.track t USING (track_id)
"""


async def save_track(tx: Tx, track: Track) -> None:
    """Keep a track's facts as they are now; it can be listened to from now on."""
    await tx.execute(
        """
        INSERT INTO listen_reward.track (track_id, artist_id, owner_user_id, duration_ms)
        VALUES (%s, %s, %s, %s)
        ON CONFLICT (track_id) DO UPDATE
        SET artist_id = EXCLUDED.artist_id, owner_user_id = EXCLUDED.owner_user_id,
            duration_ms = EXCLUDED.duration_ms, withdrawn = false
        """,
        [track.track_id, track.artist_id, track.owner_user_id, track.duration_ms],
    )


async def withdraw_track(tx: Tx, track_id: TrackId) -> None:
    """Keep a track from being listened to."""
    await tx.execute("UPDATE listen_reward.track SET withdrawn = true WHERE track_id = %s", [track_id])


async def load_track(tx: Tx, track_id: TrackId) -> Track | None:
    """Return a track that can be listened to."""
    return await tx.one(
        Track,
        """
        SELECT track_id, artist_id, owner_user_id, duration_ms FROM listen_reward.track
        WHERE track_id = %s AND NOT withdrawn
        """,
        [track_id],
    )


async def lock_listener(tx: Tx, user_id: UserId) -> None:
    """Let one transaction at a time open or end listens of an account."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"listener:{user_id}"])


async def insert_listen(
    tx: Tx, listen: Listen, *, player_id: str, session_id: SessionId | None, network: bytes | None, device: bytes | None
) -> None:
    """Add a new listen, with the session that opens it and the hashes of where it comes from."""
    await tx.execute(
        """
        INSERT INTO listen_reward.listen (listen_id, user_id, track_id, player_id, opened_at, network, device, session_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            listen.listen_id,
            listen.user_id,
            listen.track.track_id,
            player_id,
            listen.opened_at,
            network,
            device,
            session_id,
        ],
    )


async def lock_live(tx: Tx, user_id: UserId) -> list[Listen]:
    """Lock the live listen of an account, of which there is at most one."""
    return await _listens(tx, f"SELECT {_COLUMNS} WHERE l.user_id = %s AND l.live FOR UPDATE OF l", [user_id])


async def lock_listens(tx: Tx, listen_ids: Iterable[ListenId]) -> list[Listen]:
    """Lock listens in the order of their ids."""
    return await _listens(
        tx,
        f"SELECT {_COLUMNS} WHERE l.listen_id = ANY(%s) ORDER BY l.listen_id FOR UPDATE OF l",
        [sorted(listen_ids)],
    )


async def is_opened_by(tx: Tx, listen_id: ListenId, *, user_id: UserId, session_id: SessionId) -> bool:
    """Say whether a listen is an account's, and was opened in one of its sessions; one without a session was opened by hand."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM listen_reward.listen WHERE listen_id = %s AND user_id = %s"
            " AND coalesce(session_id, %s) = %s)",
            [listen_id, user_id, session_id, session_id],
        )
    )


async def load_listen(tx: Tx, listen_id: ListenId, *, user_id: UserId) -> Listen | None:
    """Return a listen of an account."""
    found = await _listens(tx, f"SELECT {_COLUMNS} WHERE l.listen_id = %s AND l.user_id = %s", [listen_id, user_id])
    return found[0] if found else None


async def lock_silent(tx: Tx, *, since: datetime, limit: int) -> list[Listen]:
    """Lock live listens of which nothing was heard since an instant; those that others work on are passed over."""
    return await _listens(
        tx,
        f"""SELECT {_COLUMNS} WHERE l.live AND coalesce(l.last_beat_at, l.opened_at) < %s
        ORDER BY l.listen_id LIMIT %s FOR UPDATE OF l SKIP LOCKED""",
        [since, limit],
    )


async def lock_unsettled(tx: Tx, *, ended_before: datetime, limit: int) -> list[Listen]:
    """Lock open listens that ended before an instant; those that others work on are passed over."""
    return await _listens(
        tx,
        f"""SELECT {_COLUMNS} WHERE l.state = 'open' AND NOT l.live AND l.ended_at < %s
        ORDER BY l.listen_id LIMIT %s FOR UPDATE OF l SKIP LOCKED""",
        [ended_before, limit],
    )


async def save_listens(tx: Tx, listens: Sequence[Listen]) -> None:
    """Write locked listens back, all in one statement."""
    if not listens:
        return
    await tx.execute(
        """
        UPDATE listen_reward.listen l
        SET state = n.state, live = n.live, reason = n.reason, ended_at = n.ended_at, last_beat_at = n.last_beat_at,
            accepted_at = n.accepted_at, last_seq = n.last_seq, last_at_ms = n.last_at_ms,
            last_position_ms = n.last_position_ms, playing = n.playing, credited_ms = n.credited_ms,
            oddities = n.oddities, heard = n.heard::int4multirange, attributed = n.attributed,
            served = n.served::int4multirange
        FROM unnest(
            %s::uuid[], %s::text[], %s::bool[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
            %s::int[], %s::bigint[], %s::int[], %s::bool[], %s::bigint[], %s::int[], %s::text[], %s::bool[], %s::text[]
        ) AS n(listen_id, state, live, reason, ended_at, last_beat_at, accepted_at, last_seq, last_at_ms,
               last_position_ms, playing, credited_ms, oddities, heard, attributed, served)
        WHERE l.listen_id = n.listen_id
        """,
        list(map(list, zip(*map(_changing, listens), strict=True))),
    )


async def copy_beats(tx: Tx, beats: Iterable[tuple[ListenId, Beat]], *, received_at: datetime) -> None:
    """Append raw heartbeats in bulk."""
    await tx.copy(
        "COPY listen_reward.heartbeat (listen_id, seq, at_ms, position_ms, state, muted, visible, received_at) FROM STDIN",
        (
            (listen, beat.seq, beat.at_ms, beat.position_ms, beat.state.value, beat.muted, beat.visible, received_at)
            for listen, beat in beats
        ),
    )


async def forget_heartbeats(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete heartbeats that arrived before an instant, at most so many, and return how many.

    A listen takes none any more a minute after its end, and is decided about soon after: what they said stands in its
    figures. Those of a listen whose case is open are left: they are what it is decided by.
    """
    return await tx.execute(
        "DELETE FROM listen_reward.heartbeat WHERE ctid = ANY (ARRAY(SELECT h.ctid FROM listen_reward.heartbeat h"
        " WHERE h.received_at < %s AND NOT EXISTS (SELECT FROM listen_reward.held_listen JOIN listen_reward.held_case c"
        " USING (case_id) WHERE listen_id = h.listen_id AND c.state = 'open') LIMIT %s))",
        [before, most],
    )


async def list_heard(tx: Tx, user_id: UserId, *, since: datetime | None, until: datetime | None) -> list[Heard]:
    """Return an account's accepted listens that began in a half-open stretch of time, in order."""
    return await tx.all(
        Heard,
        f"""SELECT {_HEARD} WHERE l.user_id = %(user)s AND l.state = 'accepted'
            AND l.opened_at >= coalesce(%(since)s::timestamptz, '-infinity')
            AND l.opened_at < coalesce(%(until)s::timestamptz, 'infinity')
        ORDER BY l.opened_at, l.listen_id""",
        {"user": user_id, "since": since, "until": until},
    )


async def list_heard_in(tx: Tx, listen_ids: Iterable[ListenId]) -> list[Heard]:
    """Return those of these listens that are accepted, by id."""
    return await tx.all(
        Heard,
        f"SELECT {_HEARD} WHERE l.listen_id = ANY(%s) AND l.state = 'accepted' ORDER BY l.listen_id",
        [list(listen_ids)],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person listened to."""
    return await tx.values(
        "SELECT jsonb_build_object('track_id', track_id, 'player_id', player_id, 'opened_at', opened_at, 'ended_at', ended_at,"
        " 'accepted_at', accepted_at, 'credited_ms', credited_ms, 'state', state) FROM listen_reward.listen"
        " WHERE user_id = %s ORDER BY listen_id",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Take from a person's listens by what and from where they were; they stay under an id that leads to nobody."""
    await tx.execute(
        "UPDATE listen_reward.listen SET player_id = '-', network = NULL, device = NULL, session_id = NULL"
        " WHERE user_id = %s"
        " AND (player_id <> '-' OR network IS NOT NULL OR device IS NOT NULL OR session_id IS NOT NULL)",
        [user_id],
    )


async def _listens(tx: Tx, statement: LiteralString, params: Params) -> list[Listen]:
    return [_listen(row) for row in await tx.rows(statement, params)]


def _changing(listen: Listen) -> tuple[Any, ...]:
    return (
        *(listen.listen_id, listen.state.value, listen.live, listen.reason and listen.reason.value, listen.ended_at),
        *(listen.last_beat_at, listen.accepted_at, listen.last_seq, listen.last_at_ms, listen.last_position_ms),
        *(listen.playing, listen.credited_ms, listen.oddities, _multirange(listen.heard), listen.attributed),
        _multirange(listen.served),
    )


def _listen(row: tuple[Any, ...]) -> Listen:
    """Return a row of `_COLUMNS` as a listen; by place, because each heartbeat reads one."""
    listen_id, user_id, track_id, artist_id, owner_user_id, duration_ms, opened_at, state, live, reason = row[:10]
    ended_at, last_beat_at, accepted_at, last_seq, last_at_ms, last_position_ms, playing = row[10:17]
    credited_ms, oddities, heard, attributed, served = row[17:]
    return Listen(
        listen_id,
        user_id,
        Track(track_id, artist_id, owner_user_id, duration_ms),
        opened_at,
        state=_STATES[state],
        live=live,
        reason=None if reason is None else Reason(reason),
        ended_at=ended_at,
        last_beat_at=last_beat_at,
        accepted_at=accepted_at,
        last_seq=last_seq,
        last_at_ms=last_at_ms,
        last_position_ms=last_position_ms,
        playing=playing,
        credited_ms=credited_ms,
        oddities=oddities,
        heard=_spans(heard),
        attributed=attributed,
        served=_spans(served),
    )


def _multirange(spans: Spans) -> str:
    return "{" + ",".join(f"[{start},{stop})" for start, stop in spans) + "}"


def _spans(text: str) -> Spans:
    """Read PostgreSQL's canonical form, such as `{[0,4000),[8000,12000)}`."""
    if text == "{}":
        return ()
    bounds = text[2:-2].replace("),[", ",").split(",")
    return tuple(zip(map(int, bounds[::2]), map(int, bounds[1::2]), strict=True))
