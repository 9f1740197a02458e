"""The studio: becoming an artist, uploading, working on a release, publishing it and taking it down.

Whoever is signed in may call. What they are shown and may change is decided by the statements behind it: 404 without a
part in the artist, 403 to an analyst who writes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Form, Query, Request, UploadFile
from starlette.responses import Response

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import Part, ReadOnly, Release
from vibestream.contexts.music.packaging import service as packaging
from vibestream.contexts.music.uploads import service as uploads
from vibestream.contexts.music.uploads.service import Stage as UploadStage
from vibestream.contexts.music.uploads.service import UploadView
from vibestream.contexts.user.profiles import service as profiles
from vibestream.flows.artists_people import chosen_of, editable_of, studio_artists
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import ArtistId, ReleaseId, TrackId, UploadId, UserId
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.localization import Language
from vibestream.web.pages import release_edits, release_form
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.release_edits import FieldRefused
from vibestream.web.pages.release_form import FormBroken, Sent
from vibestream.web.pages.studio_views import arrived_row, draft_view, studio_card
from vibestream.web.portraits import faces_of
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of
from vibestream.web.sentences import refusal_of

router = Router(include_in_schema=False)

_MOST: Final = 200
_FORM_BYTES: Final = 256 * 1024
_COVER_BYTES: Final = 21 * 1024 * 1024
_PIECE_BYTES: Final = 256 * 1024
Text = Annotated[str, Form(max_length=5_000)]
Ids = Annotated[list[UUID], Form(max_length=200)]
_BECOMING: Final = {
    "profile.handle_taken": "handle",
    "profile.handle_invalid": "handle",
    "text.invalid": "name",
}


@router.get("/studio", policy=SIGNED_IN)
async def show_studio(
    request: Request, tx: TxDep, principal: PrincipalDep, artist: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Show the releases of an artist that one owns or works for; to others, the way to become one."""
    artists = await studio_artists(tx, user_id=principal.user_id)
    if not artists and not artist:
        return _become_page(request, Filled({"name": principal.display_name}))
    chosen = chosen_of(artists, artist)
    spoken = shell_of(request).language
    found = await catalogue.my_releases(
        tx, user_id=principal.user_id, artist_id=chosen.artist_id, before=None, limit=_MOST
    )
    cards = tuple(studio_card(card, spoken) for card in found)
    faces = await faces_of(tx, {chosen.artist_id: chosen.name}, viewer=principal.user_id)
    return render(request, "studio.html", artists=artists, artist=chosen, cards=cards, face=faces[chosen.artist_id])


@router.post("/studio/artists", policy=SIGNED_IN, max_body_bytes=_FORM_BYTES)
async def become_artist(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    name: Text = "",
    handle: Text = "",
    bio: Text = "",
) -> Response:
    """Make an artist profile."""
    try:
        await profiles.become_artist(tx, user_id=principal.user_id, name=name, handle=handle, bio=bio, now=now)
    except VibeStreamError as error:
        field = str(error.facts().get("field", _BECOMING.get(error.code, "")))
        filled = Filled({"name": name, "handle": handle, "bio": bio})
        page = _become_page(request, filled.refused(sentence_of(request, error), field_name=field))
        raise answer_with(request, error, page) from None
    return see_other("/studio/new")


@router.get("/studio/new", policy=SIGNED_IN)
async def show_new(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    release: UUID | None = None,
    artist: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show where files are dropped, and what has arrived and is on no release yet; for a new release or one that is."""
    target = await _editable(tx, release, principal) if release else None
    return await _new_page(request, tx, principal, now, target=target, handle=artist)


@router.post("/studio/releases", policy=SIGNED_IN, max_body_bytes=_FORM_BYTES)
async def draft_release(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    upload: Ids = [],  # noqa: B006 - FastAPI copies it
    artist: Annotated[UUID | Literal[""], Form()] = "",
) -> Response:
    """Make a draft out of files that arrived."""
    artist_id = ArtistId(artist) if isinstance(artist, UUID) else None
    try:
        release = await catalogue.draft_from_uploads(
            tx,
            user_id=principal.user_id,
            artist_id=artist_id,
            upload_ids=[UploadId(one) for one in upload],
            now=now,
            awaited=principal.holds("artist"),
        )
    except VibeStreamError as error:
        page = await _new_page(request, tx, principal, now, refused=sentence_of(request, error))
        raise answer_with(request, error, page) from None
    return see_other(f"/studio/releases/{release.release_id}")


@router.post("/studio/releases/{release_id}/songs", policy=SIGNED_IN, max_body_bytes=_FORM_BYTES)
async def add_songs(
    *,
    release_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    upload: Ids = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Put files that arrived at the end of a release."""
    target = await _editable(tx, release_id, principal)
    try:
        await catalogue.add_uploads(
            tx,
            release_id=ReleaseId(release_id),
            user_id=principal.user_id,
            upload_ids=[UploadId(one) for one in upload],
            version=target.version,
            now=now,
        )
    except VibeStreamError as error:
        page = await _new_page(request, tx, principal, now, target=target, refused=sentence_of(request, error))
        raise answer_with(request, error, page) from None
    return see_other(f"/studio/releases/{release_id}")


@router.post("/studio/uploads/{upload_id}/end", policy=SIGNED_IN)
async def end_upload(upload_id: UUID, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Drop a file that never arrived whole."""
    await uploads.terminate_upload(runtime, upload_id=UploadId(upload_id), user_id=principal.user_id, now=now)
    return see_other("/studio/new")


@router.get("/studio/releases/{release_id}", policy=SIGNED_IN)
async def show_draft(
    release_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, done: str = ""
) -> Response:
    """Show a release as its artist works on it."""
    return await _draft_page(request, tx, principal, release_id, done=done)


@router.post("/studio/releases/{release_id}", policy=SIGNED_IN, max_body_bytes=_FORM_BYTES)
async def save_draft(release_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Save what the form says, and do what its button says beside: publish, move a song, remove one."""
    sent = release_form.read(await request.form())
    verb, _, subject = sent.action.partition(":")
    if verb in {"up", "down"}:
        by = -1 if verb == "up" else 1
        sent = replace(sent, fields=release_form.moved(sent.fields, _track_id(subject), by=by))
    try:
        release = await _editable(tx, release_id, principal)
        fields = release_edits.merged(sent, release)
        release = await release_edits.carry_out(tx, release, fields, user_id=principal.user_id, now=now)
        await _act(tx, release, verb, subject, user_id=principal.user_id, now=now)
    except FieldRefused as refusal:
        wrong = {refusal.field: sentence_of(request, refusal.error)}
        page = await _draft_page(request, tx, principal, release_id, sent=sent, wrong=wrong)
        raise answer_with(request, refusal.error, page) from None
    except VibeStreamError as error:
        wrong = {"": sentence_of(request, error)}
        page = await _draft_page(request, tx, principal, release_id, sent=sent, wrong=wrong)
        raise answer_with(request, error, page) from None
    return see_other(f"/studio/releases/{release_id}?done={'published' if verb == 'publish' else 'saved'}")


@router.post("/studio/releases/{release_id}/cover", policy=SIGNED_IN, max_body_bytes=_COVER_BYTES)
async def change_cover(
    *,
    release_id: UUID,
    request: Request,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    cover: UploadFile,
) -> Response:
    """Give a release the cover that was chosen."""
    async with runtime.database.begin(read_only=True) as tx:
        release = await _editable(tx, release_id, principal)
    try:
        await catalogue.upload_cover(
            runtime,
            release_id=ReleaseId(release_id),
            user_id=principal.user_id,
            version=release.version,
            picture=_pieces(cover),
            now=now,
        )
    except VibeStreamError as error:
        wrong = {"cover": sentence_of(request, error)}
        async with runtime.database.begin(read_only=True) as tx:
            page = await _draft_page(request, tx, principal, release_id, wrong=wrong)
        raise answer_with(request, error, page) from None
    return see_other(f"/studio/releases/{release_id}?done=cover")


@router.post("/studio/releases/{release_id}/take-down", policy=SIGNED_IN, max_body_bytes=_FORM_BYTES)
async def take_down(release_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Withdraw a published release."""
    release = await _editable(tx, release_id, principal)
    await catalogue.take_down_release(
        tx, release_id=ReleaseId(release_id), user_id=principal.user_id, version=release.version, now=now
    )
    return see_other(f"/studio/releases/{release_id}?done=taken_down")


@router.post("/studio/releases/{release_id}/delete", policy=SIGNED_IN, max_body_bytes=_FORM_BYTES)
async def delete_draft(release_id: UUID, tx: TxDep, principal: PrincipalDep) -> Response:
    """Delete a release that was never public."""
    release = await _editable(tx, release_id, principal)
    await catalogue.delete_draft(
        tx, release_id=ReleaseId(release_id), user_id=principal.user_id, version=release.version
    )
    return see_other(f"/studio?artist={release.artist.handle}")


async def _act(tx: Tx, release: Release, verb: str, subject: str, *, user_id: UserId, now: datetime) -> None:
    if verb == "publish":
        await catalogue.publish_release(
            tx, release_id=release.release_id, user_id=user_id, version=release.version, now=now
        )
    elif verb == "remove":
        await catalogue.remove_track(
            tx,
            release_id=release.release_id,
            track_id=_track_id(subject),
            user_id=user_id,
            version=release.version,
            now=now,
        )


async def _editable(tx: Tx, release_id: UUID, principal: Principal) -> Release:
    """Return a release to whoever may change it: no analyst comes as far as a form, whatever they send."""
    studio = await catalogue.studio_release(tx, release_id=ReleaseId(release_id), user_id=principal.user_id)
    part = await catalogue.part_in_release(tx, release_id=studio.release.release_id, user_id=principal.user_id)
    if part is None or not part.edits:
        raise ReadOnly
    return studio.release


async def _draft_page(
    request: Request,
    tx: Tx,
    principal: Principal,
    release_id: UUID,
    *,
    done: str = "",
    sent: Sent | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    studio = await catalogue.studio_release(tx, release_id=ReleaseId(release_id), user_id=principal.user_id)
    asset_ids = [track.asset_id for track in studio.release.tracks]
    assets = await packaging.list_assets(tx, asset_ids=asset_ids)
    view = draft_view(studio, assets, shell_of(request).language, sent=sent, wrong=wrong)
    part = await catalogue.part_in_release(tx, release_id=studio.release.release_id, user_id=principal.user_id)
    template = "draft.html" if part and part.edits else "draft_to_read.html"
    handle = studio.release.artist.handle
    return render(request, template, view, done=done, handle=handle, owned=part is Part.OWNER)


async def _new_page(
    request: Request,
    tx: Tx,
    principal: Principal,
    now: datetime,
    *,
    target: Release | None = None,
    refused: str = "",
    handle: str = "",
) -> Response:
    artists = editable_of(await studio_artists(tx, user_id=principal.user_id))
    spoken = shell_of(request).language
    found = await uploads.list_uploads(tx, user_id=principal.user_id, before=None, limit=_MOST, now=now)
    used = await catalogue.assets_on_releases(tx, user_id=principal.user_id)
    rows = tuple(_row(view, spoken) for view in reversed(found) if view.asset_id not in used)
    chosen = target.artist.handle if target else next((one.handle for one in artists if one.handle == handle), "")
    return render(
        request, "new_release.html", rows=rows, artists=artists, target=target, refused=refused, handle=chosen
    )


def _become_page(request: Request, form: Filled) -> Response:
    return render(request, "become_artist.html", form=form)


def _row(view: UploadView, spoken: Language) -> object:
    explain = refusal_of(view.reason, view.explanation or "", spoken) if view.stage is not UploadStage.RECEIVING else ""
    return arrived_row(view, spoken, explain)


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE_BYTES):
        yield piece


def _track_id(text: str) -> TrackId:
    try:
        return TrackId(UUID(text))
    except ValueError:
        raise FormBroken from None
