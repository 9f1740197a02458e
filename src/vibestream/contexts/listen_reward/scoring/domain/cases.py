"""Cases: what waits for a person's word, one open case for an account at a time.

One person decides. Nothing that moves money is signed here: a released listen goes through the caps and the budget of its
epoch like any other, so a second pair of eyes would guard one epoch's cap. Who decides is never the listener, nor whoever
owns a song in the case.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.kernel.errors import Conflict, Forbidden, InvalidInput
from vibestream.kernel.ids import HeldCaseId, UserId

DUE: Final = timedelta(hours=72)
"""By then a case should have been decided."""
TEXT_MOST: Final = 2_000
CONFIRMED_FOR: Final = timedelta(days=30)
"""For so long after a rejection everything that the account hears waits for a person."""


class CaseDecided(Conflict):
    """Somebody has decided about this case before."""

    code: ClassVar[str] = "scoring.case_decided"


class OwnCase(Forbidden):
    """Whoever listened, or owns a song that was heard, does not decide."""

    code: ClassVar[str] = "scoring.own_case"


class AppealedBefore(Conflict):
    """A case is appealed once."""

    code: ClassVar[str] = "scoring.appealed_before"


class WordsMissing(InvalidInput):
    """A decision and an appeal need words: between 1 and 2,000 characters."""

    code: ClassVar[str] = "scoring.words_missing"


class CaseState(enum.StrEnum):
    """What a case is in. It goes from open to one of the others, once."""

    OPEN = "open"
    RELEASED = "released"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Case:
    """Held listens of one account."""

    case_id: HeldCaseId
    user_id: UserId
    opened_at: datetime
    due_at: datetime
    state: CaseState = CaseState.OPEN
    decided_at: datetime | None = None
    decided_by: UserId | None = None
    note: str | None = None
    appeal: str | None = None
    appealed_at: datetime | None = None


def open_case(*, case_id: HeldCaseId, user_id: UserId, now: datetime) -> Case:
    """Return a new case."""
    return Case(case_id, user_id, now, now + DUE)


def decide_case(
    case: Case, *, owners: Collection[UserId], state: CaseState, by: UserId, note: str, now: datetime
) -> Case:
    """Return a case as a person decided it.

    Raises:
        CaseDecided: it was decided before.
        OwnCase: they listened, or own a song in it.
        WordsMissing: they did not say why.
    """
    if case.state is not CaseState.OPEN:
        raise CaseDecided("This case was decided before.")
    if by == case.user_id or by in owners:
        raise OwnCase("Whoever listened, or owns a song that was heard, does not decide.")
    return replace(case, state=state, decided_at=now, decided_by=by, note=_words(note))


def appeal_case(case: Case, *, text: str, now: datetime) -> Case:
    """Return an open case with the listener's words; the moderator reads them.

    Raises:
        CaseDecided: it is too late.
        AppealedBefore: they have spoken.
        WordsMissing: they said nothing, or too much.
    """
    if case.state is not CaseState.OPEN:
        raise CaseDecided("This case was decided before.")
    if case.appeal is not None:
        raise AppealedBefore("You have appealed before; a person will read it.")
    return replace(case, appeal=_words(text), appealed_at=now)


def _words(text: str) -> str:
    words = text.strip()
    if not 1 <= len(words) <= TEXT_MOST:
        raise WordsMissing(f"Say why, in at most {TEXT_MOST} characters.")
    return words
