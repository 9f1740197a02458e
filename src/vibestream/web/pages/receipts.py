"""Receipts: what one earned day by day, proved and claimed by one's browser. The server renders what it knows anyway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.service import OwnEpoch
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import see_other
from vibestream.web.pages.proving_files import address_of, files_of
from vibestream.web.pages.step_up import proven
from vibestream.web.rendering import render

router = Router(include_in_schema=False)

_DAYS: Final = 10
_FRESH: Final = 5
"""Minutes; as the route wants it that a secret's commitment is sent to."""


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day that one earned on."""

    epoch: date
    amount: Money
    summaries: int
    hides_among: int
    few: bool
    """Fewer than the floor: the page says so and waits."""
    until: datetime
    open: bool
    """Claims are still taken."""


@dataclass(frozen=True, slots=True)
class ReceiptsView:
    """The page of receipts."""

    days: tuple[DayRow, ...]
    before: date | None
    files: tuple[dict[str, str], ...]
    """What is proved with: each file's address and digest."""
    user: UUID
    delay_s: int
    delay_minutes: int
    floor: int
    proved: bool
    """They have shown lately that it is them, as a secret wants it: whoever has the secret is paid."""


@router.get("/account/receipts", policy=SIGNED_IN)
async def show_receipts(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    before: Annotated[date | None, Query()] = None,
) -> Response:
    """Show one's receipts."""
    settings = runtime.settings
    found = await receipts.own_epochs(tx, user_id=principal.user_id, before=before, limit=_DAYS + 1)
    shown = found[:_DAYS]
    view = ReceiptsView(
        days=tuple(_row(one, floor=settings.claim_anonymity_floor, now=now) for one in shown),
        before=shown[-1].closed.epoch if len(found) > _DAYS else None,
        files=tuple({"url": address_of(one), "sha256": one.sha256} for one in files_of(settings)),
        user=principal.user_id,
        delay_s=settings.claim_delay_s,
        delay_minutes=-(-settings.claim_delay_s // 60),
        floor=settings.claim_anonymity_floor,
        proved=principal.proved_at is not None and now - principal.proved_at <= timedelta(minutes=_FRESH),
    )
    return render(request, "receipts.html", view)


@router.get("/account/receipts/secret", policy=SIGNED_IN, dependencies=[Depends(proven(_FRESH))])
async def go_on_to_secret() -> Response:
    """Lead whoever has shown that it is them back to where the secret is made."""
    return see_other("/account/receipts")


def _row(one: OwnEpoch, *, floor: int, now: datetime) -> DayRow:
    return DayRow(
        epoch=one.closed.epoch,
        amount=Money(sum(one.units) * one.closed.per_listen, VIBE),
        summaries=len(one.units),
        hides_among=one.hides_among,
        few=one.hides_among < floor,
        until=one.closed.claimable_until,
        open=now < one.closed.claimable_until,
    )
