"""Time as aware UTC instants and half-open periods; the only module that reads the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from vibestream.kernel.errors import InvalidInput


class InvalidPeriod(InvalidInput):
    """A period that ends before it begins, or whose ends carry no time zone."""

    code: ClassVar[str] = "time.invalid_period"


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC. Called at the edge only; domain code is given `now`."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """The half-open period [start, end): it holds its start and not its end; an end of None is open.

    Raises:
        InvalidPeriod: the end is not after the start, or an end is naive.
    """

    start: datetime
    end: datetime | None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            msg = "A period's ends need a time zone."
            raise InvalidPeriod(msg)
        if self.end is not None and self.end <= self.start:
            msg = "A period must end after it begins."
            raise InvalidPeriod(msg)

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)

    def overlaps(self, other: Period) -> bool:
        """Say whether some instant lies in both periods; periods that only touch do not overlap."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)
