"""Which roles two admins decide about, and who may have a say."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.user.access.domain import Role
from vibestream.kernel.errors import Conflict, Forbidden, InvalidInput, Missing
from vibestream.kernel.ids import UserId

FOUR_EYES: Final = frozenset({Role.ADMIN, Role.FINANCE})
"""Roles with which much harm can be done: one admin proposes the change, another approves it."""
PROPOSAL_GOOD_FOR: Final = timedelta(days=7)


class PersonUnknown(InvalidInput):
    """Nobody here has this id, handle or address."""

    code: ClassVar[str] = "administration.person_unknown"
    keeps_transaction: ClassVar[bool] = True
    """That somebody was sought is written down, so the transaction is committed although it ends in an error."""

    def __init__(self) -> None:
        super().__init__("Nobody here has this id, handle or address. Each is compared whole.")


class OwnAccount(Forbidden):
    """Nobody decides about their own account."""

    code: ClassVar[str] = "administration.own_account"

    def __init__(self) -> None:
        super().__init__("Nobody decides about their own account. Ask another admin.")


class NoAdmin(Forbidden):
    """Whoever decides, or had proposed it, is no admin any more."""

    code: ClassVar[str] = "administration.no_admin"

    def __init__(self) -> None:
        super().__init__("Whoever decides, or had proposed it, is no admin any more.")


class SameAdmin(Forbidden):
    """Whoever proposed it does not approve it."""

    code: ClassVar[str] = "administration.same_admin"

    def __init__(self) -> None:
        super().__init__("You proposed this: another admin has to approve it.")


class RoleUnchanged(Conflict):
    """The account holds the role already, or does not hold it."""

    code: ClassVar[str] = "administration.role_unchanged"

    def __init__(self) -> None:
        super().__init__("That is how it stands already. Load the page again.")


class AlreadyProposed(Conflict):
    """A change of this role of this account waits to be decided."""

    code: ClassVar[str] = "administration.already_proposed"

    def __init__(self) -> None:
        super().__init__("A change of this role waits to be decided already.")


class NotProved(Conflict):
    """Nobody has proved the account's address: nobody can sign in to it, so it gets no role."""

    code: ClassVar[str] = "administration.not_proved"

    def __init__(self) -> None:
        super().__init__("Nobody has proved this account's address, so it gets no role.")


class LockUnchanged(Conflict):
    """The account is locked already, or is not."""

    code: ClassVar[str] = "administration.lock_unchanged"

    def __init__(self) -> None:
        super().__init__("That is how it stands already. Load the page again.")


class ProposalOver(Missing):
    """There is no such proposal that waits: it was decided, or nobody did within a week."""

    code: ClassVar[str] = "administration.proposal_over"

    def __init__(self) -> None:
        super().__init__("This does not wait any more: it was decided, or a week has passed.")


class AdminExists(Conflict):
    """There is an admin; who is one besides is for two admins to decide."""

    code: ClassVar[str] = "administration.admin_exists"

    def __init__(self) -> None:
        super().__init__("There is an admin already: admins decide who is one besides.")


class Step(enum.Enum):
    """What came of asking for a change of a role."""

    DONE = "done"
    PROPOSED = "proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """That somebody gets a role (`grants`) or loses it, as an admin proposed."""

    proposal_id: UUID
    user_id: UserId
    role: Role
    grants: bool
    proposed_by: UserId
    proposed_at: datetime
    expires_at: datetime
    outcome: str | None = None
    decided_by: UserId | None = None
    decided_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Say whether it waits to be decided."""
        return self.outcome is None and now < self.expires_at


def require_other(*, by: UserId, user_id: UserId) -> None:
    """Return when an admin's decision is about somebody else.

    Raises:
        OwnAccount: it is about themselves.
    """
    if by == user_id:
        raise OwnAccount


def require_second(proposal: Proposal, *, by: UserId) -> None:
    """Return when an admin may approve what another proposed about a third.

    Raises:
        OwnAccount: it is about themselves.
        SameAdmin: they proposed it.
    """
    require_other(by=by, user_id=proposal.user_id)
    if by == proposal.proposed_by:
        raise SameAdmin
