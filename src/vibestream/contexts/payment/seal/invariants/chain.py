"""The chain of seals, and that it keeps up with the books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from vibestream.contexts.payment.seal.domain.chain import chain_faults
from vibestream.contexts.payment.seal.domain.heads import Head
from vibestream.contexts.payment.seal.store import ledger, seals
from vibestream.kernel.signing import PublicKey
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding

RECENT: Final = 1_000
"""Seals whose signatures are verified when not all are asked for."""
DEADLINE_S: Final = 3_600
_PAGE: Final = 1_000
_SHOWN: Final = 5


async def check(tx: Tx, keys: Mapping[str, PublicKey], *, every: bool) -> Finding:
    """Check that the newest seals, or all of them, are one chain."""
    newest = await seals.last_head(tx)
    if newest is None:
        return Finding(ok=True, figure="no seals")
    start = 0 if every else max(newest.number - RECENT, 0)
    before = await seals.load_head(tx, start) if start else None
    faults: list[str] = [f"seal {start} is missing"] if start and before is None else []
    verified = 0
    async for page in _pages(tx, start):
        faults += chain_faults(page, keys=keys, before=before)
        before, verified = page[-1], verified + len(page)
    figure = f"{newest.number:,} seals over {newest.size:,} transactions, {verified:,} signatures verified"
    return Finding(ok=not faults, figure=figure, detail="; ".join(faults[:_SHOWN]))


async def check_pace(tx: Tx) -> Finding:
    """Check that no transaction waits for its seal for long."""
    overdue = await ledger.count_overdue(tx, older_than_s=DEADLINE_S)
    newest = await seals.last_head(tx)
    return Finding(
        ok=overdue == 0,
        figure=f"{newest.size if newest else 0:,} sealed, {overdue:,} overdue",
        detail=f"{overdue} transactions are in no seal an hour later: does the worker run?" if overdue else "",
    )


async def _pages(tx: Tx, number: int) -> AsyncIterator[list[Head]]:
    while page := await seals.list_heads_after(tx, number, limit=_PAGE):
        yield page
        number = page[-1].number
