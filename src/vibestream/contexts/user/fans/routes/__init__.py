"""HTTP of people: one's own page, somebody's as one may see it, where a handle leads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.fans import service
from vibestream.contexts.user.fans.service import Badge, FanPage, FanView, Followed, Switches
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["people"])

_BODY_BYTES: Final = 16 * 1024
_READS: Final = SIGNED_IN.for_apps("page:read")
HandleText = Annotated[str, Field(min_length=1, max_length=120)]
Word = Annotated[str, Field(min_length=1, max_length=120, pattern="^[^,]*$")]


class SwitchesBody(BaseModel):
    """What of a page others see. What is left out of a request is switched off."""

    model_config = ConfigDict(extra="forbid", strict=True)

    open: bool = Field(default=False, description="Whether there is a page for anybody else at all.")
    shows_taste: bool = False
    shows_follows: bool = Field(
        default=False, description="Whom one follows, and that one follows; closed, one is in nobody's list by name."
    )
    shows_badges: bool = False


class PageRequest(BaseModel):
    """One's page, whole: it is this afterwards, and nothing of what it was before."""

    model_config = ConfigDict(extra="forbid", strict=True)

    handle: HandleText
    about: Annotated[str, Field(max_length=4_000)] = ""
    taste: Annotated[list[Word], Field(max_length=50)] = []
    switches: SwitchesBody = SwitchesBody()


class OwnPageBody(BaseModel):
    """One's own page with all that is on it."""

    handle: str
    display_name: str
    about: str
    taste: list[str]
    switches: SwitchesBody
    hidden: bool = Field(description="Whether a moderator hid it.")
    since: datetime


class FollowedBody(BaseModel):
    """An artist or a person whom somebody follows."""

    name: str
    handle: str
    verified: bool = Field(description="Whether a moderator verified the artist; of people never.")


class PersonBody(BaseModel):
    """A person's page as whoever asks may see it; what its owner switched off is empty, or null."""

    handle: str = Field(description="The present one, whichever was asked for.")
    display_name: str
    about: str
    taste: list[str]
    badges: list[Badge]
    artists: list[FollowedBody] = Field(description="The latest whom they follow; all of them at `/artists`.")
    people: list[FollowedBody] = Field(description="The latest whom they follow; all of them at `/people`.")
    followers: int | None
    own: bool
    following: bool = Field(description="Whether whoever asks follows them.")
    since: datetime


class ArtistHandle(BaseModel):
    """The artist that a handle leads to."""

    artist_id: UUID
    name: str
    handle: str


class PersonHandle(BaseModel):
    """The person that a handle leads to."""

    name: str
    handle: str


class HandleBody(BaseModel):
    """What a handle leads to; `handle` of each is the present one. Handles that look alike lead to the same."""

    artist: ArtistHandle | None
    person: PersonHandle | None


@router.get("/api/v1/me/page", policy=_READS)
async def show_own_page(tx: TxDep, principal: PrincipalDep) -> OwnPageBody:
    """Show one's own page, and what others see of it; 404 before it was made."""
    return _own(await service.made_page(tx, user_id=principal.user_id))


@router.put("/api/v1/me/page", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def save_own_page(body: PageRequest, tx: TxDep, principal: PrincipalDep, now: NowDep) -> OwnPageBody:
    """Make one's own page, or put this in its place: its handle, what it says, and what others see of it."""
    page = await service.save_page(
        tx,
        user_id=principal.user_id,
        handle=body.handle,
        about=body.about,
        taste=", ".join(body.taste),
        switches=Switches(**body.switches.model_dump()),
        now=now,
    )
    return _own(page)


@router.get("/api/v1/handles/{handle}", policy=ANYONE)
async def show_handle(handle: str, tx: TxDep, principal: MaybePrincipalDep) -> HandleBody:
    """Say which artist and which person a handle leads to, also one that they left."""
    found = await service.led_to(tx, handle=handle, viewer=principal.user_id if principal else None)
    artist, person = found.artist, found.person
    return HandleBody(
        artist=ArtistHandle(artist_id=artist.artist_id, name=artist.name, handle=artist.handle) if artist else None,
        person=PersonHandle(name=person.display_name, handle=person.handle) if person else None,
    )


@router.get("/api/v1/people/{handle}", policy=ANYONE, conditional=True)
async def show_person(handle: str, tx: TxDep, principal: MaybePrincipalDep) -> PersonBody:
    """Show a person's page as one may see it; what may not be seen is not there."""
    viewer = principal.user_id if principal else None
    page = await service.seen(tx, handle=handle, viewer=viewer)
    return _seen(await service.page_of(tx, page=page, viewer=viewer))


@router.get("/api/v1/people/{handle}/artists", policy=ANYONE)
async def list_their_artists(
    handle: str, tx: TxDep, principal: MaybePrincipalDep, paging: PagingDep
) -> Page[FollowedBody]:
    """List the artists whom a person follows, the latest first; empty when they do not show it."""
    viewer = principal.user_id if principal else None
    page, after = await service.seen(tx, handle=handle, viewer=viewer), paging.after_values(datetime, str)
    last = after and (after[0], after[1])
    rows = await service.followed_artists(tx, page=page, viewer=viewer, after=last, limit=paging.fetch)
    return paging.page(rows, item=_followed, position=lambda row: (row.since, row.handle))


@router.get("/api/v1/people/{handle}/people", policy=ANYONE)
async def list_their_people(
    handle: str, tx: TxDep, principal: MaybePrincipalDep, paging: PagingDep
) -> Page[FollowedBody]:
    """List the people whom a person follows, the latest first, as one may see them; empty when they do not show it."""
    viewer = principal.user_id if principal else None
    page, after = await service.seen(tx, handle=handle, viewer=viewer), paging.after_values(datetime, str)
    last = after and (after[0], after[1])
    rows = await service.followed_people(tx, page=page, viewer=viewer, after=last, limit=paging.fetch)
    return paging.page(rows, item=_followed, position=lambda row: (row.since, row.handle))


def _own(page: FanPage) -> OwnPageBody:
    switches = page.switches
    return OwnPageBody(
        handle=page.handle,
        display_name=page.display_name,
        about=page.about,
        taste=list(page.taste),
        switches=SwitchesBody(
            open=switches.open,
            shows_taste=switches.shows_taste,
            shows_follows=switches.shows_follows,
            shows_badges=switches.shows_badges,
        ),
        hidden=page.hidden,
        since=page.since,
    )


def _followed(one: Followed) -> FollowedBody:
    return FollowedBody(name=one.name, handle=one.handle, verified=one.verified)


def _seen(view: FanView) -> PersonBody:
    page = view.page
    return PersonBody(
        handle=page.handle,
        display_name=page.display_name,
        about=page.about,
        taste=list(view.taste),
        badges=list(view.badges),
        artists=[_followed(one) for one in view.artists],
        people=[_followed(one) for one in view.people],
        followers=view.followers,
        own=view.own,
        following=view.following,
        since=page.since,
    )
