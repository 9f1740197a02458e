"""Giving oneself and one's artists a picture, and taking it away: forms that send one file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import Request, UploadFile
from starlette.responses import Response

from vibestream.contexts.user.pictures import service as pictures
from vibestream.contexts.user.pictures.service import Place, Subject
from vibestream.contexts.user.profiles.service import ArtistMissing
from vibestream.flows.artists_people import part_in_page
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import ArtistId
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.artist_profile import profile_page
from vibestream.web.pages.forms import see_other
from vibestream.web.pages.own_page import own_page
from vibestream.web.rendering import answer_with, sentence_of

router = Router(include_in_schema=False)

_BODY: Final = 21 * 1024 * 1024
"""A picture of the largest size that is taken, and what a form puts around it."""
_PIECE_BYTES: Final = 256 * 1024
Again = Callable[[Tx, str], Awaitable[Response]]


@router.post("/account/page/picture", policy=SIGNED_IN, max_body_bytes=_BODY)
async def give_own(
    request: Request, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep, picture: UploadFile
) -> Response:
    """Give oneself the picture that was chosen."""

    async def again(tx: Tx, wrong: str) -> Response:
        return await own_page(request, tx, principal, picture_wrong=wrong)

    await _give(request, runtime, Subject(principal.user_id), Place.PORTRAIT, picture=picture, now=now, again=again)
    return see_other("/account/page?done=picture")


@router.post("/account/page/picture/remove", policy=SIGNED_IN)
async def withdraw_own(tx: TxDep, principal: PrincipalDep) -> Response:
    """Take one's own picture away."""
    await pictures.withdraw(tx, subject=Subject(principal.user_id), place=Place.PORTRAIT)
    return see_other("/account/page?done=no_picture")


@router.post("/studio/artists/{artist_id}/pictures/{place}", policy=SIGNED_IN, max_body_bytes=_BODY)
async def give_artist(
    *,
    artist_id: UUID,
    place: Place,
    request: Request,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    picture: UploadFile,
) -> Response:
    """Give an artist that one owns or edits the picture that was chosen."""

    async def again(tx: Tx, wrong: str) -> Response:
        return await profile_page(request, tx, principal, artist_id, picture_wrong={place.value: wrong})

    async with runtime.database.begin(read_only=True) as tx:
        await part_in_page(tx, artist_id=artist_id, user_id=principal.user_id)
    await _give(
        request, runtime, Subject(principal.user_id, ArtistId(artist_id)), place, picture=picture, now=now, again=again
    )
    return see_other(f"/studio/artists/{artist_id}?done={place.value}")


@router.post("/studio/artists/{artist_id}/pictures/{place}/remove", policy=SIGNED_IN)
async def withdraw_artist(artist_id: UUID, place: Place, tx: TxDep, principal: PrincipalDep) -> Response:
    """Take a picture of an artist that one owns or edits away."""
    await pictures.withdraw(tx, subject=Subject(principal.user_id, ArtistId(artist_id)), place=place)
    return see_other(f"/studio/artists/{artist_id}?done=no_{place.value}")


async def _give(
    request: Request,
    runtime: Runtime,
    subject: Subject,
    place: Place,
    *,
    picture: UploadFile,
    now: datetime,
    again: Again,
) -> None:
    """Give a picture; when it is refused, have the form shown again with why."""
    try:
        await pictures.give(runtime, subject=subject, place=place, pieces=_pieces(picture), now=now)
    except ArtistMissing:  # nothing of theirs: there is no form to show again
        raise
    except VibeStreamError as error:
        async with runtime.database.begin(read_only=True) as tx:
            page = await again(tx, sentence_of(request, error))
        raise answer_with(request, error, page) from None


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE_BYTES):
        yield piece
