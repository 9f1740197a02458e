"""The roles. A role grants functions; whether somebody may touch an object is decided by the object's owner column."""

from __future__ import annotations

import enum
from typing import ClassVar

from vibestream.kernel.errors import Conflict, InvalidInput


class UnknownRole(InvalidInput):
    """No such role can be granted."""

    code: ClassVar[str] = "access.unknown_role"

    def __init__(self, *, role: str) -> None:
        super().__init__(f"{role!r} is not a role that can be granted; use one of {', '.join(Role)}.")
        self.role = role


class LastAdmin(Conflict):
    """Somebody has to be an admin: another is made first."""

    code: ClassVar[str] = "access.last_admin"

    def __init__(self) -> None:
        super().__init__("This is the last admin. Make another one first.")


class Role(enum.StrEnum):
    """What can be granted. Everybody is a fan besides."""

    ARTIST = "artist"
    LABEL = "label"
    """Acts for a label; which artists are its own is said by relations, not by the role."""
    MODERATOR = "moderator"
    """Looks after what people publish and report: profiles, evidence, held listens."""
    FINANCE = "finance"
    """Looks after money: payments, refunds, payouts, reviews, the books."""
    ADMIN = "admin"


def role_named(name: str) -> Role:
    """Return the role with this name.

    Raises:
        UnknownRole: there is none.
    """
    try:
        return Role(name)
    except ValueError:
        raise UnknownRole(role=name) from None
