"""Reckoning a run again from what is stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from vibestream.contexts.payment.royalties.domain.payees import Standing
from vibestream.contexts.payment.royalties.domain.runs import UnknownRun, reckon, share_pool
from vibestream.contexts.payment.royalties.domain.statements import RunFacts, leaves_of
from vibestream.contexts.payment.royalties.service.reading import pool, run
from vibestream.contexts.payment.royalties.service.running import load_basis
from vibestream.contexts.payment.royalties.store import runs
from vibestream.contexts.payment.seal.domain import tree
from vibestream.kernel.ids import RoyaltyRunId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class ReckonedAgain:
    """What a run comes out as when it is reckoned anew."""

    usage_hash: bytes
    statements_root: bytes
    """Over every payee's statement, so that one differing digit anywhere makes another root."""
    committed_root: bytes
    """What the run's transaction in the ledger says."""


async def reckon_again(tx: Tx, *, run_id: RoyaltyRunId) -> ReckonedAgain:
    """Return what a run comes out as, from the usage, revenue, splits, policy and exclusions that it was made of.

    What was kept of payees is taken from the run itself, because their advances and debts are others by now: an advance
    and a debt count with what was recouped and repaid of them.

    Raises:
        UnknownRun: there is no such run.
    """
    made = await run(tx, run_id=run_id)
    of = await pool(tx, month=made.month, currency=made.currency)
    basis = await load_basis(
        tx, pool=of, exclusions=await runs.load_exclusions(tx, run_id), policy_version=made.policy_version
    )
    lines, allocated = await asyncio.to_thread(
        share_pool,
        basis.pool,
        basis.usage,
        basis.revenue,
        basis.splits,
        policy=basis.policy,
        exclusions=basis.exclusions,
    )
    standings: dict[UUID, Standing] = {
        share.payee_id: Standing(
            advance=share.settlement.recouped,
            debt=share.settlement.repaid,
            country=share.settlement.country,
            rate_bp=share.settlement.rate_bp,
        )
        for share in await runs.load_shares(tx, run_id)
    }
    reckoning = await asyncio.to_thread(reckon, basis.pool, lines, allocated, standings, engine=made.engine)
    leaves = await asyncio.to_thread(leaves_of, RunFacts.of(made, of), reckoning.payees, reckoning.lines)
    committed = await runs.load_committed_root(tx, run_id)
    if committed is None:
        raise UnknownRun("The run has no transaction in the ledger.")
    return ReckonedAgain(basis.usage.digest(), tree.root([tree.leaf_hash(leaf) for leaf in leaves]), committed)
