"""One's own figures of listening: agreeing to be counted, ending that, and a stretch of days with what the songs are called.

What was counted is user's, what songs are called music's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import KnownTrack
from vibestream.contexts.user.analytics import service as analytics
from vibestream.contexts.user.analytics.service import Listening
from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.service import Purpose, Standing
from vibestream.flows import say_consent
from vibestream.kernel.ids import SessionId, TrackId, UserId
from vibestream.platform.database import Tx

_RECENT: Final = 28


@dataclass(frozen=True, slots=True)
class Stretch:
    """What somebody heard in a half-open stretch of days of their clock, and what its songs are called."""

    since: date
    until: date
    found: Listening
    known: Mapping[TrackId, KnownTrack]

    @property
    def genres(self) -> tuple[tuple[tuple[str, int], ...], int]:
        """The genres with the milliseconds heard of each, the longest first, a song of two counting for both; and those without."""
        heard: dict[str, int] = defaultdict(int)
        without = 0
        for track_id, count in self.found.tracks:
            genres = self.known[track_id].genres if track_id in self.known else ()
            for genre in genres:
                heard[genre] += count.heard_ms
            without += 0 if genres else count.heard_ms
        return tuple(sorted(heard.items(), key=lambda one: (-one[1], one[0]))), without


async def standing_of(tx: Tx, *, user_id: UserId) -> Standing:
    """Return how somebody stands to being counted."""
    found = await consents.standings(tx, user_id=user_id)
    return next(one for one in found if one.purpose is Purpose.ANALYTICS)


async def begin(tx: Tx, *, user_id: UserId, version: int, session_id: SessionId, now: datetime) -> None:
    """Agree to a version of the text that was read, and count what was heard so far.

    Raises:
        TextChanged: another text is asked for by now.
    """
    await say_consent.give(
        tx, user_id=user_id, purpose=Purpose.ANALYTICS, version=version, session_id=session_id, now=now
    )


async def stop(tx: Tx, *, user_id: UserId, session_id: SessionId, now: datetime) -> None:
    """Take the agreement back, and delete everything that was counted."""
    await say_consent.withdraw(tx, user_id=user_id, purpose=Purpose.ANALYTICS, session_id=session_id, now=now)


async def stretch_of(tx: Tx, *, user_id: UserId, clock: str, year: int | None, now: datetime) -> Stretch:
    """Return a year of somebody's figures, or the last four weeks when none is named; `clock` is what they are counted by."""
    today = analytics.day_of(now, time_zone=clock)
    since, until = today - timedelta(days=_RECENT - 1), today + timedelta(days=1)
    if year is not None:
        since, until = date(year, 1, 1), date(year + 1, 1, 1)
    found = await analytics.listening_of(tx, user_id=user_id, since=since, until=until, today=today)
    known = await catalogue.known_tracks(tx, track_ids=[track_id for track_id, _ in found.tracks])
    return Stretch(since, until, found, known)
