"""When a release is news, and when it is the same news again."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from vibestream.kernel.ids import ArtistId, ReleaseId

SAME_WITHIN: Final = timedelta(days=30)
"""Published again within this time, a release is no news: whoever was told of it is not told again."""
OLD_AFTER: Final = timedelta(days=1)
"""What was published longer ago, and is heard of only now, is no news any more."""
MOST_A_DAY: Final = 3
"""Releases of one artist that followers are told of within a day: a catalogue that is put up at once is not fifty messages."""
_DAY: Final = timedelta(days=1)


class NewsState(enum.StrEnum):
    """How a piece of news stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """The release was taken down while followers were being told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A release that an artist's followers are told of. `told` of them were, up to `reached` in the order of their ids."""

    news_id: UUID
    release_id: ReleaseId
    artist_id: ArtistId
    form: str
    """`album`, `ep` or `single`."""
    state: NewsState
    began_at: datetime
    reached: UUID | None
    told: int


class Verdict(enum.Enum):
    """What is done about a release that became public."""

    TELL = enum.auto()
    GO_ON = enum.auto()
    """Telling of it was stopped half way: whoever was not told is."""
    SILENCE = enum.auto()


def judged(*, published_at: datetime, same: News | None, of_artist: int, now: datetime) -> Verdict:
    """Return what is done about a release that became public.

    Args:
        published_at: when it did.
        same: the last news of this release within `SAME_WITHIN`, if there was any.
        of_artist: how many news of its artist began within the last day.
        now: the present instant.
    """
    if now - published_at > OLD_AFTER:
        return Verdict.SILENCE
    if same is not None:
        return Verdict.GO_ON if same.state is NewsState.STOPPED else Verdict.SILENCE
    return Verdict.TELL if of_artist < MOST_A_DAY else Verdict.SILENCE


def day_before(now: datetime) -> datetime:
    """Return since when news of an artist are counted."""
    return now - _DAY
