"""One's connected accounts: those elsewhere that sign one in here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from vibestream.contexts.user.identities import service as identities
from vibestream.contexts.user.identities.service import Identity, Newcomer, Provider
from vibestream.contexts.user.passwords import service as passwords
from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.issuers import CONNECTED, browser_token, device
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_SURE: Final = 5


@dataclass(frozen=True, slots=True)
class ConnectedView:
    """What is connected, what waits to be, and what can be."""

    connected: tuple[Identity, ...]
    waiting: Newcomer | None
    issuers: tuple[Provider, ...]
    titles: dict[str, str]
    has_password: bool
    form: Filled
    done: str


@router.get("/account/connected", policy=SIGNED_IN)
async def show(
    *, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep, done: str = ""
) -> Response:
    """Show one's connected accounts."""
    return await _page(request, tx, runtime, principal, now, done=done)


@router.post(
    "/account/connected",
    policy=SIGNED_IN,
    dependencies=[Depends(rate_limit("connect", "30/hour")), Depends(proven(_SURE))],
)
async def connect(request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Connect the account elsewhere that this browser has shown."""
    token = browser_token(runtime, request)
    try:
        await identities.connect(
            tx, settings=runtime.settings, browser_token=token, principal=principal, device=device(request), now=now
        )
    except VibeStreamError as error:
        form = Filled().refused(sentence_of(request, error))
        page = await _page(request, tx, runtime, principal, now, form=form, waiting=False)
        raise answer_with(request, error, page) from None
    return see_other(f"{CONNECTED}?done=connected")


@router.post("/account/connected/{identity_id}/remove", policy=SIGNED_IN, dependencies=[Depends(proven(_SURE))])
async def remove(
    *, identity_id: UUID, request: Request, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> Response:
    """Remove a connected account, unless it is the only way in."""
    try:
        await identities.remove(tx, principal=principal, identity_id=identity_id, device=device(request), now=now)
    except identities.LastWayIn as error:
        form = Filled().refused(sentence_of(request, error))
        raise answer_with(request, error, await _page(request, tx, runtime, principal, now, form=form)) from None
    return see_other(f"{CONNECTED}?done=removed")


async def _page(
    request: Request,
    tx: Tx,
    runtime: Runtime,
    principal: Principal,
    now: datetime,
    *,
    form: Filled | None = None,
    done: str = "",
    waiting: bool = True,
) -> Response:
    token, issuers = browser_token(runtime, request), identities.providers(runtime.settings)
    found = await identities.newcomer(tx, settings=runtime.settings, browser_token=token, now=now) if waiting else None
    view = ConnectedView(
        connected=tuple(await identities.connected(tx, user_id=principal.user_id)),
        waiting=found,
        issuers=issuers,
        titles={one.name: one.title for one in issuers},
        has_password=await passwords.hash_of(tx, user_id=principal.user_id) is not None,
        form=form or Filled(),
        done=done,
    )
    return render(request, "connected.html", view)
