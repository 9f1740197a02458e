"""Parts that people have in an artist's music: its owner, and who works for them through a team or a label."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar

from vibestream.contexts.music.catalogue.domain.release import Artist
from vibestream.kernel.errors import Forbidden


class Part(enum.StrEnum):
    """What somebody may do with an artist's music. The values are stored; they are never renamed."""

    OWNER = "owner"
    EDITOR = "editor"
    ANALYST = "analyst"

    @property
    def edits(self) -> bool:
        """Whether they change the music, and do not only read what the studio shows."""
        return self is not Part.ANALYST


class Through(enum.StrEnum):
    """By what somebody works for an artist. The values are stored; they are never renamed."""

    TEAM = "team"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class WorkedFor:
    """An artist whose music somebody has a part in."""

    artist: Artist
    part: Part


class ReadOnly(Forbidden):
    """They see the artist's studio as an analyst, and change nothing there."""

    code: ClassVar[str] = "catalogue.read_only"

    def __init__(self) -> None:
        super().__init__("You work for this artist as an analyst: you see the music and change nothing.")
