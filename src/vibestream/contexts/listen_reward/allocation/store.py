"""The table of policies: each kept for ever, decided about once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.listen_reward.allocation.domain import Policy, PoolPolicy, Source, State
from vibestream.kernel.ids import PoolPolicyId, UserId
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx

_COLUMNS: Final = """
    policy_id, effective_from, source, budget, listener_cap_bp, track_cap_bp, artist_cap_bp, decay_bp, boost_bp,
    most_seconds, new_artist_days, warm_up_days, reason, proposed_by, proposed_at, state, decided_by, decided_at,
    (SELECT coalesce(jsonb_object_agg(s.source, s.amount), '{}') FROM listen_reward.pool_policy_source s
        WHERE s.policy_id = pool_policy.policy_id) AS named
    FROM listen_reward.pool_policy
"""


async def insert_policy(tx: Tx, policy: PoolPolicy) -> bool:
    """Add a proposed policy; return False, and change nothing, when there is one with its id."""
    spread = policy.spread
    added = await tx.execute(
        """
        INSERT INTO listen_reward.pool_policy (policy_id, effective_from, source, budget, listener_cap_bp, track_cap_bp,
            artist_cap_bp, decay_bp, boost_bp, most_seconds, new_artist_days, warm_up_days, reason, proposed_by,
            proposed_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (policy_id) DO NOTHING
        """,
        [
            *(
                policy.policy_id,
                policy.effective_from,
                policy.source.value,
                policy.budget.minor,
                spread.listener_cap_bp,
            ),
            *(spread.track_cap_bp, spread.artist_cap_bp, spread.decay_bp, spread.boost_bp, spread.most_seconds),
            *(policy.new_artist_days, policy.warm_up_days, policy.reason, policy.proposed_by, policy.proposed_at),
        ],
    )
    if added and policy.named:
        await tx.execute(
            "INSERT INTO listen_reward.pool_policy_source SELECT %s, * FROM unnest(%s::text[], %s::bigint[])",
            [policy.policy_id, [source for source, _ in policy.named], [amount.minor for _, amount in policy.named]],
        )
    return added == 1


async def load_policy(tx: Tx, policy_id: PoolPolicyId) -> PoolPolicy | None:
    """Return a policy."""
    return await tx.one(_policy, f"SELECT {_COLUMNS} WHERE policy_id = %s", [policy_id])


async def lock_policy(tx: Tx, policy_id: PoolPolicyId) -> PoolPolicy | None:
    """Lock a policy: it is decided about by one at a time."""
    return await tx.one(_policy, f"SELECT {_COLUMNS} WHERE policy_id = %s FOR UPDATE", [policy_id])


async def load_policy_at(tx: Tx, epoch: date) -> PoolPolicy | None:
    """Return the approved policy that an epoch is opened with."""
    return await tx.one(
        _policy,
        f"SELECT {_COLUMNS} WHERE state = 'approved' AND effective_from <= %s ORDER BY effective_from DESC LIMIT 1",
        [epoch],
    )


async def list_policies(tx: Tx, *, before: tuple[datetime, UUID] | None, limit: int) -> list[PoolPolicy]:
    """Return policies, those that were proposed last first."""
    at, policy_id = before or (None, None)
    return await tx.all(
        _policy,
        f"""
        SELECT {_COLUMNS} WHERE %(at)s::timestamptz IS NULL OR (proposed_at, policy_id) < (%(at)s, %(id)s::uuid)
        ORDER BY proposed_at DESC, policy_id DESC LIMIT %(limit)s
        """,
        {"at": at, "id": policy_id, "limit": limit},
    )


async def lock_approving(tx: Tx) -> None:
    """Let one transaction at a time approve policies, so that two of the same epoch cannot."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('pool_policy', 0))")


async def is_taken(tx: Tx, effective_from: date) -> bool:
    """Return whether another policy is approved from the same epoch on."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM listen_reward.pool_policy WHERE state = 'approved' AND effective_from = %s)",
            [effective_from],
        )
    )


async def decide(tx: Tx, policy_id: PoolPolicyId, state: State, *, by: UserId, now: datetime) -> None:
    """Note what was decided about a locked policy."""
    await tx.execute(
        "UPDATE listen_reward.pool_policy SET state = %s, decided_by = %s, decided_at = %s WHERE policy_id = %s",
        [state.value, by, now, policy_id],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return which policies a person proposed or decided about."""
    return await tx.values(
        "SELECT jsonb_build_object('policy_id', policy_id, 'effective_from', effective_from, 'reason', reason, 'state', state,"
        " 'proposed', proposed_by = %s, 'proposed_at', proposed_at, 'decided_at', decided_at)"
        " FROM listen_reward.pool_policy WHERE proposed_by = %s OR decided_by = %s ORDER BY policy_id",
        [user_id, user_id, user_id],
    )


def _policy(
    *, source: str, budget: int, state: str, listener_cap_bp: int, track_cap_bp: int, artist_cap_bp: int, decay_bp: int,
    boost_bp: int, most_seconds: int, named: dict[str, int], **same: Any,
) -> PoolPolicy:  # fmt: skip
    spread = Policy(
        listener_cap_bp=listener_cap_bp,
        track_cap_bp=track_cap_bp,
        artist_cap_bp=artist_cap_bp,
        decay_bp=decay_bp,
        boost_bp=boost_bp,
        most_seconds=most_seconds,
    )
    return PoolPolicy(
        source=Source(source),
        budget=Money(budget, VIBE),
        named=tuple((one, Money(amount, VIBE)) for one, amount in sorted(named.items())),
        spread=spread,
        state=State(state),
        **same,
    )
