"""What stands between a label and an artist.

A label is an account that holds the role `label`. It asks for an artist, or the artist's owner asks a label; the other side
accepts, and the artist's owner always after a fresh proof. From then on the label works for the artist as an editor or an
analyst, as somebody in the artist's team would: never with its money, which splits alone decide.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.ids import ArtistId, UserId

GOOD_FOR: Final = timedelta(days=30)
"""How long what was asked waits for its answer."""
MOST_ARTISTS: Final = 500
"""Artists on the roster of one label, with those that were asked for."""
MOST_LABELS: Final = 10
"""Labels of one artist, with those that were asked."""


class LabelUnknown(Missing):
    """Nobody who acts for a label has this handle, or the two are apart."""

    code: ClassVar[str] = "label.unknown"

    def __init__(self) -> None:
        super().__init__("There is no label with this handle.")


class ArtistUnknown(Missing):
    """No artist has this handle, or the two are apart."""

    code: ClassVar[str] = "label.artist_unknown"

    def __init__(self) -> None:
        super().__init__("There is no artist with this handle.")


class OnRoster(Conflict):
    """The artist is on the label's roster, is its own, or one of the two has asked already."""

    code: ClassVar[str] = "label.on_roster"

    def __init__(self) -> None:
        super().__init__("This label and this artist work together already, or one has asked the other.")


class RosterFull(Conflict):
    """As many as allowed are on the roster, or were asked."""

    code: ClassVar[str] = "label.roster_full"

    def __init__(self) -> None:
        super().__init__("There are as many as allowed. End one first.")


class RelationMissing(Missing):
    """There is no such thing between a label and an artist of one's own, or none that waits for one's answer."""

    code: ClassVar[str] = "label.relation_missing"

    def __init__(self) -> None:
        super().__init__("There is nothing to answer or to end here. It may have been ended, or 30 days are over.")


class LabelRole(enum.StrEnum):
    """As what a label works for an artist. The values are stored; they are never renamed."""

    EDITOR = "editor"
    ANALYST = "analyst"


class Side(enum.StrEnum):
    """Who asked. The values are stored; they are never renamed."""

    LABEL = "label"
    ARTIST = "artist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A label and an artist: working together, or one of them asked."""

    relation_id: UUID
    label_id: UserId
    label_name: str
    artist_id: ArtistId
    artist_name: str
    artist_handle: str
    role: LabelRole
    asked_by: Side
    asked_at: datetime
    expires_at: datetime
    since: datetime | None
    """When it was accepted; None: not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """The two of a relation, and what it says."""

    artist_id: ArtistId
    owner: UserId
    label_id: UserId
    role: LabelRole
    active: bool
