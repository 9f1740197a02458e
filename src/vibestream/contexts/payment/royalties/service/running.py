"""Running a month: both engines side by side, one of them paid in one ledger transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posting
from vibestream.contexts.payment.royalties.domain.months import label
from vibestream.contexts.payment.royalties.domain.payees import Standing, rate_of
from vibestream.contexts.payment.royalties.domain.policy import Exclusion, Policy, policy_of_month
from vibestream.contexts.payment.royalties.domain.runs import (
    Line,
    MonthNotClosed,
    NothingToShare,
    PoolView,
    Reckoning,
    RunView,
    reckon,
    share_pool,
)
from vibestream.contexts.payment.royalties.domain.splits import Splits, shares_of
from vibestream.contexts.payment.royalties.domain.statements import RUN_KIND, RunFacts, leaves_of
from vibestream.contexts.payment.royalties.domain.usage import Revenue, Usage
from vibestream.contexts.payment.royalties.store import policies, runs, splits, standings, usage
from vibestream.contexts.payment.seal.domain import tree
from vibestream.kernel.ids import AccountId, RoyaltyRunId, TransactionId, UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx

_PENDING, _ADVANCES, _DEBT = AccountKind.ROYALTIES_PENDING, AccountKind.ADVANCES, AccountKind.PAYEE_DEBT


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """All that a reckoning depends on."""

    pool: int
    usage: Usage
    revenue: Sequence[Revenue]
    splits: Splits
    policy: Policy
    exclusions: Sequence[Exclusion]


async def run_month(
    tx: Tx,
    *,
    month: date,
    currency: Currency,
    exclusions: Sequence[Exclusion] = (),
    made_by: UserId | None,
    now: datetime,
) -> RunView:
    """Share a closed month's pool, in one ledger transaction, and keep what both engines gave to whom.

    The policy's engine pays. A month that has been run and not reversed is not run again: its run is returned. What
    reaches nobody is `unallocated_royalties`.

    Args:
        tx: the caller's transaction.
        month: its first day.
        currency: which of its pools.
        exclusions: artificial listens that are not counted, as fraud decisions say; kept with the run.
        made_by: who decided; None for the command line.
        now: the instant.

    Raises:
        MonthNotClosed: there is no pool of the month in this currency.
        NothingToShare: the pool is empty.
    """
    # An advisory lock, not a row's: a transaction that has written nothing yet holds up neither the event relay nor the
    # seal, which wait for whatever is older. The first write comes when everything is reckoned.
    await standings.lock_currency(tx, currency)
    pool = await runs.load_pool(tx, month, currency)
    if pool is None:
        raise MonthNotClosed("The month has no pool in this currency: close it first.")
    earlier = await runs.list_runs(tx, month=month, currency=currency, limit=1_000)
    if standing := [run for run in earlier if run.reversed_at is None]:
        return standing[0]
    if pool.pool == 0:
        raise NothingToShare("The month's pool is empty.")
    basis = await load_basis(tx, pool=pool, exclusions=exclusions)
    reckoning = await reckon_month(tx, basis=basis, month=month, currency=currency)
    return await _keep(tx, pool, basis, reckoning, number=len(earlier) + 1, made_by=made_by, now=now)


async def load_basis(
    tx: Tx, *, pool: PoolView, exclusions: Sequence[Exclusion], policy_version: int | None = None
) -> Basis:
    """Return all that a closed month's reckoning depends on, by the policy that counts now or by a given version."""
    known = await policies.list_policies(tx)
    policy = (
        policy_of_month(known, month=pool.month)
        if policy_version is None
        else next(one for one in known if one.version == policy_version)
    )
    month = await usage.load_usage(tx, pool.month)
    return Basis(
        pool=pool.pool,
        usage=month,
        revenue=await runs.load_revenue(tx, pool.month, pool.currency),
        splits=await load_splits(tx, usage=month),
        policy=policy,
        exclusions=exclusions,
    )


async def load_splits(tx: Tx, *, usage: Usage) -> Splits:
    """Return who earns by each track and month of a usage."""
    tracks = list({claim.track_id for claim in usage.claims})
    terms, owners = await splits.load_terms(tx, tracks), await splits.load_owners(tx, tracks)
    return {
        (claim.track_id, claim.heard_month): shares_of(
            terms.get(claim.track_id, ()), owner=owners.get(claim.track_id), heard_month=claim.heard_month
        )
        for claim in usage.claims
    }


async def reckon_month(tx: Tx, *, basis: Basis, month: date, currency: Currency) -> Reckoning:
    """Return a month's reckoning as payees stand now. Writes nothing. The engines compute in a thread."""
    lines, allocated = await asyncio.to_thread(
        share_pool,
        basis.pool,
        basis.usage,
        basis.revenue,
        basis.splits,
        policy=basis.policy,
        exclusions=basis.exclusions,
    )
    standing = await _standings(tx, lines, month, currency)
    return await asyncio.to_thread(reckon, basis.pool, lines, allocated, standing, engine=basis.policy.engine)


async def _standings(tx: Tx, lines: Sequence[Line], month: date, currency: Currency) -> Mapping[UUID, Standing]:
    people = {line.payee_id for line in lines}
    kinds = (AccountKind.ADVANCES.value, AccountKind.PAYEE_DEBT.value)
    owed = await standings.balances(tx, kinds, currency, people=people)
    countries = await policies.countries(tx, people, month=month)
    rates = await policies.list_rates(tx)
    by_country = {one: rate_of(rates, country=one, month=month) for one in set(countries.values())}
    return {
        person: Standing(
            advance=max(-owed.get((AccountKind.ADVANCES.value, person), 0), 0),
            debt=max(-owed.get((AccountKind.PAYEE_DEBT.value, person), 0), 0),
            country=countries.get(person),
            rate_bp=by_country.get(countries.get(person, ""), 0),
        )
        for person in people
        if person in countries or any((kind, person) in owed for kind in kinds)
    }


async def _keep(
    tx: Tx,
    pool: PoolView,
    basis: Basis,
    reckoning: Reckoning,
    *,
    number: int,
    made_by: UserId | None,
    now: datetime,
) -> RunView:
    facts = RunFacts(
        month=pool.month,
        currency=pool.currency,
        number=number,
        engine=basis.policy.engine,
        policy_version=basis.policy.version,
        gross=pool.gross,
        fees=pool.fees,
        pool=pool.pool,
        pool_share_bp=pool.pool_share_bp,
        unallocated=reckoning.unallocated(basis.policy.engine),
        usage_hash=await asyncio.to_thread(basis.usage.digest),
    )
    leaves = await asyncio.to_thread(leaves_of, facts, reckoning.payees, reckoning.lines)
    hashes = [tree.leaf_hash(leaf) for leaf in leaves]
    root = tree.root(hashes)
    transaction_id = await _post(tx, facts, reckoning, root)
    run = RunView(
        run_id=RoyaltyRunId(new_id()),
        month=facts.month,
        currency=facts.currency,
        number=number,
        engine=facts.engine,
        policy_version=facts.policy_version,
        usage_hash=facts.usage_hash,
        statements_root=root,
        pool=facts.pool,
        unallocated=facts.unallocated,
        made_by=made_by,
        made_at=now,
        transaction_id=transaction_id,
        reversed_at=None,
        reversal_transaction_id=None,
    )
    await runs.add_run(tx, run, reckoning, basis.exclusions, hashes)
    return run


async def _post(tx: Tx, facts: RunFacts, reckoning: Reckoning, root: bytes) -> TransactionId:
    moved = legs_of(facts, reckoning=reckoning)
    accounts: list[AccountId] = await ledger.open_accounts(tx, names=[name for name, _ in moved])
    posted = await ledger.post(
        tx,
        posting=Posting(
            transaction_id=TransactionId(new_id()),
            key=facts.key,
            kind=RUN_KIND,
            legs=tuple(
                Leg(account, Money(minor, facts.currency)) for account, (_, minor) in zip(accounts, moved, strict=True)
            ),
            details={
                "month": label(facts.month),
                "run": str(facts.number),
                "engine": facts.engine.value,
                "policy": str(facts.policy_version),
                "usage": facts.usage_hash.hex(),
                "statements": root.hex(),
            },
        ),
    )
    return posted.transaction_id


def legs_of(facts: RunFacts, *, reckoning: Reckoning) -> list[tuple[AccountName, int]]:
    """Return what each account gains by a run, in minor units: the pool first, then payees, taxes, and what is left."""
    currency = facts.currency
    legs = [(AccountName(AccountKind.ROYALTY_POOL, label(facts.month), currency), -facts.pool)]
    taxes: Counter[str] = Counter()
    for share in reckoning.payees:
        one, payee = share.settlement, str(share.payee_id)
        moved = ((_PENDING, one.payable), (_ADVANCES, one.recouped), (_DEBT, one.repaid))
        legs += [(AccountName(kind, payee, currency), minor) for kind, minor in moved if minor]
        taxes[one.country or ""] += one.withheld
    legs += [(AccountName(AccountKind.WITHHOLDING_TAX, country, currency), taxes[country]) for country in sorted(taxes)]
    left = AccountName(AccountKind.UNALLOCATED_ROYALTIES, label(facts.month), currency)
    return [(name, minor) for name, minor in [*legs, (left, facts.unallocated)] if minor]
