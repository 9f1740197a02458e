"""One's own listening: hours, songs, artists, genres and habits, for oneself alone and only while one agrees to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.listen_reward.warming import service as warming
from vibestream.contexts.listen_reward.warming.service import Total as Waiting
from vibestream.contexts.user.analytics import service as analytics
from vibestream.contexts.user.consents.service import Purpose
from vibestream.flows import own_listening
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.listening_figures import Figures, figures_of
from vibestream.web.pages.privacy import ASKED
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_DONE: Final = {"begun", "stopped"}


@dataclass(frozen=True, slots=True)
class ListeningView:
    """The page: whether one agrees, since when, and what was counted of the stretch that is looked at."""

    agreed: bool
    asked: str
    """The text that one agrees to."""
    version: int
    since: datetime | None
    clock: str
    years: tuple[int, ...]
    year: int | None
    """None: the last four weeks."""
    figures: Figures | None
    """None: nothing was counted yet."""
    waiting: Waiting | None
    """What is paid later, of an account that is new; None: nothing."""
    form: Filled
    done: str


@router.get("/account/listening", policy=SIGNED_IN)
async def show_listening(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    year: Annotated[int | None, Query(ge=2000, le=2999)] = None,
    done: str = "",
) -> Response:
    """Show one's own figures; to whoever does not agree, what they would be."""
    view = await _view(request, tx, principal, now, year=year, done=done if done in _DONE else "")
    return render(request, "listening.html", view)


@router.post("/account/listening", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def begin(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    version: Annotated[int, Form(ge=1, le=10_000)],
) -> Response:
    """Agree to the text that was shown, and count what was heard so far."""
    try:
        await own_listening.begin(
            tx, user_id=principal.user_id, version=version, session_id=principal.session_id, now=now
        )
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error), field_name="")
        view = await _view(request, tx, principal, now, form=form)
        raise answer_with(request, error, render(request, "listening.html", view)) from None
    return see_other("/account/listening?done=begun")


@router.post("/account/listening/stop", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES)
async def stop(tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Take the agreement back, and delete everything that was counted."""
    await own_listening.stop(tx, user_id=principal.user_id, session_id=principal.session_id, now=now)
    return see_other("/account/listening?done=stopped")


async def _view(
    request: Request,
    tx: Tx,
    principal: Principal,
    now: datetime,
    *,
    year: int | None = None,
    done: str = "",
    form: Filled | None = None,
) -> ListeningView:
    standing = await own_listening.standing_of(tx, user_id=principal.user_id)
    clock = await analytics.clock_of(tx, user_id=principal.user_id) if standing.given else None
    figures = None
    if clock:
        found = await own_listening.stretch_of(tx, user_id=principal.user_id, clock=clock, year=year, now=now)
        figures = figures_of(found, shell_of(request).language, is_year=year is not None)
    return ListeningView(
        agreed=standing.given,
        asked=ASKED[Purpose.ANALYTICS][1],
        version=standing.version,
        since=standing.since,
        clock=clock or "",
        years=tuple(await analytics.years_of(tx, user_id=principal.user_id)) if clock else (),
        year=year,
        figures=figures,
        waiting=await warming.waiting_of(tx, user_id=principal.user_id),
        form=form or Filled(),
        done=done,
    )
