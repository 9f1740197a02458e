"""No saga is forgotten: each unfinished one has a job that moves it on."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_DEADLINE_S: Final = 300
"""Seconds that a saga may be overdue; `resume_sagas` runs every minute."""


async def _moving(tx: Tx) -> Finding:
    unfinished = await tx.value("SELECT count(*) FROM platform.saga WHERE state IN ('forward', 'compensating')")
    alerted = await tx.value(
        "SELECT count(*) FROM platform.saga WHERE state IN ('forward', 'compensating') AND alerted_at IS NOT NULL"
    )
    overdue = await tx.value(
        """
        SELECT string_agg(name || ' ' || id, '; ') FROM (
            SELECT name, id FROM platform.saga
            WHERE state IN ('forward', 'compensating') AND due_at < now() - make_interval(secs => %s)
            ORDER BY due_at LIMIT 5
        ) AS first
        """,
        [_DEADLINE_S],
    )
    return Finding(
        ok=overdue is None,
        figure=f"{unfinished:,} sagas unfinished, {alerted:,} of them stuck and alerted",
        detail="" if overdue is None else f"not moved on: {overdue}",
    )


INVARIANTS: Final = (
    Invariant(
        name="sagas.moving",
        statement=f"Every unfinished saga is moved on within {_DEADLINE_S} s of being due.",
        check=_moving,
    ),
)
