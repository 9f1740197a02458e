"""The table of proposed changes of roles, and who holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.access.domain import Role
from vibestream.contexts.user.administration.domain import Proposal
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_PROPOSAL: Final = (
    "SELECT proposal_id, user_id, role, grants, proposed_by, proposed_at, expires_at, outcome, decided_by, decided_at"
    " FROM users.role_proposal"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """That somebody holds a role; `granted_by` None: the command line."""

    user_id: UserId
    role: Role
    granted_at: datetime
    granted_by: UserId | None


async def take_turn(tx: Tx) -> None:
    """Make whoever else decides about roles or locks wait until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('administration', 36))")


async def add_proposal(tx: Tx, *, proposal: Proposal) -> bool:
    """Insert a proposal, and say whether none about the same role of the same account waits."""
    touched = await tx.execute(
        "INSERT INTO users.role_proposal (proposal_id, user_id, role, grants, proposed_by, proposed_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (user_id, role) WHERE outcome IS NULL DO NOTHING",
        [
            proposal.proposal_id,
            proposal.user_id,
            proposal.role.value,
            proposal.grants,
            proposal.proposed_by,
            proposal.proposed_at,
            proposal.expires_at,
        ],
    )
    return touched == 1


async def lock_proposal(tx: Tx, *, proposal_id: UUID) -> Proposal | None:
    """Return a proposal, locked."""
    return await tx.one(_proposal, _PROPOSAL + " WHERE proposal_id = %s FOR UPDATE", [proposal_id])


async def save_outcome(tx: Tx, *, proposal_id: UUID, outcome: str, by: UserId | None, now: datetime) -> None:
    """Note what became of a proposal."""
    await tx.execute(
        "UPDATE users.role_proposal SET outcome = %s, decided_by = %s, decided_at = %s WHERE proposal_id = %s",
        [outcome, by, now, proposal_id],
    )


async def end_expired(tx: Tx, *, now: datetime) -> None:
    """Note of proposals whose week has passed that nobody decided them."""
    await tx.execute(
        "UPDATE users.role_proposal SET outcome = 'expired', decided_at = %s WHERE outcome IS NULL AND expires_at <= %s",
        [now, now],
    )


async def list_proposals(tx: Tx, *, user_id: UserId | None, most: int) -> list[Proposal]:
    """Return proposals, of an account if one is named, those that wait first, then the newest."""
    return await tx.all(
        _proposal,
        _PROPOSAL + " WHERE user_id = coalesce(%s, user_id) ORDER BY outcome IS NOT NULL, proposed_at DESC LIMIT %s",
        [user_id, most],
    )


async def list_held(tx: Tx, *, user_id: UserId) -> list[Held]:
    """Return the roles that an account holds, by name."""
    return await tx.all(
        _held,
        "SELECT user_id, role, granted_at, granted_by FROM users.role_grant WHERE user_id = %s ORDER BY role",
        [user_id],
    )


async def list_holders(tx: Tx, *, but: Role, most: int) -> list[Held]:
    """Return who holds any role but one, by role, then in the order in which they got it."""
    return await tx.all(
        _held,
        "SELECT user_id, role, granted_at, granted_by FROM users.role_grant WHERE role <> %s"
        " ORDER BY role, granted_at, user_id LIMIT %s",
        [but.value, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return which roles it was proposed that a person gets or loses, without by whom."""
    return await tx.values(
        "SELECT jsonb_build_object('role', role, 'grants', grants, 'proposed_at', proposed_at, 'outcome', outcome,"
        " 'decided_at', decided_at) FROM users.role_proposal WHERE user_id = %s ORDER BY proposed_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what was proposed about a person; what they themselves decided stays, under an id that leads to nobody."""
    await tx.execute("DELETE FROM users.role_proposal WHERE user_id = %s", [user_id])


def _proposal(*, role: str, **columns: Any) -> Proposal:
    return Proposal(**columns, role=Role(role))


def _held(*, role: str, **columns: Any) -> Held:
    return Held(**columns, role=Role(role))
