"""The wallet: what one has of each currency, paying in, and every movement with the whole transaction behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Query, Request
from starlette.responses import Response

from vibestream.contexts.payment.checkout.service import UnknownPayment
from vibestream.contexts.payment.exchange import service as exchange
from vibestream.contexts.payment.ledger.service import AccountKind, LegView, StatementLine
from vibestream.contexts.payment.top_ups import service as top_ups
from vibestream.contexts.payment.top_ups.service import Bounds
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import Destination, WalletBalance
from vibestream.contexts.user.accounts import service as accounts
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import PaymentId, new_id
from vibestream.kernel.money import VIBE, Currency, Money
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.runtime import Runtime
from vibestream.web.localization import Language
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money.paying import (
    FORM_BYTES,
    address_of,
    come_back_to,
    device_of,
    method_for,
    methods_of,
    network_of,
    typed_amount,
)
from vibestream.web.rendering import answer_with, render, sentence_of, shell_of
from vibestream.web.sentences import N_

router = Router(include_in_schema=False)

_LINES: Final = 50
_TOP_UPS: Final = 5
Typed = Annotated[str, Form(max_length=40)]
_FIELDS: Final = {
    "checkout.key_reused": "",
    "form.method_unavailable": "method",
    "money.unknown_currency": "currency",
}
"""The field that an error of the form for paying in belongs to; others belong to the amount."""
_TITLES: Final = {
    "claim_return": N_("Unclaimed rewards gone back"),
    "claim_order": N_("From a wallet without a name"),
    "pool_funding": N_("Reward budget"),
    "reward_claim": N_("Reward claimed by a proof"),
    "reversal": N_("Reversal"),
    "reward": N_("Reward for listening"),
    "payment_kept": N_("Payment kept for you"),
    "refund_asked": N_("Refund"),
    "subscription_refund": N_("Unused rest of a subscription"),
    "take_back": N_("Taken back by the payer's bank"),
    "tip": N_("Tip"),
    "tip_return": N_("Tip returned"),
    "top_up": N_("Top-up"),
    "royalty_advance": N_("Advance on royalties"),
    "royalty_recall": N_("Royalties called back"),
    "royalty_release": N_("Royalties became available"),
    "royalty_run": N_("Royalties of a month"),
}
"""What a transaction is called, by its kind; others by what the wallet calls them."""
_LABELS: Final[Mapping[AccountKind, tuple[str, str, str]]] = {
    AccountKind.ADVANCES: (
        N_("Advance to you, not yet recouped"),
        N_("Advance to somebody else"),
        N_("Advances to other people ({accounts})"),
    ),
    AccountKind.CHARGEBACK_LOSSES: (N_("Lost disputes at {subject}"),) * 3,
    AccountKind.DEFERRED_REVENUE: (N_("Paid in advance for {subject}"),) * 3,
    AccountKind.DISPUTES: (N_("Disputed at {subject}"),) * 3,
    AccountKind.EXCHANGE_RESERVE: (N_("VibeStream's reserve of {currency}"),) * 3,
    AccountKind.GATEWAY_CLEARING: (N_("On its way through {subject}"),) * 3,
    AccountKind.GATEWAY_FEES: (N_("Fees of {subject}"),) * 3,
    AccountKind.ISSUANCE: (N_("Newly issued {currency}"),) * 3,
    AccountKind.LIQUIDITY: (N_("VibeStream's {currency} for exchange"),) * 3,
    AccountKind.PAYEE_DEBT: (
        N_("Carried forward against you"),
        N_("Carried forward against somebody else"),
        N_("Carried forward against other people ({accounts})"),
    ),
    AccountKind.PAYMENT_ESCROW: (N_("Payment received"),) * 3,
    AccountKind.PAYOUT_IN_TRANSIT: (
        N_("On its way to your bank"),
        N_("On its way to somebody else's bank"),
        N_("On its way to banks of other people ({accounts})"),
    ),
    AccountKind.PLATFORM_REVENUE: (N_("VibeStream's revenue: {subject}"),) * 3,
    AccountKind.POINTS_LIABILITY: (N_("Set aside for points"),) * 3,
    AccountKind.REDEEMED: (N_("Redeemed {currency}"),) * 3,
    AccountKind.POOL_SOURCE: (N_("A source of rewards: {subject}"),) * 3,
    AccountKind.CLAIM_WALLET: (N_("A wallet without a name"),) * 3,
    AccountKind.REWARD_POOL: (N_("Reward pool of {subject}"),) * 3,
    AccountKind.ROYALTIES_AVAILABLE: (
        N_("Your royalties"),
        N_("Somebody else's royalties"),
        N_("Royalties of other people ({accounts})"),
    ),
    AccountKind.ROYALTIES_PENDING: (
        N_("Your royalties, not yet available"),
        N_("Somebody else's royalties, not yet available"),
        N_("Royalties of other people, not yet available ({accounts})"),
    ),
    AccountKind.ROYALTY_POOL: (N_("Royalty pool of {subject}"),) * 3,
    AccountKind.SUSPENSE: (N_("Unexplained at {subject}"),) * 3,
    AccountKind.UNALLOCATED_ROYALTIES: (N_("Royalties of {subject} without a payee"),) * 3,
    AccountKind.WALLET: (
        N_("Your wallet"),
        N_("Somebody else's wallet"),
        N_("Wallets of other people ({accounts})"),
    ),
    AccountKind.WALLET_PENDING: (
        N_("On its way to your wallet"),
        N_("On its way to somebody else's wallet"),
        N_("On its way to wallets of other people ({accounts})"),
    ),
    AccountKind.WITHHOLDING_TAX: (N_("Tax withheld for {subject}"),) * 3,
}
"""What an account is called: the reader's own; one of somebody else or of the platform; several of other people."""


@dataclass(frozen=True, slots=True)
class LegRow:
    """One posting of a transaction."""

    account: str
    own: bool
    amount: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A movement of one's wallet, and the postings that make it."""

    transaction_id: UUID
    title: str
    at: datetime
    amount: Money
    balance_after: Money | None
    legs: tuple[LegRow, ...]


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """A payment into the wallet of which something can be had back, or of which nobody knows."""

    payment_id: PaymentId
    amount: Money
    refundable: Money | None
    """None: there is no payment behind it, so that nothing of it can be given back by itself."""
    at: datetime


@dataclass(frozen=True, slots=True)
class WalletView:
    """The wallet page."""

    balances: tuple[WalletBalance, ...]
    lines: tuple[LineRow, ...]
    before: int | None
    """Where older movements begin."""
    methods: tuple[tuple[str, str], ...]
    bounds: tuple[Bounds, ...]
    top_ups: tuple[TopUpRow, ...]
    sells: tuple[str, ...]
    """Currencies of which there is something to exchange, and a rate; by their codes."""
    buys: tuple[str, ...]
    key: UUID
    """Of the top-up that the form would start, so that sending it twice starts one."""
    form: Filled
    exchange_form: Filled
    done: str


@router.get("/wallet", policy=SIGNED_IN)
async def show_wallet(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    before: Annotated[int | None, Query(ge=1)] = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show one's wallet."""
    return await wallet_page(request, tx, principal, runtime, now=now, before=before, done=done)


@router.post("/wallet/top-ups", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def start_top_up(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    now: NowDep,
    key: Annotated[UUID, Form()],
    amount: Typed = "",
    currency: Typed = "",
    method: Typed = "",
) -> Response:
    """Start paying into one's wallet, and go to the payment's page. The same form sent again goes to the same payment."""
    try:
        money = Currency.of(currency)
        started = await top_ups.start(
            tx,
            key=f"page:{key}",
            user_id=principal.user_id,
            amount=typed_amount(amount, money),
            gateway=method_for(runtime, method, money),
            return_to=come_back_to("/wallet"),
            payer_email=(await accounts.account(tx, user_id=principal.user_id)).email,
            network=network_of(request),
            device=device_of(principal),
            now=now,
        )
    except VibeStreamError as error:
        filled = Filled({"amount": amount, "currency": currency, "method": method})
        form = filled.refused(sentence_of(request, error), field_name=_FIELDS.get(error.code, "amount"))
        page = await wallet_page(request, tx, principal, runtime, now=now, form=form)
        raise answer_with(request, error, page) from None
    return see_other(address_of(started.payment_id))


async def wallet_page(
    request: Request,
    tx: Tx,
    principal: Principal,
    runtime: Runtime,
    *,
    now: datetime,
    before: int | None = None,
    done: str = "",
    form: Filled | None = None,
    exchange_form: Filled | None = None,
) -> Response:
    """Return the wallet's page, with its forms as they were filled in."""
    spoken = shell_of(request).language
    found = await wallets.transactions(tx, user_id=principal.user_id, before=before, limit=_LINES + 1)
    shown = found[:_LINES]
    balances = await wallets.wallet(tx, user_id=principal.user_id)
    sells, buys = await _exchangeable(tx, balances, now=now)
    view = WalletView(
        balances=balances,
        lines=tuple(_line(line, spoken) for line in shown),
        before=shown[-1].position if len(found) > _LINES else None,
        methods=methods_of(runtime, spoken),
        bounds=tuple(await top_ups.bounds(tx, now=now)),
        top_ups=await _refundable(tx, principal),
        sells=sells,
        buys=buys,
        key=new_id(),
        form=form or Filled({"currency": "USD"}),
        exchange_form=exchange_form or Filled(),
        done=done,
    )
    return render(request, "wallet.html", view)


async def _refundable(tx: Tx, principal: Principal) -> tuple[TopUpRow, ...]:
    rows = []
    settled = await wallets.settlements(tx, user_id=principal.user_id, destination=Destination.WALLET, limit=_TOP_UPS)
    for one in settled:
        try:
            most = await top_ups.refundable(tx, payment_id=one.payment_id, user_id=principal.user_id)
        except UnknownPayment:  # reconciliation's to find out; what stands in the wallet is shown all the same
            rows.append(TopUpRow(one.payment_id, one.amount, None, one.settled_at))
            continue
        if most.minor > 0:
            rows.append(TopUpRow(one.payment_id, one.amount, most, one.settled_at))
    return tuple(rows)


async def _exchangeable(
    tx: Tx, balances: tuple[WalletBalance, ...], *, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what of the wallet has a rate now, and what it could become."""
    rates = await exchange.rates_now(tx, now=now)
    known = {code for rate in rates for code in (rate.base.code, rate.quote.code)}
    sells = tuple(one.currency.code for one in balances if one.available.minor > 0 and one.currency.code in known)
    return sells, tuple(sorted(known - {VIBE.code}))


def _line(line: StatementLine, spoken: Language) -> LineRow:
    transaction = line.transaction
    title = _TITLES.get(transaction.kind)
    return LineRow(
        transaction_id=transaction.transaction_id,
        title=spoken.gettext(title) if title else wallets.title_of(transaction.kind),
        at=transaction.effective_at,
        amount=line.amount,
        balance_after=line.balance_after,
        legs=tuple(_leg(leg, spoken) for leg in transaction.legs),
    )


def _leg(leg: LegView, spoken: Language) -> LegRow:
    mine, one, many = _LABELS[leg.kind]
    label = spoken.gettext(mine if leg.own else one if leg.accounts == 1 else many)
    subject = spoken.month(leg.subject)  # the revenue and royalties of a month are accounts of their own
    if leg.kind is AccountKind.REWARD_POOL:
        subject = spoken.date(date.fromisoformat(subject))
    account = label.format(subject=subject, currency=leg.currency.code, accounts=leg.accounts)
    return LegRow(account, leg.own, spoken.minor(leg.minor, leg.currency))
