"""A run: a month's pool shared by both engines among payees, the chosen one settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import numpy as np

from vibestream.contexts.payment.royalties.domain.engines import ENGINES, count
from vibestream.contexts.payment.royalties.domain.largest_remainder import share_out_groups
from vibestream.contexts.payment.royalties.domain.payees import Settlement, Standing, settle
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Exclusion, Policy
from vibestream.contexts.payment.royalties.domain.splits import Splits
from vibestream.contexts.payment.royalties.domain.usage import Claim, Revenue, Usage
from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.ids import RoyaltyRunId, TransactionId, UserId
from vibestream.kernel.money import Currency


class UnknownRun(Missing):
    """There is no such run."""

    code: ClassVar[str] = "royalties.unknown_run"


class MonthNotClosed(Conflict):
    """The month has no pool in this currency: close it first."""

    code: ClassVar[str] = "royalties.month_not_closed"


class MonthNotOver(Conflict):
    """A month is closed when it is over."""

    code: ClassVar[str] = "royalties.month_not_over"


class NothingToShare(Conflict):
    """Nobody paid anything for the month in this currency, or nothing of it is shared."""

    code: ClassVar[str] = "royalties.nothing_to_share"


class RevenueDisagrees(Conflict):
    """The subscribers' revenue does not sum to what the ledger holds for the month."""

    code: ClassVar[str] = "royalties.revenue_disagrees"

    def __init__(self, *, revenue: int, ledger: int) -> None:
        super().__init__(f"Subscriptions say {revenue} minor units, the ledger holds {ledger} for the month.")
        self.revenue = revenue
        self.ledger = ledger


@dataclass(frozen=True, slots=True)
class Line:
    """What a payee earns by one claim, by either engine. Amounts in minor units."""

    payee_id: UserId
    claim: Claim
    share_bp: int
    listens: int
    """Of the claim, by everybody."""
    counted: int
    """Of those, how many counted."""
    track_earned: int
    """What the whole claim earned by the engine that pays."""
    pro_rata: int
    user_centric: int

    def by(self, engine: EngineName) -> int:
        """Return what an engine gives."""
        return self.pro_rata if engine is EngineName.PRO_RATA else self.user_centric


@dataclass(frozen=True, slots=True)
class PayeeShare:
    """What a payee earns by either engine, and what becomes of it by the one that pays."""

    payee_id: UserId
    pro_rata: int
    user_centric: int
    settlement: Settlement


@dataclass(frozen=True, slots=True)
class Reckoning:
    """A pool shared: lines by payee and claim, payees by id. Computed from its arguments alone."""

    pool: int
    lines: tuple[Line, ...]
    payees: tuple[PayeeShare, ...]
    allocated: Mapping[EngineName, int]
    """What each engine gives to payees; the rest of the pool is unallocated."""

    def unallocated(self, engine: EngineName) -> int:
        """Return what of the pool reaches nobody."""
        return self.pool - self.allocated[engine]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as it was posted."""

    run_id: RoyaltyRunId
    month: date
    currency: Currency
    number: int
    engine: EngineName
    policy_version: int
    usage_hash: bytes
    statements_root: bytes
    pool: int
    unallocated: int
    made_by: UserId | None
    made_at: datetime
    transaction_id: TransactionId
    reversed_at: datetime | None
    reversal_transaction_id: TransactionId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolView:
    """A closed month in one currency, in minor units."""

    month: date
    currency: Currency
    gross: int
    fees: int
    pool: int
    pool_share_bp: int
    policy_version: int
    closed_by: UserId | None
    closed_at: datetime
    transaction_id: TransactionId

    @property
    def net(self) -> int:
        """Gross less fees, at least nothing."""
        return max(self.gross - self.fees, 0)


def share_pool(
    pool: int,
    usage: Usage,
    revenue: Sequence[Revenue],
    splits: Splits,
    *,
    policy: Policy,
    exclusions: Sequence[Exclusion] = (),
) -> tuple[tuple[Line, ...], Mapping[EngineName, int]]:
    """Share a pool among payees by both engines, and return the lines and what each engine allocates.

    Pool to subscriber, subscriber to claim, claim to payee: each level by the largest remainder, conserved, ties by id.
    A claim without payees leaves its part unallocated.
    """
    counted = count(usage, revenue, rules=policy.rules, exclusions=exclusions)
    rows = [
        (place, share)
        for place, claim in enumerate(usage.claims)
        for share in splits.get((claim.track_id, claim.heard_month), ())
    ]
    places = np.array([place for place, _ in rows], dtype=np.int64)
    weights = np.array([share.share_bp for _, share in rows], dtype=np.int64)
    bounds = np.searchsorted(places, np.arange(len(usage.claims) + 1))
    earned = {name: engine(pool, counted, policy.rules) for name, engine in ENGINES.items()}
    parts = {name: share_out_groups(earned[name], weights, bounds).tolist() for name in ENGINES}
    listens, counts = counted.listens_of_claims().tolist(), counted.counted_of_claims().tolist()
    whole = earned[policy.engine].tolist()
    lines = tuple(
        Line(share.payee_id, usage.claims[place], share.share_bp, listens[place], counts[place], whole[place], *amounts)
        for (place, share), *amounts in zip(
            rows, parts[EngineName.PRO_RATA], parts[EngineName.USER_CENTRIC], strict=True
        )
    )
    return tuple(sorted(lines, key=lambda line: (line.payee_id, line.claim))), {
        name: sum(parts[name]) for name in ENGINES
    }


def reckon(
    pool: int,
    lines: tuple[Line, ...],
    allocated: Mapping[EngineName, int],
    standings: Mapping[UUID, Standing],
    *,
    engine: EngineName,
) -> Reckoning:
    """Settle with each payee of a pool that was shared."""
    sums: dict[UserId, tuple[int, int]] = {}
    for line in lines:
        pro_rata, user_centric = sums.get(line.payee_id, (0, 0))
        sums[line.payee_id] = (pro_rata + line.pro_rata, user_centric + line.user_centric)
    payees = tuple(
        PayeeShare(
            payee_id,
            pro_rata,
            user_centric,
            settle(pro_rata if engine is EngineName.PRO_RATA else user_centric, standings.get(payee_id, Standing())),
        )
        for payee_id, (pro_rata, user_centric) in sorted(sums.items())
    )
    return Reckoning(pool, lines, payees, allocated)
