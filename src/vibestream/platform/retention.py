"""Retention: what is deleted, or emptied of what is personal, after how long. The rules are data; one job keeps to them all.

A capability that holds what must not stay says so in its `retention.py` as `RULES`, a module of the same layer as its
invariants; `flows/retention.py` lists them all. When a rule last ran, and what it dropped, is kept beside it: a rule that
nobody runs is a promise that nobody keeps.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import structlog

from vibestream.platform.database import Database, Tx

EVERY_S: Final = 3_600
"""How often every rule is kept to."""
LATE_AFTER: Final = timedelta(seconds=3 * EVERY_S)
"""A rule that has not run for so long is late."""
MOST: Final = 10_000
"""Rows in one transaction."""
_TURNS: Final = 1_000
"""Transactions of one rule in one run; what is left then waits for the next."""
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_log = structlog.get_logger()


class Does(enum.StrEnum):
    """What happens to a row."""

    DELETES = "deletes"
    EMPTIES = "empties"
    """The row stays, without what is personal or large in it."""


class Drop(Protocol):
    """Deletes or empties rows whose clock began before an instant, at most so many, and returns how many."""

    async def __call__(self, tx: Tx, *, before: datetime, most: int) -> int:
        """Do it in the transaction given; what is returned is less than `most` when nothing is left."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """For how long one kind of row is kept."""

    name: str
    """Stable, `context.what`."""
    what: str
    """For people, such as `Sessions`."""
    since: str
    """When the clock begins, such as `they expired`."""
    kept: timedelta
    """From then on; zero: dropped as soon as the job comes by."""
    does: Does
    drop: Drop


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """When a rule last ran to its end, and what it has dropped; how its last try failed, if that came after."""

    rule: str
    ran_at: datetime | None
    dropped: int
    """By the last run."""
    total: int
    failed_at: datetime | None
    error: str


class RuleFailed(Exception):
    """Rules could not be kept to; all the others were. Their names are in `rules`."""

    def __init__(self, rules: Sequence[str]) -> None:
        super().__init__(", ".join(rules))
        self.rules = tuple(rules)


async def keep_to(database: Database, *, rules: Sequence[Rule], now: datetime) -> dict[str, int]:
    """Drop all that the rules say, in short transactions, and return how many rows each dropped.

    A rule that fails keeps none of the others from being kept to.

    Raises:
        RuleFailed: after all were tried.
    """
    dropped: dict[str, int] = {}
    failed: list[str] = []
    for rule in rules:
        try:
            dropped[rule.name] = await _keep_to(database, rule, now=now)
        except Exception as error:
            _log.exception("retention.failed", rule=rule.name)
            failed.append(rule.name)
            async with database.begin() as tx:
                await _note_failed(tx, rule, error=type(error).__name__, now=now)
    if failed:
        raise RuleFailed(failed)
    return dropped


async def runs_of(tx: Tx) -> dict[str, Ran]:
    """Return when each rule last ran, by its name; of one that never did, nothing."""
    found = await tx.all(
        _ran, "SELECT rule, ran_at, dropped, total, failed_at, error FROM platform.retention_run ORDER BY rule"
    )
    return {one.rule: one for one in found}


def is_late(ran: Ran | None, *, now: datetime) -> bool:
    """Say whether a rule is not kept to: it never ran, not for hours, or its last try failed."""
    if ran is None or ran.ran_at is None or now - ran.ran_at > LATE_AFTER:
        return True
    return ran.failed_at is not None and ran.failed_at > ran.ran_at


def after(kept: timedelta, since: str) -> str:
    """Return the time of a rule in words: `30 days after they expired`."""
    if not kept:
        return f"once {since}"
    seconds = int(kept.total_seconds())
    unit, length = next((one for one in _UNITS if seconds >= one[1]), _UNITS[-1])
    count = seconds // length
    return f"{count} {unit}{'' if count == 1 else 's'} after {since}"


async def _keep_to(database: Database, rule: Rule, *, now: datetime) -> int:
    total = 0
    for _ in range(_TURNS):
        async with database.begin() as tx:
            some = await rule.drop(tx, before=now - rule.kept, most=MOST)
        total += some
        if some < MOST:
            break
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO platform.retention_run (rule, ran_at, dropped, total) VALUES (%(rule)s, %(now)s, %(some)s, %(some)s)"
            " ON CONFLICT (rule) DO UPDATE SET ran_at = excluded.ran_at, dropped = excluded.dropped,"
            " total = retention_run.total + excluded.dropped",
            {"rule": rule.name, "now": now, "some": total},
        )
    return total


async def _note_failed(tx: Tx, rule: Rule, *, error: str, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO platform.retention_run (rule, failed_at, error) VALUES (%s, %s, %s)"
        " ON CONFLICT (rule) DO UPDATE SET failed_at = excluded.failed_at, error = excluded.error",
        [rule.name, now, error],
    )


def _ran(**columns: Any) -> Ran:
    return Ran(**columns)
