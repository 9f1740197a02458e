"""Letting in a device without a browser: where people type the code in that it shows, and decide.

The code may come in the address, as a picture that was scanned brings it: it is then filled in, and still has to be sent
by hand, so that nobody lets a device in by following a link. Source: RFC 8628, 3.3, 3.3.1 and 5.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Form, Request
from starlette.responses import Response

from vibestream.contexts.user.oauth import service as oauth
from vibestream.contexts.user.oauth.service import UserCodeUnknown
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_BODY_BYTES: Final = 4 * 1024
_SHOWN: Final = 20
"""Characters of a code in the address that are worth filling in."""
Text = Annotated[str, Form(max_length=100)]
_TRIES: Final = Depends(rate_limit("device_code", "10/10 minutes"))
"""Codes are guessed at here and nowhere else."""


@dataclass(frozen=True, slots=True)
class EnterView:
    """The form for the code."""

    form: Filled
    done: str


@dataclass(frozen=True, slots=True)
class DeviceView:
    """What a device asks for, shown to whoever typed its code."""

    name: str
    scopes: tuple[str, ...]
    user_code: str
    who: UUID
    person: str


@router.get("/device", policy=SIGNED_IN)
async def show_entry(request: Request, user_code: str = "", done: str = "") -> Response:
    """Show where a device's code is typed in."""
    return render(request, "device.html", EnterView(Filled({"user_code": user_code[:_SHOWN]}), done))


@router.post("/device", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES, dependencies=[_TRIES])
async def enter_code(
    request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, user_code: Text = ""
) -> Response:
    """Show which app waits on the device with this code, and what it asks for."""
    return await _question(request, tx, principal, now, user_code)


@router.post("/device/decide", policy=SIGNED_IN, max_body_bytes=_BODY_BYTES, dependencies=[_TRIES])
async def decide_device(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    user_code: Text = "",
    who: Text = "",
    decision: Text = "",
) -> Response:
    """Take the decision; the device learns it when it asks next."""
    allowed = decision == "allow"
    if allowed and who not in {"", str(principal.user_id)}:  # somebody else has signed in since the question was shown
        return await _question(request, tx, principal, now, user_code)
    try:
        await oauth.decide(tx, typed=user_code, allowed=allowed, principal=principal, now=now)
    except UserCodeUnknown as error:
        raise _wrong(request, error, user_code) from None
    return see_other(f"/device?done={'allowed' if allowed else 'refused'}")


async def _question(request: Request, tx: Tx, principal: Principal, now: datetime, typed: str) -> Response:
    try:
        found = await oauth.asking(tx, typed=typed, now=now)
    except UserCodeUnknown as error:
        raise _wrong(request, error, typed) from None
    view = DeviceView(
        name=found.client.name,
        scopes=found.scopes,
        user_code=found.user_code,
        who=principal.user_id,
        person=principal.display_name,
    )
    return render(request, "device_consent.html", view)


def _wrong(request: Request, error: UserCodeUnknown, typed: str) -> Exception:
    form = Filled({"user_code": typed}).refused(sentence_of(request, error), field_name="user_code")
    return answer_with(request, error, render(request, "device.html", EnterView(form, "")))
