"""An export and its states, and what keeps one from being made or fetched."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Forbidden, Missing, Unavailable
from vibestream.kernel.ids import UserId

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""An export that is not ready by then has failed, and its owner may ask for another."""
LINK_FOR: Final = timedelta(minutes=5)
"""How long an address is good for by which an export is fetched."""


class State(enum.StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    """Asked for, or being made."""
    READY = "ready"
    """Its owner can fetch it."""
    FAILED = "failed"
    """It could not be made."""
    EXPIRED = "expired"
    """The file is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One copy that somebody asked for."""

    export_id: UUID
    user_id: UserId
    locale: str
    """The language of what explains it."""
    state: State
    done: int
    total: int
    """Parts in all, of which `done` are told."""
    asked_at: datetime
    ready_at: datetime | None = None
    expires_at: datetime | None = None
    """From then on it cannot be fetched."""
    size: int | None = None
    """Bytes."""
    sha256: bytes | None = None

    @property
    def key(self) -> str:
        """Under which the file lies in the object store."""
        return key_of(self.export_id)

    @property
    def file_name(self) -> str:
        """What the file is called when it is fetched; it tells nobody whose it is."""
        return f"vibestream-export-{self.asked_at:%Y-%m-%d}.zip"


def key_of(export_id: UUID) -> str:
    """Return the key of an export's file in the object store."""
    return f"exports/{export_id}.zip"


class NoSuchExport(Missing):
    """There is none, it is somebody else's, it is not ready, or it has expired: which of these is told to nobody."""

    code: ClassVar[str] = "export.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such copy of your data to fetch, or not any more.")


class LinkInvalid(Forbidden):
    """The address was not made by us for this person, or its time is over."""

    code: ClassVar[str] = "export.link_invalid"

    def __init__(self) -> None:
        super().__init__("This address is not good any more. Ask for another on the page of your data.")


class KeyMissing(Unavailable):
    """This deployment has no key to sign exports with, so it makes none."""

    code: ClassVar[str] = "export.key_missing"

    def __init__(self) -> None:
        super().__init__("Copies of data cannot be made here at the moment: their signing key is missing.")
