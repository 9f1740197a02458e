"""What was reported, as moderators see it: everything that was said of one subject, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.user.pictures import service as pictures
from vibestream.contexts.user.pictures.service import Picture, Place
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Case, Kind, Verdict
from vibestream.flows import reported
from vibestream.kernel.errors import Missing, VibeStreamError
from vibestream.platform.access import Principal, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.reporting import REASONS
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_MODERATOR: Final = holds("moderator")
_BODY: Final = 16 * 1024
Text = Annotated[str, Form(max_length=8_000)]


@dataclass(frozen=True, slots=True)
class CaseView:
    """A subject by name, what was said and decided of it, and what this moderator can decide."""

    case: Case
    name: str
    place: str
    own: bool
    verdicts: tuple[str, ...]
    form: Filled
    reasons: dict[str, str]
    pictures: tuple[tuple[Picture, str], ...]
    """What there is to see of its page, hidden or not, for whoever can decide; and where."""


@router.get("/moderation/reports/{kind}/{subject_id}", policy=_MODERATOR)
async def show_case(kind: Kind, subject_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show everything that was said of a subject."""
    return await _page(request, tx, principal, kind, subject_id, form=Filled())


@router.post("/moderation/reports/{kind}/{subject_id}", policy=_MODERATOR, max_body_bytes=_BODY)
async def decide_case(
    *,
    kind: Kind,
    subject_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    verdict: Annotated[Verdict, Form()],
    note: Text = "",
) -> Response:
    """Decide about everything that is open of a subject."""
    try:
        await reports.decide(
            tx, kind=kind, subject_id=subject_id, verdict=verdict, by=principal.user_id, note=note, now=now
        )
    except VibeStreamError as error:
        if isinstance(error, Missing):
            raise
        field = "note" if error.code == "text.invalid" else ""
        form = Filled({"note": note}).refused(sentence_of(request, error), field_name=field)
        page = await _page(request, tx, principal, kind, subject_id, form=form)
        raise answer_with(request, error, page) from None
    return see_other(f"/moderation/reports/{kind.value}/{subject_id}")


async def _page(
    request: Request, tx: Tx, principal: Principal, kind: Kind, subject_id: UUID, *, form: Filled
) -> Response:
    case = await reports.case_of(tx, kind=kind, subject_id=subject_id)
    name, place = await reported.named(tx, kind=kind, subject_id=subject_id)
    found = await pictures.pictures_to_judge(tx, kind=kind, subject_id=subject_id, by=principal.user_id)
    seen = tuple((found[one], pictures.judged_at(found[one], kind=kind)) for one in Place if one in found)
    words, verdicts = {one.value: said for one, said in REASONS.items()}, tuple(one.value for one in case.verdicts)
    view = CaseView(case, name, place, case.involves(principal.user_id), verdicts, form, words, seen)
    return render(request, "reported.html", view)
