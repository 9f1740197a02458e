"""HTTP of artists' teams: inviting by a code, joining by typing it, who is in one, leaving.

The addresses stand here because whoever joins a team works on its music from that moment. Inviting takes the key in its body:
under an `Idempotency-Key` the answer would be kept, and a code is kept nowhere as it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.teams import service as teams
from vibestream.contexts.user.teams.service import GOOD_FOR, TeamRole
from vibestream.flows import work_for_artists
from vibestream.flows.artists_people import part_in_page
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh

router = Router(tags=["teams"])

_BODY: Final = 4 * 1024
_TEAM: Final = "/api/v1/artists/{artist_id}/team"


class InviteRequest(BaseModel):
    """As what somebody is invited."""

    model_config = ConfigDict(extra="forbid")

    role: TeamRole
    key: UUID = Field(description="Made anew for each invitation: sent again with the same, none is made.")


class InvitedBody(BaseModel):
    """A code that lets one person in, once; it is shown this once."""

    code: str
    good_until: datetime


class MemberBody(BaseModel):
    """Somebody in a team."""

    user_id: UUID
    name: str
    role: TeamRole
    since: datetime


class TeamBody(BaseModel):
    """Who is in an artist's team beside its owner."""

    items: list[MemberBody]


class JoinRequest(BaseModel):
    """The code of an invitation."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(min_length=1, max_length=200)]


class JoinedBody(BaseModel):
    """The artist in whose team one is now."""

    artist_id: UUID


class MembershipBody(BaseModel):
    """An artist in whose team one is."""

    artist_id: UUID
    name: str
    handle: str
    role: TeamRole


class MembershipsBody(BaseModel):
    """The artists in whose teams one is; those that one owns are not among them."""

    items: list[MembershipBody]


@router.post(
    f"{_TEAM}/invitations",
    policy=SIGNED_IN,
    status_code=201,
    max_body_bytes=_BODY,
    dependencies=[Depends(fresh(5))],
)
async def invite_to_team(
    *, artist_id: UUID, body: InviteRequest, response: Response, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> InvitedBody:
    """Make an invitation to the team of an artist of one's own; its code is shown this once, and good for a week."""
    code = await teams.invite(
        tx, artist_id=ArtistId(artist_id), owner=principal.user_id, role=body.role, key=body.key, now=now
    )
    response.headers["Cache-Control"] = "no-store"
    return InvitedBody(code=code, good_until=now + GOOD_FOR)


@router.get(_TEAM, policy=SIGNED_IN)
async def list_team(artist_id: UUID, tx: TxDep, principal: PrincipalDep) -> TeamBody:
    """List who is in the team of an artist that one owns, or in whose team one is."""
    await part_in_page(tx, artist_id=artist_id, user_id=principal.user_id)
    found = await teams.members(tx, artist_id=ArtistId(artist_id))
    return TeamBody(
        items=[MemberBody(user_id=one.user_id, name=one.name, role=one.role, since=one.since) for one in found]
    )


@router.delete(f"{_TEAM}/{{user_id}}", policy=SIGNED_IN, status_code=204)
async def drop_member(artist_id: UUID, user_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Take somebody out of the team of one's own artist, or leave one; what they may do ends at once."""
    await work_for_artists.drop(
        tx, artist_id=ArtistId(artist_id), member=UserId(user_id), by=principal.user_id, now=now
    )
    return Response(status_code=204)


@router.get("/api/v1/me/teams", policy=SIGNED_IN)
async def list_memberships(tx: TxDep, principal: PrincipalDep) -> MembershipsBody:
    """List the artists in whose teams one is."""
    found = await teams.memberships(tx, user_id=principal.user_id)
    return MembershipsBody(
        items=[
            MembershipBody(artist_id=one.artist_id, name=one.name, handle=one.handle, role=one.role) for one in found
        ]
    )


@router.post("/api/v1/me/teams", policy=SIGNED_IN, status_code=201, max_body_bytes=_BODY)
async def join_team(body: JoinRequest, tx: TxDep, principal: PrincipalDep, now: NowDep) -> JoinedBody:
    """Enter a team by a code, which is spent then; its owner is told."""
    artist_id = await work_for_artists.join(tx, user_id=principal.user_id, code=body.code, now=now)
    return JoinedBody(artist_id=artist_id)
