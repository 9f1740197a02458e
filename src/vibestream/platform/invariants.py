"""Invariants: statements about the stored data that must hold at every moment, each with the query that checks it.

A context states its own in `contexts/<name>/<capability>/invariants.py` as `INVARIANTS`. `vibestream audit`, the
worker's schedule and the tests run the same ones, each in a transaction that only reads.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Gauge

from vibestream.platform.database import Database, Isolation, Tx
from vibestream.platform.quoted import said_by

HOLDS: Final = Gauge("vibestream_invariant_holds", "1 when the last check found the invariant to hold.", ["invariant"])

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    ok: bool
    figure: str
    """What was counted, for people, such as `12,345 entries, sum 0`."""
    detail: str = ""
    """Empty when all is well; else the first offenders, enough to start looking."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement that must always hold, and the check that says whether it does."""

    name: str
    """Stable and dotted, such as `events.delivered`."""
    statement: str
    """One sentence, for people."""
    check: Callable[[Tx], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class Checked:
    """An invariant, what its check found, and how long that took."""

    invariant: Invariant
    finding: Finding
    seconds: float


async def check_all(database: Database, invariants: Sequence[Invariant]) -> list[Checked]:
    """Check every invariant, each on a consistent snapshot of its own, and return the findings in order.

    A check that cannot be run is a finding that is not ok: an invariant nobody could verify does not hold.
    """
    return [await _check(database, invariant) for invariant in invariants]


async def _check(database: Database, invariant: Invariant) -> Checked:
    began = time.perf_counter()
    try:
        async with database.begin(isolation=Isolation.REPEATABLE_READ, read_only=True) as tx:
            finding = await invariant.check(tx)
    except Exception as error:
        _log.exception("invariant.not_checked", invariant=invariant.name)
        finding = Finding(ok=False, figure="not checked", detail=said_by(error, most=2000))
    HOLDS.labels(invariant.name).set(finding.ok)
    if not finding.ok:
        _log.error("invariant.violated", invariant=invariant.name, figure=finding.figure, detail=finding.detail)
    return Checked(invariant, finding, time.perf_counter() - began)
