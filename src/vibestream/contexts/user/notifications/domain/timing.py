"""When a mail may be sent: quiet hours and the morning after, in the clock of whoever reads it.

A wall clock shows some times twice and others never, when summer time begins or ends. A quiet night that ends at a time
that is shown twice ends at the first; one that ends at a time that is left out ends when the clock jumps over it.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput

DIGEST_AT: Final = time(9)
"""When what is told by the day is mailed, the day after."""
_DAY: Final = timedelta(days=1)
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


class HoursInvalid(InvalidInput):
    """There is no such time zone, or the two times are not two different times of day."""

    code: ClassVar[str] = "notification.hours_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Somebody's clock, and between which times of day they are left in peace: both, or neither."""

    time_zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None

    def day_of(self, instant: datetime) -> date:
        """Return the day that it is for them."""
        return instant.astimezone(_zone(self.time_zone)).date()


def hours_of(*, time_zone: str, quiet_from: str, quiet_until: str) -> Hours:
    """Return the hours that a form says: an IANA name, and two times such as `22:30`, or none.

    Raises:
        HoursInvalid: they are not.
    """
    if time_zone not in time_zones() or bool(quiet_from) != bool(quiet_until):
        raise _invalid()
    if not quiet_from:
        return Hours(time_zone=time_zone)
    if quiet_from == quiet_until or not (_CLOCK.fullmatch(quiet_from) and _CLOCK.fullmatch(quiet_until)):
        raise _invalid()
    begins, ends = time.fromisoformat(quiet_from), time.fromisoformat(quiet_until)
    return Hours(time_zone=time_zone, quiet_from=begins, quiet_until=ends)


def time_zones() -> list[str]:
    """Return the names of the time zones that this machine knows, in order; `UTC` is always one."""
    places = {name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(("Etc/", "posix"))}
    return ["UTC", *sorted(places)]


def next_morning(hours: Hours, now: datetime) -> datetime:
    """Return when the digest of the day that it is for somebody is mailed: at nine of their next day."""
    return _instant(hours.day_of(now) + _DAY, DIGEST_AT, _zone(hours.time_zone))


def not_before(hours: Hours, wanted: datetime) -> datetime:
    """Return `wanted`, or when the quiet hours that it falls into end."""
    if hours.quiet_from is None or hours.quiet_until is None:
        return wanted
    zone = _zone(hours.time_zone)
    local = wanted.astimezone(zone)
    clock, day = local.time(), local.date()
    over_midnight = hours.quiet_from > hours.quiet_until
    if over_midnight:
        quiet = clock >= hours.quiet_from or clock < hours.quiet_until
    else:
        quiet = hours.quiet_from <= clock < hours.quiet_until
    if not quiet:
        return wanted
    ends_on = day + _DAY if over_midnight and clock >= hours.quiet_from else day
    # The hour that is shown twice: its second showing may lie after the first end.
    return max(wanted, _instant(ends_on, hours.quiet_until, zone))


def _instant(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _zone(name: str) -> tzinfo:
    # A machine without the zone any more, such as after a move: better an hour early or late than never.
    try:
        return UTC if name == "UTC" else zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC


def _invalid() -> HoursInvalid:
    return HoursInvalid("Choose a time zone of the list, and two different times of day, or none.")
