"""Sharing one's subscription, and sharing somebody else's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.payment.subscriptions import service
from vibestream.kernel.ids import UserId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router

router = Router(tags=["subscriptions"])
_FAMILY = "/api/v1/subscription/family"


class MemberBody(BaseModel):
    """Somebody who shares a subscription beside its owner."""

    user_id: UUID
    joined_at: datetime


class InvitationBody(BaseModel):
    """An invitation that can still be accepted."""

    invitation_id: UUID
    expires_at: datetime


class FamilyBody(BaseModel):
    """Who shares a subscription."""

    seats: int
    owner: UUID
    members: list[MemberBody]
    invitations: list[InvitationBody] = Field(description="Shown to the owner only.")


class FamilyStanding(BaseModel):
    """The family that one belongs to, if any."""

    family: FamilyBody | None


class InvitedBody(InvitationBody):
    """A new invitation."""

    token: str = Field(description="Its code, five groups of four characters. It is told once.")


class JoinRequest(BaseModel):
    """The code of an invitation."""

    model_config = ConfigDict(extra="forbid")

    token: StrictStr = Field(max_length=200)


@router.get(_FAMILY, policy=SIGNED_IN)
async def show_family(tx: TxDep, principal: PrincipalDep, now: NowDep) -> FamilyStanding:
    """Return the family that one belongs to, as its owner or as one who shares."""
    found = await service.family(tx, user_id=principal.user_id, now=now)
    if found is None:
        return FamilyStanding(family=None)
    return FamilyStanding(
        family=FamilyBody(
            seats=found.seats,
            owner=found.owner,
            members=[MemberBody(user_id=one.user_id, joined_at=one.joined_at) for one in found.members],
            invitations=[
                InvitationBody(invitation_id=one.invitation_id, expires_at=one.expires_at) for one in found.invitations
            ],
        )
    )


@router.post(f"{_FAMILY}/invitations", policy=SIGNED_IN, status_code=201)
async def invite_member(tx: TxDep, principal: PrincipalDep, now: NowDep) -> InvitedBody:
    """Make a code with which one account can share one's subscription, good for a week."""
    made = await service.invite(tx, user_id=principal.user_id, now=now)
    return InvitedBody(
        invitation_id=made.invitation.invitation_id, expires_at=made.invitation.expires_at, token=made.token
    )


@router.delete(f"{_FAMILY}/invitations/{{invitation_id}}", policy=SIGNED_IN, status_code=204)
async def withdraw_invitation(invitation_id: UUID, tx: TxDep, principal: PrincipalDep) -> None:
    """Let an invitation be accepted no more."""
    await service.withdraw_invitation(tx, user_id=principal.user_id, invitation_id=invitation_id)


@router.post(
    f"{_FAMILY}/join", policy=SIGNED_IN, status_code=204, dependencies=[Depends(rate_limit("join_family", "30/hour"))]
)
async def join_family(body: JoinRequest, tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """Share the subscription that a code invites to."""
    await service.join(tx, user_id=principal.user_id, token=body.token, now=now)


@router.post(f"{_FAMILY}/leave", policy=SIGNED_IN, status_code=204)
async def leave_family(tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """Share somebody's subscription no more."""
    await service.leave(tx, user_id=principal.user_id, now=now)


@router.delete(f"{_FAMILY}/members/{{user_id}}", policy=SIGNED_IN, status_code=204)
async def remove_member(user_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """Let somebody share one's subscription no more."""
    await service.remove_member(tx, user_id=principal.user_id, member=UserId(user_id), now=now)
