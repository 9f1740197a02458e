"""The tables of reward pools: epochs and the one decision about each accepted listen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.listen_reward.allocation.service import Counted
from vibestream.contexts.listen_reward.pools.domain import Accepted, Decision, Epoch, Policy, Sourced
from vibestream.kernel.ids import ListenId, PoolPolicyId, RewardId, TrackId, UserId
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Weighed:
    """A listen of an epoch that a policy spreads."""

    reward_id: RewardId
    listen_id: ListenId
    user_id: UserId
    track_id: TrackId
    counted: Counted
    by_receipt: bool
    """Whether what it earns is paid by a claim."""


@dataclass(frozen=True, slots=True)
class Past:
    """A listen that counted in an epoch, and what it earned there in minor units."""

    counted: Counted
    earned: int


@dataclass(frozen=True, slots=True)
class _Count:
    user_id: UserId
    track_id: TrackId
    count: int


async def insert_epochs(tx: Tx, epochs: Iterable[date], policy: Policy) -> None:
    """Open epochs that are not open yet: with the policy that was approved for them, or else with this one."""
    await tx.execute(
        """
        INSERT INTO listen_reward.epoch (epoch, budget, per_listen, track_cap, listener_cap, policy_id, warm_up_days)
        SELECT day, coalesce(approved.budget, %s), CASE WHEN approved.policy_id IS NULL THEN %s ELSE 0 END, %s, %s,
            approved.policy_id, coalesce(approved.warm_up_days, %s)
        FROM unnest(%s::date[]) AS new (day) LEFT JOIN LATERAL (
            SELECT p.policy_id, p.budget, p.warm_up_days FROM listen_reward.pool_policy p
            WHERE p.state = 'approved' AND p.effective_from <= new.day ORDER BY p.effective_from DESC LIMIT 1
        ) AS approved ON true
        ON CONFLICT DO NOTHING
        """,
        [
            *(policy.budget.minor, policy.per_listen.minor, policy.track_cap, policy.listener_cap, policy.warm_up_days),
            list(epochs),
        ],
    )


async def repeat_epoch(tx: Tx, epoch: date, *, as_of: date) -> None:
    """Open an epoch where it is not open yet: with the policy that was approved for it, or else as another one was."""
    await tx.execute(
        """
        INSERT INTO listen_reward.epoch (epoch, budget, per_listen, track_cap, listener_cap, policy_id, warm_up_days)
        SELECT %(epoch)s, coalesce(approved.budget, e.budget),
            CASE WHEN approved.policy_id IS NULL THEN e.per_listen ELSE 0 END, e.track_cap, e.listener_cap,
            approved.policy_id, coalesce(approved.warm_up_days, e.warm_up_days)
        FROM listen_reward.epoch e LEFT JOIN LATERAL (
            SELECT p.policy_id, p.budget, p.warm_up_days FROM listen_reward.pool_policy p
            WHERE p.state = 'approved' AND p.effective_from <= %(epoch)s ORDER BY p.effective_from DESC LIMIT 1
        ) AS approved ON true
        WHERE e.epoch = %(as_of)s ON CONFLICT DO NOTHING
        """,
        {"epoch": epoch, "as_of": as_of},
    )


async def lock_epoch(tx: Tx, epoch: date) -> Epoch | None:
    """Lock an epoch: its budget is spent by one transaction at a time."""
    return await tx.one(
        _epoch,
        """
        SELECT epoch, budget, per_listen, track_cap, listener_cap, granted, policy_id, funded, unit FROM listen_reward.epoch
        WHERE epoch = %s FOR UPDATE
        """,
        [epoch],
    )


async def list_epochs(tx: Tx, epochs: Iterable[date]) -> list[Epoch]:
    """Return epochs, by day."""
    return await tx.all(
        _epoch,
        """
        SELECT epoch, budget, per_listen, track_cap, listener_cap, granted, policy_id, funded, unit FROM listen_reward.epoch
        WHERE epoch = ANY(%s) ORDER BY epoch
        """,
        [list(epochs)],
    )


async def list_granted(tx: Tx, *, older_than_s: int) -> dict[date, Money]:
    """Return what was granted in each epoch, to be paid directly, by decisions that are older than this."""
    rows = await tx.all(
        _granted,
        """
        SELECT epoch, sum(amount)::bigint AS amount FROM listen_reward.earned
        WHERE outcome = 'granted' AND way = 'direct' AND decided_at < now() - make_interval(secs => %s) GROUP BY epoch
        """,
        [older_than_s],
    )
    return dict(rows)


async def list_decided(tx: Tx, listens: Iterable[ListenId]) -> set[ListenId]:
    """Return which listens have been decided already."""
    return set(await tx.values("SELECT listen_id FROM listen_reward.reward WHERE listen_id = ANY(%s)", [list(listens)]))


async def count_earned(tx: Tx, epoch: date, users: Iterable[UserId]) -> dict[tuple[UserId, TrackId], int]:
    """Return how many listens earned in an epoch, by listener and track."""
    rows = await tx.all(
        _Count,
        """
        SELECT user_id, track_id, count(*)::int AS count FROM listen_reward.reward
        WHERE epoch = %s AND user_id = ANY(%s) AND outcome IN ('granted', 'weighed') GROUP BY user_id, track_id
        """,
        [epoch, list(users)],
    )
    return {(row.user_id, row.track_id): row.count for row in rows}


async def insert_decisions(
    tx: Tx,
    epoch: date,
    decisions: Sequence[tuple[RewardId, Decision]],
    *,
    by_receipt: AbstractSet[ListenId],
    now: datetime,
) -> None:
    """Add decisions, all in one statement; those of `by_receipt` are paid by claims, the others directly."""
    await tx.execute(
        """
        INSERT INTO listen_reward.reward
            (reward_id, listen_id, user_id, track_id, epoch, outcome, amount, decided_at, way)
        SELECT reward_id, listen_id, user_id, track_id, %s, outcome, amount, %s, way
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::bigint[], %s::text[])
            AS n(reward_id, listen_id, user_id, track_id, outcome, amount, way)
        """,
        [
            *(epoch, now, [key for key, _ in decisions]),
            *([one.listen.listen_id for _, one in decisions], [one.listen.user_id for _, one in decisions]),
            *([one.listen.track_id for _, one in decisions], [one.outcome.value for _, one in decisions]),
            [one.amount.minor for _, one in decisions],
            ["receipt" if one.listen.listen_id in by_receipt else "direct" for _, one in decisions],
        ],
    )


async def insert_weighed(tx: Tx, listens: Sequence[Accepted]) -> None:
    """Keep what listens weigh: their seconds, the quality that they were scored with, and whose track it is."""
    await tx.execute(
        """
        INSERT INTO listen_reward.weighed (listen_id, artist_id, seconds, quality, accepted_at)
        SELECT n.listen_id, t.artist_id, n.seconds, s.quality, n.accepted_at
        FROM unnest(%s::uuid[], %s::uuid[], %s::int[], %s::timestamptz[]) AS n(listen_id, track_id, seconds, accepted_at)
        LEFT JOIN listen_reward.track t USING (track_id)
        LEFT JOIN listen_reward.score s ON s.listen_id = n.listen_id
        """,
        [
            *([one.listen_id for one in listens], [one.track_id for one in listens]),
            *([one.heard_s for one in listens], [one.accepted_at for one in listens]),
        ],
    )


async def list_unsettled(tx: Tx, *, until: date) -> list[date]:
    """Return epochs with a policy that did not spread them yet, by day."""
    return await tx.values(
        "SELECT epoch FROM listen_reward.epoch WHERE policy_id IS NOT NULL AND settled_at IS NULL AND epoch <= %s ORDER BY epoch",
        [until],
    )


async def list_unfunded(tx: Tx, *, until: date) -> list[date]:
    """Return epochs whose policy names sources that gave nothing yet, by day."""
    return await tx.values(
        "SELECT epoch FROM listen_reward.epoch e WHERE funded IS NULL AND settled_at IS NULL AND epoch <= %s"
        " AND EXISTS (SELECT FROM listen_reward.pool_policy_source s WHERE s.policy_id = e.policy_id) ORDER BY epoch",
        [until],
    )


async def fund_epoch(tx: Tx, epoch: date, given: Sequence[Sourced]) -> None:
    """Note what sources gave a locked epoch; the table refuses a second time, and more than the budget."""
    await tx.execute(
        "INSERT INTO listen_reward.epoch_source SELECT %s, * FROM unnest(%s::text[], %s::bigint[], %s::bigint[])",
        [
            *(epoch, [one.source for one in given]),
            *([one.wanted.minor for one in given], [one.given.minor for one in given]),
        ],
    )
    total = sum(one.given.minor for one in given)
    await tx.execute("UPDATE listen_reward.epoch SET funded = %s WHERE epoch = %s", [total, epoch])


async def list_sourced(tx: Tx, epochs: Iterable[date]) -> list[Sourced]:
    """Return what the sources of epochs gave, by day and source."""
    return await tx.all(
        _sourced,
        "SELECT epoch, source, wanted, given FROM listen_reward.epoch_source WHERE epoch = ANY(%s) ORDER BY epoch, source",
        [list(epochs)],
    )


async def list_sourced_days(tx: Tx) -> list[date]:
    """Return the epochs that named sources gave to, by day."""
    return await tx.values("SELECT DISTINCT epoch FROM listen_reward.epoch_source ORDER BY epoch")


async def list_weighed(tx: Tx, epoch: date, *, new_since: date) -> list[Weighed]:
    """Return an epoch's weighed listens in the order of their acceptance.

    An artist is new whose first proven listen was on a day or after it.
    """
    rows = await tx.rows(
        """
        WITH new AS MATERIALIZED (
            SELECT a.artist_id FROM (
                SELECT DISTINCT w.artist_id FROM listen_reward.weighed w JOIN listen_reward.reward r USING (listen_id)
                WHERE r.epoch = %(epoch)s
            ) a
            WHERE NOT EXISTS (
                SELECT FROM listen_reward.score s WHERE s.artist_id = a.artist_id AND s.scored_at < %(since)s::date::timestamp AT TIME ZONE 'UTC')
        )
        SELECT r.reward_id, r.listen_id, r.user_id, r.track_id, w.artist_id, w.seconds, w.quality,
            w.artist_id IN (SELECT artist_id FROM new), r.way = 'receipt'
        FROM listen_reward.weighed w JOIN listen_reward.reward r USING (listen_id)
        WHERE r.epoch = %(epoch)s ORDER BY w.accepted_at, w.listen_id
        """,
        {"epoch": epoch, "since": new_since},
    )
    return [
        Weighed(reward, listen, user, track, Counted(user, track, artist, seconds, quality, new), by_receipt)
        for reward, listen, user, track, artist, seconds, quality, new, by_receipt in rows
    ]


async def list_past(tx: Tx, epoch: date, *, new_since: date, limit: int) -> list[Past]:
    """Return the listens that counted in an epoch, in the order of their acceptance, with what each earned.

    Of a listen that was not weighed, the seconds are those that were heard of it in the end, and its quality that of its score.
    """
    rows = await tx.rows(
        """
        WITH counted AS MATERIALIZED (
            SELECT e.listen_id, e.user_id, e.track_id, e.amount, coalesce(w.artist_id, t.artist_id) AS artist_id,
                coalesce(w.seconds, (l.credited_ms / 1000)::int) AS seconds, coalesce(w.quality, s.quality, 0) AS quality,
                coalesce(w.accepted_at, l.accepted_at) AS accepted_at
            FROM listen_reward.earned e JOIN listen_reward.listen l USING (listen_id)
            JOIN listen_reward.track t ON t.track_id = e.track_id
            LEFT JOIN listen_reward.weighed w ON w.listen_id = e.listen_id
            LEFT JOIN listen_reward.score s ON s.listen_id = e.listen_id
            WHERE e.epoch = %(epoch)s AND e.outcome IN ('granted', 'weighed', 'budget_spent')
            ORDER BY accepted_at, e.listen_id LIMIT %(limit)s
        ), new AS MATERIALIZED (
            SELECT a.artist_id FROM (SELECT DISTINCT artist_id FROM counted) a WHERE NOT EXISTS (
                SELECT FROM listen_reward.score s WHERE s.artist_id = a.artist_id
                AND s.scored_at < %(since)s::date::timestamp AT TIME ZONE 'UTC')
        )
        SELECT user_id, track_id, artist_id, seconds, quality, artist_id IN (SELECT artist_id FROM new), amount
        FROM counted ORDER BY accepted_at, listen_id
        """,
        {"epoch": epoch, "since": new_since, "limit": limit},
    )
    return [Past(Counted(*counted), amount) for *counted, amount in rows]


async def list_days(tx: Tx, *, limit: int) -> list[date]:
    """Return the newest epochs in which listens were decided about."""
    return await tx.values(
        "SELECT epoch FROM listen_reward.epoch e WHERE EXISTS (SELECT FROM listen_reward.reward r WHERE r.epoch = e.epoch)"
        " ORDER BY epoch DESC LIMIT %s",
        [limit],
    )


async def insert_shares(tx: Tx, shares: Sequence[tuple[ListenId, Money]], *, now: datetime) -> None:
    """Add what listens were paid when their epoch was settled."""
    await tx.copy(
        "COPY listen_reward.share (listen_id, amount, settled_at) FROM STDIN",
        ((listen, share.minor, now) for listen, share in shares),
    )


async def settle_epoch(tx: Tx, epoch: date, *, granted: Money, unit: Money, now: datetime) -> None:
    """Note that a locked epoch was spread; the table refuses a second time, and more than the budget."""
    await tx.execute(
        "UPDATE listen_reward.epoch SET granted = %s, unit = %s, settled_at = %s WHERE epoch = %s",
        [granted.minor, unit.minor, now, epoch],
    )


async def add_granted(tx: Tx, epoch: date, amount: Money) -> None:
    """Count an amount as granted; the table refuses more than the budget."""
    await tx.execute("UPDATE listen_reward.epoch SET granted = granted + %s WHERE epoch = %s", [amount.minor, epoch])


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person's listens earned, in minor units, or why they earned nothing."""
    return await tx.values(
        "SELECT jsonb_build_object('listen_id', listen_id, 'track_id', track_id, 'epoch', epoch, 'outcome', outcome,"
        " 'amount', amount, 'decided_at', decided_at) FROM listen_reward.earned WHERE user_id = %s ORDER BY reward_id",
        [user_id],
    )


def _epoch(
    *, epoch: date, budget: int, per_listen: int, track_cap: int, listener_cap: int, granted: int,
    policy_id: PoolPolicyId | None, funded: int | None, unit: int | None,
) -> Epoch:  # fmt: skip
    policy = Policy(Money(budget, VIBE), Money(per_listen, VIBE), track_cap, listener_cap)
    given, worth = (None if minor is None else Money(minor, VIBE) for minor in (funded, unit))
    return Epoch(epoch, policy, Money(granted, VIBE), policy_id, given, worth)


def _sourced(*, epoch: date, source: str, wanted: int, given: int) -> Sourced:
    return Sourced(epoch, source, Money(wanted, VIBE), Money(given, VIBE))


def _granted(*, epoch: date, amount: int) -> tuple[date, Money]:
    return epoch, Money(amount, VIBE)
