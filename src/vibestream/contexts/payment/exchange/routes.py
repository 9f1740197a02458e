"""HTTP of exchange: quotes and exchanges for a person, rates, reserves and points for finance. Amounts are decimals as text."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from vibestream.contexts.payment.exchange import service
from vibestream.contexts.payment.exchange.service import Exchange, Quote, Rate
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import VIBE, Currency, Money
from vibestream.platform.access import SIGNED_IN, holds
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.idempotency import IdempotencyKey
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["exchange"])

_FINANCE = holds("finance")
Amount = Annotated[str, Field(min_length=1, max_length=24, description="An exact decimal, such as 12.50.")]
Code = Annotated[str, Field(min_length=3, max_length=5, description="A currency's code, such as USD.")]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class MoneyBody(_Strict):
    """An amount of a currency."""

    amount: Amount
    currency: Code


class QuoteRequest(_Strict):
    """What one gives, and in which currency one gets something for it."""

    sell: MoneyBody
    buy: Code


class RateBody(BaseModel):
    """What one whole unit of the base is worth in the quote currency."""

    rate_id: UUID
    base: str
    quote: str
    rate: str
    spread_bp: int = Field(description="What the platform keeps of every exchange, in basis points.")
    source: str
    effective_from: datetime
    effective_until: datetime | None


class RatesBody(BaseModel):
    """The rates that are good now."""

    rates: list[RateBody]


class QuoteBody(BaseModel):
    """An offer: exactly this for exactly that, while it stands; and the exchange, once it was carried out."""

    quote_id: UUID
    sell: MoneyBody
    buy: MoneyBody
    rate: RateBody
    expires_at: datetime
    transaction_id: UUID | None = None
    executed_at: datetime | None = None


class RateRequest(_Strict):
    """A new rate."""

    base: Code
    quote: Code
    rate: Annotated[str, Field(max_length=20)]
    spread_bp: int
    source: Annotated[str, Field(min_length=1, max_length=100)]
    effective_from: Annotated[AwareDatetime | None, Field(strict=False)] = None
    effective_until: Annotated[AwareDatetime | None, Field(strict=False)] = None


class ProposalBody(BaseModel):
    """A rate that waits for a second person."""

    proposal: str = Field(description="Hand it to somebody else of finance, who publishes it.")
    over_at: datetime = Field(description="It cannot be published any more from then on.")
    rate: str


class PublishingRequest(_Strict):
    """What somebody else proposed."""

    proposal: Annotated[str, Field(min_length=1, max_length=2_000)]


class FundingRequest(_Strict):
    """What moves from an account of the platform into the reserve of its currency; out of it when negative."""

    money: MoneyBody
    source_kind: Annotated[AccountKind, Field(strict=False)]
    source_subject: Annotated[str, Field(max_length=100)] = ""
    reason: Reason


class ExpiryRequest(_Strict):
    """Points that will never come back."""

    amount: Amount
    source_kind: Annotated[AccountKind, Field(strict=False)]
    source_subject: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Reason


class ReversalRequest(_Strict):
    """Why an exchange is undone."""

    reason: Reason


class PostedBody(BaseModel):
    """What stands in the books now."""

    transaction_id: UUID


class LiabilityBody(BaseModel):
    """Where points are, and what is owed and set aside for them."""

    issued: str
    in_pools: str = Field(description="Budgets that nobody has earned yet.")
    outstanding: str = Field(description="With people: what may come back for money.")
    redeemed: str
    expired: str
    rate: RateBody | None
    owed: str = Field(description="US dollars that all outstanding points are worth, before the spread.")
    set_aside: str
    coverage_bp: int | None = Field(description="Set aside of what is owed, in basis points; null when nothing is.")


@router.get("/api/v1/exchange/rates", policy=SIGNED_IN)
async def list_rates(tx: TxDep, now: NowDep) -> RatesBody:
    """Return the rates that are good now."""
    return RatesBody(rates=[_rate(rate) for rate in await service.rates_now(tx, now=now)])


@router.post("/api/v1/exchange/quotes", policy=SIGNED_IN, status_code=201)
async def ask_for_quote(
    asked: QuoteRequest, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep
) -> QuoteBody:
    """Offer the signed-in person an amount for another one. VIBE is redeemed so: sell VIBE, buy USD."""
    offer = await service.quote(
        tx,
        user_id=principal.user_id,
        sell=_money_of(asked.sell),
        buy=Currency.of(asked.buy),
        policy=service.policy_of(runtime.settings),
        now=now,
    )
    return _quote(offer, None)


@router.get("/api/v1/exchange/quotes/{quote_id}", policy=SIGNED_IN)
async def show_quote(quote_id: UUID, tx: TxDep, principal: PrincipalDep) -> QuoteBody:
    """Return a quote that was made to the signed-in person, and what became of it."""
    return _quote(*await service.quote_of_person(tx, quote_id=quote_id, user_id=principal.user_id))


@router.post("/api/v1/exchange/quotes/{quote_id}/execute", policy=SIGNED_IN)
async def execute_quote(
    quote_id: UUID, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep
) -> QuoteBody:
    """Carry out a quote, once; asked for again, the answer is the same."""
    done = await service.execute(
        tx, quote_id=quote_id, user_id=principal.user_id, policy=service.policy_of(runtime.settings), now=now
    )
    return _quote(done.quote, done)


@router.get("/api/v1/operations/exchange/rates", policy=_FINANCE)
async def list_rate_history(tx: TxDep, paging: PagingDep) -> Page[RateBody]:
    """Return every rate that was ever set, those that begin latest first."""
    after = paging.after_values(datetime)
    found = await service.rate_history(tx, before=None if after is None else after[0], limit=paging.fetch)
    return paging.page(found, item=_rate, position=lambda rate: (rate.effective_from,))


@router.post("/api/v1/operations/exchange/rates/proposals", policy=_FINANCE, status_code=201)
async def propose_rate(asked: RateRequest, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep) -> ProposalBody:
    """Propose a rate. Nothing is written: another person of finance publishes the proposal within a day."""
    signing_key = runtime.settings.signing_key()
    text = service.propose_rate(
        signing_key=signing_key,
        rate_id=new_id(),
        base=Currency.of(asked.base),
        quote=Currency.of(asked.quote),
        value=asked.rate,
        spread_bp=asked.spread_bp,
        source=asked.source,
        effective_from=asked.effective_from,
        effective_until=asked.effective_until,
        proposed_by=principal.user_id,
        now=now,
    )
    proposal = service.proposal_of(text, signing_key=signing_key)
    return ProposalBody(proposal=text, over_at=proposal.over_at, rate=proposal.value)


@router.post("/api/v1/operations/exchange/rates", policy=_FINANCE, status_code=201)
async def publish_rate(
    asked: PublishingRequest, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep
) -> RateBody:
    """Publish a rate that somebody else proposed. It is never changed; a better one takes over from it."""
    proposal = service.proposal_of(asked.proposal, signing_key=runtime.settings.signing_key())
    return _rate(await service.publish_rate(tx, proposal=proposal, published_by=principal.user_id, now=now))


@router.post("/api/v1/operations/exchange/reserves", policy=_FINANCE)
async def fund_reserve(asked: FundingRequest, tx: TxDep, key: IdempotencyDep) -> PostedBody:
    """Move money of the platform into a reserve, or out of it."""
    money = _money_of(asked.money)
    source = AccountName(asked.source_kind, asked.source_subject, money.currency)
    posted = await service.fund_reserve(tx, key=_short(key), source=source, amount=money, reason=asked.reason)
    return PostedBody(transaction_id=posted.transaction_id)


@router.post("/api/v1/operations/exchange/quotes/{quote_id}/reverse", policy=_FINANCE)
async def reverse_exchange(quote_id: UUID, asked: ReversalRequest, tx: TxDep) -> PostedBody:
    """Undo an exchange at the rate at which it was made."""
    posted = await service.reverse(tx, quote_id=quote_id, reason=asked.reason)
    return PostedBody(transaction_id=posted.transaction_id)


@router.get("/api/v1/operations/points", policy=_FINANCE)
async def show_points(tx: TxDep, now: NowDep) -> LiabilityBody:
    """Return where points are, what is owed for them, and what is set aside."""
    found = await service.liability(tx, now=now)
    points = found.points
    return LiabilityBody(
        issued=points.issued.decimal,
        in_pools=points.in_pools.decimal,
        outstanding=points.outstanding.decimal,
        redeemed=points.redeemed.decimal,
        expired=points.expired.decimal,
        rate=None if found.rate is None else _rate(found.rate),
        owed=found.owed.decimal,
        set_aside=found.set_aside.decimal,
        coverage_bp=found.coverage_bp,
    )


@router.post("/api/v1/operations/points/expiries", policy=_FINANCE)
async def expire_points(
    asked: ExpiryRequest, tx: TxDep, key: IdempotencyDep, runtime: RuntimeDep, now: NowDep
) -> PostedBody:
    """Take points that will never come back out of the world, and turn what was set aside for them into revenue."""
    posted = await service.expire_points(
        tx,
        key=_short(key),
        source=AccountName(asked.source_kind, asked.source_subject, VIBE),
        amount=Money.parse(asked.amount, VIBE),
        reason=asked.reason,
        policy=service.policy_of(runtime.settings),
        now=now,
    )
    return PostedBody(transaction_id=posted.transaction_id)


def _short(key: IdempotencyKey) -> str:
    """Return a key that fits the ledger's, whatever the client's length."""
    return sha256(str(key).encode()).hexdigest()


def _money_of(body: MoneyBody) -> Money:
    return Money.parse(body.amount, Currency.of(body.currency))


def _money(money: Money) -> MoneyBody:
    return MoneyBody(amount=money.decimal, currency=money.currency.code)


def _rate(rate: Rate) -> RateBody:
    return RateBody(
        rate_id=rate.rate_id,
        base=rate.base.code,
        quote=rate.quote.code,
        rate=rate.decimal,
        spread_bp=rate.spread_bp,
        source=rate.source,
        effective_from=rate.effective_from,
        effective_until=rate.effective_until,
    )


def _quote(offer: Quote, done: Exchange | None) -> QuoteBody:
    return QuoteBody(
        quote_id=offer.quote_id,
        sell=_money(offer.sell),
        buy=_money(offer.buy),
        rate=_rate(offer.rate),
        expires_at=offer.expires_at,
        transaction_id=None if done is None else done.transaction_id,
        executed_at=None if done is None else done.executed_at,
    )
