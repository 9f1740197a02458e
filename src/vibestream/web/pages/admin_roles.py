"""Who holds which role, and what one admin proposed for another to approve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.administration import service as administration
from vibestream.contexts.user.administration.service import Held, Proposal
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.sessions.service import device_of
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import UserId
from vibestream.platform.access import Principal, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.admin_accounts import ROLES
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_ADMIN: Final = holds("admin")
_PAGE: Final = "/operations/roles"
_FRESH: Final = 5


@dataclass(frozen=True, slots=True)
class RolesView:
    """The page of roles."""

    waiting: tuple[Proposal, ...]
    past: tuple[Proposal, ...]
    holders: tuple[Held, ...]
    names: Mapping[UserId, str]
    roles: Mapping[Role, str]
    me: UserId
    form: Filled
    done: str


@router.get(_PAGE, policy=_ADMIN)
async def show_roles(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, done: str = "") -> Response:
    """Show what waits to be approved, and who holds which role."""
    return await _page(request, tx, principal, now, done=done)


@router.post(f"{_PAGE}/{{proposal_id}}/approve", policy=_ADMIN, dependencies=[Depends(proven(_FRESH))])
async def approve(*, request: Request, proposal_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Approve what another admin proposed. Sent twice, it is done once: the proposal waits no more."""
    try:
        await administration.approve(
            tx, proposal_id=proposal_id, by=principal.user_id, network=_network(request), now=now
        )
    except VibeStreamError as error:
        raise await _refused(request, tx, principal, now, error) from None
    return see_other(f"{_PAGE}?done=approved")


@router.post(f"{_PAGE}/{{proposal_id}}/refuse", policy=_ADMIN, dependencies=[Depends(proven(_FRESH))])
async def refuse(*, request: Request, proposal_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Refuse what was proposed, or take back what one proposed."""
    try:
        await administration.refuse(
            tx, proposal_id=proposal_id, by=principal.user_id, network=_network(request), now=now
        )
    except VibeStreamError as error:
        raise await _refused(request, tx, principal, now, error) from None
    return see_other(f"{_PAGE}?done=refused")


async def _refused(
    request: Request, tx: Tx, principal: Principal, now: datetime, error: VibeStreamError
) -> VibeStreamError:
    form = Filled().refused(sentence_of(request, error))
    return answer_with(request, error, await _page(request, tx, principal, now, form=form))


async def _page(
    request: Request, tx: Tx, principal: Principal, now: datetime, *, form: Filled | None = None, done: str = ""
) -> Response:
    proposed = await administration.proposals(tx)
    held = await administration.holders(tx)
    people = {one.user_id for one in held}
    people |= {one.user_id for one in proposed} | {one.proposed_by for one in proposed}
    people |= {one.decided_by for one in proposed if one.decided_by is not None}
    view = RolesView(
        waiting=tuple(one for one in proposed if one.is_open(now)),
        past=tuple(one for one in proposed if not one.is_open(now)),
        holders=tuple(held),
        names=await profiles.names_of(tx, user_ids=people),
        roles=ROLES,
        me=principal.user_id,
        form=form or Filled(),
        done=done,
    )
    return render(request, "operations_roles.html", view)


def _network(request: Request) -> str:
    return device_of(user_agent=None, address=request.client.host if request.client else None).network
