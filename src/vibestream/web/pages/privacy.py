"""One's data: a copy of all that is held of oneself, asked for, watched while it is made, and fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from vibestream.contexts.user.exports import service as exports
from vibestream.contexts.user.exports.service import Export, State
from vibestream.flows import export_person
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class PrivacyView:
    """The copies that one asked for, and for how many days one is kept."""

    exports: tuple[Export, ...]
    days: int
    form: Filled
    waiting: bool
    """Whether one is being made."""


@router.get("/account/privacy", policy=SIGNED_IN)
async def show_privacy(request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep) -> Response:
    """Show the copies of one's data."""
    view = await _view(tx, principal, days=runtime.settings.export_keep_days, form=Filled())
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
        await export_person.ask(tx, runtime=runtime, user_id=principal.user_id, now=now)
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
    export_id: UUID, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Response:
    """Go to an address that is good for minutes, where the copy is fetched."""
    made = await exports.link(tx, settings=runtime.settings, user_id=principal.user_id, export_id=export_id, now=now)
    return see_other(made.path)


async def _view(tx: Tx, principal: Principal, *, days: int, form: Filled) -> PrivacyView:
    found = tuple(await exports.exports_of(tx, user_id=principal.user_id))
    return PrivacyView(found, days, form, waiting=any(one.state is State.WAITING for one in found))
