"""What an exception says about trying again: the one place where that is decided, for events, jobs and sagas.

Taking a broken connection for a refusal is how a saga ends half undone, so whatever is not known to be lasting is not
lasting.
"""

from __future__ import annotations

import enum
from typing import Final

import psycopg

from vibestream.kernel.errors import Kind, VibeStreamError
from vibestream.platform.database import RETRYABLE


class Failure(enum.Enum):
    """How a failed piece of work stands."""

    LOST = "lost"
    """The transaction is gone (connection broken, deadlock, serialization conflict): nobody's fault, do it again."""
    PASSING = "passing"
    """Something needed is not there now (disk full, lock or statement timeout, a dependency down): try again later."""
    LASTING = "lasting"
    """The work itself is refused or defective: trying again soon will not help."""


_PASSING_KINDS: Final = (Kind.UNAVAILABLE, Kind.LIMITED)
_CONNECTION_CLASSES: Final = ("08", "57P")
"""SQLSTATE beginnings of a broken connection and of a server that shuts down or starts. Source: PostgreSQL, appendix A."""


def failure_of(error: BaseException) -> Failure:
    """Return how a piece of work stands that raised this error."""
    match error:
        case VibeStreamError():
            return Failure.PASSING if error.kind in _PASSING_KINDS else Failure.LASTING
        case psycopg.OperationalError() if isinstance(error, RETRYABLE):
            return Failure.LOST
        case psycopg.OperationalError() if error.sqlstate is None or error.sqlstate.startswith(_CONNECTION_CLASSES):
            return Failure.LOST
        case psycopg.InterfaceError():
            return Failure.LOST
        case psycopg.OperationalError() | TimeoutError() | ConnectionError():
            return Failure.PASSING
        case _:
            return Failure.LASTING


def backoff_s(tries: int, *, first_s: float, most_s: float) -> float:
    """Return the pause after so many failed tries (1, 2, ...): doubling from the first, up to the most."""
    return min(first_s * 2.0 ** min(tries - 1, 62), most_s)
