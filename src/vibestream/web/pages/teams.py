"""An artist's team: inviting by a code, joining by typing it in, taking somebody out, leaving."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.teams import service as teams
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.flows import work_for_artists
from vibestream.flows.artists_people import own_artist
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY: Final = 4 * 1024


@router.post(
    "/studio/artists/{artist_id}/invitations",
    policy=SIGNED_IN,
    max_body_bytes=_BODY,
    dependencies=[Depends(proven(5))],
)
async def invite(
    *,
    artist_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    key: Annotated[UUID, Form()],
    role: Annotated[TeamRole, Form()],
) -> Response:
    """Make an invitation, and show its code this once. The same form sent again makes none."""
    artist = await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)
    code = await teams.invite(tx, artist_id=artist.artist_id, owner=principal.user_id, role=role, key=key, now=now)
    page = render(request, "invited.html", artist=artist, code=code)
    page.headers["Cache-Control"] = "no-store"
    return page


@router.post("/studio/artists/{artist_id}/members/{user_id}/drop", policy=SIGNED_IN)
async def drop(artist_id: UUID, user_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Take a member out, or leave."""
    await work_for_artists.drop(
        tx, artist_id=ArtistId(artist_id), member=UserId(user_id), by=principal.user_id, now=now
    )
    if user_id == principal.user_id:
        return see_other("/studio/join")
    return see_other(f"/studio/artists/{artist_id}?done=dropped")


@router.get("/studio/join", policy=SIGNED_IN)
async def show_join(request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show where a code is typed in, and the teams that one is in."""
    return await _page(request, tx, principal, Filled())


@router.post("/studio/join", policy=SIGNED_IN, max_body_bytes=_BODY)
async def join(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    code: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Enter a team by a code."""
    try:
        artist_id = await work_for_artists.join(tx, user_id=principal.user_id, code=code, now=now)
    except VibeStreamError as error:
        form = Filled({"code": code}).refused(sentence_of(request, error), field_name="code")
        raise answer_with(request, error, await _page(request, tx, principal, form)) from None
    return see_other(f"/studio/artists/{artist_id}?done=joined")


async def _page(request: Request, tx: Tx, principal: Principal, form: Filled) -> Response:
    return render(
        request, "join_team.html", form=form, memberships=await teams.memberships(tx, user_id=principal.user_id)
    )
