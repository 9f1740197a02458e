"""Policies of reward pools: proposing one, approving it as another person, and which one an epoch has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.listen_reward.allocation import store
from vibestream.contexts.listen_reward.allocation.domain import (
    QUALITY,
    Allocation,
    Counted,
    Policy,
    PoolPolicy,
    Source,
    State,
    UnusableAllocation,
    UnusableSources,
    allocate,
    in_units,
    weights_of,
)
from vibestream.kernel.errors import Conflict, Forbidden, InvalidInput, Missing
from vibestream.kernel.ids import PoolPolicyId, UserId
from vibestream.kernel.money import Money
from vibestream.kernel.text import one_line
from vibestream.platform.database import Tx

__all__ = [
    "LEAD",
    "QUALITY",
    "Allocation",
    "Counted",
    "Policy",
    "PoolPolicy",
    "Source",
    "State",
    "UnusableAllocation",
    "UnusableSources",
    "allocate",
    "in_units",
    "weights_of",
]

LEAD: Final = timedelta(days=3)
"""How far ahead a policy begins, at least: epochs are opened a day ahead, and what one was opened with is never changed."""
_REASON: Final = 500


class PolicyUnknown(Missing):
    """There is no such policy."""

    code: ClassVar[str] = "allocation.policy_unknown"


class PolicyDecided(Conflict):
    """It was approved or withdrawn before."""

    code: ClassVar[str] = "allocation.policy_decided"


class OwnPolicy(Forbidden):
    """Whoever proposed a policy does not approve it."""

    code: ClassVar[str] = "allocation.own_policy"


class PolicyTooSoon(InvalidInput):
    """It would begin with an epoch that may be open already."""

    code: ClassVar[str] = "allocation.policy_too_soon"


class PolicyExists(Conflict):
    """Another policy was approved from the same epoch on."""

    code: ClassVar[str] = "allocation.policy_exists"


async def propose(
    tx: Tx,
    *,
    policy_id: PoolPolicyId,
    effective_from: date,
    budget: Money,
    spread: Policy,
    new_artist_days: int,
    warm_up_days: int = 0,
    reason: str,
    proposed_by: UserId,
    now: datetime,
    named: Sequence[tuple[str, Money]] = (),
) -> PoolPolicy:
    """Propose a policy, from an epoch on. It counts for nothing until another person approves it.

    `policy_id` is the form's: sent again by the same person, it is the same proposal.
    `named` is what of the budget sources with a name are to give; that there are such is for the caller to know.

    Raises:
        PolicyUnknown: the id is of somebody else's.
        PolicyTooSoon: it would begin within `LEAD`.
        UnusableAllocation, UnusableSources: it contradicts itself.
        TextInvalid: no reason, a long one, or what cannot be seen in one.
    """
    policy = PoolPolicy(
        policy_id=policy_id,
        effective_from=effective_from,
        source=Source.ISSUANCE,
        named=tuple(sorted(named)),
        budget=budget,
        spread=spread,
        new_artist_days=new_artist_days,
        warm_up_days=warm_up_days,
        reason=one_line(reason, field="reason", most=_REASON),
        proposed_by=proposed_by,
        proposed_at=now,
    )
    _require_ahead(policy, now)
    if await store.insert_policy(tx, policy):
        return policy
    known = await store.load_policy(tx, policy_id)
    if known is None or known.proposed_by != proposed_by:
        raise PolicyUnknown("There is no such policy of yours.")
    return known


async def approve(tx: Tx, *, policy_id: PoolPolicyId, by: UserId, now: datetime) -> PoolPolicy:
    """Approve what somebody else proposed: every epoch that is opened from its first one on has it, until the next begins.

    Raises:
        PolicyUnknown, PolicyDecided: there is none, or it was decided about.
        OwnPolicy: whoever proposed it would approve it.
        PolicyTooSoon: too little time is left until it would begin: propose it again, for later.
        PolicyExists: another one was approved from the same epoch on.
    """
    await store.lock_approving(tx)
    found = await _undecided(tx, policy_id)
    if found.proposed_by == by:
        raise OwnPolicy("Somebody else must approve what you propose.")
    _require_ahead(found, now)
    if await store.is_taken(tx, found.effective_from):
        raise PolicyExists("Another policy begins on the same day.")
    await store.decide(tx, policy_id, State.APPROVED, by=by, now=now)
    return await policy(tx, policy_id=policy_id)


async def withdraw(tx: Tx, *, policy_id: PoolPolicyId, by: UserId, now: datetime) -> PoolPolicy:
    """Take a proposal back, one's own or another's. What was approved stays: a later policy takes over from it.

    Raises:
        PolicyUnknown, PolicyDecided: there is none, or it was decided about.
    """
    await _undecided(tx, policy_id)
    await store.decide(tx, policy_id, State.WITHDRAWN, by=by, now=now)
    return await policy(tx, policy_id=policy_id)


async def policy(tx: Tx, *, policy_id: PoolPolicyId) -> PoolPolicy:
    """Return a policy.

    Raises:
        PolicyUnknown: there is none.
    """
    found = await store.load_policy(tx, policy_id)
    if found is None:
        raise PolicyUnknown("There is no such policy.")
    return found


async def policy_at(tx: Tx, *, epoch: date) -> PoolPolicy | None:
    """Return the approved policy that an epoch is opened with; None: each listen earns the same."""
    return await store.load_policy_at(tx, epoch)


async def policies(tx: Tx, *, before: tuple[datetime, UUID] | None = None, limit: int) -> list[PoolPolicy]:
    """Return up to `limit` policies, those that were proposed last first; `before` is when the last one seen was, and its id."""
    return await store.list_policies(tx, before=before, limit=limit)


async def _undecided(tx: Tx, policy_id: PoolPolicyId) -> PoolPolicy:
    found = await store.lock_policy(tx, policy_id)
    if found is None:
        raise PolicyUnknown("There is no such policy.")
    if found.state is not State.PROPOSED:
        raise PolicyDecided("This policy was decided about before.")
    return found


def _require_ahead(found: PoolPolicy, now: datetime) -> None:
    if found.effective_from < now.date() + LEAD:
        raise PolicyTooSoon(f"A policy begins {LEAD.days} days from today at the earliest.")
