"""Deferred revenue: which month earns how much of a payment, and from which months a giving back takes.

A period is cut into service months at the anchor's day; each counts for the calendar month in which it, or
what is covered of it, begins. A whole
service month weighs the same as any other, so that a year is twelve equal parts; one that is covered in part (a change
in the middle) weighs its covered share. Parts are integers by largest remainder and sum to the payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from vibestream.contexts.payment.subscriptions.domain.calendar import (
    add_months,
    end_of,
    month_of,
    months_passed,
    seconds,
)
from vibestream.kernel.money import BASIS_POINTS, Money, allocate
from vibestream.kernel.time import Period


def spread(amount: Money, *, covers: Period, anchor: datetime, not_before: date) -> dict[date, Money]:
    """Return what each month earns of an amount paid for a period; months that earn nothing are left out.

    Args:
        amount: what was paid; positive.
        covers: what it was paid for.
        anchor: where service months are cut.
        not_before: the first month that is still open; what would be earned before it is earned in it.
    """
    weights: dict[date, int] = {}
    end = end_of(covers)
    start = covers.start
    while start < end:
        index = months_passed(anchor, start)
        whole = Period(add_months(anchor, index), add_months(anchor, index + 1))
        covered = Period(start, min(end_of(whole), end))
        month = max(month_of(start), not_before)
        weights[month] = weights.get(month, 0) + max(1, seconds(covered) * BASIS_POINTS // seconds(whole))
        start = end_of(covered)
    parts = allocate(amount, list(weights.values()))
    return {month: part for month, part in zip(weights, parts, strict=True) if part.minor}


def take_latest(amount: Money, *, deferred: Mapping[date, Money]) -> tuple[dict[date, Money], Money]:
    """Return what is taken of each month's deferred revenue, the latest months first, and what they do not have."""
    taken: dict[date, Money] = {}
    rest = amount
    for month in sorted(deferred, reverse=True):
        part = min(rest, deferred[month])
        if part.minor > 0:
            taken[month] = part
            rest -= part
    return taken, rest
