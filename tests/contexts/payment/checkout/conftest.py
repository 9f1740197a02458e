"""A shop whose payments go through checkout's own jobs to the sandbox's gateways, and payers who click through their pages."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.contexts.payment.gateways.conftest import adapter
from tests.factories.gateways import Sandbox
from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.domain.books import escrow
from vibestream.contexts.payment.checkout.invariants import INVARIANTS
from vibestream.contexts.payment.checkout.service import PaymentView, Purpose
from vibestream.contexts.payment.checkout.service.driving import drive, work
from vibestream.contexts.payment.checkout.service.noting import apply, apply_change
from vibestream.contexts.payment.gateways.gateway.guard import Guarded
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways, ProviderPayment
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.invariants import INVARIANTS as LEDGER
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.kernel.ids import PaymentId, RefundId, UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.invariants import check_all
from vibestream.platform.runtime import Runtime

PATIENT = httpx.Timeout(30.0)
"""A stand-in that is made not to answer cuts the connection at once; one that is slow is on a busy machine."""


@dataclass
class Shop:
    """One process of the platform, with gateways that answer at once or not at all."""

    runtime: Runtime
    sandbox: Sandbox
    name: GatewayName
    clock: Callable[[], datetime] = utc_now
    """The process's clock, which may be ahead, for what waits for its time."""

    @property
    def currency(self) -> Currency:
        return Currency.of("USDC" if self.name is GatewayName.COINBASE else "USD")

    def amount(self, text: str) -> Money:
        return Money.parse(text, self.currency)

    async def do(self, act: Callable[[Tx], Awaitable[Any]]) -> Any:
        return await self.runtime.database.run(act)

    async def start(self, text: str = "10.00", *, key: str | None = None, **more: Any) -> PaymentView:
        """Start a top-up by somebody, which the payer wants to make at this shop's gateway."""
        asked: dict[str, Any] = {
            "key": key or f"test:{new_id()}",
            "user_id": UserId(new_id()),
            "purpose": Purpose.WALLET_TOP_UP,
            "subject": "",
            "amount": self.amount(text),
            "description": "Top-up",
            "return_to": "/wallet",
            "gateway": self.name,
            **more,
        }
        view: PaymentView = await self.do(lambda tx: service.start(tx, **asked))
        return view

    async def opened(self, text: str = "10.00", **more: Any) -> PaymentView:
        view = await self.start(text, **more)
        await self.run_jobs()
        return await self.view(view.payment_id)

    async def paid(self, text: str = "10.00", **more: Any) -> PaymentView:
        """Return a payment whose money has come."""
        view = await self.opened(text, **more)
        self.click(view)
        await self.look(view.payment_id)
        return await self.view(view.payment_id)

    async def paid_by(self, email: str) -> None:
        """Have somebody new pay by an account at the gateway."""
        view = await self.opened()
        self.click(view, email=email)
        await self.note(view)
        assert (await self.view(view.payment_id)).state is service.PaymentState.CAPTURED

    def click(self, view: PaymentView, *, card: str = "4242424242424242", email: str | None = None) -> str:
        """Do what the payer does on the gateway's page, and return where the browser is sent.

        At PayPal each payer has an account of their own, unless an `email` names another.
        """
        assert view.redirect_url is not None
        match view.gateway:
            case GatewayName.STRIPE:
                return self.sandbox.pay_by_card(view.redirect_url, card)
            case GatewayName.PAYPAL:
                return self.sandbox.click(view.redirect_url, "approve", email=email or f"{view.user_id}@example.org")
            case _:
                return self.sandbox.click(view.redirect_url, "pay")

    def there(self, view: PaymentView) -> dict[str, Any]:
        """Return how the sandbox's switches name a payment."""
        match view.gateway:
            case GatewayName.STRIPE:
                charges = [one for one in self.sandbox.book("stripe") if one["kind"] == "charge"]
                return {"payment_intent": next(one["object"] for one in charges if one["ours"] == str(view.payment_id))}
            case GatewayName.PAYPAL:
                return {"order": view.payment_ref}
            case _:
                return {"checkout": view.payment_ref}

    async def at_gateway(self, view: PaymentView) -> ProviderPayment:
        """Return a payment as its gateway has it, past all that checkout knows."""
        assert view.gateway is not None
        assert view.payment_ref is not None
        found = await self.runtime.part(Gateways).get(view.gateway).retrieve(view.payment_ref)
        assert found is not None
        return found

    async def look(self, payment_id: PaymentId) -> None:
        """Do what the janitor's job does about a payment."""
        await work(self.runtime, payment_id=payment_id, look_first=True, clock=self.clock)

    async def note(self, view: PaymentView) -> None:
        """Do what a webhook's job does about a payment."""
        assert view.gateway is not None
        assert view.payment_ref is not None
        await apply(self.runtime, gateway=view.gateway, payment_ref=view.payment_ref, clock=self.clock)

    async def view(self, payment_id: PaymentId) -> PaymentView:
        view: PaymentView = await self.do(lambda tx: service.payment(tx, payment_id=payment_id))
        return view

    async def types(self, payment_id: PaymentId) -> list[str]:
        entries = await self.do(lambda tx: service.timeline(tx, payment_id=payment_id))
        return [one.type for one in entries]

    async def run_jobs(self, *, most: int = 1000) -> int:
        """Run waiting jobs until there are none, as a worker would: one is gone only after it returned."""
        for done in range(most):
            waiting = await self.do(list_jobs)
            if not waiting:
                return done
            number, name, arguments = waiting[0]
            await self.perform(name, arguments)
            await self.do(functools.partial(drop_job, number=number))
        raise AssertionError("jobs defer each other for ever")

    async def perform(self, name: str, arguments: dict[str, Any]) -> None:
        """Do a job as a worker would, by this process's clock."""
        match name:
            case drive.name:
                looks = bool(arguments.get("look_first"))
                payment_id = as_payment_id(arguments["payment_id"])
                await work(self.runtime, payment_id=payment_id, look_first=looks, clock=self.clock)
            case apply_change.name:
                gateway, payment_ref = GatewayName(arguments["gateway"]), arguments["payment_ref"]
                await apply(self.runtime, gateway=gateway, payment_ref=payment_ref, clock=self.clock)
            case _:
                raise AssertionError(f"{name} is no job of checkout's")

    async def settle(self, view: PaymentView) -> None:
        """Do what a wallet does with a captured payment."""
        await self.do(lambda tx: _settle(tx, view))

    async def refund(self, view: PaymentView, text: str, *, key: str | None = None, **more: Any) -> RefundId:
        asked: dict[str, Any] = {
            "key": key or f"test:{new_id()}",
            "payment_id": view.payment_id,
            "amount": self.amount(text),
            "reason": "Wish of the payer",
            "requested_by": None,
            "source": ledger.wallet(user_id=view.user_id, currency=self.currency),
            **more,
        }
        refund_id: RefundId = await self.do(lambda tx: service.request_refund(tx, **asked))
        return refund_id

    async def holds(self, kind: AccountKind, subject: str) -> Money:
        """Return what an account holds."""
        return Money(await self.do(lambda tx: _posted(tx, AccountName(kind, subject, self.currency))), self.currency)

    async def escrow(self, view: PaymentView) -> Money:
        return await self.holds(AccountKind.PAYMENT_ESCROW, str(view.payment_id))

    async def wallet(self, view: PaymentView) -> Money:
        return await self.holds(AccountKind.WALLET, str(view.user_id))

    async def clearing(self) -> Money:
        return await self.holds(AccountKind.GATEWAY_CLEARING, self.name)

    async def events(self) -> list[tuple[str, str]]:
        """Return what was announced: type without its context, and key, in order."""

        async def read(tx: Tx) -> list[tuple[str, str]]:
            cursor = await tx.connection.execute(
                "SELECT split_part(type, '.', 3), key FROM platform.outbox WHERE type LIKE 'vibestream.payment.payment%' ORDER BY recorded_at, seq"
            )
            return [(row[0], row[1]) for row in await cursor.fetchall()]

        return list(await self.do(read))

    async def violations(self) -> dict[str, str]:
        """Return the invariants that do not hold, with what was found."""
        checked = await check_all(self.runtime.database, (*INVARIANTS, *LEDGER))
        return {one.invariant.name: one.finding.detail for one in checked if not one.finding.ok}

    def restarted(self) -> Shop:
        """Return the shop as a process that has just started: its gateways know nothing of earlier trouble."""
        return replace(
            self, runtime=replace(self.runtime, parts={**self.runtime.parts, Gateways: open_gateways(self.sandbox)})
        )


def open_gateways(sandbox: Sandbox, *names: GatewayName, clock: Callable[[], float] = time.monotonic) -> Gateways:
    """Return guarded gateways that try each call once; `clock` is what their breakers cool down by."""
    return Gateways(
        {
            name: Guarded(adapter(name, sandbox, timeout=PATIENT), patience_s=0.0, clock=clock)
            for name in (names or tuple(GatewayName))
        }
    )


async def list_jobs(tx: Tx) -> list[tuple[int, str, dict[str, Any]]]:
    """Return the jobs that wait, in the order in which they were deferred."""
    cursor = await tx.connection.execute(
        "SELECT id, task_name, args FROM jobs.procrastinate_jobs WHERE queue_name = 'payments' ORDER BY id LIMIT 50"
    )
    return [(row[0], row[1], row[2]) for row in await cursor.fetchall()]


async def drop_job(tx: Tx, *, number: int) -> None:
    await tx.execute("DELETE FROM jobs.procrastinate_jobs WHERE id = %s", [number])


async def _settle(tx: Tx, view: PaymentView) -> None:
    names = [
        escrow(payment_id=view.payment_id, currency=view.amount.currency),
        ledger.wallet(user_id=view.user_id, currency=view.amount.currency),
    ]
    box, wallet = await ledger.open_accounts(tx, names=names)
    await ledger.post(
        tx,
        posting=ledger.Posting(
            transaction_id=new_id(),  # type: ignore[arg-type]  # a new one
            key=f"top_up:{view.payment_id}",
            kind="top_up",
            legs=(ledger.Leg(box, -view.amount), ledger.Leg(wallet, view.amount)),
        ),
    )


async def _posted(tx: Tx, name: AccountName) -> int:
    found = await ledger.accounts(tx, kind=name.kind, subject=name.subject, currency=name.currency, limit=1)
    return found[0].posted.minor if found else 0


@pytest.fixture
async def any_shop(runtime: Runtime, gateways: Sandbox) -> AsyncIterator[Callable[[GatewayName], Shop]]:
    """Return a function that makes the shop of a gateway, on the fresh database."""
    opened = open_gateways(gateways)
    parts = {**runtime.parts, Gateways: opened}
    yield lambda name: Shop(replace(runtime, parts=parts), gateways, name)
    await opened.close()


@pytest.fixture(params=list(GatewayName))
def shop(request: pytest.FixtureRequest, any_shop: Callable[[GatewayName], Shop]) -> Shop:
    """The shop of each gateway in its turn."""
    return any_shop(request.param)


@pytest.fixture
def stripe(any_shop: Callable[[GatewayName], Shop]) -> Shop:
    return any_shop(GatewayName.STRIPE)


def as_payment_id(text: str) -> PaymentId:
    return PaymentId(UUID(text))
