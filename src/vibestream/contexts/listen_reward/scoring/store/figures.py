"""What scoring decided, counted: by day, by reason, and how many accounts came from one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A day in UTC: how many proven listens counted at once, waited for a person, or were refused at once."""

    day: date
    accepted: int
    held: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """For how many listens, of how many accounts, a reason spoke against counting them."""

    reason: str
    listens: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Crowds:
    """The most accounts whose listens came from one network, from one device, and with one and the same course of heartbeats."""

    network: int
    device: int
    signature: int


@dataclass(frozen=True, slots=True)
class Clusters:
    """Places that many accounts listen from since an instant and did not in as long a time before it."""

    networks: int
    devices: int


async def list_verdicts(tx: Tx, *, since: datetime) -> list[Verdicts]:
    """Return what was decided on each day with any decision, in order."""
    return await tx.all(
        Verdicts,
        """
        SELECT (scored_at AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE verdict = 'accept')::int AS accepted,
            count(*) FILTER (WHERE verdict = 'hold')::int AS held, count(*) FILTER (WHERE verdict = 'reject')::int AS rejected
        FROM listen_reward.score WHERE scored_at >= %s GROUP BY 1 ORDER BY 1
        """,
        [since],
    )


async def list_reasons(tx: Tx, *, since: datetime, limit: int) -> list[ReasonCount]:
    """Return the reasons of what did not count at once, the most frequent first."""
    return await tx.all(
        ReasonCount,
        """
        SELECT reason, count(*)::int AS listens, count(DISTINCT user_id)::int AS accounts
        FROM listen_reward.score CROSS JOIN LATERAL unnest(reasons) AS reason
        WHERE scored_at >= %s AND verdict <> 'accept' GROUP BY reason ORDER BY count(*) DESC, reason LIMIT %s
        """,
        [since, limit],
    )


async def load_crowds(tx: Tx, *, since: datetime) -> Crowds:
    """Return the greatest crowds of accounts behind one network, device and course of heartbeats."""
    found = await tx.one(
        Crowds,
        """
        WITH recent AS MATERIALIZED (
            SELECT user_id, network, device, signature FROM listen_reward.score WHERE scored_at >= %s
        )
        SELECT
            coalesce((SELECT max(n) FROM (SELECT count(DISTINCT user_id)::int AS n FROM recent
                WHERE network IS NOT NULL GROUP BY network) AS one), 0) AS network,
            coalesce((SELECT max(n) FROM (SELECT count(DISTINCT user_id)::int AS n FROM recent
                WHERE device IS NOT NULL GROUP BY device) AS one), 0) AS device,
            coalesce((SELECT max(n) FROM (SELECT count(DISTINCT user_id)::int AS n FROM recent
                WHERE signature IS NOT NULL GROUP BY signature) AS one), 0) AS signature
        """,
        [since],
    )
    return found or Crowds(0, 0, 0)


async def load_clusters(tx: Tx, *, since: datetime, before: datetime, least: int) -> Clusters:
    """Return how many networks and devices so many accounts listen from since an instant, and fewer did between `before` and it."""
    found = await tx.one(
        Clusters,
        """
        WITH recent AS MATERIALIZED (
            SELECT user_id, network, device, scored_at >= %(since)s AS fresh
            FROM listen_reward.score WHERE scored_at >= %(before)s
        )
        SELECT
            (SELECT count(*)::int FROM (SELECT FROM recent WHERE network IS NOT NULL GROUP BY network
                HAVING count(DISTINCT user_id) FILTER (WHERE fresh) >= %(least)s
                AND count(DISTINCT user_id) FILTER (WHERE NOT fresh) < %(least)s) AS one) AS networks,
            (SELECT count(*)::int FROM (SELECT FROM recent WHERE device IS NOT NULL GROUP BY device
                HAVING count(DISTINCT user_id) FILTER (WHERE fresh) >= %(least)s
                AND count(DISTINCT user_id) FILTER (WHERE NOT fresh) < %(least)s) AS one) AS devices
        """,
        {"since": since, "before": before, "least": least},
    )
    return found or Clusters(0, 0)
