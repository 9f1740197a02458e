"""From what a gateway says of a payment to where its money belongs, over the real bus: once, whatever is repeated or cut off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.factories.bus import announce, drain, registered, retry_now
from tests.factories.checkout import dispute_seen, refund_seen
from tests.factories.observed import observed
from tests.factories.settling import AT, held_by, usd, wallet_of
from tests.factories.subscriptions import PREMIUM
from vibestream.contexts.music.delivery import service as delivery
from vibestream.contexts.music.delivery.service import EVERYBODYS, Quality
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import Purpose
from vibestream.contexts.payment.events import PaymentCaptured
from vibestream.contexts.payment.gateways.domain.port import DisputeState, ProviderState
from vibestream.contexts.payment.ledger.invariants import INVARIANTS as LEDGER
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.contexts.payment.subscriptions.invariants import INVARIANTS
from vibestream.contexts.payment.subscriptions.service import Payer
from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.payment.tips.service import PayWith, TipState
from vibestream.contexts.payment.top_ups import service as top_ups
from vibestream.flows import entitle_listeners, notify, settle_payments, tell_payers
from vibestream.kernel.events import Event
from vibestream.kernel.ids import ArtistId, PaymentId, UserId, new_id
from vibestream.kernel.money import USD
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.dead_letters import list_dead_letters, replay
from vibestream.platform.events.subscriptions import Consumers, Subscription
from vibestream.platform.events.undelivered import TRIES

ALL = (
    *settle_payments.SUBSCRIPTIONS,
    *entitle_listeners.SUBSCRIPTIONS,
    *tell_payers.SUBSCRIPTIONS,
    *notify.SUBSCRIPTIONS,
)


class PowerCut(Exception):
    pass


async def deliver(database: Database, consumers: Consumers) -> None:
    for _ in range(3):
        await drain(database, consumers)


async def sound(database: Database) -> bool:
    async with database.begin() as tx:
        return all([(await one.check(tx)).ok for one in (*LEDGER, *INVARIANTS)])


async def top_up(database: Database, fan: UserId, minor: int = 1_000) -> PaymentId:
    async with database.begin() as tx:
        view = await top_ups.start(tx, key=str(new_id()), user_id=fan, amount=usd(minor), return_to="/wallet", now=AT)
    async with database.begin() as tx:
        await observed(tx, view.payment_id, state=ProviderState.CAPTURED)
    return view.payment_id


async def in_wallet(database: Database, fan: UserId) -> tuple[int, int]:
    async with database.begin() as tx:
        return await wallet_of(tx, fan)


async def test_a_top_up_reaches_the_wallet_once_however_often_it_is_told(database: Database):
    consumers = await registered(database, Consumers(ALL))
    fan = UserId(new_id())
    payment_id = await top_up(database, fan)
    await deliver(database, consumers)
    again = PaymentCaptured(
        occurred_at=utc_now(), payment_id=payment_id, user_id=fan, purpose=Purpose.WALLET_TOP_UP, subject="",
        amount=usd(1_000),
    )  # fmt: skip

    await announce(database, again)
    await deliver(database, consumers)

    assert await in_wallet(database, fan) == (1_000, 0)
    assert await sound(database)


@pytest.mark.parametrize("effect_first", [False, True], ids=["before the effect", "after the effect"])
async def test_a_power_cut_while_settling_changes_nothing_in_the_end(database: Database, effect_first: bool):
    cuts = [True]

    def cut_off(subscription: Subscription[Any]) -> Subscription[Any]:
        real = subscription.handle
        if subscription.event is not PaymentCaptured or subscription.consumer != "settle_payments" or real is None:
            return subscription
        return replace(subscription, handle=_cutting(real, cuts, effect_first=effect_first))

    consumers = await registered(database, Consumers(map(cut_off, ALL)))
    fan = UserId(new_id())
    await top_up(database, fan)

    await deliver(database, consumers)
    await retry_now(database, consumers)

    assert cuts == []
    assert await in_wallet(database, fan) == (1_000, 0)
    assert await sound(database)


def _cutting(
    real: Callable[[Tx, Event], Awaitable[None]], cuts: list[bool], *, effect_first: bool
) -> Callable[[Tx, Event], Awaitable[None]]:
    async def handle(tx: Tx, event: Event) -> None:
        if effect_first:
            await real(tx, event)
        if cuts:
            cuts.pop()
            raise PowerCut
        if not effect_first:
            await real(tx, event)

    return handle


async def test_a_refund_nobody_asked_for_is_taken_from_the_wallet(database: Database):
    consumers = await registered(database, Consumers(ALL))
    fan = UserId(new_id())
    payment_id = await top_up(database, fan)
    await deliver(database, consumers)

    async with database.begin() as tx:
        await observed(tx, payment_id, state=ProviderState.CAPTURED, refunds=(refund_seen("re_1", 400),))
    await deliver(database, consumers)

    assert await in_wallet(database, fan) == (600, 0)
    async with database.begin() as tx:
        assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == 0
        assert await held_by(tx, AccountKind.GATEWAY_CLEARING, "stripe") == -600
    assert await sound(database)


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        ({"refunds": (refund_seen("re_9", 400),)}, 600),
        ({"disputes": (dispute_seen("dp_9", 1_000, DisputeState.LOST),)}, 0),
    ],
    ids=["refunded", "lost"],
)
async def test_what_left_again_is_taken_also_when_the_capture_was_given_up_and_is_replayed(
    database: Database, left: dict[str, Any], kept: int
):
    broken = [True]

    async def settle(tx: Tx, event: PaymentCaptured) -> None:
        if broken:
            raise PowerCut
        await settle_payments.settle(tx, event)

    consumers = await registered(
        database,
        Consumers([replace(one, handle=settle) if one.handle is settle_payments.settle else one for one in ALL]),
    )
    fan = UserId(new_id())
    payment_id = await top_up(database, fan)
    await deliver(database, consumers)
    for _ in range(TRIES):
        await retry_now(database, consumers)
    async with database.begin() as tx:
        assert [one.consumer for one in await list_dead_letters(tx)] == ["settle_payments"]
        await observed(tx, payment_id, state=ProviderState.CAPTURED, **left)
    await deliver(database, consumers)

    broken.clear()
    async with database.begin() as tx:
        assert await replay(tx, consumer="settle_payments") == 1
    await retry_now(database, consumers)
    await retry_now(database, consumers)
    assert await in_wallet(database, fan) == (kept, 0)
    async with database.begin() as tx:
        assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == 0
        assert await tx.value("SELECT count(*) FROM platform.undelivered") == 0
    assert await sound(database)


async def test_a_refund_that_was_asked_for_is_taken_once(database: Database):
    consumers = await registered(database, Consumers(ALL))
    fan = UserId(new_id())
    payment_id = await top_up(database, fan)
    await deliver(database, consumers)
    async with database.begin() as tx:
        await top_ups.refund(tx, payment_id=payment_id, user_id=fan, amount=usd(400), reason="x", requested_by=fan)
    async with database.begin() as tx:
        payment = await observed(tx, payment_id, state=ProviderState.CAPTURED)
        [asked] = payment.refunds.values()
        seen = refund_seen("re_2", 400, key=asked.key)
        await observed(tx, payment_id, state=ProviderState.CAPTURED, refunds=(seen,))
    await deliver(database, consumers)

    assert await in_wallet(database, fan) == (600, 0)
    async with database.begin() as tx:
        assert await top_ups.refundable(tx, payment_id=payment_id, user_id=fan) == usd(600)
    assert await sound(database)


async def test_a_dispute_holds_then_takes_then_gives_back(database: Database):
    consumers = await registered(database, Consumers(ALL))
    fan = UserId(new_id())
    payment_id = await top_up(database, fan)
    await deliver(database, consumers)

    async def disputed(state: DisputeState) -> tuple[int, int]:
        async with database.begin() as tx:
            await observed(tx, payment_id, state=ProviderState.CAPTURED, disputes=(dispute_seen("dp_1", 1_000, state),))
        await deliver(database, consumers)
        return await in_wallet(database, fan)

    assert await disputed(DisputeState.OPEN) == (0, 1_000)
    assert await disputed(DisputeState.LOST) == (0, 0)
    assert await disputed(DisputeState.WON) == (1_000, 0)
    async with database.begin() as tx:
        for kind in (AccountKind.DISPUTES, AccountKind.CHARGEBACK_LOSSES):
            assert await held_by(tx, kind, "stripe") == 0
        assert await held_by(tx, AccountKind.GATEWAY_CLEARING, "stripe") == -1_000
    assert await sound(database)


async def test_a_tip_that_failed_frees_what_was_held_and_one_that_was_paid_arrives(database: Database):
    consumers = await registered(database, Consumers(ALL))
    fan, artist_id, payee = UserId(new_id()), ArtistId(new_id()), UserId(new_id())
    await top_up(database, fan)
    await deliver(database, consumers)
    payments = []
    for state in (ProviderState.FAILED, ProviderState.CAPTURED):
        async with database.begin() as tx:
            await tips.register_artist(tx, artist_id=artist_id, user_id=payee, name="Río", as_of=AT)
            given = await tips.send(
                tx, key=str(new_id()), from_user=fan, artist_id=artist_id, amount=usd(1_500), message="", now=AT,
                pay_with=PayWith.WALLET_THEN_GATEWAY, payer=tips.Payer(return_to="/"),
            )  # fmt: skip
        assert given.payment is not None
        payments.append(given.payment.payment_id)
        async with database.begin() as tx:
            await observed(tx, given.payment.payment_id, state=state)
        await deliver(database, consumers)

    async with database.begin() as tx:
        states = [one.state for one in await tips.sent(tx, user_id=fan, limit=5)]
        assert await held_by(tx, AccountKind.ROYALTIES_PENDING, str(payee)) == 1_425
    assert (states, await in_wallet(database, fan)) == ([TipState.PAID, TipState.ABANDONED], (0, 0))
    async with database.begin() as tx:
        dispute = dispute_seen("dp_2", 500, DisputeState.LOST)
        await observed(tx, payments[1], state=ProviderState.CAPTURED, disputes=(dispute,))
    await deliver(database, consumers)
    async with database.begin() as tx:
        assert await held_by(tx, AccountKind.ROYALTIES_PENDING, str(payee)) == 950
        assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == 0
    assert await sound(database)


async def test_a_subscription_opens_every_quality_and_its_loss_closes_them(database: Database):
    consumers = await registered(database, Consumers(ALL))
    fan = UserId(new_id())
    async with database.begin() as tx:
        ordered = await subscriptions.subscribe(
            tx, user_id=fan, terms=PREMIUM, currency=USD, payer=Payer(return_to="/"), now=utc_now()
        )
    assert ordered.payment is not None
    payment_id = ordered.payment.payment_id

    async def seen(**provider: Any) -> Quality:
        async with database.begin() as tx:
            await observed(tx, payment_id, state=ProviderState.CAPTURED, **provider)
        await deliver(database, consumers)
        async with database.begin() as tx:
            return await delivery.quality_of(tx, user_id=fan, now=utc_now())

    assert await seen() == Quality(320, lossless=True)
    lost = dispute_seen("dp_3", 1_099, DisputeState.LOST)
    assert await seen(disputes=(lost,)) == EVERYBODYS
    won = dispute_seen("dp_3", 1_099, DisputeState.WON)
    assert await seen(disputes=(won,)) == EVERYBODYS
    assert await in_wallet(database, fan) == (1_099, 0)  # won after all: it is the payer's, who lost the subscription
    assert await sound(database)


async def test_a_first_payment_that_failed_can_be_tried_again(database: Database):
    consumers = await registered(database, Consumers(ALL))
    fan = UserId(new_id())
    payer = Payer(return_to="/")
    async with database.begin() as tx:
        ordered = await subscriptions.subscribe(
            tx, user_id=fan, terms=PREMIUM, currency=USD, payer=payer, now=utc_now()
        )
    assert ordered.payment is not None
    async with database.begin() as tx:
        await observed(tx, ordered.payment.payment_id, state=ProviderState.FAILED)
    await deliver(database, consumers)
    async with database.begin() as tx:
        again = await subscriptions.pay(tx, user_id=fan, payer=payer, now=utc_now())
    assert again.payment is not None
    assert again.payment.payment_id != ordered.payment.payment_id
    async with database.begin() as tx:
        await observed(tx, again.payment.payment_id, state=ProviderState.CAPTURED)
    await deliver(database, consumers)

    async with database.begin() as tx:
        assert (await subscriptions.entitlements(tx, user_id=fan, now=utc_now())).plan == "premium"
    assert await sound(database)


@pytest.mark.parametrize("purpose", [Purpose.SHARE_PURCHASE, Purpose.CAMPAIGN_PURCHASE])
async def test_what_others_sell_stays_in_escrow_whatever_becomes_of_it(database: Database, purpose: Purpose):
    consumers = await registered(database, Consumers(ALL))
    fan = UserId(new_id())
    async with database.begin() as tx:
        view = await checkout.start(
            tx, key=f"share:{new_id()}", user_id=fan, purpose=purpose, subject="x", amount=usd(900),
            description="Share", return_to="/",
        )  # fmt: skip
    async with database.begin() as tx:
        await observed(tx, view.payment_id, state=ProviderState.CAPTURED)
    await deliver(database, consumers)
    async with database.begin() as tx:
        dispute = dispute_seen("dp_4", 900, DisputeState.LOST)
        await observed(tx, view.payment_id, state=ProviderState.CAPTURED, disputes=(dispute,))
    await deliver(database, consumers)

    async with database.begin() as tx:
        assert await held_by(tx, AccountKind.PAYMENT_ESCROW, str(view.payment_id)) == 900
        assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == -900
    assert await in_wallet(database, fan) == (0, 0)
