"""HTTP for topping one's wallet up, and having it back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.payment.checkout.service import PaymentState
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.top_ups import service
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import Destination
from vibestream.kernel.ids import PaymentId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["wallet"])


class BoundsBody(BaseModel):
    """The least and the most of one top-up."""

    currency: str
    minimum: str
    maximum: str


class BoundsList(BaseModel):
    """Currencies that wallets are topped up in."""

    items: list[BoundsBody]


class TopUpRequest(BaseModel):
    """What one wants to put into one's wallet."""

    model_config = ConfigDict(extra="forbid")

    amount: StrictStr = Field(max_length=30, description="An exact decimal, such as `10.00`.")
    currency: StrictStr = Field(max_length=5)
    gateway: GatewayName | None = Field(None, description="Unset: the best one.")
    country: StrictStr | None = Field(None, pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")
    return_to: StrictStr = Field("/wallet", max_length=200, description="The page of this site to come back to.")


class TopUpStarted(BaseModel):
    """A payment under way; follow it at `/api/v1/payments/{payment_id}`."""

    payment_id: UUID
    state: PaymentState
    amount: str
    currency: str
    redirect_url: str | None = Field(description="Where to confirm it, as soon as that is known.")


class TopUpBody(BaseModel):
    """A payment that stands, or stood, in the wallet."""

    payment_id: UUID
    amount: str
    currency: str
    returned: str = Field(description="What of it went back.")
    refundable: str = Field(description="What of it can be refunded now: still there, and not on its way back.")


class TopUpList(BaseModel):
    """Payments into the wallet, the newest first."""

    items: list[TopUpBody]


class TopUpRefundRequest(BaseModel):
    """How much one wants back."""

    model_config = ConfigDict(extra="forbid")

    amount: StrictStr | None = Field(None, max_length=30, description="Unset: all that can be refunded.")


class RefundStarted(BaseModel):
    """A refund on its way."""

    refund_id: UUID


@router.get("/api/v1/wallet/top-up-bounds", policy=ANYONE)
async def list_bounds(tx: TxDep, now: NowDep) -> BoundsList:
    """Return the currencies that wallets are topped up in, with the least and the most of one top-up."""
    return BoundsList(
        items=[
            BoundsBody(currency=one.minimum.currency.code, minimum=one.minimum.decimal, maximum=one.maximum.decimal)
            for one in await service.bounds(tx, now=now)
        ]
    )


@router.post("/api/v1/wallet/top-ups", policy=SIGNED_IN, status_code=201)
async def start_top_up(
    *, body: TopUpRequest, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, key: IdempotencyDep
) -> TopUpStarted:
    """Start a payment into one's wallet, within its bounds. Follow it until it says where to confirm it."""
    found = await service.start(
        tx,
        key=f"api:{key.value}",  # kept for ever: the edge forgets a key after a while, and money is not taken twice for that
        user_id=principal.user_id,
        amount=Money.parse(body.amount, Currency.of(body.currency)),
        return_to=body.return_to,
        country=body.country,
        gateway=body.gateway,
        network=None if request.client is None else request.client.host,
        device=str(principal.session_id),
        now=now,
    )
    return TopUpStarted(
        payment_id=found.payment_id,
        state=found.state,
        amount=found.amount.decimal,
        currency=found.amount.currency.code,
        redirect_url=found.redirect_url,
    )


@router.get("/api/v1/wallet/top-ups", policy=SIGNED_IN)
async def list_top_ups(
    tx: TxDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=50, description="Most items.")] = 20,
) -> TopUpList:
    """Return the newest payments into one's wallet, with what of each can be refunded."""
    found = await wallets.settlements(tx, user_id=principal.user_id, destination=Destination.WALLET, limit=limit)
    return TopUpList(
        items=[
            TopUpBody(
                payment_id=one.payment_id,
                amount=one.amount.decimal,
                currency=one.amount.currency.code,
                returned=one.returned.decimal,
                refundable=(await service.refundable(tx, payment_id=one.payment_id, user_id=principal.user_id)).decimal,
            )
            for one in found
        ]
    )


@router.post("/api/v1/wallet/top-ups/{payment_id}/refunds", policy=SIGNED_IN, status_code=202)
async def refund_top_up(
    payment_id: UUID, body: TopUpRefundRequest, tx: TxDep, principal: PrincipalDep, _key: IdempotencyDep
) -> RefundStarted:
    """Have a payment into one's wallet refunded, as far as it is there; it leaves the wallet now."""
    paid = PaymentId(payment_id)
    most = await service.refundable(tx, payment_id=paid, user_id=principal.user_id)
    refund_id = await service.refund(
        tx,
        payment_id=paid,
        user_id=principal.user_id,
        amount=None if body.amount is None else Money.parse(body.amount, most.currency),
        reason="Asked for by the payer",
        requested_by=principal.user_id,
    )
    return RefundStarted(refund_id=refund_id)
