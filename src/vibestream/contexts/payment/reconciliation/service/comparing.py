"""Pulling a gateway's book, outside any transaction, and comparing it with ours, in one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import structlog
from prometheus_client import Gauge

from vibestream.contexts.payment.gateways.service import BookLine, GatewayName, Gateways
from vibestream.contexts.payment.reconciliation.domain import Comparison, Difference, compare
from vibestream.contexts.payment.reconciliation.store import books, findings
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime

DIFFERING: Final = Gauge(
    "vibestream_reconciliation_differing",
    "What differed between a gateway's book and ours at the last comparison.",
    ["gateway"],
)
_DAY: Final = timedelta(days=1)
_BESIDE: Final = timedelta(days=1)
"""How far before and after the day lines are read as well: what began on it may be listed later, and late."""
_AGREES: Final = "The books agree now."
_AT_ONCE: Final = 1_000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the comparison of one gateway's day ended."""

    gateway: GatewayName
    day: date
    lines: int
    """Lines of the gateway's book that were read."""
    matched: int
    waiting: int
    """What is in one book and too new to be missing from the other."""
    differences: tuple[Difference, ...]
    """Of what moved on the day, and of everything that was open before."""
    resolved: int
    """Findings that resolved by themselves: the books agree now."""


async def reconcile(runtime: Runtime, *, gateway: GatewayName, day: date, now: datetime) -> Report:
    """Read a gateway's book around a day, compare it with ours, and keep what differs; return how it ended.

    May be repeated at any time, for any day: what is known is seen again, what agrees now is resolved, nothing is posted.
    Killed in the middle, the lines that were read are kept and the findings are as before.

    Args:
        runtime: the process's, with its gateways.
        gateway: whose book.
        day: in UTC.
        now: when it is compared; nothing later is asked for.

    Raises:
        GatewayUnavailable: it is not configured, or its book cannot be read now.
    """
    start = datetime.combine(day, time(), tzinfo=UTC)
    since, until = start - _BESIDE, min(start + _DAY + _BESIDE, now)
    lines = 0
    async for some in _pull(runtime, gateway, since=since, until=until):
        lines += len(some)
        async with runtime.database.begin() as tx:
            await books.save_lines(tx, gateway, list(some.values()), now=now)

    async def compare_day(tx: Tx) -> Report:
        await books.note_vanished(tx, gateway, since=since, until=until, pulled_at=now)
        return await _compare(tx, gateway, day=day, known_until=until, lines=lines, now=now)

    report = await runtime.database.run(compare_day)
    DIFFERING.labels(gateway.value).set(len(report.differences))
    for difference in report.differences:
        _log.warning("reconciliation.differs", gateway=gateway.value, what=str(difference))
    return report


async def _pull(
    runtime: Runtime, gateway: GatewayName, *, since: datetime, until: datetime
) -> AsyncIterator[dict[str, tuple[BookLine, int]]]:
    """Yield the book's lines in pages, each line once with how often it was listed."""
    listed: dict[str, tuple[BookLine, int]] = {}
    page: dict[str, tuple[BookLine, int]] = {}
    async for line in runtime.part(Gateways).get(gateway).list_book(since=since, until=until):
        times = listed[line.line_ref][1] + 1 if line.line_ref in listed else 1
        listed[line.line_ref] = page[line.line_ref] = (line, times)
        if len(page) >= _AT_ONCE:
            yield page
            page = {}
    yield page


async def _compare(
    tx: Tx, gateway: GatewayName, *, day: date, known_until: datetime, lines: int, now: datetime
) -> Report:
    while await books.recognise(tx, gateway):
        pass
    start = datetime.combine(day, time(), tzinfo=UTC)
    subjects = await books.list_subjects(tx, gateway, since=start, until=start + _DAY)
    found = await _books(tx, gateway, subjects, known_until=known_until, now=now)
    for difference in found.differences:
        await findings.save_finding(tx, gateway, difference, day=day, now=now)
    waiting = {one.subject for one in found.waiting}
    settled = [subject for subject in subjects if subject not in waiting]
    resolved = await findings.resolve_others(tx, gateway, settled, seen_at=now, note=_AGREES)
    figures: Mapping[str, int] = {
        "lines": lines,
        "matched": found.matched,
        "differing": len(found.differences),
        "waiting": len(found.waiting),
    }
    await books.save_run(tx, gateway, day=day, now=now, **figures)
    return Report(
        gateway=gateway,
        day=day,
        lines=lines,
        matched=found.matched,
        waiting=len(found.waiting),
        differences=found.differences,
        resolved=resolved,
    )


async def _books(
    tx: Tx, gateway: GatewayName, subjects: list[str], *, known_until: datetime, now: datetime
) -> Comparison:
    """Compare in parts: a busy day's books are not held in memory at once."""
    total = Comparison(0, (), ())
    for first in range(0, len(subjects), _AT_ONCE):
        part = subjects[first : first + _AT_ONCE]
        found = compare(
            gateway=gateway,
            ours=await books.list_ours(tx, gateway, part),
            theirs=await books.list_theirs(tx, gateway, part),
            known_until=known_until,
            now=now,
        )
        total = Comparison(
            total.matched + found.matched, total.waiting + found.waiting, total.differences + found.differences
        )
    return total
