"""Scores of listens: what came before one, what it was decided by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.listen_reward.scoring.domain.deciding import Decided
from vibestream.contexts.listen_reward.scoring.domain.statistics import features as known
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import Past
from vibestream.contexts.listen_reward.scoring.domain.statistics.signals import Heartbeat
from vibestream.kernel.ids import ArtistId, ListenId, TrackId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Proven:
    """A listen that was proven and is to be decided about."""

    listen_id: ListenId
    user_id: UserId
    track_id: TrackId
    artist_id: ArtistId
    owner_user_id: UserId
    duration_ms: int
    oddities: int
    enough_ms: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a listen came from, as hashes."""

    network: bytes | None
    device: bytes | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of an account beside its windows."""

    own_24h: int
    own_hours: int
    first_at: datetime | None
    replay_accounts: int
    reciprocal: int
    peers: int


_PAST: Final = """
    extract(epoch FROM s.scored_at)::bigint AS at_s, s.user_id, s.track_id, s.artist_id, s.network, s.device, s.pair_pm,
    s.quick_pm, s.age_h, s.hidden_pm
"""
_ASKED: Final = """
    FROM unnest(%(listens)s::uuid[], %(keys)s::{kind}[], %(at)s::timestamptz[]) AS a (listen_id, key, at)
    CROSS JOIN LATERAL (
        SELECT * FROM listen_reward.score p
        WHERE p.{column} = a.key AND p.scored_at <= a.at AND p.scored_at > a.at - make_interval(secs => {window_s})
        ORDER BY p.scored_at DESC LIMIT {most}
    ) s
"""
_HEARD: Final = """
    JOIN listen_reward.listen l ON l.listen_id = s.listen_id JOIN listen_reward.track t ON t.track_id = l.track_id
    CROSS JOIN LATERAL (SELECT coalesce(sum(upper(h) - lower(h)), 0) AS ms FROM unnest(l.heard) AS h) AS heard
"""
_WINDOWS: Final = {
    "network": ("bytea", known.DAY_S, known.NETWORK),
    "device": ("bytea", known.WEEK_S, known.DEVICE),
    "artist_id": ("uuid", known.WEEK_S, known.ARTIST),
}


async def origins_of(tx: Tx, listens: Sequence[ListenId]) -> dict[ListenId, Origin]:
    """Return where listens came from."""
    rows = await tx.all(
        lambda *, listen_id, network, device: (ListenId(listen_id), Origin(_bytes(network), _bytes(device))),
        "SELECT listen_id, network, device FROM listen_reward.listen WHERE listen_id = ANY(%s)",
        [list(listens)],
    )
    return dict(rows)


async def beats_of(tx: Tx, listens: Sequence[ListenId], *, most: int) -> dict[ListenId, list[Heartbeat]]:
    """Return the first heartbeats of listens, in the order of their numbers."""
    found: dict[ListenId, list[Heartbeat]] = defaultdict(list)
    for listen_id, beat in await tx.all(
        lambda *, listen_id, **told: (ListenId(listen_id), Heartbeat(**told)),
        """
        SELECT listen_id, at_ms, position_ms, state, muted, visible FROM listen_reward.heartbeat
        WHERE listen_id = ANY(%s) AND seq <= %s ORDER BY listen_id, seq
        """,
        [list(listens), most],
    ):
        found[listen_id].append(beat)
    return found


async def own_windows(tx: Tx, proven: Sequence[Proven]) -> dict[ListenId, list[Past]]:
    """Return the listeners' own windows, the latest first, with whether each listen was left at once."""
    select = f"""
        SELECT a.listen_id, {_PAST}, heard.ms < least(30000, greatest(t.duration_ms / 2, 1)) + {known.QUICK_MS} AS quick
        {_ASKED.format(kind="uuid", column="user_id", window_s=known.WEEK_S, most=known.OWN)}
        {_HEARD}
        ORDER BY a.listen_id, s.scored_at DESC
    """
    return await _windows(tx, select, proven, [one.user_id for one in proven])


async def windows(
    tx: Tx, proven: Sequence[Proven], *, column: str, keys: Sequence[UUID | bytes | None]
) -> dict[ListenId, list[Past]]:
    """Return windows over one of `network`, `device`, `artist_id`, the latest first."""
    kind, window_s, most = _WINDOWS[column]
    select = f"""
        SELECT a.listen_id, {_PAST} {_ASKED.format(kind=kind, column=column, window_s=window_s, most=most)}
        ORDER BY a.listen_id, s.scored_at DESC
    """
    return await _windows(tx, select, proven, keys)


async def counts(
    tx: Tx, proven: Sequence[Proven], *, signatures: Sequence[int | None], most: int
) -> dict[ListenId, Counted]:
    """Return what is counted beside the windows; replays are counted up to a number."""
    rows = await tx.all(
        lambda *, listen_id, **counted: (ListenId(listen_id), Counted(**counted)),
        """
        SELECT a.listen_id, day.own_24h, day.own_hours, first.first_at, replay.replay_accounts, back.reciprocal,
            peer.peers
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::timestamptz[])
            AS a (listen_id, user_id, owner, signature, at)
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS own_24h, count(DISTINCT date_trunc('hour', scored_at, 'UTC'))::int AS own_hours
            FROM listen_reward.score p
            WHERE p.user_id = a.user_id AND p.scored_at <= a.at AND p.scored_at > a.at - interval '24 hours'
        ) day
        CROSS JOIN LATERAL (SELECT min(scored_at) AS first_at FROM listen_reward.score p WHERE p.user_id = a.user_id) first
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT user_id)::int AS replay_accounts FROM (
                SELECT p.user_id FROM listen_reward.score p
                WHERE p.signature = a.signature AND p.user_id <> a.user_id
                    AND p.scored_at <= a.at AND p.scored_at > a.at - interval '30 days'
                LIMIT %s
            ) others
        ) replay
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS reciprocal FROM listen_reward.score p
            WHERE p.user_id = a.owner AND p.owner_user_id = a.user_id
                AND p.scored_at <= a.at AND p.scored_at > a.at - interval '7 days'
        ) back
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS peers FROM (
                SELECT owner_user_id AS owner FROM listen_reward.score p
                WHERE p.user_id = a.user_id AND p.scored_at <= a.at AND p.scored_at > a.at - interval '7 days'
                UNION SELECT a.owner
            ) heard
            WHERE heard.owner <> a.user_id AND EXISTS (
                SELECT FROM listen_reward.score p WHERE p.user_id = heard.owner AND p.owner_user_id = a.user_id
                    AND p.scored_at <= a.at AND p.scored_at > a.at - interval '7 days')
        ) peer
        """,
        [
            [one.listen_id for one in proven],
            [one.user_id for one in proven],
            [one.owner_user_id for one in proven],
            list(signatures),
            [one.at for one in proven],
            most,
        ],
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Row:
    """A score as it is kept."""

    proven: Proven
    origin: Origin
    decided: Decided
    vector: Sequence[float]
    signature: int | None
    past: Past
    """The same, as later decisions will see it."""


async def insert_scores(tx: Tx, rows: Iterable[Row], *, feature_set: int, policy: int, model: str | None) -> None:
    """Keep what was decided."""
    await tx.copy(
        """
        COPY listen_reward.score (listen_id, user_id, track_id, artist_id, owner_user_id, network, device, scored_at, verdict,
            quality, risk_ppm, reasons, features, feature_set, policy, model, signature, pair_pm, quick_pm, age_h, hidden_pm)
        FROM STDIN
        """,
        [
            (
                *(one.proven.listen_id, one.proven.user_id, one.proven.track_id, one.proven.artist_id),
                *(one.proven.owner_user_id, one.origin.network, one.origin.device, one.proven.at),
                *(one.decided.verdict.value, one.decided.quality, one.decided.risk_ppm, list(one.decided.reasons)),
                *(list(one.vector), feature_set, policy, model, one.signature),
                *(one.past.pair_pm, one.past.quick_pm, one.past.age_h, one.past.hidden_pm),
            )
            for one in rows
        ],
    )


async def forget_origins(tx: Tx, *, before: datetime, limit: int) -> int:
    """Forget where older listens came from; return how many scores were emptied, at most so many at a time."""
    emptied = await tx.values(
        """
        UPDATE listen_reward.score SET network = NULL, device = NULL WHERE listen_id IN (
            SELECT listen_id FROM listen_reward.score
            WHERE scored_at < %s AND (network IS NOT NULL OR device IS NOT NULL) ORDER BY scored_at LIMIT %s
        ) RETURNING listen_id
        """,
        [before, limit],
    )
    await tx.execute(
        """
        UPDATE listen_reward.listen SET network = NULL, device = NULL WHERE listen_id = ANY(%s)
        """,
        [emptied],
    )
    return len(emptied)


async def forget_unscored_origins(tx: Tx, *, before: datetime, most: int) -> int:
    """Forget where listens came from that were opened before an instant, scored or never; return how many, at most so many."""
    return await tx.execute(
        """
        UPDATE listen_reward.listen SET network = NULL, device = NULL WHERE listen_id IN (
            SELECT listen_id FROM listen_reward.listen
            WHERE opened_at < %s AND (network IS NOT NULL OR device IS NOT NULL)
            ORDER BY opened_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
        )
        """,
        [before, most],
    )


async def _windows(
    tx: Tx, select: str, proven: Sequence[Proven], keys: Sequence[UUID | bytes | None]
) -> dict[ListenId, list[Past]]:
    found: dict[ListenId, list[Past]] = defaultdict(list)
    asked = {"listens": [one.listen_id for one in proven], "keys": list(keys), "at": [one.at for one in proven]}
    for listen_id, past in await tx.all(_past, select, asked):
        found[listen_id].append(past)
    return found


def _past(
    *, listen_id: UUID, user_id: UUID, track_id: UUID, artist_id: UUID, network: Any, device: Any, **same: Any
) -> tuple[ListenId, Past]:
    past = Past(user=user_id, track=track_id, artist=artist_id, network=_bytes(network), device=_bytes(device), **same)
    return ListenId(listen_id), past


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
