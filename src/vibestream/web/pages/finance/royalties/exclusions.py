"""Listens that are left out of a month before it is shared: a listener's, a song's, or one's of the other, each with why.

Nothing is stored until the month is shared. What was named so far stands in the address of the preview, and goes into the
form that shares the pool, so that what was previewed is what is shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from vibestream.contexts.payment.royalties.service import Exclusion, InvalidExclusion
from vibestream.platform.database import Tx
from vibestream.web.pages.finance import shown
from vibestream.web.pages.finance.asked import FormBroken, person_of
from vibestream.web.pages.finance.shown import Person

MOST: Final = 50
"""More would not fit into an address; a command takes any number from a file."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An exclusion as it is shown and sent on."""

    listener: str
    track: str
    reason: str
    person: Person | None
    without: str
    """The query of the preview without this one."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """Everything that is left out."""

    exclusions: tuple[Exclusion, ...] = ()
    rows: tuple[LeftOut, ...] = ()

    def as_job(self) -> list[list[str | None]]:
        """Return them as the job that shares a month takes them."""
        return [
            [str(one.listener_id) if one.listener_id else None, str(one.track_id) if one.track_id else None, one.reason]
            for one in self.exclusions
        ]


async def read(tx: Tx, *, listeners: Sequence[str], tracks: Sequence[str], reasons: Sequence[str]) -> Excluded:
    """Return what three lists of fields leave out, one of each to an exclusion; a line of empty fields is none.

    Raises:
        FormBroken: the lists do not belong together, or are longer than an address holds.
        PersonUnknown: a listener is neither an id nor somebody's address or handle.
        InvalidExclusion: one names neither listener nor song, no id of a song, or says not why.
    """
    if not len(listeners) == len(tracks) == len(reasons) <= MOST:
        raise FormBroken("The form did not arrive whole. Load the page again and repeat your change.")
    typed = [
        (one.strip(), other.strip(), why.strip()) for one, other, why in zip(listeners, tracks, reasons, strict=True)
    ]
    found = [
        Exclusion(await _listener(tx, listener), _track(track), reason)
        for listener, track, reason in dict.fromkeys(typed)
        if listener or track or reason
    ]
    names = await shown.names_of(tx, [one.listener_id for one in found])
    lines = [(str(one.listener_id or ""), str(one.track_id or ""), one.reason) for one in found]
    return Excluded(
        tuple(found),
        tuple(
            LeftOut(
                *line,
                shown.person(one.listener_id, names) if one.listener_id else None,
                _query([other for other in lines if other != line]),
            )
            for one, line in zip(found, lines, strict=True)
        ),
    )


async def _listener(tx: Tx, text: str) -> UUID | None:
    if not text:
        return None
    # An id is taken as it is: whoever listened by machine may be gone, and the listens are still there.
    return shown.as_uuid(text) or UUID(str(await person_of(tx, text)))


def _track(text: str) -> UUID | None:
    """Return a song's id, from itself or from the address of its page."""
    if not text:
        return None
    found = shown.as_uuid(text.rstrip("/").rpartition("/")[2])
    if found is None:
        raise InvalidExclusion("A song is named by its id, or by the address of its page.")
    return found


def _query(lines: Sequence[tuple[str, str, str]]) -> str:
    fields = [
        (name, value) for line in lines for name, value in zip(("listener", "track", "reason"), line, strict=True)
    ]
    return urlencode([("preview", "1"), *fields])
