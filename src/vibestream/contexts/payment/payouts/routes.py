"""HTTP for payees and for finance. Amounts are exact decimals as text, in the currency beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.service import (
    Destination,
    Origin,
    Payable,
    Payout,
    PayoutEvent,
    PayoutState,
    Told,
    ToldState,
)
from vibestream.kernel.ids import PayoutId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.access import SIGNED_IN, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.rate_limits import address_key
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh

router = Router(tags=["payouts"])
_FINANCE = holds("finance")
_FRESH = 5
"""Minutes since whose money it is has shown that it is them, before it is sent, or sent elsewhere."""
_MINE = "/api/v1/payouts"
_OPERATIONS = "/api/v1/operations/payouts"


class DestinationBody(BaseModel):
    """Where one's money is sent."""

    method: GatewayName
    address: str
    ready: bool = Field(description="The gateway takes money for it.")
    set_at: datetime
    usable_from: datetime = Field(description="Nothing is paid out before: a change waits for 72 hours.")


class PayableBody(BaseModel):
    """What one has earned in a currency, and what of it could be paid out now."""

    currency: str
    pending: str
    available: str
    in_transit: str
    debt: str = Field(description="What was paid too much before, and is taken first.")
    payable: str = Field(description="What could leave the balance now.")
    fee: str = Field(description="What would be kept of it.")
    minimum: str | None
    obstacle: str | None = Field(
        description="Why nothing can be paid out: no_destination, destination_waits, address_changed, destination_unready, currency or "
        "below_minimum; null when something can."
    )


class PayoutsBody(BaseModel):
    """What one has, and where it goes."""

    destination: DestinationBody | None
    balances: list[PayableBody]


class _SomePayout(BaseModel):
    payout_id: UUID
    gross: str = Field(description="What left the balance.")
    fee: str
    net: str = Field(description="What is sent.")
    currency: str
    method: GatewayName
    address: str
    requested_at: datetime
    changed_at: datetime
    failure: str | None = Field(description="Why it came to nothing, or is not clear: a stable word.")


class PayoutBody(_SomePayout):
    """One's payout."""

    state: ToldState


class PayoutOfSomebody(_SomePayout):
    """One payout, as finance sees it."""

    state: PayoutState
    user_id: UUID
    requested_by: UUID | None = Field(description="Null: the monthly run.")
    approvals_needed: int
    under_review: bool
    decision_id: UUID | None = Field(description="The risk check's decision; null until there is one.")
    payout_ref: str | None = Field(description="The gateway's id.")


class EventBody(BaseModel):
    """Something that happened to a payout, as its payee is told."""

    at: datetime
    kind: Told
    state: ToldState
    note: str = Field(description="In the words of whoever refused it; else empty.")
    transaction_id: UUID | None = Field(description="The ledger transaction that it posted.")


class EventOfSomebody(BaseModel):
    """Something that happened to a payout, and who did it."""

    version: int
    at: datetime
    kind: str
    state: PayoutState
    note: str
    transaction_id: UUID | None = Field(description="The ledger transaction that it posted.")
    actor: UUID | None


class PayoutWithTimeline(BaseModel):
    """One's payout and its story."""

    payout: PayoutBody
    timeline: list[EventBody]


class PayoutOfSomebodyWithTimeline(BaseModel):
    """A payout and its story, as finance sees it."""

    payout: PayoutOfSomebody
    timeline: list[EventOfSomebody]


class RequestBody(BaseModel):
    """What is to be paid out."""

    model_config = ConfigDict(extra="forbid")

    currency: StrictStr = Field(max_length=5)
    amount: StrictStr | None = Field(None, max_length=30, description="An exact decimal; null for all there is.")


class NewDestination(BaseModel):
    """Where money is to be sent: a PayPal e-mail address, or one's own account at Stripe."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["paypal", "stripe"]
    address: StrictStr | None = Field(None, max_length=254, description="Of PayPal; none for Stripe.")


class OnboardingBody(BaseModel):
    """What Stripe needs to know to open an account."""

    model_config = ConfigDict(extra="forbid")

    country: StrictStr = Field(pattern="^[A-Z]{2}$", description="Where one is paid, ISO 3166-1 alpha-2.")
    email: StrictStr = Field(min_length=3, max_length=254, description="Where Stripe writes to.")


class AddressBody(BaseModel):
    """An address to go to."""

    url: str


class RejectionBody(BaseModel):
    """Why a payout is refused, in words that its payee may read."""

    model_config = ConfigDict(extra="forbid")

    reason: StrictStr = Field(min_length=1, max_length=200)


class RefBody(BaseModel):
    """What the gateway calls a payout."""

    model_config = ConfigDict(extra="forbid")

    payout_ref: StrictStr = Field(min_length=1, max_length=300)


@router.get(_MINE, policy=SIGNED_IN)
async def show_payable(tx: TxDep, principal: PrincipalDep, now: NowDep) -> PayoutsBody:
    """Return what the signed-in payee has earned, what could be paid out now, and where to."""
    found = await service.destination(tx, user_id=principal.user_id)
    balances = await service.overview(tx, user_id=principal.user_id, now=now)
    shown = None if found is None else _destination(found)
    return PayoutsBody(destination=shown, balances=[_payable(one) for one in balances])


@router.post(_MINE, policy=SIGNED_IN, status_code=201, dependencies=[Depends(fresh(_FRESH))])
async def request_payout(  # noqa: PLR0917 - what a route depends on
    body: RequestBody, request: Request, tx: TxDep, principal: PrincipalDep, key: IdempotencyDep, now: NowDep
) -> PayoutBody:
    """Ask for a payout. Sent within moments, unless somebody has to agree first."""
    currency = Currency.of(body.currency)
    found = await service.request_payout(
        tx,
        key=f"payout:{key}",
        user_id=principal.user_id,
        currency=currency,
        amount=None if body.amount is None else Money.parse(body.amount, currency),
        requested_by=principal.user_id,
        origin=Origin(network=address_key(request), device=str(principal.session_id)),
        now=now,
    )
    return _payout(found)


@router.get(f"{_MINE}/history", policy=SIGNED_IN)
async def list_payouts(tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Page[PayoutBody]:
    """Return the signed-in payee's payouts, the newest first."""
    found = await service.payouts(tx, user_id=principal.user_id, before=_before(paging), limit=paging.fetch)
    return paging.page(found, item=_payout, position=lambda one: (one.payout_id,))


@router.put(f"{_MINE}/destination", policy=SIGNED_IN, dependencies=[Depends(fresh(_FRESH))])
async def set_destination(
    body: NewDestination, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> DestinationBody:
    """Have one's money sent somewhere. A change waits for 72 hours, and its owner is told by mail."""
    if body.method == "stripe":
        return _destination(await service.use_own_account(runtime, user_id=principal.user_id, now=now))

    async def change(tx: Tx) -> Destination:
        return await service.set_destination(
            tx, user_id=principal.user_id, method=GatewayName.PAYPAL, address=body.address or "", ready=True, now=now
        )

    return _destination(await runtime.database.run(change))


@router.post(f"{_MINE}/destination/undo", policy=SIGNED_IN, dependencies=[Depends(fresh(_FRESH))])
async def undo_destination(tx: TxDep, principal: PrincipalDep, now: NowDep) -> DestinationBody:
    """Go back to the destination that was in use before a change that still waits."""
    return _destination(await service.undo_change(tx, user_id=principal.user_id, now=now))


@router.post(f"{_MINE}/stripe-account", policy=SIGNED_IN, dependencies=[Depends(fresh(_FRESH))])
async def begin_onboarding(
    body: OnboardingBody, runtime: RuntimeDep, principal: PrincipalDep, now: NowDep
) -> AddressBody:
    """Return the address of Stripe's page for opening or completing one's account there, good for one visit.

    It lets in whoever has it, to where bank accounts are changed: Stripe asks sites to be sure who it is first.
    """
    here = f"{runtime.settings.base_url}/studio/payouts"
    url = await service.begin_onboarding(
        runtime,
        user_id=principal.user_id,
        email=body.email,
        name=principal.display_name or "VibeStream artist",
        country=body.country,
        return_url=f"{here}?onboarded=1",
        refresh_url=f"{here}?onboarding=again",
        now=now,
    )
    return AddressBody(url=url)


@router.get(f"{_MINE}/{{payout_id}}", policy=SIGNED_IN)
async def show_payout(payout_id: UUID, tx: TxDep, principal: PrincipalDep) -> PayoutWithTimeline:
    """Return one of the signed-in payee's payouts with its story."""
    found = await service.payout(tx, payout_id=PayoutId(payout_id), user_id=principal.user_id)
    events = await service.story(tx, payout_id=found.payout_id, user_id=principal.user_id)
    return PayoutWithTimeline(
        payout=_payout(found),
        timeline=[
            EventBody(at=one.at, kind=one.kind, state=one.state, note=one.note, transaction_id=one.transaction_id)
            for one in events
        ],
    )


@router.post(f"{_MINE}/{{payout_id}}/cancel", policy=SIGNED_IN)
async def cancel_payout(payout_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> PayoutBody:
    """Take one's own request back while it waits for agreement."""
    found = await service.cancel(tx, payout_id=PayoutId(payout_id), user_id=principal.user_id, now=now)
    return _payout(found)


@router.get(_OPERATIONS, policy=_FINANCE)
async def list_everybodys_payouts(
    tx: TxDep,
    paging: PagingDep,
    state: Annotated[PayoutState | None, Query(description="Only in this state.")] = None,
    user_id: Annotated[UUID | None, Query(description="Only of this payee.")] = None,
) -> Page[PayoutOfSomebody]:
    """Return payouts, the newest first."""
    found = await service.payouts(
        tx,
        user_id=None if user_id is None else UserId(user_id),
        states=None if state is None else {state},
        before=_before(paging),
        limit=paging.fetch,
    )
    return paging.page(found, item=_of_somebody, position=lambda one: (one.payout_id,))


@router.get(f"{_OPERATIONS}/{{payout_id}}", policy=_FINANCE)
async def show_anybodys_payout(payout_id: UUID, tx: TxDep) -> PayoutOfSomebodyWithTimeline:
    """Return a payout with its story, each event with the ledger transaction that it posted."""
    found = await service.payout(tx, payout_id=PayoutId(payout_id))
    events = await service.timeline(tx, payout_id=found.payout_id)
    return PayoutOfSomebodyWithTimeline(
        payout=_of_somebody(found),
        timeline=[_event(one) for one in events],
    )


@router.post(f"{_OPERATIONS}/{{payout_id}}/approve", policy=_FINANCE)
async def approve_payout(payout_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> PayoutOfSomebody:
    """Agree to a payout of somebody else. Above the limit, two different people have to."""
    found = await service.approve(tx, payout_id=PayoutId(payout_id), approver=principal.user_id, now=now)
    return _of_somebody(found)


@router.post(f"{_OPERATIONS}/{{payout_id}}/reject", policy=_FINANCE)
async def reject_payout(
    payout_id: UUID, body: RejectionBody, tx: TxDep, principal: PrincipalDep, now: NowDep
) -> PayoutOfSomebody:
    """Refuse a payout that waits for agreement; its money is the payee's again."""
    found = await service.reject(tx, payout_id=PayoutId(payout_id), by=principal.user_id, reason=body.reason, now=now)
    return _of_somebody(found)


@router.post(f"{_OPERATIONS}/{{payout_id}}/not-sent", policy=_FINANCE)
async def declare_not_sent(payout_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> PayoutOfSomebody:
    """Say that a payout of unknown outcome never reached its gateway; the second person gives its money back."""
    found = await service.declare_not_sent(tx, payout_id=PayoutId(payout_id), by=principal.user_id, now=now)
    return _of_somebody(found)


@router.post(f"{_OPERATIONS}/{{payout_id}}/look-up", policy=_FINANCE, status_code=202)
async def look_payout_up(payout_id: UUID, body: RefBody, tx: TxDep) -> PayoutOfSomebody:
    """Have a payout read at its gateway under an id that was found there; it counts only when the gateway says it is ours."""
    found = await service.payout(tx, payout_id=PayoutId(payout_id))
    await service.note_changed(tx, gateway=found.method, payout_ref=body.payout_ref)
    return _of_somebody(found)


def _before(paging: PagingDep) -> PayoutId | None:
    after = paging.after_values(UUID)
    return None if after is None else PayoutId(after[0])


def _destination(found: Destination) -> DestinationBody:
    return DestinationBody(
        method=found.method,
        address=found.address,
        ready=found.ready,
        set_at=found.set_at,
        usable_from=found.usable_from,
    )


def _payable(found: Payable) -> PayableBody:
    return PayableBody(
        currency=found.currency.code,
        pending=found.pending.decimal,
        available=found.available.decimal,
        in_transit=found.in_transit.decimal,
        debt=found.debt.decimal,
        payable=found.payable.decimal,
        fee=found.fee.decimal,
        minimum=None if found.minimum is None else found.minimum.decimal,
        obstacle=found.obstacle,
    )


def _payout(found: Payout) -> PayoutBody:
    return PayoutBody(
        payout_id=found.payout_id,
        state=service.state_told(found.state),
        gross=found.gross.decimal,
        fee=found.fee.decimal,
        net=found.net.decimal,
        currency=found.gross.currency.code,
        method=found.method,
        address=found.address,
        requested_at=found.requested_at,
        changed_at=service.changed_told(found),
        failure=service.failure_told(found),
    )


def _of_somebody(found: Payout) -> PayoutOfSomebody:
    return PayoutOfSomebody(
        **_payout(found).model_dump(exclude={"state", "changed_at", "failure"}),
        state=found.state,
        changed_at=found.changed_at,
        failure=found.failure,
        user_id=found.user_id,
        requested_by=found.requested_by,
        approvals_needed=found.approvals_needed,
        under_review=found.under_review,
        decision_id=found.decision_id,
        payout_ref=found.payout_ref,
    )


def _event(found: PayoutEvent) -> EventOfSomebody:
    return EventOfSomebody(
        version=found.version,
        at=found.at,
        kind=found.kind,
        state=found.state,
        note=found.note,
        transaction_id=found.transaction_id,
        actor=found.actor,
    )
