"""Moderation: what waits for a moderator, and one request to be verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistProfile
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Open
from vibestream.contexts.user.verification import service as verification
from vibestream.contexts.user.verification.service import Ground, State, Verification, Waiting
from vibestream.flows import reported
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import Principal, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.reporting import REASONS
from vibestream.web.rendering import answer_with, render, sentence_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_MODERATOR: Final = holds("moderator")
_QUEUE: Final = 100
_BODY: Final = 32 * 1024
Text = Annotated[str, Form(max_length=8_000)]

GROUNDS: Final = {
    Ground.LINKS_BACK: N_("A site or profile known to be theirs leads to their page here"),
    Ground.PAPERS: N_("Papers of a label, a publisher or a society say so"),
    Ground.NOT_ENOUGH: N_("What is shown proves nothing yet"),
    Ground.DOES_NOT_MATCH: N_("What is shown is somebody else's"),
    Ground.IMPERSONATION: N_("They pretend to be somebody"),
}
"""What each ground of a decision is called."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """What waits, the oldest first."""

    waiting: tuple[Waiting, ...]
    count: int
    reported: tuple[tuple[Open, str], ...]
    reason_words: dict[str, str]


@dataclass(frozen=True, slots=True)
class VerificationView:
    """One request with its evidence, the artist as it is now, and the form to decide."""

    asked: Verification
    artist: ArtistProfile
    own: bool
    form: Filled
    choices: dict[str, tuple[tuple[str, str], ...]]
    ground_words: dict[str, str]


@router.get("/moderation", policy=_MODERATOR)
async def show_moderation(request: Request, tx: TxDep) -> Response:
    """Show what waits for a moderator."""
    waiting = await verification.queue(tx, limit=_QUEUE)
    waits = await reports.queue(tx, limit=_QUEUE)
    named = [(one, (await reported.named(tx, kind=one.kind, subject_id=one.subject_id))[0]) for one in waits]
    words = {one.value: said for one, said in REASONS.items()}
    count = await verification.count_waiting(tx)
    return render(request, "moderation.html", QueueView(tuple(waiting), count, tuple(named), words))


@router.get("/moderation/verifications/{verification_id}", policy=_MODERATOR)
async def show_verification(verification_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show one request to be verified."""
    return await _verification_page(request, tx, principal, verification_id, Filled())


@router.post("/moderation/verifications/{verification_id}", policy=_MODERATOR, max_body_bytes=_BODY)
async def decide_verification(
    *,
    verification_id: UUID,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    verdict: Annotated[State, Form()],
    verified_ground: Text = "",
    refused_ground: Text = "",
    reason: Text = "",
) -> Response:
    """Verify an artist, or refuse to, and say why."""
    state = State.VERIFIED if verdict is State.VERIFIED else State.REFUSED
    ground = verified_ground if state is State.VERIFIED else refused_ground
    try:
        await verification.decide(
            tx,
            verification_id=verification_id,
            verdict=state,
            by=principal.user_id,
            ground=ground,
            reason=reason,
            now=now,
        )
    except VibeStreamError as error:
        field = "reason" if error.code == "text.invalid" else ""
        typed = {"reason": reason, "verified_ground": verified_ground, "refused_ground": refused_ground}
        form = Filled(typed).refused(sentence_of(request, error), field_name=field)
        page = await _verification_page(request, tx, principal, verification_id, form)
        raise answer_with(request, error, page) from None
    return see_other(f"/moderation/verifications/{verification_id}")


async def _verification_page(
    request: Request, tx: Tx, principal: Principal, verification_id: UUID, form: Filled
) -> Response:
    asked = await verification.request_of(tx, verification_id=verification_id)
    artist = await profiles.artist(tx, artist_id=asked.artist_id)
    view = VerificationView(
        asked=asked,
        artist=artist,
        own=principal.user_id in {asked.asked_by, artist.user_id},
        form=form,
        choices={
            state.value: tuple((one.value, GROUNDS[one]) for one in grounds)
            for state, grounds in verification.GROUNDS.items()
        },
        ground_words={one.value: said for one, said in GROUNDS.items()},
    )
    return render(request, "verification.html", view)
