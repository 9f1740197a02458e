"""Giving a tip, and the lists of both sides."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentView, Purpose
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.tips import store
from vibestream.contexts.payment.tips.domain import (
    MESSAGE_CHARACTERS,
    PayWith,
    Tip,
    TipPolicy,
    TipState,
    require_tip,
)
from vibestream.contexts.payment.tips.service.settling import announce_received, gains
from vibestream.contexts.payment.tips.store import TippedArtist
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import SpendingPlan, WalletTooLow, plan_spending
from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.ids import ArtistId, TipId, UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.kernel.text import paragraphs
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

HELD_FOR: Final = timedelta(days=2)
"""How long the wallet's part waits for the gateway's."""


class ArtistUnknown(Missing):
    """There is no such artist."""

    code: ClassVar[str] = "tips.artist_unknown"


class TipKeyReused(Conflict):
    """The key stands for another tip of the same giver."""

    code: ClassVar[str] = "tips.key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """How somebody who is here pays."""

    return_to: str
    """A page of this site to come back to."""
    email: str | None = None
    """For the gateway's receipt."""
    country: str | None = None
    """ISO 3166-1 alpha-2, where it is known."""
    gateway: GatewayName | None = None
    """The one that the payer chose."""
    network: str | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A tip, and the payment that it waits for; None when the wallet has paid it."""

    tip: Tip
    payment: PaymentView | None


async def policies(tx: Tx, *, now: datetime) -> list[TipPolicy]:
    """Return the currencies that tips are given in, each with its bounds and what the platform keeps."""
    return await store.list_policies(tx, now=now)


async def wants_proof(tx: Tx, *, amount: Money, pay_with: PayWith, now: datetime) -> bool:
    """Return whether who gives this has to show first that it is them: it is large, and takes from their wallet.

    At a gateway they show it to the gateway.
    """
    policy = await _policy_of(tx, amount.currency, now=now)
    return pay_with is not PayWith.GATEWAY and policy is not None and amount >= policy.large_from


async def register_artist(tx: Tx, *, artist_id: ArtistId, user_id: UserId, name: str, as_of: datetime) -> None:
    """Remember which account an artist's tips belong to; older news changes nothing."""
    await store.save_artist(tx, TippedArtist(artist_id=artist_id, user_id=user_id, name=name), as_of=as_of)


async def payee_of(tx: Tx, *, artist_id: ArtistId) -> UserId:
    """Return which account what is given to an artist belongs to.

    Raises:
        ArtistUnknown: there is no such artist.
    """
    artist = await store.load_artist(tx, artist_id=artist_id)
    if artist is None:
        raise ArtistUnknown("There is no such artist.")
    return artist.user_id


async def send(
    tx: Tx,
    *,
    key: str,
    from_user: UserId,
    artist_id: ArtistId,
    amount: Money,
    message: str,
    pay_with: PayWith,
    payer: Payer,
    now: datetime,
) -> Given:
    """Give an artist a tip, once per key and giver: from the wallet at once, or when its payment is captured.

    What the wallet contributes beside a gateway is held until then. Asked again, it returns the same tip as it stands.

    Args:
        tx: the caller's transaction.
        key: what asks for it, 1 to 200 characters, kept for ever; one giver's key is nothing to another's.
        from_user: who gives.
        artist_id: to whom.
        amount: within the policy's bounds.
        message: for the artist, up to 280 characters, may be empty.
        pay_with: the wallet, a gateway, or the wallet first.
        payer: how the gateway's part is paid.
        now: the instant.

    Raises:
        ArtistUnknown: there is no such artist.
        TipToOneself: the artist is the giver.
        TipOutOfBounds, TextInvalid, NotMoney: say what is taken.
        WalletTooLow: the wallet has less, and no gateway was asked for.
        TipKeyReused: the key asked for another tip.
    """
    artist = await store.load_artist(tx, artist_id=artist_id)
    if artist is None:
        raise ArtistUnknown("There is no such artist.")
    tip = await _draft(tx, artist, from_user=from_user, amount=amount, message=message, now=now)
    asked = _hash(tip, pay_with=pay_with, gateway=payer.gateway)
    tip_id, first = await store.claim_request(tx, tip=tip, key=key, request_hash=asked)
    if tip_id != tip.tip_id:
        if first != asked:
            raise TipKeyReused("The same key asked for another tip before.")
        return await _as_it_stands(tx, tip_id)
    plan = await _plan(tx, tip, pay_with=pay_with, now=now)
    tip = replace(tip, from_wallet=plan.from_wallet)
    if plan.from_gateway.minor == 0:
        return Given(tip=await _pay_at_once(tx, tip, now=now), payment=None)
    return await _wait_for_payment(tx, tip, artist, plan, payer)


async def sent(tx: Tx, *, user_id: UserId, before: TipId | None = None, limit: int) -> list[Tip]:
    """Return up to `limit` tips that somebody gave or wanted to, the newest first."""
    return await store.list_sent(tx, user_id=user_id, before=before, limit=limit)


async def received(tx: Tx, *, user_id: UserId, before: TipId | None = None, limit: int) -> list[Tip]:
    """Return up to `limit` tips that reached somebody's artists, the newest first."""
    return await store.list_received(tx, user_id=user_id, before=before, limit=limit)


async def _draft(tx: Tx, artist: TippedArtist, *, from_user: UserId, amount: Money, message: str, now: datetime) -> Tip:
    return Tip(
        tip_id=TipId(new_id()),
        from_user=from_user,
        artist_id=artist.artist_id,
        payee=artist.user_id,
        amount=amount,
        platform_share=require_tip(
            amount, policy=await _policy_of(tx, amount.currency, now=now), from_user=from_user, payee=artist.user_id
        ),
        message=paragraphs(message, field="message", most=MESSAGE_CHARACTERS),
        state=TipState.WAITING,
        from_wallet=Money.zero(amount.currency),
        payment_id=None,
        hold_id=None,
        returned=Money.zero(amount.currency),
        made_at=now,
        paid_at=None,
    )


async def _policy_of(tx: Tx, currency: Currency, *, now: datetime) -> TipPolicy | None:
    return next((one for one in await store.list_policies(tx, now=now) if one.minimum.currency == currency), None)


def _hash(tip: Tip, *, pay_with: PayWith, gateway: GatewayName | None) -> bytes:
    """Return what tells one request from another."""
    said = [str(tip.artist_id), tip.amount.minor, tip.amount.currency.code, tip.message, pay_with, gateway]
    return hashlib.sha256(json.dumps(said).encode()).digest()


async def _as_it_stands(tx: Tx, tip_id: TipId) -> Given:
    tip = await store.load_tip(tx, tip_id=tip_id)
    assert tip is not None  # noqa: S101 - the key and its tip were written in one transaction
    payment = None
    if tip.payment_id is not None:
        payment = await checkout.payment(tx, payment_id=tip.payment_id, user_id=tip.from_user)
    return Given(tip=tip, payment=payment)


async def _plan(tx: Tx, tip: Tip, *, pay_with: PayWith, now: datetime) -> SpendingPlan:
    amount = tip.amount
    if pay_with is PayWith.GATEWAY:
        return SpendingPlan(Money.zero(amount.currency), amount)
    policy = await _policy_of(tx, amount.currency, now=now)
    account = await ledger.open_account(tx, name=ledger.wallet(user_id=tip.from_user, currency=amount.currency))
    available = (await ledger.balance_of(tx, account_id=account)).available
    return plan_spending(
        amount,
        available=available,
        rest_by_gateway=pay_with is PayWith.WALLET_THEN_GATEWAY,
        least_charge=policy.minimum if policy else amount,
    )


async def _wait_for_payment(tx: Tx, tip: Tip, artist: TippedArtist, plan: SpendingPlan, payer: Payer) -> Given:
    payment = await checkout.start(
        tx,
        key=f"tip:{tip.tip_id}",
        user_id=tip.from_user,
        purpose=Purpose.TIP,
        subject=str(tip.tip_id),
        amount=plan.from_gateway,
        description=_description(artist),
        return_to=payer.return_to,
        payer_email=payer.email,
        country=payer.country,
        gateway=payer.gateway,
        network=payer.network,
        device=payer.device,
        beneficiary=artist.user_id,
    )
    hold_id = None
    if plan.from_wallet.minor:
        hold_id = await wallets.reserve(
            tx,
            key=f"tip:{tip.tip_id}",
            user_id=tip.from_user,
            amount=plan.from_wallet,
            expires_at=utc_now() + HELD_FOR,  # the database judges by its own clock
            reason="tip",
        )
    waiting = replace(tip, payment_id=payment.payment_id, hold_id=hold_id)
    await store.insert_tip(tx, waiting, transaction_id=None)
    return Given(tip=waiting, payment=payment)


async def _pay_at_once(tx: Tx, tip: Tip, *, now: datetime) -> Tip:
    paid = replace(tip, state=TipState.PAID, paid_at=now)
    try:
        posted = await wallets.spend(
            tx,
            key=f"tip:{tip.tip_id}",
            user_id=tip.from_user,
            amount=tip.amount,
            kind="tip",
            into=gains(tip),
            details={"tip_id": str(tip.tip_id), "artist_id": str(tip.artist_id)},
            at=now,
        )
    except ledger.InsufficientFunds:  # spent by somebody between our look and our posting
        raise WalletTooLow(price=tip.amount, available=Money.zero(tip.amount.currency)) from None
    await store.insert_tip(tx, paid, transaction_id=posted.transaction_id)
    await announce_received(tx, tip=paid, now=now)
    return paid


def _description(artist: TippedArtist) -> str:
    # What the payer reads at the gateway is one printable line; a name may hold joiners that are not printable.
    name = "".join(character for character in artist.name if character.isprintable()).strip()
    return f"Tip for {name}" if name else "Tip for an artist"
