"""One's passkeys: the page on which the browser makes one, new names, and removing them."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.sessions.service import device_of
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import render

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 16 * 1024
_FRESH: Final = 5
Text = Annotated[str, Form(max_length=2_000)]


@router.get("/account/passkeys/new", policy=SIGNED_IN, dependencies=[Depends(proven(_FRESH))])
async def show_new(request: Request) -> Response:
    """Show the page on which the browser makes a passkey; it is named after this device unless its owner says otherwise."""
    device = device_of(user_agent=request.headers.get("user-agent"), address=None).label
    return render(request, "new_passkey.html", form=Filled({"name": device}))


@router.post(
    "/account/passkeys/{passkey_id}/name",
    policy=SIGNED_IN,
    max_body_bytes=_BODY_BYTES,
    dependencies=[Depends(proven(_FRESH))],
)
async def rename(passkey_id: UUID, tx: TxDep, principal: PrincipalDep, name: Text = "") -> Response:
    """Give a passkey another name."""
    await passkeys.rename(tx, user_id=principal.user_id, passkey_id=passkey_id, name=name)
    return see_other("/account?done=passkey_named")


@router.post("/account/passkeys/{passkey_id}/remove", policy=SIGNED_IN, dependencies=[Depends(proven(_FRESH))])
async def remove(passkey_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Remove a passkey, unless it is the last way in."""
    await accounts.remove_passkey(tx, principal=principal, passkey_id=passkey_id, now=now)
    return see_other("/account?done=passkey_removed")
