"""People: a fan's page as others see it; following and blocking people and artists."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from vibestream.contexts.user.fans import service as fans
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import see_other
from vibestream.web.portraits import faces_of
from vibestream.web.rendering import render
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

BADGES: Final = {
    "artist": N_("Artist"),
    "verified_artist": N_("Verified artist"),
}
"""What a badge says: words, beside which its colour says nothing."""


@router.get("/u/{handle}", policy=ANYONE)
async def show_person(handle: str, request: Request, tx: TxDep, principal: MaybePrincipalDep) -> Response:
    """Show somebody's page; a former handle leads to the present one. What may not be seen is not there."""
    viewer = principal.user_id if principal else None
    page = await fans.seen(tx, handle=handle, viewer=viewer)
    if page.handle != handle:
        return RedirectResponse(f"/u/{page.handle}", HTTPStatus.TEMPORARY_REDIRECT)
    view = await fans.page_of(tx, page=page, viewer=viewer)
    named = {one.subject_id: one.name for one in (*view.artists, *view.people)} | {page.user_id: page.display_name}
    faces = await faces_of(tx, named, viewer=viewer)
    return render(request, "person.html", view, badge_words=BADGES, faces=faces)


@router.post("/u/{handle}/follow", policy=SIGNED_IN)
async def follow(handle: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Follow somebody."""
    present = await fans.follow(tx, user_id=principal.user_id, handle=handle, now=now)
    return see_other(f"/u/{present}")


@router.post("/u/{handle}/unfollow", policy=SIGNED_IN)
async def unfollow(handle: str, tx: TxDep, principal: PrincipalDep) -> Response:
    """Stop following somebody."""
    present = await fans.unfollow(tx, user_id=principal.user_id, handle=handle)
    return see_other(f"/u/{present}")


@router.post("/u/{handle}/block", policy=SIGNED_IN)
async def block(handle: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Want nothing of somebody any more."""
    await fans.block(tx, user_id=principal.user_id, handle=handle, now=now)
    return see_other("/account/page?done=blocked")


@router.post("/artists/{handle}/follow", policy=SIGNED_IN)
async def follow_artist(handle: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Follow an artist."""
    artist = await fans.follow_artist(tx, user_id=principal.user_id, handle=handle, now=now)
    return see_other(f"/artists/{artist.handle}")


@router.post("/artists/{handle}/unfollow", policy=SIGNED_IN)
async def unfollow_artist(handle: str, tx: TxDep, principal: PrincipalDep) -> Response:
    """Stop following an artist."""
    artist = await fans.unfollow_artist(tx, user_id=principal.user_id, handle=handle)
    return see_other(f"/artists/{artist.handle}")


@router.post("/artists/{handle}/block", policy=SIGNED_IN)
async def block_artist(handle: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Want nothing of whoever speaks for an artist any more."""
    await fans.block_artist(tx, user_id=principal.user_id, handle=handle, now=now)
    return see_other("/account/page?done=blocked")
