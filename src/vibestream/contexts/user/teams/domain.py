"""Roles in a team, and the code that lets somebody into it.

The *owner* is the account that made the artist: name, handle, verification, perks, money and the team are theirs alone.
An *editor* changes what the artist's page says, its links, and the music: uploads, edits, publishes, takes down. An
*analyst* sees the page, the music and the audience as the studio shows them, and changes nothing.

A code has ten characters of Crockford's base 32, 50 bits, is good once and for a week, and is kept as its SHA-256 alone.
Source: the alphabet and the readings of O, I and L are those of Crockford's Base 32.
"""

from __future__ import annotations

import enum
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.ids import ArtistId, UserId

MOST_MEMBERS: Final = 20
"""Members and open invitations of one artist."""
GOOD_FOR: Final = timedelta(days=7)
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS: Final = 10
_READ_AS: Final = str.maketrans("OIL", "011", " -")
_LONGEST: Final = 64


class CodeUnknown(Missing):
    """No invitation that is still good has this code."""

    code: ClassVar[str] = "team.code_unknown"

    def __init__(self) -> None:
        super().__init__("No invitation is good under this code. It may have been used, or a week is over.")


class InTeam(Conflict):
    """They own the artist, or are in its team already."""

    code: ClassVar[str] = "team.in_team"

    def __init__(self) -> None:
        super().__init__("You are in this artist's team already.")


class TeamFull(Conflict):
    """The team and its open invitations are as many as allowed."""

    code: ClassVar[str] = "team.full"

    def __init__(self) -> None:
        super().__init__(f"A team has at most {MOST_MEMBERS} members and open invitations.")


class InvitedBefore(Conflict):
    """The same form was sent before; its code was shown then."""

    code: ClassVar[str] = "team.invited_before"

    def __init__(self) -> None:
        super().__init__("This invitation was made before, and its code shown once. Make another.")


class MemberMissing(Missing):
    """There is no such member of an artist of one's own."""

    code: ClassVar[str] = "team.member_missing"

    def __init__(self) -> None:
        super().__init__("There is no such member.")


class TeamRole(enum.StrEnum):
    """What somebody in a team may do. The values are stored; they are never renamed."""

    EDITOR = "editor"
    ANALYST = "analyst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a team."""

    user_id: UserId
    name: str
    role: TeamRole
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An artist in whose team somebody is."""

    artist_id: ArtistId
    name: str
    handle: str
    role: TeamRole


def make_code() -> str:
    """Return a new code, as it is shown: two groups of five."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_CHARACTERS))
    return f"{text[:5]}-{text[5:]}"


def hash_of(code: str) -> bytes | None:
    """Return what a code is kept as, however its case, spaces and look-alikes were typed; None when it is no code."""
    if len(code) > _LONGEST:
        return None
    text = code.upper().translate(_READ_AS)
    if len(text) != _CHARACTERS or any(one not in _ALPHABET for one in text):
        return None
    return hashlib.sha256(text.encode()).digest()
