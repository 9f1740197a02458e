"""HTTP for wallets of a chain: what to sign, showing the signature, and one's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.chain_wallets import service
from vibestream.contexts.user.chain_wallets.service import ChainWallet
from vibestream.contexts.user.sessions.service import device_of
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.browser_cookie import BrowserCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh
from vibestream.platform.runtime import Runtime

router = Router(tags=["wallets of a chain"])

_BODY_BYTES: Final = 16 * 1024
_FRESH: Final = 5
_COOKIE: Final = "chain-wallet"
_COOKIE_GOOD_FOR: Final = timedelta(minutes=10)


class AskToSign(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    address: Annotated[str, Field(min_length=1, max_length=100)]


class ToSign(BaseModel):
    """What the wallet is to sign by `personal_sign`, as it stands; this browser must show the signature in time."""

    message: str
    expires_at: datetime


class Signed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    message: Annotated[str, Field(min_length=1, max_length=4_000)]
    signature: Annotated[str, Field(min_length=1, max_length=8_194)]


class WalletView(BaseModel):
    wallet_id: UUID
    address: str
    """With the capitals of its checksum (EIP-55)."""
    chain_id: int
    linked_at: datetime


class WalletList(BaseModel):
    wallets: list[WalletView]


@router.get("/api/v1/me/chain-wallets", policy=SIGNED_IN)
async def list_wallets(tx: TxDep, principal: PrincipalDep) -> WalletList:
    """List one's wallets of a chain, the oldest first."""
    found = await service.wallets_of(tx, user_id=principal.user_id)
    return WalletList(wallets=[_view(one) for one in found])


@router.post(
    "/api/v1/me/chain-wallets/challenge",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("wallet_challenge", "30/hour")), Depends(fresh(_FRESH))],
)
async def ask_to_sign(
    *,
    body: AskToSign,
    request: Request,
    response: Response,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
) -> ToSign:
    """Ask what a wallet is to sign to be connected; it is good for five minutes, once, and for this browser."""
    cookie = _cookie(runtime)
    made = await service.ask(
        tx,
        site=service.site_of(runtime.settings),
        browser_token=cookie.read(request),
        user_id=principal.user_id,
        address=body.address,
        now=now,
    )
    cookie.set(response, value=made.browser_token, good_for=_COOKIE_GOOD_FOR)
    return ToSign(message=made.message, expires_at=made.expires_at)


@router.post(
    "/api/v1/me/chain-wallets",
    policy=SIGNED_IN,
    status_code=201,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(rate_limit("wallet_connect", "30/hour")), Depends(fresh(_FRESH))],
)
async def connect_wallet(
    *, body: Signed, request: Request, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> WalletView:
    """Connect the wallet that signed, of a key or a contract (EIP-1271); it lets nobody in and moves no money. A notice is mailed."""
    address = request.client.host if request.client else None
    made = await service.answer(
        runtime,
        browser_token=_cookie(runtime).read(request),
        principal=principal,
        message=body.message,
        signature=body.signature,
        device=device_of(user_agent=request.headers.get("user-agent"), address=address),
        now=now,
    )
    return _view(made)


@router.delete(
    "/api/v1/me/chain-wallets/{wallet_id}", policy=SIGNED_IN, status_code=204, dependencies=[Depends(fresh(_FRESH))]
)
async def remove_wallet(wallet_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """Remove one of one's wallets of a chain; a notice is mailed."""
    address = request.client.host if request.client else None
    device = device_of(user_agent=request.headers.get("user-agent"), address=address)
    await service.disconnect(tx, principal=principal, wallet_id=wallet_id, device=device, now=now)


def _cookie(runtime: Runtime) -> BrowserCookie:
    return BrowserCookie.of(runtime.settings, purpose=_COOKIE)


def _view(wallet: ChainWallet) -> WalletView:
    return WalletView(
        wallet_id=wallet.wallet_id, address=wallet.written, chain_id=wallet.chain_id, linked_at=wallet.linked_at
    )
