"""HTTP for tips: giving, both sides' lists, and giving back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.payment.checkout.service import PaymentState
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.tips import service
from vibestream.contexts.payment.tips.service import Payer, PayWith, Tip, TipState
from vibestream.kernel.ids import ArtistId, TipId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.access import ANYONE, SIGNED_IN, holds
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import require_fresh

router = Router(tags=["tips"])

_FRESH: Final = timedelta(minutes=5)


class TipPolicyBody(BaseModel):
    """The bounds of a tip in one currency."""

    currency: str
    minimum: str
    maximum: str
    large_from: str = Field(description="From here on a tip out of a wallet wants a fresh proof.")
    platform_share_bp: int = Field(description="What the platform keeps, in basis points.")


class TipPolicyList(BaseModel):
    """Currencies that tips are given in."""

    items: list[TipPolicyBody]


class TipRequest(BaseModel):
    """What one wants to give."""

    model_config = ConfigDict(extra="forbid")

    artist_id: UUID
    amount: StrictStr = Field(max_length=30, description="An exact decimal, such as `5.00`.")
    currency: StrictStr = Field(max_length=5)
    message: StrictStr = Field("", max_length=1_200, description="For the artist, up to 280 characters.")
    pay_with: PayWith = PayWith.WALLET
    gateway: GatewayName | None = None
    country: StrictStr | None = Field(None, pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")
    return_to: StrictStr = Field("/wallet", max_length=200, description="The page of this site to come back to.")


class TipBody(BaseModel):
    """A tip, as whoever gave it sees it."""

    tip_id: UUID
    artist_id: UUID
    amount: str
    currency: str
    message: str
    state: TipState
    from_wallet: str
    returned: str
    payment_id: UUID | None = Field(description="The payment it waits for, or was paid by.")
    made_at: datetime
    paid_at: datetime | None


class TipGiven(BaseModel):
    """A tip that was given, or waits for its payment."""

    tip: TipBody
    payment_state: PaymentState | None = Field(description="Null when the wallet has paid it.")
    redirect_url: str | None = Field(description="Where to confirm the payment, as soon as that is known.")


class TipReceivedBody(BaseModel):
    """A tip, as its artist sees it."""

    tip_id: UUID
    from_user: UUID
    artist_id: UUID
    amount: str
    earned: str = Field(description="What of it is the artist's.")
    currency: str
    returned: str
    message: str
    paid_at: datetime | None


class TipRefundRequest(BaseModel):
    """Why a tip is given back."""

    model_config = ConfigDict(extra="forbid")

    reason: StrictStr = Field(min_length=1, max_length=200)


class TipRefunded(BaseModel):
    """What was given back."""

    amount: str
    currency: str


@router.get("/api/v1/tips/policy", policy=ANYONE)
async def list_policies(tx: TxDep, now: NowDep) -> TipPolicyList:
    """Return the currencies that tips are given in, with their bounds."""
    return TipPolicyList(
        items=[
            TipPolicyBody(
                currency=one.minimum.currency.code,
                minimum=one.minimum.decimal,
                maximum=one.maximum.decimal,
                large_from=one.large_from.decimal,
                platform_share_bp=one.platform_share_bp,
            )
            for one in await service.policies(tx, now=now)
        ]
    )


@router.post("/api/v1/tips", policy=SIGNED_IN, status_code=201)
async def send_tip(
    body: TipRequest, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> TipGiven:
    """Give an artist a tip: from the wallet at once, or when its payment is confirmed.

    A large one from the wallet (`large_from` of its policy) wants a proof of the last five minutes, by `POST
    /api/v1/me/step-up`.
    """
    amount = Money.parse(body.amount, Currency.of(body.currency))
    if await service.wants_proof(tx, amount=amount, pay_with=body.pay_with, now=now):
        require_fresh(request, limit=_FRESH)
    given = await service.send(
        tx,
        key=f"api:{new_id()}",  # the edge lets each key of a client through once
        from_user=principal.user_id,
        artist_id=ArtistId(body.artist_id),
        amount=amount,
        message=body.message,
        pay_with=body.pay_with,
        payer=Payer(
            return_to=body.return_to,
            country=body.country,
            gateway=body.gateway,
            network=None if request.client is None else request.client.host,
            device=str(principal.session_id),
        ),
        now=now,
    )
    payment = given.payment
    return TipGiven(
        tip=_sent(given.tip),
        payment_state=None if payment is None else payment.state,
        redirect_url=None if payment is None else payment.redirect_url,
    )


@router.get("/api/v1/tips/sent", policy=SIGNED_IN)
async def list_sent(tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Page[TipBody]:
    """Return the tips that one gave or wanted to, the newest first."""
    after = paging.after_values(UUID)
    found = await service.sent(
        tx, user_id=principal.user_id, before=None if after is None else TipId(after[0]), limit=paging.fetch
    )
    return paging.page(found, item=_sent, position=lambda tip: (tip.tip_id,))


@router.get("/api/v1/tips/received", policy=SIGNED_IN)
async def list_received(tx: TxDep, principal: PrincipalDep, paging: PagingDep) -> Page[TipReceivedBody]:
    """Return the tips that reached one's artists, the newest first."""
    after = paging.after_values(UUID)
    found = await service.received(
        tx, user_id=principal.user_id, before=None if after is None else TipId(after[0]), limit=paging.fetch
    )
    return paging.page(found, item=_received, position=lambda tip: (tip.tip_id,))


@router.post("/api/v1/operations/tips/{tip_id}/refunds", policy=holds("finance"), status_code=202)
async def refund_tip(
    tip_id: UUID, body: TipRefundRequest, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> TipRefunded:
    """Give what is left of a tip back: artist and platform give what each had gained of it."""
    given = await service.refund(tx, tip_id=TipId(tip_id), requested_by=principal.user_id, reason=body.reason, now=now)
    return TipRefunded(amount=given.decimal, currency=given.currency.code)


def _sent(tip: Tip) -> TipBody:
    return TipBody(
        tip_id=tip.tip_id,
        artist_id=tip.artist_id,
        amount=tip.amount.decimal,
        currency=tip.amount.currency.code,
        message=tip.message,
        state=tip.state,
        from_wallet=tip.from_wallet.decimal,
        returned=tip.returned.decimal,
        payment_id=tip.payment_id,
        made_at=tip.made_at,
        paid_at=tip.paid_at,
    )


def _received(tip: Tip) -> TipReceivedBody:
    return TipReceivedBody(
        tip_id=tip.tip_id,
        from_user=tip.from_user,
        artist_id=tip.artist_id,
        amount=tip.amount.decimal,
        earned=tip.earned.decimal,
        currency=tip.amount.currency.code,
        returned=tip.returned.decimal,
        message=tip.message,
        paid_at=tip.paid_at,
    )
