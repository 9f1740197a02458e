"""What is reported, why, and what can be decided.

Everything that is open of one *subject* (a fan's page, an artist's page, a release) is decided together. Nobody decides
about what is their own or what they reported themselves.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Conflict, InvalidInput, Limited, Missing
from vibestream.kernel.ids import UserId

WORDS_CHARACTERS: Final = 1_000
MOST_REPORTED: Final = 10
WITHIN: Final = timedelta(days=1)


class ReportedBefore(Conflict):
    """Somebody reports the same thing once."""

    code: ClassVar[str] = "report.reported_before"

    def __init__(self) -> None:
        super().__init__("You reported this before; a person looks at it.")


class ReportsLimited(Limited):
    """Somebody reported as much within a day as allowed."""

    code: ClassVar[str] = "report.limited"


class NothingReported(Missing):
    """Nothing of this was ever reported."""

    code: ClassVar[str] = "report.nothing"

    def __init__(self) -> None:
        super().__init__("Nothing is reported here.")


class NothingOpen(Conflict):
    """Somebody decided before, or the subject stands like that already."""

    code: ClassVar[str] = "report.nothing_open"

    def __init__(self) -> None:
        super().__init__("This was decided before. Load the page again.")


class OwnReport(Conflict):
    """Whoever reported it, or whose it is, does not decide."""

    code: ClassVar[str] = "report.own"

    def __init__(self) -> None:
        super().__init__("It is yours, or you reported it: somebody else has to decide.")


class VerdictInvalid(InvalidInput):
    """The verdict is none for this kind of subject."""

    code: ClassVar[str] = "report.verdict_invalid"

    def __init__(self) -> None:
        super().__init__("This cannot be decided about it.")


class Kind(enum.StrEnum):
    """What is reported."""

    FAN = "fan"
    ARTIST = "artist"
    RELEASE = "release"


class Reason(enum.StrEnum):
    """Why. The values are stored; they are never renamed."""

    IMPERSONATION = "impersonation"
    HARASSMENT = "harassment"
    RIGHTS = "rights"
    ILLEGAL = "illegal"
    SPAM = "spam"
    OTHER = "other"


class Verdict(enum.StrEnum):
    """What a moderator decides."""

    DISMISSED = "dismissed"
    HIDDEN = "hidden"
    SHOWN = "shown"
    """A page that was hidden is seen again."""
    TAKEN_DOWN = "taken_down"


VERDICTS: Final[Mapping[Kind, frozenset[Verdict]]] = {
    Kind.FAN: frozenset({Verdict.DISMISSED, Verdict.HIDDEN, Verdict.SHOWN}),
    Kind.ARTIST: frozenset({Verdict.DISMISSED, Verdict.HIDDEN, Verdict.SHOWN}),
    Kind.RELEASE: frozenset({Verdict.DISMISSED, Verdict.TAKEN_DOWN}),
}
"""What can be decided about each kind of subject. A release comes back by music's own door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is reported, and whose it is."""

    kind: Kind
    subject_id: UUID
    owner_id: UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one person says of a subject."""

    report_id: UUID
    reporter_id: UserId
    subject: Subject
    reason: Reason
    words: str
    reported_at: datetime
    decided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about a subject, and why."""

    verdict: Verdict
    decided_by: UserId
    decided_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A subject in the moderators' queue."""

    kind: Kind
    subject_id: UUID
    reports: int
    since: datetime
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A subject with everything that was said and decided of it."""

    subject: Subject
    hidden: bool
    reports: tuple[Report, ...]
    decisions: tuple[Decision, ...]

    @property
    def open(self) -> bool:
        """Whether something that was said waits for a decision."""
        return any(not one.decided for one in self.reports)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What can be decided about it as it stands, in the order in which it is offered."""
        order = (Verdict.DISMISSED, Verdict.HIDDEN, Verdict.TAKEN_DOWN) if self.open else ()
        possible = tuple(one for one in order if one in VERDICTS[self.subject.kind])
        return (*possible, Verdict.SHOWN) if self.hidden else possible

    def involves(self, user_id: UserId) -> bool:
        """Say whether somebody reported it, or it is theirs: they do not decide."""
        return user_id == self.subject.owner_id or user_id in {one.reporter_id for one in self.reports}


def require_verdict(case: Case, verdict: Verdict) -> None:
    """Return when something is open for a verdict, or a page is hidden that is to be shown.

    Raises:
        VerdictInvalid: none for this kind of subject.
        NothingOpen: there is nothing to decide in this way.
    """
    if verdict not in VERDICTS[case.subject.kind]:
        raise VerdictInvalid
    if (verdict is Verdict.SHOWN and not case.hidden) or (verdict is not Verdict.SHOWN and not case.open):
        raise NothingOpen
