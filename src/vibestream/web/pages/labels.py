"""A label's roster, and the labels of an artist: asking, accepting, ending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.listen_reward.analytics.service import WeekTotal
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.user.labels import service as labels
from vibestream.contexts.user.labels.service import LabelRole, Relation, Side
from vibestream.contexts.user.profiles.service import ArtistProfile
from vibestream.flows import work_for_artists
from vibestream.flows.artists_people import own_artist
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.access import SIGNED_IN, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_LABEL: Final = holds("label")
_BODY: Final = 4 * 1024
_SEVERAL: Final = 200
Handle = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class RosterRow:
    """An artist on the roster, with what the label may see of its work."""

    relation: Relation
    releases: int
    last_week: WeekTotal | None


@router.get("/label", policy=_LABEL)
async def show_roster(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, done: str = "") -> Response:
    """Show a label its roster, and what was asked and waits."""
    return await _roster_page(request, tx, principal.user_id, now, Filled(), done=done)


@router.post(
    "/label/artists",
    policy=_LABEL,
    max_body_bytes=_BODY,
    dependencies=[Depends(rate_limit("ask_artist", "60/hour"))],
)
async def ask_artist(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    key: Annotated[UUID, Form()],
    role: Annotated[LabelRole, Form()],
    handle: Handle = "",
) -> Response:
    """Ask to work for an artist. The same form sent again asks nothing."""
    try:
        await labels.ask_artist(tx, label=principal.user_id, handle=handle, role=role, key=key, now=now)
    except VibeStreamError as error:
        form = Filled({"handle": handle}).refused(sentence_of(request, error), field_name="handle")
        raise answer_with(
            request, error, await _roster_page(request, tx, principal.user_id, now, form, role=role)
        ) from None
    return see_other("/label?done=asked")


@router.post("/label/artists/{relation_id}/accept", policy=_LABEL)
async def accept_artist(relation_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Accept an artist who asked."""
    await work_for_artists.accept(tx, relation_id=relation_id, side=Side.LABEL, by=principal.user_id, now=now)
    return see_other("/label?done=accepted")


@router.post("/label/artists/{relation_id}/end", policy=_LABEL)
async def end_artist(relation_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """End the work for an artist, or refuse or withdraw what was asked."""
    await work_for_artists.end(tx, relation_id=relation_id, side=Side.LABEL, by=principal.user_id, now=now)
    return see_other("/label?done=ended")


@router.get("/studio/artists/{artist_id}/labels", policy=SIGNED_IN)
async def show_labels(
    *, artist_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, done: str = ""
) -> Response:
    """Show an artist's owner its labels, and what was asked and waits."""
    artist = await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)
    return await _labels_page(request, tx, artist, now, Filled(), done=done)


@router.post(
    "/studio/artists/{artist_id}/labels",
    policy=SIGNED_IN,
    max_body_bytes=_BODY,
    dependencies=[Depends(rate_limit("ask_label", "30/hour")), Depends(proven(5))],
)
async def ask_label(
    *,
    artist_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    key: Annotated[UUID, Form()],
    role: Annotated[LabelRole, Form()],
    handle: Handle = "",
) -> Response:
    """Ask a label to work for the artist. The same form sent again asks nothing."""
    artist = await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)
    try:
        await labels.ask_label(
            tx, owner=principal.user_id, artist_id=artist.artist_id, handle=handle, role=role, key=key, now=now
        )
    except VibeStreamError as error:
        form = Filled({"handle": handle}).refused(sentence_of(request, error), field_name="handle")
        raise answer_with(request, error, await _labels_page(request, tx, artist, now, form, role=role)) from None
    return see_other(f"/studio/artists/{artist_id}/labels?done=asked")


@router.post(
    "/studio/artists/{artist_id}/labels/{relation_id}/accept", policy=SIGNED_IN, dependencies=[Depends(proven(5))]
)
async def accept_label(artist_id: UUID, relation_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Accept a label that asked; the owner has just proved that it is them."""
    artist = await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)
    await work_for_artists.accept(
        tx, relation_id=relation_id, side=Side.ARTIST, by=principal.user_id, artist_id=artist.artist_id, now=now
    )
    return see_other(f"/studio/artists/{artist_id}/labels?done=accepted")


@router.post("/studio/artists/{artist_id}/labels/{relation_id}/end", policy=SIGNED_IN)
async def end_label(artist_id: UUID, relation_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """End a label's work for the artist, or refuse or withdraw what was asked. Nobody is asked for a proof to say no."""
    artist = await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)
    await work_for_artists.end(
        tx, relation_id=relation_id, side=Side.ARTIST, by=principal.user_id, artist_id=artist.artist_id, now=now
    )
    return see_other(f"/studio/artists/{artist_id}/labels?done=ended")


async def _roster_page(
    request: Request,
    tx: Tx,
    label: UserId,
    now: datetime,
    form: Filled,
    *,
    done: str = "",
    role: LabelRole = LabelRole.ANALYST,
) -> Response:
    found = await labels.roster_of(tx, label=label, now=now)
    active, came, went = _sorted(found, other=Side.ARTIST)
    rows = [await _row(tx, one, label) for one in active]
    return render(
        request, "roster.html", form=form, rows=rows, came=came, went=went, done=done, key=new_id(), role=role.value
    )


async def _row(tx: Tx, relation: Relation, label: UserId) -> RosterRow:
    releases = await catalogue.my_releases(tx, user_id=label, artist_id=relation.artist_id, before=None, limit=_SEVERAL)
    weeks = await audience.weeks_of(tx, artist_id=relation.artist_id, limit=1)
    return RosterRow(relation, len(releases), weeks[0] if weeks else None)


async def _labels_page(
    request: Request,
    tx: Tx,
    artist: ArtistProfile,
    now: datetime,
    form: Filled,
    *,
    done: str = "",
    role: LabelRole = LabelRole.ANALYST,
) -> Response:
    found = await labels.labels_of(tx, artist_id=artist.artist_id, owner=artist.user_id, now=now)
    active, came, went = _sorted(found, other=Side.LABEL)
    return render(
        request,
        "artist_labels.html",
        artist=artist,
        form=form,
        done=done,
        key=new_id(),
        role=role.value,
        active=active,
        came=came,
        went=went,
    )


def _sorted(found: Sequence[Relation], *, other: Side) -> tuple[list[Relation], list[Relation], list[Relation]]:
    """Return those that work together, those that the other side asked, and those that one asked oneself."""
    waiting = [one for one in found if one.since is None]
    return (
        [one for one in found if one.since is not None],
        [one for one in waiting if one.asked_by is other],
        [one for one in waiting if one.asked_by is not other],
    )
