"""A subscription's whole life at each gateway's stand-in, over real sockets: ordered, renewed, refused, given back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from tests.contexts.payment.checkout.conftest import Shop, open_gateways
from tests.factories.bus import drain, registered
from tests.factories.gateways import Sandbox
from tests.factories.subscriptions import PREMIUM
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.gateways.service import Capability, GatewayName, Gateways
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.invariants import INVARIANTS
from vibestream.contexts.payment.subscriptions.service import EndReason, Payer, Standing, State, Step
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.flows import settle_payments
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.runtime import Runtime


@dataclass
class Subscriber:
    """Somebody who subscribes at one gateway."""

    shop: Shop
    consumers: Consumers
    user_id: UserId

    async def ordered(self) -> PaymentView:
        payer = Payer(return_to="/subscription", gateway=self.shop.name)
        made = await self.shop.do(
            lambda tx: service.subscribe(
                tx, user_id=self.user_id, terms=PREMIUM, currency=self.shop.currency, payer=payer, now=utc_now()
            )
        )
        await self.shop.run_jobs()
        return await self.shop.view(made.payment.payment_id)

    async def paid(self, view: PaymentView) -> None:
        self.shop.click(view)
        await self.looked(view)

    async def looked(self, view: PaymentView) -> None:
        await self.shop.look(view.payment_id)
        await self.shop.run_jobs()
        await drain(self.shop.runtime.database, self.consumers)

    async def at(self, now: datetime) -> Step:
        """Do what time asks at an instant, as the periodic job does, with what follows from it."""
        found = await self.standing()
        assert found.subscription is not None
        subscription_id = found.subscription.subscription_id
        step: Step = await self.shop.do(lambda tx: service.do_next(tx, subscription_id=subscription_id, now=now))
        await self.shop.run_jobs()
        await drain(self.shop.runtime.database, self.consumers)
        return step

    async def standing(self) -> Standing:
        found: Standing = await self.shop.do(lambda tx: service.standing(tx, user_id=self.user_id, now=utc_now()))
        return found

    async def end(self) -> datetime:
        found = (await self.standing()).subscription
        assert found is not None
        assert found.period is not None
        assert found.period.end is not None
        return found.period.end

    async def sound(self) -> bool:
        async def check(tx: Tx) -> bool:
            return all([(await one.check(tx)).ok for one in INVARIANTS])

        return await self.shop.violations() == {} and bool(await self.shop.do(check))


@pytest.fixture(params=list(GatewayName))
async def subscriber(request: pytest.FixtureRequest, runtime: Runtime, gateways: Sandbox) -> AsyncIterator[Subscriber]:
    opened = open_gateways(gateways)
    shop = Shop(replace(runtime, parts={**runtime.parts, Gateways: opened}), gateways, request.param)
    consumers = await registered(runtime.database, Consumers(settle_payments.SUBSCRIPTIONS))
    yield Subscriber(shop, consumers, UserId(new_id()))
    await opened.close()


def charges_again(subscriber: Subscriber) -> bool:
    gateway = subscriber.shop.runtime.part(Gateways).get(subscriber.shop.name)
    return Capability.OFF_SESSION in gateway.capabilities


async def test_it_begins_when_its_payer_has_confirmed_and_its_escrow_is_empty(subscriber: Subscriber):
    view = await subscriber.ordered()
    assert (await subscriber.standing()).entitlements.plan == "free"

    await subscriber.paid(view)

    assert (await subscriber.standing()).entitlements.plan == "premium"
    assert (await subscriber.shop.escrow(view)).minor == 0
    deferred = await subscriber.shop.holds(AccountKind.DEFERRED_REVENUE, f"{utc_now():%Y-%m}")
    assert deferred == view.amount
    assert await subscriber.sound()


async def test_at_its_end_the_kept_method_is_charged_or_its_owner_asked(subscriber: Subscriber):
    await subscriber.paid(await subscriber.ordered())
    end = await subscriber.end()

    assert await subscriber.at(end) is Step.RENEW
    found = (await subscriber.standing()).subscription
    assert found is not None
    if charges_again(subscriber):
        payment = (await subscriber.standing()).payment
        if payment is not None:
            await subscriber.looked(payment)
        assert await subscriber.end() > end + timedelta(days=27)
    else:
        assert found.state is State.PAST_DUE
        payer = Payer(return_to="/subscription", gateway=subscriber.shop.name)
        ordered = await subscriber.shop.do(
            lambda tx: service.pay(tx, user_id=subscriber.user_id, payer=payer, now=utc_now())
        )
        await subscriber.shop.run_jobs()
        await subscriber.paid(await subscriber.shop.view(ordered.payment.payment_id))
        assert await subscriber.end() > end + timedelta(days=27)
    assert await subscriber.sound()


async def test_an_answer_that_was_lost_charges_a_renewal_once(subscriber: Subscriber):
    if not charges_again(subscriber):
        pytest.skip("this gateway charges nobody who is away")
    await subscriber.paid(await subscriber.ordered())
    end = await subscriber.end()
    subscriber.shop.sandbox.fault(subscriber.shop.name, "timeout_after_effect", on="create", seconds=0)

    await subscriber.at(end)
    for day in (0, 1, 3):
        payment = (await subscriber.standing()).payment
        if payment is not None:
            await subscriber.looked(payment)
        await subscriber.at(end + timedelta(days=day))

    ours = [one for one in subscriber.shop.sandbox.book(subscriber.shop.name) if one["kind"] == "charge"]
    mine = await subscriber.shop.do(lambda tx: checkout.payments(tx, user_id=subscriber.user_id, limit=20))
    assert len([one for one in ours if one["ours"] in {str(view.payment_id) for view in mine}]) == 2
    assert await subscriber.end() > end + timedelta(days=27)
    assert await subscriber.sound()


async def test_the_unused_rest_is_at_the_gateway_again(subscriber: Subscriber):
    view = await subscriber.ordered()
    await subscriber.paid(view)
    found = (await subscriber.standing()).subscription
    assert found is not None

    given = await subscriber.shop.do(
        lambda tx: service.refund_unused(
            tx, subscription_id=found.subscription_id, requested_by=None, reason="left", now=utc_now()
        )
    )
    await subscriber.shop.run_jobs()
    subscriber.shop.sandbox.settle(subscriber.shop.name)
    await subscriber.looked(view)

    assert 0 < given.minor <= view.amount.minor
    back = wallets.chargeable(given)  # cents of USDC: the rest stays in the wallet
    assert (await subscriber.shop.at_gateway(view)).refunded == back
    after = (await subscriber.standing()).subscription
    assert after is not None
    assert after.end_reason is EndReason.REFUNDED
    assert await subscriber.shop.wallet(view) == given - back
    assert await subscriber.sound()
