"""HTTP of erasures: asking to be deleted, and what stands in the way of it.

The addresses stand here and not in a context because an erasure is of all of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.payment.leaving import service as money
from vibestream.contexts.user.erasure.service import Music, newest
from vibestream.flows import erase_person
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.cookies import SessionCookie
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh

router = Router(tags=["erasure"])


class AskErasure(BaseModel):
    """What is to become of what somebody leaves behind, and their address, typed, so that nothing happens by mistake."""

    model_config = ConfigDict(extra="forbid")

    confirmation: Annotated[str, Field(max_length=320, description="The account's e-mail address.")]
    music: Annotated[
        Music, Field(description="Public music is taken down and deleted, or kept under the artist's name.")
    ]
    give_up_money: Annotated[
        bool, Field(strict=True, description="What is left in wallet and earnings is given up.")
    ] = False


class AskedBody(BaseModel):
    """Until when signing in cancels it."""

    due_at: datetime


class StandingBody(BaseModel):
    """What stands in the way of being deleted now, and what became of the last wish."""

    payments: int
    refunds: int
    disputes: int
    payouts: int
    holds: int
    left: list[str]
    """Amounts with their currency that would have to be spent, paid out or given up."""
    last_state: str | None
    last_reason: str | None
    """The code of what kept it from being done."""


@router.get("/api/v1/me/erasure", policy=SIGNED_IN)
async def show_erasure(tx: TxDep, principal: PrincipalDep) -> StandingBody:
    """Show what stands in the way of being deleted."""
    found = await money.under_way(tx, user_id=principal.user_id)
    last = await newest(tx, user_id=principal.user_id)
    return StandingBody(
        payments=found.payments,
        refunds=found.refunds,
        disputes=found.disputes,
        payouts=found.payouts,
        holds=found.holds,
        left=[str(one) for one in await money.left_of(tx, user_id=principal.user_id)],
        last_state=last.state.value if last else None,
        last_reason=last.reason if last else None,
    )


@router.post(
    "/api/v1/me/erasure",
    policy=SIGNED_IN,
    status_code=202,
    dependencies=[Depends(rate_limit("erasure", "10/hour")), Depends(fresh(5))],
)
async def ask_erasure(
    *, body: AskErasure, response: Response, tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> AskedBody:
    """Ask to be deleted: every session ends at once, and signing in until `due_at` cancels it."""
    asked = await erase_person.ask(
        tx,
        settings=runtime.settings,
        user_id=principal.user_id,
        confirmation=body.confirmation,
        music=body.music,
        gives_up=body.give_up_money,
        now=now,
    )
    asked = asked or await newest(tx, user_id=principal.user_id)
    SessionCookie.of(runtime.settings).clear(response)
    return AskedBody(due_at=asked.due_at if asked else now)
