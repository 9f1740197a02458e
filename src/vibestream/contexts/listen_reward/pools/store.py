"""The tables of reward pools: epochs and the one decision about each accepted listen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.listen_reward.pools.domain import Decision, Epoch, Policy
from vibestream.kernel.ids import ListenId, RewardId, TrackId, UserId
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class _Count:
    user_id: UserId
    track_id: TrackId
    count: int


async def insert_epochs(tx: Tx, epochs: Iterable[date], policy: Policy) -> None:
    """Open epochs that are not open yet."""
    await tx.execute(
        """
        INSERT INTO listen_reward.epoch (epoch, budget, per_listen, track_cap, listener_cap)
        SELECT unnest(%s::date[]), %s, %s, %s, %s ON CONFLICT DO NOTHING
        """,
        [list(epochs), policy.budget.minor, policy.per_listen.minor, policy.track_cap, policy.listener_cap],
    )


async def repeat_epoch(tx: Tx, epoch: date, *, as_of: date) -> None:
    """Open an epoch with the policy of another one, where it is not open yet."""
    await tx.execute(
        """
        INSERT INTO listen_reward.epoch (epoch, budget, per_listen, track_cap, listener_cap)
        SELECT %s, budget, per_listen, track_cap, listener_cap FROM listen_reward.epoch WHERE epoch = %s
        ON CONFLICT DO NOTHING
        """,
        [epoch, as_of],
    )


async def lock_epoch(tx: Tx, epoch: date) -> Epoch | None:
    """Lock an epoch: its budget is spent by one transaction at a time."""
    return await tx.one(
        _epoch,
        """
        SELECT epoch, budget, per_listen, track_cap, listener_cap, granted FROM listen_reward.epoch
        WHERE epoch = %s FOR UPDATE
        """,
        [epoch],
    )


async def list_epochs(tx: Tx, epochs: Iterable[date]) -> list[Epoch]:
    """Return epochs, by day."""
    return await tx.all(
        _epoch,
        """
        SELECT epoch, budget, per_listen, track_cap, listener_cap, granted FROM listen_reward.epoch
        WHERE epoch = ANY(%s) ORDER BY epoch
        """,
        [list(epochs)],
    )


async def list_granted(tx: Tx, *, older_than_s: int) -> dict[date, Money]:
    """Return what was granted in each epoch, to be paid directly, by decisions that are older than this."""
    rows = await tx.all(
        _granted,
        """
        SELECT epoch, sum(amount)::bigint AS amount FROM listen_reward.reward
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
        WHERE epoch = %s AND user_id = ANY(%s) AND outcome = 'granted' GROUP BY user_id, track_id
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


async def add_granted(tx: Tx, epoch: date, amount: Money) -> None:
    """Count an amount as granted; the table refuses more than the budget."""
    await tx.execute("UPDATE listen_reward.epoch SET granted = granted + %s WHERE epoch = %s", [amount.minor, epoch])


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person's listens earned, in minor units, or why they earned nothing."""
    return await tx.values(
        "SELECT jsonb_build_object('listen_id', listen_id, 'track_id', track_id, 'epoch', epoch, 'outcome', outcome,"
        " 'amount', amount, 'decided_at', decided_at) FROM listen_reward.reward WHERE user_id = %s ORDER BY reward_id",
        [user_id],
    )


def _epoch(*, epoch: date, budget: int, per_listen: int, track_cap: int, listener_cap: int, granted: int) -> Epoch:
    policy = Policy(Money(budget, VIBE), Money(per_listen, VIBE), track_cap, listener_cap)
    return Epoch(epoch, policy, Money(granted, VIBE))


def _granted(*, epoch: date, amount: int) -> tuple[date, Money]:
    return epoch, Money(amount, VIBE)
