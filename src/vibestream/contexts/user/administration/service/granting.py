"""Giving and taking roles: at once, or by two admins where the role is one with which much harm can be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import Account
from vibestream.contexts.user.administration import domain, store
from vibestream.contexts.user.administration.domain import (
    AdminExists,
    AlreadyProposed,
    NoAdmin,
    NotProved,
    Proposal,
    ProposalOver,
    RoleUnchanged,
    Step,
)
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.events import RoleChanged
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

_SHOWN = 50


async def change_role(
    tx: Tx, *, user_id: UserId, role: Role, grants: bool, by: UserId, network: str, now: datetime
) -> Step:
    """Give somebody a role, or take it; `admin` and `finance` are only proposed by that, for another admin to approve.

    That whoever decides has just shown that it is them is the edge's to make sure of. Announces RoleChanged when done.

    Raises:
        OwnAccount: it is one's own.
        NoAdmin: whoever decides is no admin any more.
        AccountMissing, NotProved: nobody could use the role.
        RoleUnchanged: the account holds it already, or does not.
        AlreadyProposed: a change of it waits.
    """
    domain.require_other(by=by, user_id=user_id)
    await store.take_turn(tx)
    await require_admin(tx, user_id=by)
    await _require_change(tx, user_id=user_id, role=role, grants=grants)
    if role not in domain.FOUR_EYES:
        await _change(tx, user_id=user_id, role=role, grants=grants, by=by, now=now)
        return Step.DONE
    await store.end_expired(tx, now=now)
    proposal = Proposal(
        proposal_id=new_id(),
        user_id=user_id,
        role=role,
        grants=grants,
        proposed_by=by,
        proposed_at=now,
        expires_at=now + domain.PROPOSAL_GOOD_FOR,
    )
    if not await store.add_proposal(tx, proposal=proposal):
        raise AlreadyProposed
    await _log(tx, audit_log.Action.ROLE_PROPOSED, proposal, by=by, network=network, now=now)
    return Step.PROPOSED


async def approve(tx: Tx, *, proposal_id: UUID, by: UserId, network: str, now: datetime) -> Proposal:
    """Have done what another admin proposed, and return it as it is then. Announces RoleChanged.

    Raises:
        ProposalOver: it does not wait any more.
        OwnAccount, SameAdmin: it is about oneself, or one proposed it.
        NoAdmin: whoever approves, or proposed it, is no admin any more, or is locked.
        AccountMissing, NotProved, RoleUnchanged: things have changed since.
    """
    proposal = await _waiting(tx, proposal_id, now)
    domain.require_second(proposal, by=by)
    for admin in (by, proposal.proposed_by):
        await require_admin(tx, user_id=admin)
    await _require_change(tx, user_id=proposal.user_id, role=proposal.role, grants=proposal.grants)
    await store.save_outcome(tx, proposal_id=proposal_id, outcome="approved", by=by, now=now)
    await _log(tx, audit_log.Action.ROLE_APPROVED, proposal, by=by, network=network, now=now)
    await _change(
        tx, user_id=proposal.user_id, role=proposal.role, grants=proposal.grants, by=proposal.proposed_by, now=now
    )
    return replace(proposal, outcome="approved", decided_by=by, decided_at=now)


async def refuse(tx: Tx, *, proposal_id: UUID, by: UserId, network: str, now: datetime) -> Proposal:
    """Have a proposal come to nothing, and return it as it is then; whoever made it may take it back so.

    Raises:
        ProposalOver: it does not wait any more.
        OwnAccount: it is about oneself.
        NoAdmin: whoever refuses is no admin any more.
    """
    proposal = await _waiting(tx, proposal_id, now)
    domain.require_other(by=by, user_id=proposal.user_id)
    await require_admin(tx, user_id=by)
    await store.save_outcome(tx, proposal_id=proposal_id, outcome="refused", by=by, now=now)
    await _log(tx, audit_log.Action.ROLE_REFUSED, proposal, by=by, network=network, now=now)
    return replace(proposal, outcome="refused", decided_by=by, decided_at=now)


async def make_first_admin(tx: Tx, *, email: str, now: datetime) -> Account:
    """Make the account of an address the first admin, for the command line. Announces RoleChanged.

    Raises:
        AdminExists: there is one who can act, so that admins decide.
        AddressInvalid, AccountMissing, NotProved: nobody could use the role.
    """
    await store.take_turn(tx)
    if await access.admins(tx):
        raise AdminExists
    found = await accounts.user_by_email(tx, email=email)
    if found.verified_at is None:
        raise NotProved
    await _change(tx, user_id=found.user_id, role=Role.ADMIN, grants=True, by=None, now=now)
    return found


async def proposals(tx: Tx, *, user_id: UserId | None = None) -> list[Proposal]:
    """Return what was proposed, about an account if one is named: what waits first, then the newest, at most fifty."""
    return await store.list_proposals(tx, user_id=user_id, most=_SHOWN)


async def require_admin(tx: Tx, *, user_id: UserId) -> None:
    """Return when somebody is an admin at this moment, which may be later than their request began.

    To be called when one's turn has come: of two who lock each other at once the second is locked by then.

    Raises:
        NoAdmin: they are not, or their account is locked or being erased.
    """
    if user_id not in await access.admins(tx):
        raise NoAdmin


async def _waiting(tx: Tx, proposal_id: UUID, now: datetime) -> Proposal:
    await store.take_turn(tx)
    found = await store.lock_proposal(tx, proposal_id=proposal_id)
    if found is None or not found.is_open(now):
        raise ProposalOver
    return found


async def _require_change(tx: Tx, *, user_id: UserId, role: Role, grants: bool) -> None:
    if grants and (await accounts.account(tx, user_id=user_id)).verified_at is None:
        raise NotProved
    if grants == (role in await access.roles_of(tx, user_id=user_id)):
        raise RoleUnchanged


async def _change(tx: Tx, *, user_id: UserId, role: Role, grants: bool, by: UserId | None, now: datetime) -> None:
    if grants:
        await access.grant_role(tx, user_id=user_id, role=role, granted_by=by, now=now)
    else:
        await access.revoke_role(tx, user_id=user_id, role=role, revoked_by=by, now=now)
    await publish(tx, RoleChanged(user_id=user_id, role=role.value, granted=grants, occurred_at=now))


async def _log(
    tx: Tx, action: audit_log.Action, proposal: Proposal, *, by: UserId, network: str, now: datetime
) -> None:
    detail = f"{'grant' if proposal.grants else 'take'} {proposal.role.value}"
    await audit_log.record(
        tx, action=action, user_id=proposal.user_id, actor_id=by, now=now, network=network, detail=detail
    )
