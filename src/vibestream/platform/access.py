"""Who is asking, and the policy that every route declares.

A policy is a named predicate over the principal. It guards a *function*; whether somebody may touch a particular
*object* is checked by the statement that reads or writes it, through its owner in the WHERE clause.

An app that comes with somebody's access token is let in nowhere, but where a policy names the scope that it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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


class AppNotAdmitted(Forbidden):
    """The route is not for apps, whatever their access token says."""

    code = "access.app_not_admitted"


class ScopeMissing(Forbidden):
    """The access token does not hold the scope that the route needs."""

    code = "access.scope_missing"

    def __init__(self, *, scope: str) -> None:
        super().__init__(f"This needs an access token with the scope {scope}.")
        self.scope = scope

    @property
    def challenge(self) -> str:
        """What the answer says about it to programs. Source: RFC 6750, 3."""
        return f'Bearer realm="VibeStream", error="insufficient_scope", scope="{self.scope}"'


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
    scopes: frozenset[str] | None = None
    """What the app may that comes in their name; None: they came themselves, by a session."""

    def holds(self, role: str) -> bool:
        """Say whether the account holds a role; an admin holds every one."""
        return role in self.roles or "admin" in self.roles


@dataclass(frozen=True, slots=True)
class Policy:
    """A named rule about who may call a route; `check` raises when the principal may not."""

    name: str
    check: Callable[[Principal | None], None]
    scope: str | None = None
    """The scope that lets an app in; None: no app is let in."""

    def admit(self, principal: Principal | None) -> None:
        """Return when the principal may call the route, by themselves or through an app.

        Raises:
            AppNotAdmitted, ScopeMissing: an app came, and may not.
            NotSignedIn, RoleMissing: whatever `check` raises.
        """
        if principal is not None and principal.scopes is not None:
            if self.scope is None:
                raise AppNotAdmitted("An access token is good for nothing at this address.")
            if self.scope not in principal.scopes:
                raise ScopeMissing(scope=self.scope)
        self.check(principal)

    def for_apps(self, scope: str) -> Policy:
        """Return the same policy, which also lets in apps that hold a scope."""
        return replace(self, scope=scope)


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
