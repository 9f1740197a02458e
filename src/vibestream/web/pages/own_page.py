"""One's own public page: its handle, what it says and shows, and whom one blocked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.service import Apart, FanPage, Switches
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Decision, Kind
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.portraits import Face, faces_of
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY: Final = 16 * 1024
_FIELDS: Final = {
    "profile.handle_taken": "handle",
    "profile.handle_invalid": "handle",
    "profile.handle_changes_limited": "handle",
    "fan.taste_invalid": "taste",
}
_PARTS: Final = ("taste", "follows", "badges")
Text = Annotated[str, Form(max_length=4_000)]
Box = Annotated[bool, Form()]


@dataclass(frozen=True, slots=True)
class OwnView:
    """The form, how the page stands, and whom its owner blocked."""

    form: Filled
    page: FanPage | None
    shows: dict[str, bool]
    apart: tuple[Apart, ...]
    decisions: tuple[tuple[Kind, Decision], ...]
    """What moderators decided about what is theirs."""
    done: str
    face: Face
    picture_wrong: str
    """Why the picture that was sent is not theirs now."""


@router.get("/account/page", policy=SIGNED_IN)
async def show_own(request: Request, tx: TxDep, principal: PrincipalDep, done: str = "") -> Response:
    """Show one's own page as a form; before there is one, everything on it is switched off."""
    return await own_page(request, tx, principal, done=done)


async def own_page(
    request: Request, tx: Tx, principal: Principal, *, done: str = "", picture_wrong: str = ""
) -> Response:
    """Return one's own page as a form, as it is stored; `picture_wrong`: why a picture that was sent was not taken."""
    page = await fans.own_page(tx, user_id=principal.user_id)
    values, shows = {}, dict.fromkeys(("open", *_PARTS), False)
    if page is not None:
        values = {"handle": page.handle, "about": page.about, "taste": ", ".join(page.taste)}
        shows = _shows(page.switches)
    return await _page(request, tx, principal, Filled(values), shows, done=done, picture_wrong=picture_wrong)


@router.post("/account/page", policy=SIGNED_IN, max_body_bytes=_BODY)
async def save_own(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    handle: Text = "",
    about: Text = "",
    taste: Text = "",
    opened: Box = False,
    shows_taste: Box = False,
    shows_follows: Box = False,
    shows_badges: Box = False,
) -> Response:
    """Make one's page, or change it."""
    switches = Switches(open=opened, shows_taste=shows_taste, shows_follows=shows_follows, shows_badges=shows_badges)
    try:
        await fans.save_page(
            tx, user_id=principal.user_id, handle=handle, about=about, taste=taste, switches=switches, now=now
        )
    except VibeStreamError as error:
        filled = Filled({"handle": handle, "about": about, "taste": taste})
        field = str(error.facts().get("field", _FIELDS.get(error.code, "")))
        form = filled.refused(sentence_of(request, error), field_name=field)
        page = await _page(request, tx, principal, form, _shows(switches))
        raise answer_with(request, error, page) from None
    return see_other("/account/page?done=saved")


@router.post("/account/blocks/{user_id}/end", policy=SIGNED_IN)
async def unblock(user_id: UUID, tx: TxDep, principal: PrincipalDep) -> Response:
    """Take back that one wants nothing of somebody."""
    await fans.unblock(tx, user_id=principal.user_id, blocked_id=UserId(user_id))
    return see_other("/account/page?done=unblocked")


def _shows(switches: Switches) -> dict[str, bool]:
    return {
        "open": switches.open,
        "taste": switches.shows_taste,
        "follows": switches.shows_follows,
        "badges": switches.shows_badges,
    }


async def _page(
    request: Request,
    tx: Tx,
    principal: Principal,
    form: Filled,
    shows: dict[str, bool],
    *,
    done: str = "",
    picture_wrong: str = "",
) -> Response:
    page = await fans.own_page(tx, user_id=principal.user_id)
    apart = await fans.blocked(tx, user_id=principal.user_id)
    decisions = await reports.decisions_about(tx, user_id=principal.user_id)
    me = principal.user_id
    faces = await faces_of(tx, {me: principal.display_name}, viewer=me)
    view = OwnView(form, page, shows, tuple(apart), tuple(decisions), done, faces[me], picture_wrong)
    return render(request, "own_page.html", view)
