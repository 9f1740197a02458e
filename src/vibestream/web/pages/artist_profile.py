"""An artist's page as those who speak for it change it: name, handle, what it says, links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistProfile
from vibestream.contexts.user.teams import service as teams
from vibestream.contexts.user.verification import service as verification
from vibestream.flows.artists_people import own_artist, part_in_page
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import ArtistId, new_id
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.portraits import banner_of, faces_of
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY: Final = 64 * 1024
_LEAST_ROWS: Final = 3
_MOST_ROWS: Final = 10
_FIELDS: Final = {
    "profile.handle_taken": "handle",
    "profile.handle_invalid": "handle",
    "profile.handle_changes_limited": "handle",
    "profile.link_invalid": "links",
}
Text = Annotated[str, Form(max_length=16_000)]
Maybe = Annotated[str | None, Form(max_length=16_000)]
Several = Annotated[list[Annotated[str, Form(max_length=600)]], Form(max_length=_MOST_ROWS)]


@router.get("/studio/artists/{artist_id}", policy=SIGNED_IN)
async def show_profile(
    artist_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, done: str = ""
) -> Response:
    """Show the form of an artist's page to its owner and its team."""
    return await profile_page(request, tx, principal, artist_id, done=done)


async def profile_page(
    request: Request,
    tx: Tx,
    principal: Principal,
    artist_id: UUID,
    *,
    done: str = "",
    picture_wrong: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Return the form of an artist's page as it is stored; `picture_wrong`: why a picture for a place was not taken."""
    artist, _ = await part_in_page(tx, artist_id=artist_id, user_id=principal.user_id)
    form = Filled({"name": artist.name, "handle": artist.handle, "bio": artist.bio})
    links = [(link.label, link.url) for link in artist.links]
    return await _page(request, tx, principal, artist, form, links=links, done=done, picture_wrong=picture_wrong)


@router.post("/studio/artists/{artist_id}", policy=SIGNED_IN, max_body_bytes=_BODY)
async def save_profile(
    *,
    artist_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    name: Maybe = None,
    handle: Maybe = None,
    bio: Text = "",
    label: Several = [],  # noqa: B006 - FastAPI copies it
    url: Several = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Save what the form says; that an editor gives no name or handle leaves them as they are."""
    artist, _ = await part_in_page(tx, artist_id=artist_id, user_id=principal.user_id)
    pairs = [(one.strip(), other.strip()) for one, other in zip(label, url, strict=False)]
    links = [(one or other.removeprefix("https://")[:40], other) for one, other in pairs if one or other]
    try:
        await profiles.change_artist(
            tx,
            artist_id=artist.artist_id,
            user_id=principal.user_id,
            now=now,
            name=name,
            handle=handle,
            bio=bio,
            links=links,
        )
    except VibeStreamError as error:
        field = str(error.facts().get("field", _FIELDS.get(error.code, "")))
        filled = Filled({"name": name or "", "handle": handle or "", "bio": bio})
        page = await _page(
            request, tx, principal, artist, filled.refused(sentence_of(request, error), field_name=field), links=links
        )
        raise answer_with(request, error, page) from None
    return see_other(f"/studio/artists/{artist_id}?done=saved")


@router.post("/studio/artists/{artist_id}/verification", policy=SIGNED_IN, max_body_bytes=_BODY)
async def ask_verification(
    *,
    artist_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    evidence: Text = "",
    addresses: Text = "",
) -> Response:
    """Ask that the artist be verified; addresses stand one on each line. What waits already is not asked again."""
    artist = await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)
    links = [line.strip() for line in addresses.splitlines() if line.strip()]
    try:
        await verification.ask(
            tx, artist_id=artist.artist_id, user_id=principal.user_id, evidence=evidence, links=links, now=now
        )
    except VibeStreamError as error:
        field = {"profile.link_invalid": "addresses", "text.invalid": "evidence"}.get(error.code, "")
        proof = Filled({"evidence": evidence, "addresses": addresses}).refused(
            sentence_of(request, error), field_name=field
        )
        form = Filled({"name": artist.name, "handle": artist.handle, "bio": artist.bio})
        shown = [(link.label, link.url) for link in artist.links]
        raise answer_with(
            request, error, await _page(request, tx, principal, artist, form, links=shown, proof=proof)
        ) from None
    return see_other(f"/studio/artists/{artist_id}?done=asked")


@router.post("/studio/artists/{artist_id}/verification/withdraw", policy=SIGNED_IN)
async def withdraw_verification(artist_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Withdraw the request that waits."""
    await verification.withdraw(tx, artist_id=ArtistId(artist_id), user_id=principal.user_id, now=now)
    return see_other(f"/studio/artists/{artist_id}?done=withdrawn")


async def _page(
    request: Request,
    tx: Tx,
    principal: Principal,
    artist: ArtistProfile,
    form: Filled,
    *,
    links: Sequence[tuple[str, str]],
    done: str = "",
    proof: Filled | None = None,
    picture_wrong: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    _, part = await part_in_page(tx, artist_id=artist.artist_id, user_id=principal.user_id)
    spare = [("", "")] * max(_LEAST_ROWS - len(links), 1)
    rows = [*links, *spare][:_MOST_ROWS]
    standing = await fans.standing_of(tx, artist_id=artist.artist_id, viewer=artist.user_id)
    members = await teams.members(tx, artist_id=artist.artist_id)
    named: dict[UUID, str] = {artist.artist_id: artist.name} | {one.user_id: one.name for one in members}
    return render(
        request,
        "artist_profile.html",
        artist=artist,
        form=form,
        links=rows,
        done=done,
        proof=proof or Filled(),
        verified_at=standing.verified_at,
        asked=await verification.newest_of(tx, artist_id=artist.artist_id) if part == "owner" else None,
        part=part,
        members=members,
        faces=await faces_of(tx, named, viewer=principal.user_id),
        banner=await banner_of(tx, artist.artist_id, viewer=principal.user_id),
        picture_wrong=picture_wrong,
        key=new_id(),
        me=principal.user_id,
    )
