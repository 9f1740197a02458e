"""Somebody who subscribes, at instants of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest

from tests.factories.observed import observed, observed_captured
from tests.factories.settling import held_by
from tests.factories.subscriptions import PREMIUM, START
from vibestream.contexts.payment.checkout.service import PaymentView
from vibestream.contexts.payment.gateways.domain.port import ProviderState
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.service import Payer, Standing, Step, Subscription, Terms
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import USD, Money
from vibestream.platform.database import Tx

PAYER = Payer(return_to="/subscription")


@dataclass
class Fan:
    """Somebody with an account, and what they do about subscriptions."""

    tx: Tx
    now: datetime = START
    user_id: UserId = field(default_factory=lambda: UserId(new_id()))

    async def subscribes(self, terms: Terms = PREMIUM, *, method: bool = True, fee: int | None = None) -> Subscription:
        """Order and pay."""
        ordered = await service.subscribe(
            self.tx, user_id=self.user_id, terms=terms, currency=USD, payer=PAYER, now=self.now
        )
        await self.pays(ordered.payment, method=method, fee=fee)
        return await self.subscription()

    async def pays(self, payment: PaymentView | None, *, method: bool = False, fee: int | None = None) -> PaymentView:
        assert payment is not None
        captured = await observed_captured(
            self.tx, payment.payment_id, at=self.now, method=method, fee=None if fee is None else Money(fee, USD)
        )
        await service.settle(self.tx, captured=captured, now=self.now)
        return payment

    async def fails_to_pay(self, payment: PaymentView | None) -> None:
        assert payment is not None
        await observed(self.tx, payment.payment_id, state=ProviderState.FAILED, failure="card_declined")
        await service.abandon(self.tx, payment_id=payment.payment_id, now=self.now)

    async def changes_to(self, terms: Terms) -> service.Changed:
        return await service.change_plan(self.tx, user_id=self.user_id, terms=terms, payer=PAYER, now=self.now)

    async def standing(self) -> Standing:
        return await service.standing(self.tx, user_id=self.user_id, now=self.now)

    async def subscription(self) -> Subscription:
        found = (await self.standing()).subscription
        assert found is not None
        return found

    async def at(self, now: datetime) -> Step:
        """Let time pass, and do what it asks."""
        self.now = now
        found = await self.subscription()
        return await service.do_next(self.tx, subscription_id=found.subscription_id, now=now)

    async def due_payment(self) -> PaymentView | None:
        return (await self.standing()).payment

    async def announced(self, event: str) -> list[dict[str, Any]]:
        """What was announced to or about them, in order."""
        return await self.tx.values(
            "SELECT data FROM platform.outbox WHERE type = %s AND data ->> 'user_id' = %s ORDER BY seq",
            [f"vibestream.payment.{event}", str(self.user_id)],
        )

    async def plan(self) -> str:
        return (await service.entitlements(self.tx, user_id=self.user_id, now=self.now)).plan


@pytest.fixture
def fan(tx: Tx) -> Fan:
    return Fan(tx)


async def deferred(tx: Tx, *months: date) -> list[int]:
    """What the accounts of months hold, in minor units of USD."""
    return [await held_by(tx, AccountKind.DEFERRED_REVENUE, f"{month:%Y-%m}") for month in months]
