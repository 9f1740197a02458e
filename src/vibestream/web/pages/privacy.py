"""One's data: a copy of all that is held of oneself, asked for, watched while it is made, and fetched; and what one agrees to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.service import Purpose
from vibestream.contexts.user.exports import service as exports
from vibestream.contexts.user.exports.service import Export, State
from vibestream.flows import export_person
from vibestream.flows import say_consent as say
from vibestream.flows.export_routes import network_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
ASKED: Final[Mapping[Purpose, tuple[str, str]]] = {
    Purpose.ANALYTICS: (
        N_("Statistics about your listening"),
        N_(
            "From what you play and when, we work out your own statistics, such as hours, genres, top artists and a year in"
            " review. You also count in figures that artists see, never for fewer than ten listeners: by song and day, by the"
            " page you started from, by the country of your time zone and by how well you listened."
        ),
    ),
    Purpose.PERSONALISATION: (
        N_("Suggestions made for you"),
        N_("From what you play, we choose which music we suggest to you. Without it, you see what everybody sees."),
    ),
    Purpose.MARKETING_MAIL: (
        N_("Mail about news and offers"),
        N_(
            "We write to your address about new features and offers. Mail about your account, your money and its safety"
            " does not depend on this."
        ),
    ),
}
"""What consent is asked for: a title, and the text. Whoever changes what a text means raises its number in
`contexts/user/consents/domain.py`; a test holds each text, in both languages, to its number."""


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """What consent is asked for, and how one stands to it."""

    purpose: str
    title: str
    text: str
    given: bool
    outdated: bool
    version: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class PrivacyView:
    """The copies that one asked for, for how many days one is kept, and what one agrees to."""

    exports: tuple[Export, ...]
    days: int
    consents: tuple[ConsentRow, ...]
    form: Filled
    done: str
    waiting: bool
    """Whether a copy is being made."""


@router.get("/account/privacy", policy=SIGNED_IN)
async def show_privacy(
    request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, done: str = ""
) -> Response:
    """Show the copies of one's data, and what one agrees to."""
    view = await _view(tx, principal, days=runtime.settings.export_keep_days, form=Filled(), done=done)
    return render(request, "privacy.html", view)


@router.post(
    "/account/privacy/exports",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("export", "5/hour")), Depends(proven(5))],
)
async def ask_export(
    request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Response:
    """Have a copy made, unless one is being made."""
    try:
        await export_person.ask(tx, runtime=runtime, user_id=principal.user_id, now=now, network=network_of(request))
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error), field_name="")
        view = await _view(tx, principal, days=runtime.settings.export_keep_days, form=form)
        raise answer_with(request, error, render(request, "privacy.html", view)) from None
    return see_other("/account/privacy")


@router.post(
    "/account/privacy/exports/{export_id}/fetch",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("export_link", "30/hour")), Depends(proven(5))],
)
async def fetch_export(
    *, request: Request, export_id: UUID, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Response:
    """Go to an address that is good for minutes, where the copy is fetched."""
    made = await exports.link(
        tx,
        settings=runtime.settings,
        user_id=principal.user_id,
        export_id=export_id,
        now=now,
        network=network_of(request),
    )
    return see_other(made.path)


@router.post("/account/privacy/consents", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def say_consent(
    *,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
    purpose: Annotated[Purpose, Form()],
    said: Annotated[Literal["yes", "no"], Form()],
    version: Annotated[int, Form(ge=1, le=10_000)] = 1,
) -> Response:
    """Take a yes to the text that was shown, or a no; either is one press of one button."""
    user_id, session_id = principal.user_id, principal.session_id
    if said == "no":
        await say.withdraw(tx, user_id=user_id, purpose=purpose, session_id=session_id, now=now)
        return see_other("/account/privacy?done=withdrawn#consents")
    try:
        await say.give(tx, user_id=user_id, purpose=purpose, version=version, session_id=session_id, now=now)
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error), field_name="")
        view = await _view(tx, principal, days=runtime.settings.export_keep_days, form=form)
        raise answer_with(request, error, render(request, "privacy.html", view)) from None
    return see_other("/account/privacy?done=given#consents")


async def _view(tx: Tx, principal: Principal, *, days: int, form: Filled, done: str = "") -> PrivacyView:
    found = tuple(await exports.exports_of(tx, user_id=principal.user_id))
    standings = await consents.standings(tx, user_id=principal.user_id)
    rows = tuple(
        ConsentRow(one.purpose.value, *ASKED[one.purpose], one.given, one.outdated, one.version, one.since)
        for one in standings
    )
    return PrivacyView(found, days, rows, form, done, waiting=any(one.state is State.WAITING for one in found))
