"""Reading: pools, runs, comparisons, statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import EARNING_KINDS, AccountKind
from vibestream.contexts.payment.royalties.domain.months import require_month
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Exclusion, policy_of_month
from vibestream.contexts.payment.royalties.domain.runs import (
    MonthNotClosed,
    PayeeShare,
    PoolView,
    Reckoning,
    RunView,
    UnknownRun,
)
from vibestream.contexts.payment.royalties.domain.statements import EarningsBalance, Statement, StatementPart
from vibestream.contexts.payment.royalties.domain.usage import Revenue
from vibestream.contexts.payment.royalties.service.closing import revenue_so_far
from vibestream.contexts.payment.royalties.service.running import Basis, load_basis, load_splits, reckon_month
from vibestream.contexts.payment.royalties.store import policies, runs, usage
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import RoyaltyRunId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


class NoStatement(Missing):
    """This person earned nothing in the month, or the month has not been run."""

    code: ClassVar[str] = "royalties.no_statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a run would give if it were made now."""

    month: date
    currency: Currency
    closed: bool
    """The pool is the month's; else it is reckoned from what was paid so far."""
    engine: EngineName
    policy_version: int
    reckoning: Reckoning


async def preview(
    tx: Tx,
    *,
    month: date,
    currency: Currency,
    revenue: Sequence[Revenue] | None = None,
    exclusions: Sequence[Exclusion] = (),
) -> Preview:
    """Reckon a month by both engines as things stand, and write nothing.

    Args:
        tx: the caller's transaction.
        month: its first day.
        currency: which of its pools.
        revenue: of a month that is not closed, what was paid for it; None: what subscriptions say by now.
        exclusions: what is not counted.
    """
    pool = await runs.load_pool(tx, require_month(month), currency)
    if pool is not None:
        basis = await load_basis(tx, pool=pool, exclusions=exclusions)
    else:
        policy = policy_of_month(await policies.list_policies(tx), month=month)
        paid = await revenue_so_far(tx, month=month, currency=currency) if revenue is None else revenue
        net = Money(max(sum(one.gross - one.fees for one in paid), 0), currency)
        heard = await usage.load_usage(tx, month)
        basis = Basis(
            pool=net.share(rate_bp=policy.pool_share_bp).minor,
            usage=heard,
            revenue=paid,
            splits=await load_splits(tx, usage=heard),
            policy=policy,
            exclusions=exclusions,
        )
    return Preview(
        month=month,
        currency=currency,
        closed=pool is not None,
        engine=basis.policy.engine,
        policy_version=basis.policy.version,
        reckoning=await reckon_month(tx, basis=basis, month=month, currency=currency),
    )


async def pools(tx: Tx, *, limit: int = 100) -> list[PoolView]:
    """Return closed months with their pools, the newest first."""
    return await runs.list_pools(tx, limit=limit)


async def pool(tx: Tx, *, month: date, currency: Currency) -> PoolView:
    """Return a closed month's pool.

    Raises:
        MonthNotClosed: it has none in this currency.
    """
    found = await runs.load_pool(tx, month, currency)
    if found is None:
        raise MonthNotClosed("The month has no pool in this currency.")
    return found


async def run(tx: Tx, *, run_id: RoyaltyRunId) -> RunView:
    """Return a run.

    Raises:
        UnknownRun: there is none.
    """
    found = await runs.load_run(tx, run_id)
    if found is None:
        raise UnknownRun("There is no such run.")
    return found


async def list_runs(
    tx: Tx, *, month: date | None = None, currency: Currency | None = None, limit: int = 100
) -> list[RunView]:
    """Return runs, those of the newest month first, of each pool the last one first."""
    return await runs.list_runs(tx, month=month, currency=currency, limit=limit)


async def sample_runs(tx: Tx, *, limit: int) -> list[RunView]:
    """Return some of the runs that stand, chosen at random."""
    return [await run(tx, run_id=one) for one in await runs.sample_standing(tx, limit=limit)]


async def compare(tx: Tx, *, run_id: RoyaltyRunId, limit: int = 100) -> list[PayeeShare]:
    """Return what both engines gave to payees, those first for whom the engine matters most."""
    await run(tx, run_id=run_id)
    return await runs.load_shares(tx, run_id, by_difference=True, limit=limit)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run gave to all payees together, in minor units."""

    payees: int
    allocated: Mapping[EngineName, int]


async def totals_of(tx: Tx, *, run_id: RoyaltyRunId) -> Totals:
    """Return how many payees a run has, and what each engine gives to them together."""
    return Totals(*await runs.load_totals(tx, run_id))


async def exclusions_of(tx: Tx, *, run_id: RoyaltyRunId) -> list[Exclusion]:
    """Return what a run did not count, and why."""
    return await runs.load_exclusions(tx, run_id)


async def months_of(tx: Tx, *, payee_id: UserId, limit: int = 200) -> list[RunView]:
    """Return the runs in which a payee has a share, the newest month first; reversed ones too."""
    return await runs.list_runs(tx, payee_id=payee_id, limit=limit)


async def statement(tx: Tx, *, payee_id: UserId, month: date, now: datetime) -> Statement:
    """Return a payee's statement of a month: a part per currency, and what the payee has now.

    Raises:
        NoStatement: the payee has no share in any run of the month.
    """
    mine = await runs.list_runs(tx, month=require_month(month), payee_id=payee_id, limit=1_000)
    if not mine:
        raise NoStatement("There is no statement for this month.")
    parts = []
    for one in reversed([one for one in mine if one.reversed_at is None]):
        (share,) = await runs.load_shares(tx, one.run_id, payee_id=payee_id)
        parts.append(
            StatementPart(
                run=one,
                pool=await pool(tx, month=month, currency=one.currency),
                share=share,
                lines=tuple(await runs.load_lines(tx, one.run_id, payee_id=payee_id)),
            )
        )
    tracks = {line.claim.track_id for part in parts for line in part.lines}
    return Statement(
        payee_id=payee_id,
        month=month,
        parts=tuple(sorted(parts, key=lambda part: part.run.currency.code)),
        reversed=tuple(one for one in mine if one.reversed_at is not None),
        balances=await balances(tx, payee_id=payee_id),
        titles=await runs.load_titles(tx, sorted(tracks)),
        made_at=now,
    )


async def balances(tx: Tx, *, payee_id: UserId) -> tuple[EarningsBalance, ...]:
    """Return what a payee has pending, available and in transit, and owes, by currency."""
    found: defaultdict[str, dict[AccountKind, int]] = defaultdict(dict)
    for one in await ledger.balances_of_person(tx, user_id=payee_id, kinds=EARNING_KINDS):
        found[one.name.currency.code][one.name.kind] = one.posted.minor
    return tuple(
        EarningsBalance(
            currency=Currency.of(code),
            pending=by_kind.get(AccountKind.ROYALTIES_PENDING, 0),
            available=by_kind.get(AccountKind.ROYALTIES_AVAILABLE, 0),
            in_transit=by_kind.get(AccountKind.PAYOUT_IN_TRANSIT, 0),
            advance=max(-by_kind.get(AccountKind.ADVANCES, 0), 0),
            debt=max(-by_kind.get(AccountKind.PAYEE_DEBT, 0), 0),
        )
        for code, by_kind in sorted(found.items())
    )
