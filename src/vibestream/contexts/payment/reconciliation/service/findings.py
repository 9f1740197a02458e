"""Reading what was found, and what people say about it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.reconciliation import domain
from vibestream.contexts.payment.reconciliation.domain import (
    Ageing,
    Finding,
    FindingState,
    Flow,
    NoteMissing,
    Settled,
    UnknownFinding,
)
from vibestream.contexts.payment.reconciliation.store import books
from vibestream.contexts.payment.reconciliation.store import findings as store
from vibestream.contexts.payment.reconciliation.store.books import Run
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx

_LONGEST_NOTE = 1_000


async def findings(
    tx: Tx,
    *,
    gateway: GatewayName | None = None,
    states: Collection[FindingState] | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[Finding]:
    """Return up to `limit` findings, the newest first.

    Args:
        tx: the caller's transaction.
        gateway: only of this one; None: of all.
        states: only in these states; None: in any.
        before: only older than this one: the last one seen.
        limit: how many at most.
    """
    return await store.list_findings(tx, gateway=gateway, states=states, before=before, limit=limit)


async def finding(tx: Tx, *, finding_id: UUID) -> Finding:
    """Return a finding.

    Raises:
        UnknownFinding: there is none.
    """
    found = await store.load_finding(tx, finding_id)
    if found is None:
        raise UnknownFinding("There is no such finding.")
    return found


async def explain(tx: Tx, *, finding_id: UUID, note: str, by: UserId, now: datetime) -> Finding:
    """Say why two books differ and will go on to; the finding is open again should its figures change.

    Raises:
        NoteMissing: nothing is said, or more than 1,000 characters.
        UnknownFinding: there is none.
        Settled: it is resolved.
    """
    return await _decide(tx, finding_id, state=FindingState.EXPLAINED, note=note, by=by, now=now)


async def resolve(tx: Tx, *, finding_id: UUID, note: str, by: UserId, now: datetime) -> Finding:
    """Say what was done so that the books agree; the finding is open again should the next comparison still find it.

    Raises:
        NoteMissing: nothing is said, or more than 1,000 characters.
        UnknownFinding: there is none.
        Settled: it is resolved already.
    """
    return await _decide(tx, finding_id, state=FindingState.RESOLVED, note=note, by=by, now=now)


async def runs(tx: Tx, *, limit: int) -> list[Run]:
    """Return how the last comparisons ended, the newest day first."""
    return await books.list_runs(tx, limit=limit)


async def ageing(tx: Tx, *, gateway: GatewayName, now: datetime) -> list[Ageing]:
    """Return, by currency, how long what a gateway has of ours has been there: the oldest leaves first.

    What came in and went out is our ledger's; what the gateway sent to our bank is known from its own book alone, as far
    as it was pulled.
    """
    flows: dict[Currency, list[Flow]] = {}
    for currency, flow in await books.list_flows(tx, gateway):
        flows.setdefault(currency, []).append(flow)
    return [
        domain.ageing(flows[currency], currency=currency, today=now.date())
        for currency in sorted(flows, key=lambda one: one.code)
    ]


async def _decide(tx: Tx, finding_id: UUID, *, state: FindingState, note: str, by: UserId, now: datetime) -> Finding:
    said = note.strip()
    if not 1 <= len(said) <= _LONGEST_NOTE:
        raise NoteMissing(f"Say why in 1 to {_LONGEST_NOTE} characters.")
    await finding(tx, finding_id=finding_id)
    if not await store.decide(tx, finding_id, state=state, note=said, by=by, now=now):
        raise Settled("This finding is resolved.")
    return await finding(tx, finding_id=finding_id)
