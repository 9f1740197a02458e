"""What is shown as evidence, and what becomes of it.

A decision has a *ground*, one of a closed list, which the security log keeps; and a *reason* in the moderator's words,
which the artist reads and which goes when they leave.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Conflict, InvalidInput, Limited, Missing
from vibestream.kernel.ids import ArtistId, UserId

EVIDENCE_CHARACTERS: Final = 2_000
REASON_CHARACTERS: Final = 1_000
MOST_LINKS: Final = 5
MOST_ASKED: Final = 3
WITHIN: Final = timedelta(days=30)


class VerificationMissing(Missing):
    """There is no such request, or not one's own."""

    code: ClassVar[str] = "verification.missing"

    def __init__(self) -> None:
        super().__init__("There is no such request.")


class VerificationWaits(Conflict):
    """The artist asked already, or is verified."""

    code: ClassVar[str] = "verification.waits"

    def __init__(self) -> None:
        super().__init__("A request waits already, or the artist is verified.")


class VerificationLimited(Limited):
    """The artist asked as often as allowed."""

    code: ClassVar[str] = "verification.limited"


class VerificationDecided(Conflict):
    """Somebody decided it before, or the artist withdrew it."""

    code: ClassVar[str] = "verification.decided"

    def __init__(self) -> None:
        super().__init__("This was decided before, or withdrawn.")


class OwnVerification(Conflict):
    """Who asked, or speaks for the artist, does not decide."""

    code: ClassVar[str] = "verification.own"

    def __init__(self) -> None:
        super().__init__("Somebody else has to decide: you speak for this artist.")


class GroundInvalid(InvalidInput):
    """The ground does not belong to the verdict."""

    code: ClassVar[str] = "verification.ground_invalid"

    def __init__(self) -> None:
        super().__init__("Choose a ground of the list that fits what you decide.")


class State(enum.StrEnum):
    """How a request stands."""

    WAITING = "waiting"
    VERIFIED = "verified"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Ground(enum.StrEnum):
    """On what a decision stands. The values are stored; they are never renamed."""

    LINKS_BACK = "links_back"
    """A site or profile that is known to be theirs leads to their page here."""
    PAPERS = "papers"
    """Papers of a label, a publisher or a collecting society say so."""
    NOT_ENOUGH = "not_enough"
    """What is shown proves nothing yet."""
    DOES_NOT_MATCH = "does_not_match"
    """What is shown is somebody else's."""
    IMPERSONATION = "impersonation"
    """They pretend to be somebody."""


GROUNDS: Final[Mapping[State, tuple[Ground, ...]]] = {
    State.VERIFIED: (Ground.LINKS_BACK, Ground.PAPERS),
    State.REFUSED: (Ground.NOT_ENOUGH, Ground.DOES_NOT_MATCH, Ground.IMPERSONATION),
}
"""The grounds that each verdict may stand on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A request with what became of it."""

    verification_id: UUID
    artist_id: ArtistId
    asked_by: UserId
    evidence: str
    links: tuple[str, ...]
    asked_at: datetime
    state: State
    decided_at: datetime | None
    decided_by: UserId | None
    ground: Ground | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A request in the moderators' queue."""

    verification_id: UUID
    name: str
    handle: str
    asked_at: datetime


def require_ground(verdict: State, ground: str) -> Ground:
    """Return the ground of a verdict.

    Raises:
        GroundInvalid: it is none of the verdict's.
    """
    found = next((one for one in GROUNDS.get(verdict, ()) if one.value == ground), None)
    if found is None:
        raise GroundInvalid
    return found
