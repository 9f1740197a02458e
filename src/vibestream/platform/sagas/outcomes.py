"""What a failed step means: refused, not now, or unknown. Taking one for another is how sagas lose money."""

from __future__ import annotations

import enum
from datetime import datetime

from vibestream.kernel.errors import Conflict, Kind, Unavailable, VibeStreamError
from vibestream.platform.failures import Failure, failure_of


class Refused(Conflict):
    """The other side said no: nothing happened, and asking again will not change it."""

    code = "saga.refused"


class NotSent(Unavailable):
    """The call certainly had no effect, such as a connection that could not be opened; it may be made again."""

    code = "saga.not_sent"


class NotYet(Unavailable):
    """A step inside our database whose time has not come: it is taken again at that instant. It counts as no failure."""

    code = "saga.not_yet"

    def __init__(self, *, until: datetime) -> None:
        super().__init__("This is not done before its time.")
        self.until = until


class Outcome(enum.Enum):
    """What is known of a step that raised."""

    BUSINESS = "business"
    """Refused, with no effect: compensate what came before."""
    TRANSIENT = "transient"
    """No effect, and no refusal: do it again later."""
    UNKNOWN = "unknown"
    """It may or may not have had its effect: ask before anything else."""


def outcome_inside(error: Exception) -> Outcome:
    """Return what the error of a step inside our database means; its transaction was rolled back."""
    refused = isinstance(error, VibeStreamError) and failure_of(error) is Failure.LASTING
    return Outcome.BUSINESS if refused else Outcome.TRANSIENT


def outcome_outside(error: Exception) -> Outcome:
    """Return what the error of an outside call means."""
    match error:
        case NotSent():
            return Outcome.TRANSIENT
        case VibeStreamError(kind=Kind.LIMITED):
            return Outcome.TRANSIENT
        case VibeStreamError(kind=Kind.UNAVAILABLE):
            return Outcome.UNKNOWN
        case VibeStreamError():
            return Outcome.BUSINESS
        case _:
            return Outcome.UNKNOWN
