"""Reporting a person's page, an artist's page or a release to the moderators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Kind, Reason, Subject
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import ReleaseId
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled
from vibestream.web.rendering import answer_with, render, sentence_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_BODY: Final = 16 * 1024
Text = Annotated[str, Form(max_length=4_000)]
ReasonField = Annotated[Reason, Form()]

REASONS: Final = {
    Reason.IMPERSONATION: N_("They pretend to be somebody"),
    Reason.HARASSMENT: N_("It insults or threatens somebody"),
    Reason.RIGHTS: N_("It is somebody else's work"),
    Reason.ILLEGAL: N_("It is against the law"),
    Reason.SPAM: N_("It is advertising or deceit"),
    Reason.OTHER: N_("Something else"),
}
"""What each reason is called."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is reported, as its reporter sees it."""

    subject: Subject
    name: str
    place: str


@router.get("/u/{handle}/report", policy=SIGNED_IN)
async def show_person(handle: str, request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show the form to report a person's page."""
    return _page(request, await _person(tx, handle, principal))


@router.post("/u/{handle}/report", policy=SIGNED_IN, max_body_bytes=_BODY)
async def report_person(
    *,
    handle: str,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    reason: ReasonField,
    words: Text = "",
) -> Response:
    """Report a person's page."""
    seen = await _person(tx, handle, principal)
    await _report(request, tx, principal, seen, reason=reason, words=words, now=now)
    return _page(request, seen, done=True)


@router.get("/artists/{handle}/report", policy=SIGNED_IN)
async def show_artist(handle: str, request: Request, tx: TxDep) -> Response:
    """Show the form to report an artist's page."""
    return _page(request, await _artist(tx, handle))


@router.post("/artists/{handle}/report", policy=SIGNED_IN, max_body_bytes=_BODY)
async def report_artist(
    *,
    handle: str,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    reason: ReasonField,
    words: Text = "",
) -> Response:
    """Report an artist's page."""
    seen = await _artist(tx, handle)
    await _report(request, tx, principal, seen, reason=reason, words=words, now=now)
    return _page(request, seen, done=True)


@router.get("/releases/{release_id}/report", policy=SIGNED_IN)
async def show_release(release_id: UUID, request: Request, tx: TxDep) -> Response:
    """Show the form to report a release."""
    return _page(request, await _release(tx, release_id))


@router.post("/releases/{release_id}/report", policy=SIGNED_IN, max_body_bytes=_BODY)
async def report_release(
    *,
    release_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    reason: ReasonField,
    words: Text = "",
) -> Response:
    """Report a release."""
    seen = await _release(tx, release_id)
    await _report(request, tx, principal, seen, reason=reason, words=words, now=now)
    return _page(request, seen, done=True)


async def _person(tx: Tx, handle: str, principal: Principal) -> _Seen:
    page = await fans.seen(tx, handle=handle, viewer=principal.user_id)
    subject = Subject(kind=Kind.FAN, subject_id=page.user_id, owner_id=page.user_id)
    return _Seen(subject, page.display_name, f"/u/{page.handle}")


async def _artist(tx: Tx, handle: str) -> _Seen:
    artist = await profiles.artist_by_handle(tx, handle=handle)
    subject = Subject(kind=Kind.ARTIST, subject_id=artist.artist_id, owner_id=artist.user_id)
    return _Seen(subject, artist.name, f"/artists/{artist.handle}")


async def _release(tx: Tx, release_id: UUID) -> _Seen:
    release = await catalogue.show_release(tx, release_id=ReleaseId(release_id), viewer=None)
    subject = Subject(kind=Kind.RELEASE, subject_id=release_id, owner_id=release.artist.owner_user_id)
    return _Seen(subject, f"{release.title}, {release.artist.name}", f"/releases/{release_id}")


async def _report(
    request: Request, tx: Tx, principal: Principal, seen: _Seen, *, reason: Reason, words: str, now: datetime
) -> None:
    try:
        await reports.report(tx, reporter=principal.user_id, subject=seen.subject, reason=reason, words=words, now=now)
    except VibeStreamError as error:
        field = "words" if error.code == "text.invalid" else ""
        form = Filled({"words": words, "reason": reason.value}).refused(sentence_of(request, error), field_name=field)
        raise answer_with(request, error, _page(request, seen, form)) from None


def _page(request: Request, seen: _Seen, form: Filled | None = None, *, done: bool = False) -> Response:
    words = {one.value: said for one, said in REASONS.items()}
    return render(
        request, "report.html", name=seen.name, place=seen.place, form=form or Filled(), reasons=words, done=done
    )
