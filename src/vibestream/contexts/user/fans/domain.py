"""A fan's public page, and the rules of following and blocking.

Nobody has a page before they chose a handle for it, and then it shows what its switches let it show. A page that is not
*open*, or that a moderator hid, is not there for anybody but its owner: not in lists, not as a former address, not as a
reason why something is refused. Neither is anything of two people of whom one *blocked* the other, for either of them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Conflict, InvalidInput, Missing
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.kernel.text import one_line

ABOUT_CHARACTERS: Final = 600
TASTE_CHARACTERS: Final = 30
MOST_TASTES: Final = 8
MOST_FOLLOWED: Final = 5_000
"""How many artists somebody follows at most, and how many people."""


class FanMissing(Missing):
    """There is no such person to see, or not for whoever asks."""

    code: ClassVar[str] = "fan.missing"

    def __init__(self) -> None:
        super().__init__("There is nobody of this name to see.")


class NoPageYet(Missing):
    """Somebody has not made their page."""

    code: ClassVar[str] = "fan.no_page"

    def __init__(self) -> None:
        super().__init__("You have no page yet. Choose a handle for it first.")


class OwnPage(InvalidInput):
    """Nobody follows, blocks or reports themselves."""

    code: ClassVar[str] = "fan.own_page"

    def __init__(self) -> None:
        super().__init__("This is you.")


class FollowsExhausted(Conflict):
    """The account follows as many as allowed."""

    code: ClassVar[str] = "fan.follows_exhausted"

    def __init__(self) -> None:
        super().__init__(f"You follow {MOST_FOLLOWED} already. Stop following somebody first.")


class TasteInvalid(InvalidInput):
    """Too many words for a taste, or too long ones."""

    code: ClassVar[str] = "fan.taste_invalid"

    def __init__(self) -> None:
        super().__init__(f"Use up to {MOST_TASTES} words or names of at most {TASTE_CHARACTERS} characters.")


class Badge(enum.StrEnum):
    """What is known of somebody besides what they say; each follows from what is stored, none is given by hand."""

    ARTIST = "artist"
    """They speak for an artist."""
    VERIFIED_ARTIST = "verified_artist"
    """They speak for an artist whom a moderator verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What of a page others see."""

    open: bool
    """Whether there is a page for anybody else at all."""
    shows_taste: bool
    shows_follows: bool
    """Whom they follow, and that they follow: closed, they are in nobody's list of followers by name."""
    shows_badges: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FanPage:
    """A fan's page, whole: what a viewer gets of it is decided by `service`."""

    user_id: UserId
    display_name: str
    handle: str
    about: str
    taste: tuple[str, ...]
    switches: Switches
    hidden: bool
    """Whether a moderator hid it."""
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An artist or a person in a list."""

    subject_id: UUID
    """Of the artist, else of the person; for whoever finds more of them, not to be shown."""
    name: str
    handle: str
    since: datetime
    """Since when; shown to whoever follows, and to nobody else."""
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """Somebody whom a person blocked; nameless when they have no page that is open."""

    user_id: UserId
    name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FanView:
    """A page as one viewer sees it: what is switched off is empty, or None for the count."""

    page: FanPage
    taste: tuple[str, ...]
    badges: tuple[Badge, ...]
    artists: tuple[Followed, ...]
    people: tuple[Followed, ...]
    followers: int | None
    own: bool
    following: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtistStanding:
    """How an artist stands to a viewer: who speaks for it, how many follow it, and what the viewer may do."""

    artist_id: ArtistId
    followers: int
    following: bool
    own: bool
    verified_at: datetime | None
    """Since when it is verified, if it is."""
    apart: bool
    """One of the two blocked the other: there is nothing to follow."""


def parse_taste(text: str) -> tuple[str, ...]:
    """Return the words of a taste, which commas separate: cleaned, each once whatever its case.

    Raises:
        TasteInvalid: too many, or too long.
        TextInvalid: one holds characters that cannot be shown.
    """
    words = [word for word in (part.strip() for part in text.split(",")) if word]
    if len(words) > MOST_TASTES or any(len(word) > 4 * TASTE_CHARACTERS for word in words):
        raise TasteInvalid
    clean = [one_line(word, field="taste", most=TASTE_CHARACTERS) for word in words]
    first: dict[str, str] = {}
    for word in clean:
        first.setdefault(word.casefold(), word)
    return tuple(first.values())


def badges_of(*, artist: bool, verified: bool) -> tuple[Badge, ...]:
    """Return the badges of somebody."""
    if verified:
        return (Badge.VERIFIED_ARTIST,)
    return (Badge.ARTIST,) if artist else ()
