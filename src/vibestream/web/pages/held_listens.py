"""Held listens: the moderator's queue and one case of it, and the listener's own page with the appeal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.scoring.service import cases
from vibestream.contexts.listen_reward.scoring.service.cases import CaseRow, CaseState, Explained
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.ids import HeldCaseId, UserId
from vibestream.platform.access import SIGNED_IN, holds
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import see_other
from vibestream.web.rendering import render

router = Router(include_in_schema=False)

_ADMIN: Final = holds("admin")
_QUEUE: Final = 100
_LISTENS: Final = 200
_OWN: Final = 20
_BODY: Final = 16 * 1024
Text = Annotated[str, Form(max_length=4_000)]


@dataclass(frozen=True, slots=True)
class QueueView:
    """The cases that wait, those that are due first first."""

    rows: tuple[CaseRow, ...]
    names: dict[UserId, str]
    waiting: int
    late: int
    now: datetime


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case, with the newest of its listens and why each is held."""

    found: Explained
    name: str
    own: bool
    done: str


@dataclass(frozen=True, slots=True)
class OwnView:
    """What of one's own is or was looked at. What it was held for is told to moderators alone: it would teach farms."""

    rows: tuple[CaseRow, ...]
    done: str


@router.get("/operations/listens", policy=_ADMIN)
async def show_queue(request: Request, tx: TxDep, now: NowDep) -> Response:
    """Show which listeners' listens wait for a person."""
    rows = await cases.queue(tx, after=None, limit=_QUEUE)
    names = await profiles.names_of(tx, user_ids={one.case.user_id for one in rows})
    waiting, late = await cases.count_open(tx, now=now)
    return render(request, "held_queue.html", QueueView(tuple(rows), names, waiting, late, now))


@router.get("/operations/listens/{case_id}", policy=_ADMIN)
async def show_case(request: Request, tx: TxDep, principal: PrincipalDep, case_id: UUID, done: str = "") -> Response:
    """Show one case with everything that it was held for."""
    found = await cases.explain(tx, case_id=HeldCaseId(case_id), limit=_LISTENS)
    names = await profiles.names_of(tx, user_ids={found.case.user_id})
    owners = {one.owner_user_id for one in found.listens}
    own = principal.user_id == found.case.user_id or principal.user_id in owners
    view = CaseView(found, names.get(found.case.user_id, ""), own, done)
    return render(request, "held_case.html", view)


@router.post("/operations/listens/{case_id}", policy=_ADMIN, max_body_bytes=_BODY)
async def decide_case(
    *,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    case_id: UUID,
    verdict: Annotated[CaseState, Form()],
    note: Text = "",
) -> Response:
    """Release or reject what waits."""
    state = CaseState.RELEASED if verdict is CaseState.RELEASED else CaseState.REJECTED
    await listening.decide_case(
        tx,
        case_id=HeldCaseId(case_id),
        state=state,
        by=principal.user_id,
        note=note,
        policy=pools.policy_of(runtime.settings),
        now=now,
    )
    return see_other(f"/operations/listens/{case_id}?done={state.value}")


@router.get("/account/held-listens", policy=SIGNED_IN)
async def show_own(request: Request, tx: TxDep, principal: PrincipalDep, done: str = "") -> Response:
    """Show what of one's own is being looked at, with the form to appeal."""
    rows = await cases.cases_of(tx, user_id=principal.user_id, limit=_OWN)
    return render(request, "held_own.html", OwnView(tuple(rows), done))


@router.post("/account/held-listens", policy=SIGNED_IN, max_body_bytes=_BODY)
async def appeal(tx: TxDep, principal: PrincipalDep, now: NowDep, words: Text = "") -> Response:
    """Add one's words to the open case."""
    await cases.appeal(tx, user_id=principal.user_id, text=words, now=now)
    return see_other("/account/held-listens?done=appealed")
