"""Which part of a stored object a request gets: preconditions, then ranges.

Source: RFC 9110, sections 13.1 (If-Match, If-None-Match, If-Range), 13.2.2 (their order) and 14 (ranges). Decided
within it:

* An object has a strong entity tag and no date, so If-Modified-Since and If-Unmodified-Since are passed over, and an
  If-Range with a date never holds.
* A request for several ranges is answered with the whole object, as section 14.2 allows: an answer in many parts costs
  the sender more than the asker, which is an attack, and no player of ours asks for one.
* Range means something for GET only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vibestream.kernel.entity_tags import is_named

_ONE_RANGE: Final = re.compile(r"\s*(?:([0-9]{1,19})\s*-\s*([0-9]{1,19})?|-\s*([0-9]{1,19}))\s*")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request asks and on which conditions; each header as it was sent, None when it was not."""

    method: str
    range: str | None = None
    if_range: str | None = None
    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """All of it, with status 200."""


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `start` up to, not including, `end`, with status 206."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NotModified:
    """Nothing, with status 304: the asker has it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing, with status 412: the asker wanted another version."""


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """Nothing, with status 416: the range begins after the end."""


Outcome = Whole | Part | NotModified | Failed | Unsatisfiable


def choose(conditions: Conditions, *, etag: str, size: int) -> Outcome:
    """Return what to answer a GET or HEAD for an object with this strong entity tag (in its quotes) and size."""
    if conditions.if_match is not None and not is_named(conditions.if_match, etag, weak=False):
        return Failed()
    if is_named(conditions.if_none_match, etag, weak=True):
        return NotModified()
    if conditions.method != "GET" or conditions.range is None:
        return Whole()
    if conditions.if_range is not None and conditions.if_range.strip() != etag:
        return Whole()
    return parse_range(conditions.range, size=size)


def parse_range(header: str, *, size: int) -> Whole | Part | Unsatisfiable:
    """Return the one range that a Range header asks for; the whole when it asks for none, for several, or in nonsense."""
    unit, found, ranges = header.partition("=")
    if not found or unit.strip().lower() != "bytes" or "," in ranges:
        return Whole()
    one = _ONE_RANGE.fullmatch(ranges)
    if one is None:
        return Whole()
    first, last, suffix = one.groups()
    if suffix is not None:
        length = min(int(suffix), size)
        return Part(size - length, size) if length else Unsatisfiable()
    start = int(first)
    if last is not None and int(last) < start:
        return Whole()
    if start >= size:
        return Unsatisfiable()
    return Part(start, size if last is None else min(int(last) + 1, size))
