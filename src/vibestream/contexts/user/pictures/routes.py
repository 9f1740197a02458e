"""HTTP for pictures: give and take away, of oneself and of an artist; and the pictures themselves."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from vibestream.contexts.user.pictures import service
from vibestream.contexts.user.pictures.service import Picture, Place, Subject
from vibestream.contexts.user.reports.service import Kind
from vibestream.kernel.entity_tags import is_named
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.access import ANYONE, SIGNED_IN, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.media.pictures import MAX_PICTURE_BYTES, PICTURE_TYPE
from vibestream.platform.storage import ObjectMissing

router = Router(tags=["pictures"])

_SENT: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/jpeg", "image/png", "image/webp")
        },
    }
}
_FETCHED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {PICTURE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}
_OF_EVERYBODY: Final = "public, no-cache"
"""Whoever is on the way may keep it, and has to ask each time whether it may still be seen: a page that is hidden takes its
pictures along at once. That asking costs no picture, only an answer without one."""
_OF_SOME: Final = "private, no-cache"
"""The browser alone keeps it, and asks each time likewise."""
_OF_MODERATORS: Final = "private, no-store"
"""What is reported, and may be against the law, stays nowhere."""
_MODERATOR: Final = holds("moderator")
_ALONE: Final = "default-src 'none'; sandbox"
_NOTHING: Final = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
Width = Annotated[int, Path(ge=1, le=2_000)]


class PictureSize(BaseModel):
    """One size of a picture."""

    url: str
    width: int
    height: int


class PictureView(BaseModel):
    """A picture of a profile: WebP in sizes, the largest first."""

    place: Place
    sizes: list[PictureSize]


class PicturesView(BaseModel):
    """The pictures of a profile that whoever asks may see."""

    pictures: list[PictureView]


@router.put("/api/v1/me/picture", policy=SIGNED_IN, max_body_bytes=MAX_PICTURE_BYTES, openapi_extra=_SENT)
async def give_own(request: Request, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep) -> PictureView:
    """Give oneself a picture: JPEG, PNG or WebP of at most 20 MB as the body, of which the middle square is kept."""
    subject = Subject(principal.user_id)
    return _view(await service.give(runtime, subject=subject, place=Place.PORTRAIT, pieces=request.stream(), now=now))


@router.delete("/api/v1/me/picture", policy=SIGNED_IN, status_code=204)
async def withdraw_own(tx: TxDep, principal: PrincipalDep) -> None:
    """Take one's own picture away."""
    await service.withdraw(tx, subject=Subject(principal.user_id), place=Place.PORTRAIT)


@router.get("/api/v1/me/picture", policy=SIGNED_IN)
async def show_own(tx: TxDep, principal: PrincipalDep) -> PicturesView:
    """Show one's own picture, whoever else may see it."""
    return PicturesView(pictures=await _views(tx, principal.user_id, principal.user_id))


@router.get("/api/v1/artists/{artist_id}/pictures", policy=ANYONE)
async def show_of_artist(artist_id: UUID, tx: TxDep, principal: MaybePrincipalDep) -> PicturesView:
    """Show an artist's pictures; none of one that is hidden or that there is not."""
    return PicturesView(pictures=await _views(tx, artist_id, principal.user_id if principal else None))


@router.put(
    "/api/v1/artists/{artist_id}/pictures/{place}",
    policy=SIGNED_IN,
    max_body_bytes=MAX_PICTURE_BYTES,
    openapi_extra=_SENT,
)
async def give_artist(
    *, artist_id: UUID, place: Place, request: Request, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep
) -> PictureView:
    """Give an artist that one owns or edits a picture: the middle square for the portrait, three to one for the banner."""
    subject = Subject(principal.user_id, ArtistId(artist_id))
    return _view(await service.give(runtime, subject=subject, place=place, pieces=request.stream(), now=now))


@router.delete("/api/v1/artists/{artist_id}/pictures/{place}", policy=SIGNED_IN, status_code=204)
async def withdraw_artist(artist_id: UUID, place: Place, tx: TxDep, principal: PrincipalDep) -> None:
    """Take a picture of an artist that one owns or edits away."""
    await service.withdraw(tx, subject=Subject(principal.user_id, ArtistId(artist_id)), place=place)


@router.get("/pictures/own", policy=SIGNED_IN, include_in_schema=False)
async def fetch_own(request: Request, runtime: RuntimeDep, principal: PrincipalDep) -> Response:
    """Send one's own portrait in its smallest size; nothing to see, over which the initial shows, when there is none."""
    me = principal.user_id
    async with runtime.database.begin(read_only=True) as tx:
        found = await service.pictures_of(tx, subjects=[me], viewer=me)
    if me not in found:
        return Response(_NOTHING, media_type="image/svg+xml", headers={"Cache-Control": _OF_SOME})
    return await answer(request, runtime, found[me], width=found[me].images[-1].width)


@router.get("/pictures/{picture_id}/{width}.webp", policy=ANYONE, response_class=Response, responses=_FETCHED)
async def fetch(
    picture_id: UUID, width: Width, request: Request, runtime: RuntimeDep, principal: MaybePrincipalDep
) -> Response:
    """Send one size of a picture to whoever may see the profile that it is of."""
    async with runtime.database.begin(read_only=True) as tx:
        picture = await service.seen(tx, picture_id=picture_id, viewer=principal.user_id if principal else None)
    return await answer(request, runtime, picture, width=width)


@router.get("/moderation/reports/{kind}/{subject_id}/pictures/{place}.webp", policy=_MODERATOR, include_in_schema=False)
async def fetch_judged(
    *, kind: Kind, subject_id: UUID, place: Place, request: Request, runtime: RuntimeDep, principal: PrincipalDep
) -> Response:
    """Send a picture of a page that was reported, whoever else may see it, to a moderator who can decide about it."""
    async with runtime.database.begin(read_only=True) as tx:
        picture = await service.judged(tx, kind=kind, subject_id=subject_id, place=place, by=principal.user_id)
    return await answer(request, runtime, picture, width=picture.images[0].width, kept=_OF_MODERATORS)


async def answer(
    request: Request, runtime: RuntimeDep, picture: Picture, *, width: int, kept: str | None = None
) -> Response:
    """Return one size of a picture that may be seen, or that the browser has it already.

    `kept` says who may keep it; None: whoever may see it.

    Raises:
        PictureMissing: there is no such size, or it was deleted meanwhile.
    """
    image = picture.image_of(width)
    headers = {
        "ETag": f'"{image.key.rsplit("/", 1)[1].split("-", 1)[0]}"',
        "Cache-Control": kept or (_OF_EVERYBODY if picture.is_public else _OF_SOME),
        "Content-Security-Policy": _ALONE,
    }
    if is_named(request.headers.get("if-none-match"), headers["ETag"], weak=True):
        return Response(status_code=304, headers=headers)
    try:
        data = await runtime.objects.get_bytes(image.key)
    except ObjectMissing:
        raise service.PictureMissing from None
    return Response(data, media_type=PICTURE_TYPE, headers=headers)


async def _views(tx: Tx, subject_id: UUID, viewer: UserId | None) -> list[PictureView]:
    found = [await service.pictures_of(tx, subjects=[subject_id], viewer=viewer, place=place) for place in Place]
    return [_view(picture) for one in found for picture in one.values()]


def _view(picture: Picture) -> PictureView:
    sizes = [
        PictureSize(url=picture.address_of(image), width=image.width, height=image.height) for image in picture.images
    ]
    return PictureView(place=picture.place, sizes=sizes)
