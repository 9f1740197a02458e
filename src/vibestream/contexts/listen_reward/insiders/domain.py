"""Which listens are of one's own work: a pure decision over when somebody worked for an artist and when they heard it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from vibestream.kernel.ids import ListenId


class Through(enum.StrEnum):
    """Through what somebody works for an artist. The values are stored; they are never renamed."""

    TEAM = "team"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Worked:
    """A listen, and a time in which its listener worked for the artist whose song it is."""

    listen_id: ListenId
    began_at: datetime
    proven_at: datetime
    """When enough of it had been heard; not when a person released it, nor when its reward is decided."""
    since: datetime
    until: datetime | None
    """None: they still do."""


def own_work(worked: Iterable[Worked]) -> set[ListenId]:
    """Return the listens during which their listener worked for the artist, were it for a moment.

    Work is half-open: whoever leaves at the instant at which a listen begins hears it as anybody does.
    """
    return {
        one.listen_id
        for one in worked
        if one.since <= one.proven_at and (one.until is None or one.began_at < one.until)
    }
