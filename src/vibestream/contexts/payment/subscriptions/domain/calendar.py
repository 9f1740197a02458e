"""The calendar of periods: months counted from an anchor, so that the 31st comes back after a February. UTC throughout."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta

from vibestream.kernel.time import Period

_SECOND = timedelta(seconds=1)


def add_months(anchor: datetime, months: int) -> datetime:
    """Return the instant so many months after an anchor, on its day of the month or on the month's last."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


def months_passed(anchor: datetime, at: datetime) -> int:
    """Return how many whole months have passed from an anchor to an instant that is not before it."""
    months = (at.year - anchor.year) * 12 + at.month - anchor.month
    return months if add_months(anchor, months) <= at else months - 1


def period_from(start: datetime, *, anchor: datetime, months: int) -> Period:
    """Return the period of so many months that begins at an instant on the anchor's calendar."""
    return Period(start, add_months(anchor, months_passed(anchor, start) + months))


def seconds(period: Period) -> int:
    """Return the length of a closed period in whole seconds."""
    return (end_of(period) - period.start) // _SECOND


def seconds_left(period: Period, *, at: datetime) -> int:
    """Return how many whole seconds of a closed period are still to come: none after it, all before it."""
    return max(0, (end_of(period) - max(at, period.start)) // _SECOND)


def end_of(period: Period) -> datetime:
    """Return the end of a period that has one.

    Raises:
        ValueError: it is open.
    """
    if period.end is None:
        raise ValueError(period)
    return period.end


def month_of(at: datetime) -> date:
    """Return the first day of an instant's month, in UTC."""
    return at.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)
