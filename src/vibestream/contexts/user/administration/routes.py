"""HTTP of administration: finding an account and looking at it, roles by two admins, locks.

Whom is sought is sent in a body: addresses of people stand in no address of ours and in no log. What decides about somebody
wants a proof of the last five minutes, as on the pages.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.administration import service
from vibestream.contexts.user.administration.service import FOUR_EYES, Held, Proposal, Seen, Step
from vibestream.contexts.user.locks.service import Lock, LockReason
from vibestream.contexts.user.sessions.service import Kind, Session, device_of
from vibestream.kernel.ids import UserId
from vibestream.platform.access import holds
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh

router = Router(tags=["administration"])

_ADMIN: Final = holds("admin")
_BODY_BYTES: Final = 16 * 1024
_ACCOUNTS: Final = "/api/v1/operations/accounts"
_PROPOSALS: Final = "/api/v1/operations/role-proposals"
_PROVEN: Final = [Depends(fresh(5))]
Note = Annotated[str, Field(min_length=1, max_length=2_000)]


class Sought(BaseModel):
    """Whom to look for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    who: Annotated[str, Field(min_length=1, max_length=1_000)] = Field(
        description="An id, a handle or an e-mail address, each compared whole."
    )


class FoundAccount(BaseModel):
    """Whose it is."""

    user_id: UUID


class HeldRole(BaseModel):
    """That somebody holds a role."""

    user_id: UUID
    role: Role
    granted_at: datetime
    granted_by: UUID | None = Field(description="Null: the command line.")


class ProposalOfRole(BaseModel):
    """That somebody gets or loses a role, as an admin proposed."""

    proposal_id: UUID
    user_id: UUID
    role: Role
    grants: bool = Field(description="Whether they get it; else they lose it.")
    proposed_by: UUID
    proposed_at: datetime
    expires_at: datetime
    waits: bool
    outcome: str | None
    decided_by: UUID | None
    decided_at: datetime | None


class LockBody(BaseModel):
    """That an account was locked; `unlocked_at` null: it still is."""

    reason: LockReason
    note: str
    locked_at: datetime
    locked_by: UUID
    unlocked_at: datetime | None
    unlocked_by: UUID | None
    unlock_note: str | None


class SeenSession(BaseModel):
    """Where an account is signed in, coarsely."""

    kind: Kind
    device: str = Field(description="What the browser or the app is called; empty: unknown.")
    network: str
    last_seen_at: datetime


class SeenArtist(BaseModel):
    """An artist that an account speaks for."""

    artist_id: UUID
    name: str
    handle: str


class LimitsBody(BaseModel):
    """What an account is held back by at this moment."""

    tries_taken: int = Field(description="Attempts at its address by browsers that it does not know.")
    tries_most: int
    slowed: bool
    ends_at: datetime | None
    app_waits_s: int = Field(description="For so long no code of its authenticator app is looked at.")


class SeenAccount(BaseModel):
    """An account as an admin sees it: kinds of factors, never what they are."""

    user_id: UUID
    email: str
    display_name: str
    created_at: datetime
    verified_at: datetime | None = Field(description="Null: nobody has proved its address.")
    artists: list[SeenArtist]
    roles: list[HeldRole]
    factors: list[str] = Field(description="`password`, `app`, `recovery`, `passkey`: those that it has.")
    sessions: list[SeenSession]
    locks: list[LockBody] = Field(description="The present one and earlier ones.")
    limits: LimitsBody
    proposals: list[ProposalOfRole] = Field(description="Changes of its roles, those that wait first.")


class RoleRequest(BaseModel):
    """Which role somebody gets, or loses."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    grants: bool = Field(strict=True)


class RoleStep(BaseModel):
    """What came of asking for a change of a role."""

    done: bool = Field(description="Else it is proposed: another admin has to approve it within a week.")


class RolesBody(BaseModel):
    """Who holds which role, but artists; and which of them two admins decide about."""

    items: list[HeldRole]
    four_eyes: list[Role]


class ProposalsBody(BaseModel):
    """What was proposed: what waits first, then the newest, at most fifty."""

    items: list[ProposalOfRole]


class LockRequest(BaseModel):
    """Why an account is locked: the reason is told to the person, the note comes with a copy of their data."""

    model_config = ConfigDict(extra="forbid")

    reason: LockReason
    note: Note


class UnlockRequest(BaseModel):
    """Why an account is unlocked."""

    model_config = ConfigDict(extra="forbid")

    note: Note


@router.post(
    f"{_ACCOUNTS}/find",
    policy=_ADMIN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("find_account", "300/hour"))],
)
async def find_account(body: Sought, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> FoundAccount:
    """Say whose an id, a handle or an address is; that somebody was sought stands in the security log."""
    found = await service.find(tx, text=body.who, by=principal.user_id, network=_network(request), now=now)
    return FoundAccount(user_id=found)


@router.get(f"{_ACCOUNTS}/{{user_id}}", policy=_ADMIN)
async def show_account(
    *, user_id: UUID, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> SeenAccount:
    """Show an account; that it was looked at stands in the security log."""
    seen = await service.look(
        tx,
        user_id=UserId(user_id),
        key=runtime.settings.signing_key(),
        by=principal.user_id,
        network=_network(request),
        now=now,
    )
    return _seen(seen, await service.proposals(tx, user_id=UserId(user_id)), now)


@router.post(
    f"{_ACCOUNTS}/{{user_id}}/roles",
    policy=_ADMIN,
    status_code=201,
    max_body_bytes=_BODY_BYTES,
    dependencies=_PROVEN,
)
async def change_role(
    *,
    user_id: UUID,
    body: RoleRequest,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    _key: IdempotencyDep,
) -> RoleStep:
    """Give somebody a role, or take it; `admin` and `finance` are only proposed by that, for another admin to approve."""
    step = await service.change_role(
        tx,
        user_id=UserId(user_id),
        role=body.role,
        grants=body.grants,
        by=principal.user_id,
        network=_network(request),
        now=now,
    )
    return RoleStep(done=step is Step.DONE)


@router.put(
    f"{_ACCOUNTS}/{{user_id}}/lock",
    policy=_ADMIN,
    status_code=204,
    max_body_bytes=_BODY_BYTES,
    dependencies=_PROVEN,
)
async def lock_account(
    *, user_id: UUID, body: LockRequest, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> None:
    """Lock an account: everybody is put out, every app and token ends, and nobody signs in until it is unlocked."""
    await service.lock_account(
        tx,
        user_id=UserId(user_id),
        reason=body.reason,
        note=body.note,
        by=principal.user_id,
        network=_network(request),
        now=now,
    )


@router.post(
    f"{_ACCOUNTS}/{{user_id}}/unlock",
    policy=_ADMIN,
    status_code=204,
    max_body_bytes=_BODY_BYTES,
    dependencies=_PROVEN,
)
async def unlock_account(
    *, user_id: UUID, body: UnlockRequest, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> None:
    """Let an account be entered again; the person is told."""
    await service.unlock_account(
        tx, user_id=UserId(user_id), note=body.note, by=principal.user_id, network=_network(request), now=now
    )


@router.get("/api/v1/operations/roles", policy=_ADMIN)
async def list_holders(tx: TxDep) -> RolesBody:
    """List who holds a role, but artists: by role, then in the order in which they got it."""
    held = await service.holders(tx)
    return RolesBody(items=[_held(one) for one in held], four_eyes=sorted(FOUR_EYES))


@router.get(_PROPOSALS, policy=_ADMIN)
async def list_proposals(tx: TxDep, now: NowDep) -> ProposalsBody:
    """List changes of roles that were proposed: what waits first, then the newest."""
    return ProposalsBody(items=[_proposal(one, now) for one in await service.proposals(tx)])


@router.post(f"{_PROPOSALS}/{{proposal_id}}/approve", policy=_ADMIN, dependencies=_PROVEN)
async def approve_proposal(
    *, proposal_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> ProposalOfRole:
    """Have done what another admin proposed about somebody else. Sent twice, it is done once."""
    decided = await service.approve(
        tx, proposal_id=proposal_id, by=principal.user_id, network=_network(request), now=now
    )
    return _proposal(decided, now)


@router.post(f"{_PROPOSALS}/{{proposal_id}}/refuse", policy=_ADMIN, dependencies=_PROVEN)
async def refuse_proposal(
    *, proposal_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> ProposalOfRole:
    """Have a proposal come to nothing, also one's own."""
    decided = await service.refuse(
        tx, proposal_id=proposal_id, by=principal.user_id, network=_network(request), now=now
    )
    return _proposal(decided, now)


def _network(request: Request) -> str:
    return device_of(user_agent=None, address=request.client.host if request.client else None).network


def _held(one: Held) -> HeldRole:
    return HeldRole(user_id=one.user_id, role=one.role, granted_at=one.granted_at, granted_by=one.granted_by)


def _proposal(one: Proposal, now: datetime) -> ProposalOfRole:
    return ProposalOfRole(
        proposal_id=one.proposal_id,
        user_id=one.user_id,
        role=one.role,
        grants=one.grants,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        expires_at=one.expires_at,
        waits=one.is_open(now),
        outcome=one.outcome,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
    )


def _lock(one: Lock) -> LockBody:
    return LockBody(
        reason=one.reason,
        note=one.note,
        locked_at=one.locked_at,
        locked_by=one.locked_by,
        unlocked_at=one.unlocked_at,
        unlocked_by=one.unlocked_by,
        unlock_note=one.unlock_note,
    )


def _session(one: Session) -> SeenSession:
    return SeenSession(
        kind=one.kind,
        device=one.app or one.device.label,
        network=one.device.network,
        last_seen_at=one.last_seen_at,
    )


def _seen(seen: Seen, proposals: list[Proposal], now: datetime) -> SeenAccount:
    tries = seen.limits.sign_in
    return SeenAccount(
        user_id=seen.account.user_id,
        email=seen.account.email,
        display_name=seen.fan.display_name,
        created_at=seen.account.created_at,
        verified_at=seen.account.verified_at,
        artists=[SeenArtist(artist_id=one.artist_id, name=one.name, handle=one.handle) for one in seen.artists],
        roles=[_held(one) for one in seen.roles],
        factors=list(seen.factors),
        sessions=[_session(one) for one in seen.sessions],
        locks=[_lock(one) for one in seen.locks],
        limits=LimitsBody(
            tries_taken=tries.taken,
            tries_most=tries.most,
            slowed=tries.slowed,
            ends_at=tries.ends_at,
            app_waits_s=seen.limits.app_waits_s,
        ),
        proposals=[_proposal(one, now) for one in proposals],
    )
