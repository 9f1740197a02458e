"""Who is asking, and the policy that every route declares.

A policy is a named predicate over the principal. It guards a *function*; whether somebody may touch a particular
*object* is checked by the statement that reads or writes it, through its owner in the WHERE clause.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vibestream.kernel.errors import Forbidden, Unauthenticated
from vibestream.kernel.ids import SessionId, UserId


class NotSignedIn(Unauthenticated):
    """The route needs somebody who is signed in."""

    code = "access.not_signed_in"


class RoleMissing(Forbidden):
    """The route needs a role that the principal does not hold."""

    code = "access.role_missing"

    def __init__(self, *, role: str) -> None:
        super().__init__(f"This needs the role {role}.")
        self.role = role


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in account, the session it came by, and the roles it holds."""

    user_id: UserId
    session_id: SessionId
    roles: frozenset[str]
    display_name: str = ""
    locale: str | None = None
    proved_at: datetime | None = None
    """When they last showed, in this session, the strongest factor that the account has."""

    def holds(self, role: str) -> bool:
        """Say whether the account holds a role; an admin holds every one."""
        return role in self.roles or "admin" in self.roles


@dataclass(frozen=True, slots=True)
class Policy:
    """A named rule about who may call a route; `check` raises when the principal may not."""

    name: str
    check: Callable[[Principal | None], None]


def _anyone(_: Principal | None) -> None:
    return


def _signed_in(principal: Principal | None) -> None:
    if principal is None:
        raise NotSignedIn("Sign in first.")


ANYONE: Final = Policy("anyone", _anyone)
SIGNED_IN: Final = Policy("signed in", _signed_in)


def holds(role: str) -> Policy:
    """Return the policy that admits those who hold a role."""

    def check(principal: Principal | None) -> None:
        _signed_in(principal)
        if principal is not None and not principal.holds(role):
            raise RoleMissing(role=role)

    return Policy(f"holds {role}", check)
