"""Why an account is locked, and what whoever signs in to it is told."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Forbidden, InvalidInput
from vibestream.kernel.ids import UserId

NOTE_CHARACTERS: Final = 500


class AccountLocked(Forbidden):
    """The account is locked. Told only to whoever has shown that they are its owner."""

    code: ClassVar[str] = "account.locked"

    def __init__(self) -> None:
        super().__init__("This account is locked. We wrote to its address why; answer that message.")


class LockReasonUnknown(InvalidInput):
    """An account is locked for one of the reasons that its owner can be told, in their language."""

    code: ClassVar[str] = "account.lock_reason_unknown"


class LockReason(enum.StrEnum):
    """Why an account is locked. The values are stored; they are never renamed."""

    COMPROMISED = "compromised"
    """Somebody else seems to be in it."""
    ABUSE = "abuse"
    """It was used against the rules."""
    FRAUD = "fraud"
    """Payments made with it are looked into."""
    LEGAL = "legal"
    """A court or an authority asks for it."""
    OWNER = "owner"
    """Its owner asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """That an account was locked, by whom and why; `unlocked_at` None: it still is."""

    lock_id: UUID
    user_id: UserId
    reason: LockReason
    note: str
    locked_at: datetime
    locked_by: UserId
    unlocked_at: datetime | None = None
    unlocked_by: UserId | None = None
    unlock_note: str | None = None


def reason_named(name: str) -> LockReason:
    """Return the reason with this name.

    Raises:
        LockReasonUnknown: there is none.
    """
    try:
        return LockReason(name)
    except ValueError:
        raise LockReasonUnknown("Choose one of the reasons.") from None
