"""Calendar months in UTC, each named by its first day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput

_DECEMBER: Final = 12
_YEARS: Final = range(2000, 3000)
"""Nothing was heard before, and a calendar ends somewhere."""


class InvalidMonth(InvalidInput):
    """A month is written as `2026-11`, and its date is its first day."""

    code: ClassVar[str] = "royalties.invalid_month"


def month_of(instant: datetime) -> date:
    """Return the month in UTC of an aware instant.

    Raises:
        InvalidMonth: the instant has no time zone, so nobody knows which month it is in.
    """
    if instant.tzinfo is None:
        raise InvalidMonth("An instant without a time zone is in no month.")
    return instant.astimezone(UTC).date().replace(day=1)


def require_month(day: date) -> date:
    """Return the day when it is the first of a month.

    Raises:
        InvalidMonth: it is not.
    """
    if day.day != 1:
        raise InvalidMonth("A month is named by its first day.")
    return day


def parse_month(text: str) -> date:
    """Read `2026-11`.

    Raises:
        InvalidMonth: it is written otherwise.
    """
    year, dash, month = text.partition("-")
    digits = year.isascii() and month.isascii() and year.isdigit() and month.isdigit()
    if not (dash and digits and len(year) == 4 and len(month) == 2 and 1 <= int(month) <= _DECEMBER):  # noqa: PLR2004
        raise InvalidMonth("A month is written as 2026-11.")
    if int(year) not in _YEARS:
        raise InvalidMonth("A month is in this millennium.")
    return date(int(year), int(month), 1)


def label(month: date) -> str:
    """Return `2026-11`: how accounts and files name a month."""
    return month.isoformat()[:7]


def next_month(month: date) -> date:
    """Return the month after."""
    return date(month.year + 1, 1, 1) if month.month == _DECEMBER else date(month.year, month.month + 1, 1)


def begins(month: date) -> datetime:
    """Return the first instant of a month."""
    return datetime.combine(month, time(), UTC)
