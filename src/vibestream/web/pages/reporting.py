"""Reporting a person's page, an artist's page or a release to the moderators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Reason
from vibestream.flows import reported
from vibestream.flows.reported import Reported
from vibestream.kernel.errors import VibeStreamError
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


@router.get("/u/{handle}/report", policy=SIGNED_IN)
async def show_person(handle: str, request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show the form to report a person's page."""
    return _page(request, await reported.person(tx, handle=handle, viewer=principal.user_id))


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
    seen = await reported.person(tx, handle=handle, viewer=principal.user_id)
    await _report(request, tx, principal, seen, reason=reason, words=words, now=now)
    return _page(request, seen, done=True)


@router.get("/artists/{handle}/report", policy=SIGNED_IN)
async def show_artist(handle: str, request: Request, tx: TxDep) -> Response:
    """Show the form to report an artist's page."""
    return _page(request, await reported.artist(tx, handle=handle))


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
    seen = await reported.artist(tx, handle=handle)
    await _report(request, tx, principal, seen, reason=reason, words=words, now=now)
    return _page(request, seen, done=True)


@router.get("/releases/{release_id}/report", policy=SIGNED_IN)
async def show_release(release_id: UUID, request: Request, tx: TxDep) -> Response:
    """Show the form to report a release."""
    return _page(request, await reported.release(tx, release_id=release_id))


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
    seen = await reported.release(tx, release_id=release_id)
    await _report(request, tx, principal, seen, reason=reason, words=words, now=now)
    return _page(request, seen, done=True)


async def _report(
    request: Request, tx: Tx, principal: Principal, seen: Reported, *, reason: Reason, words: str, now: datetime
) -> None:
    try:
        await reports.report(tx, reporter=principal.user_id, subject=seen.subject, reason=reason, words=words, now=now)
    except VibeStreamError as error:
        field = "words" if error.code == "text.invalid" else ""
        form = Filled({"words": words, "reason": reason.value}).refused(sentence_of(request, error), field_name=field)
        raise answer_with(request, error, _page(request, seen, form)) from None


def _page(request: Request, seen: Reported, form: Filled | None = None, *, done: bool = False) -> Response:
    words = {one.value: said for one, said in REASONS.items()}
    return render(
        request, "report.html", name=seen.name, place=seen.place, form=form or Filled(), reasons=words, done=done
    )
