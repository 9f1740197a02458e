"""One's wallets of a chain: those that are connected, the page on which another is, and removing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from vibestream.contexts.user.chain_wallets import service as chain_wallets
from vibestream.contexts.user.chain_wallets.service import ChainWallet
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import see_other
from vibestream.web.pages.issuers import device
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import render

router = Router(include_in_schema=False)

_SURE: Final = 5


@dataclass(frozen=True, slots=True)
class WalletsView:
    """One's wallets."""

    wallets: tuple[ChainWallet, ...]
    done: str


@router.get("/account/wallets", policy=SIGNED_IN)
async def show(request: Request, tx: TxDep, principal: PrincipalDep, done: str = "") -> Response:
    """Show one's wallets of a chain."""
    found = await chain_wallets.wallets_of(tx, user_id=principal.user_id)
    return render(request, "chain_wallets.html", WalletsView(tuple(found), done))


@router.get("/account/wallets/new", policy=SIGNED_IN, dependencies=[Depends(proven(_SURE))])
async def show_new(request: Request) -> Response:
    """Show the page on which a wallet signs that it is one's own."""
    return render(request, "new_chain_wallet.html")


@router.post("/account/wallets/{wallet_id}/remove", policy=SIGNED_IN, dependencies=[Depends(proven(_SURE))])
async def remove(wallet_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Remove a wallet."""
    await chain_wallets.disconnect(tx, principal=principal, wallet_id=wallet_id, device=device(request), now=now)
    return see_other("/account/wallets?done=removed")
