"""An erasure and its states."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from vibestream.kernel.errors import Conflict, Unauthenticated
from vibestream.kernel.ids import UserId


class Music(enum.StrEnum):
    """What becomes of the music that an artist has published."""

    TAKE_DOWN = "take_down"
    """It is withdrawn and deleted."""
    KEEP = "keep"
    """It stays public, under the artist's name and handle; nothing leads from it to whoever made it."""


class State(enum.StrEnum):
    """How far an erasure is."""

    WAITING = "waiting"
    """Signing in cancels it."""
    CANCELLED = "cancelled"
    CLOSING = "closing"
    """Nobody enters the account any more; whoever was inside is given time to have ended."""
    REFUSED = "refused"
    """Something kept it from being erased; it is an account like any other again."""
    ERASING = "erasing"
    """No way back."""
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One wish to be erased."""

    erasure_id: UUID
    user_id: UserId
    music: Music
    gives_up: bool
    state: State
    asked_at: datetime
    due_at: datetime
    """Until then signing in cancels it."""
    reason: str | None
    """The code of what kept it from being done."""

    @property
    def closed(self) -> bool:
        """Whether nobody enters the account any more."""
        return self.state in {State.CLOSING, State.ERASING, State.DONE}


class AccountClosed(Unauthenticated):
    """The account is being erased; nobody enters it any more."""

    code: ClassVar[str] = "erasure.account_closed"

    def __init__(self) -> None:
        super().__init__("This account is being deleted. It cannot be entered any more.")


class ErasureCancelled(Conflict):
    """Its owner has come back."""

    code: ClassVar[str] = "erasure.cancelled"

    def __init__(self) -> None:
        super().__init__("The account's owner has signed in; it stays.")
