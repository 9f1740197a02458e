"""Random sequences of what people, gateways and time do to subscriptions: the books always say why they hold what they hold."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.contexts.payment.subscriptions.conftest import PAYER, Fan
from tests.factories.observed import observed
from tests.factories.settling import charged_back, usd
from tests.factories.subscriptions import FAMILY, FAMILY_YEARLY, PREMIUM, PREMIUM_YEARLY
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.gateways.domain.port import ProviderState
from vibestream.contexts.payment.ledger.invariants import INVARIANTS as LEDGER
from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.domain.calendar import month_of
from vibestream.contexts.payment.subscriptions.domain.plans import Terms
from vibestream.contexts.payment.subscriptions.invariants import INVARIANTS
from vibestream.contexts.payment.wallets.service import GiveBackReason
from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import USD
from vibestream.platform.database import Tx

TERMS = (PREMIUM, FAMILY, PREMIUM_YEARLY, FAMILY_YEARLY)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("subscribe", "pay", "fail", "change", "cancel", "undo", "time", "time", "time", "settle", "settle"),
                *("join", "refund", "charge_back", "close_month", "trial", "again", "upgrade", "upgrade", "late"),
            ]
        ),
        st.sampled_from(TERMS),
        st.sampled_from([0, 1, 3, 16, 31]),
    ),
    max_size=25,
)


class World:
    """One fan, and every payment that was started for their subscriptions."""

    def __init__(self, tx: Tx) -> None:
        self.fan = Fan(tx)
        self.tx = tx

    async def do(self, what: str, terms: Terms) -> None:
        step: Callable[[Terms], Coroutine[Any, Any, None]] = getattr(self, f"_{what}")
        try:
            async with self.tx.savepoint():
                await step(terms)
        except (Conflict, Missing):
            return  # refused, and nothing of it stays

    async def _subscribe(self, terms: Terms) -> None:
        await service.subscribe(
            self.tx, user_id=self.fan.user_id, terms=terms, currency=USD, payer=PAYER, now=self.fan.now
        )
        await self._open()

    async def _trial(self, terms: Terms) -> None:
        await service.start_trial(self.tx, user_id=self.fan.user_id, terms=terms, currency=USD, now=self.fan.now)

    async def _pay(self, _: Terms) -> None:
        await service.pay(self.tx, user_id=self.fan.user_id, payer=PAYER, now=self.fan.now)

    async def _settle(self, _: Terms) -> None:
        payment = await self.fan.due_payment()
        if payment is not None:
            await observed(self.tx, payment.payment_id)
            await self.fan.pays(payment, method=True)

    async def _upgrade(self, terms: Terms) -> None:
        await self._change(terms)
        await self._settle(terms)

    async def _late(self, _: Terms) -> None:
        """A payment that was opened at its gateway is captured, whatever we have come to think of it."""
        for payment in await service_payments(self.fan):
            if payment.payment_ref is not None and payment.captured.minor == 0:
                await self.fan.pays(payment)
                return

    async def _open(self) -> None:
        payment = await self.fan.due_payment()
        if payment is not None:
            await observed(self.tx, payment.payment_id)

    async def _again(self, _: Terms) -> None:
        """Every payment that ever came is told once more."""
        for payment in await service_payments(self.fan):
            if payment.captured == payment.amount:
                await self.fan.pays(payment)

    async def _fail(self, _: Terms) -> None:
        payment = await self.fan.due_payment()
        if payment is not None:
            await observed(self.tx, payment.payment_id, state=ProviderState.FAILED)
            await service.abandon(self.tx, payment_id=payment.payment_id, now=self.fan.now)

    async def _change(self, terms: Terms) -> None:
        await self.fan.changes_to(terms)
        await self._open()

    async def _cancel(self, _: Terms) -> None:
        await service.cancel(self.tx, user_id=self.fan.user_id, now=self.fan.now)

    async def _undo(self, _: Terms) -> None:
        await service.undo_cancel(self.tx, user_id=self.fan.user_id, now=self.fan.now)

    async def _time(self, _: Terms) -> None:
        found = (await self.fan.standing()).subscription
        if found is not None:
            await service.do_next(self.tx, subscription_id=found.subscription_id, now=self.fan.now)

    async def _join(self, _: Terms) -> None:
        invited = await service.invite(self.tx, user_id=self.fan.user_id, now=self.fan.now)
        await service.join(self.tx, user_id=UserId(new_id()), token=invited.token, now=self.fan.now)

    async def _refund(self, _: Terms) -> None:
        found = await self.fan.subscription() if (await self.fan.standing()).subscription else None
        if found is not None:
            await service.refund_unused(
                self.tx, subscription_id=found.subscription_id, requested_by=None, reason="x", now=self.fan.now
            )

    async def _charge_back(self, _: Terms) -> None:
        for payment in await service_payments(self.fan):
            if payment.captured == payment.amount:
                key = f"dispute:{new_id()}"
                await charged_back(self.tx, key=f"books:{key}", amount=payment.amount)
                await service.take_back(
                    self.tx, key=key, payment_id=payment.payment_id, amount=payment.amount, gateway="stripe",
                    reason=GiveBackReason.DISPUTE_LOST, now=self.fan.now,
                )  # fmt: skip
                return

    async def _close_month(self, _: Terms) -> None:
        await service.close_revenue_month(self.tx, month=month_of(self.fan.now), currency=USD, now=self.fan.now)


async def service_payments(fan: Fan) -> list[checkout.PaymentView]:
    return await checkout.payments(fan.tx, user_id=fan.user_id, limit=50)


class _RolledBack(Exception):
    pass


@pytest.mark.timeout(300)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=[("upgrade", FAMILY, 3), ("refund", PREMIUM, 3)], terms=PREMIUM)
@example(steps=[("upgrade", FAMILY_YEARLY, 3), ("close_month", PREMIUM, 0), ("charge_back", PREMIUM, 3)], terms=PREMIUM)
@example(
    steps=[("change", FAMILY, 16), ("time", PREMIUM, 31), ("late", PREMIUM, 1), ("settle", PREMIUM, 0)], terms=PREMIUM
)
@example(
    steps=[("join", PREMIUM, 3), ("time", PREMIUM, 31), *[("fail", PREMIUM, 3), ("time", PREMIUM, 3)] * 5], terms=FAMILY
)
@given(steps=STEPS, terms=st.sampled_from(TERMS))
async def test_whatever_happens_the_books_and_what_is_paid_for_agree(
    tx: Tx, steps: list[tuple[str, Terms, int]], terms: Terms
):
    with contextlib.suppress(_RolledBack):
        async with tx.savepoint():
            await told(tx, [("subscribe", terms, 0), ("settle", terms, 0), *steps])
            raise _RolledBack


async def told(tx: Tx, steps: list[tuple[str, Terms, int]]) -> None:
    world = World(tx)
    for what, terms, days in steps:
        world.fan.now += timedelta(days=days, seconds=7)
        await world.do(what, terms)
    for one in (*INVARIANTS, *LEDGER):
        finding = await one.check(tx)
        assert finding.ok, (one.name, finding.detail)
    revenue = await service.revenue_of_month(tx, month=month_of(world.fan.now), currency=USD)
    assert all(one.gross.minor > 0 and usd(0) <= one.fees <= one.gross for one in revenue)
