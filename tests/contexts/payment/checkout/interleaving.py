"""Random interleavings: clients, payers, jobs, webhooks, banks, faults and deaths of processes, in any order, from one seed.

The walk knows nothing of how checkout works: it does what the outside can do. Time is its own and passes only where it says
so: pauses, breakers and whoever is busy wait by that, however slow the machine is. Afterwards every fault is over. The janitor
and the people who review have to bring every payment to rest by themselves; then everybody is told once more, and the books
have to agree with the gateways' own.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import anyio
import psycopg

from tests.contexts.payment.checkout.conftest import Shop, drop_job, list_jobs, open_gateways
from tests.factories.gateways import PageRefused, Sandbox
from tests.factories.killing import KilledAt
from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import PaymentId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("timeout_after_effect", {"seconds": 0}),
    ("truncated", {}),
    ("html", {"effect": True}),
    ("html", {}),
    ("error_500", {"effect": True}),
    ("error_500", {}),
    ("rate_limited", {}),
    ("late_fee", {}),
)
ACTS = ("create", "capture", "cancel", "refund", "*")
CARDS = ("4242424242424242",) * 5 + ("4000000000000002",)


@dataclass
class Time:
    """The walk's time: it begins now and passes only where the walk says so."""

    began: datetime = field(default_factory=utc_now)
    passed: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.began + self.passed

    def seconds(self) -> float:
        return self.passed.total_seconds()


@dataclass
class Walk:
    """One world: three gateways, one database, and whatever happens."""

    shop: Shop
    time: Time
    owner_dsn: str
    chance: random.Random
    payments: list[PaymentId] = field(default_factory=list)
    requests: dict[PaymentId, dict[str, Any]] = field(default_factory=dict)
    disputes: list[tuple[GatewayName, str]] = field(default_factory=list)
    names: dict[PaymentId, dict[str, Any]] = field(default_factory=dict)
    """How the sandbox's switches name a payment, once that was looked up."""
    refunded_there: Counter[PaymentId] = field(default_factory=Counter)
    """How often somebody has refunded a payment at its gateway, without us."""
    done: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    """How often what matters happened: deaths, deaths with a gateway asked and no answer recorded, things said twice."""

    @property
    def sandbox(self) -> Sandbox:
        return self.shop.sandbox

    async def step(self) -> None:
        """Let one thing happen."""
        self.time.passed += timedelta(seconds=self.chance.choice([0, 1, 5, 30, 100]))
        name, act = self.chance.choices(
            [(act.__name__, act) for act, _ in self._acts()], weights=[weight for _, weight in self._acts()]
        )[0]
        await act()
        self.done[name] += 1

    def _acts(self) -> list[tuple[Callable[[], Awaitable[None]], int]]:
        return [
            (self.start, 7),
            (self.retry, 4),
            (self.work_on, 30),
            (self.die, 3),
            (self.pay, 24),
            (self.tell, 14),
            (self.look, 16),
            (self.tidy, 3),
            (self.take, 10),
            (self.give_back, 12),
            (self.call_off, 2),
            (self.review, 4),
            (self.break_something, 5),
            (self.refund_there, 3),
            (self.dispute_there, 3),
            (self.settle_there, 4),
        ]

    # Clients

    def at(self, name: GatewayName) -> Shop:
        """Return the shop whose payers choose this gateway."""
        return replace(self.shop, name=name)

    async def start(self) -> None:
        shop = self.at(self.chance.choice(list(GatewayName)))
        await self.begin(shop, f"{self._amount()}.00", times=self.chance.choice([1, 1, 2]))

    async def begin(self, shop: Shop, text: str, *, times: int = 1) -> None:
        """Start a payment by so many requests at once."""
        asked: dict[str, Any] = {"key": f"walk:{new_id()}", "user_id": UserId(new_id()), "text": text}
        self.seen["requests repeated"] += times - 1
        views = await asyncio.gather(*(shop.start(**asked) for _ in range(times)))
        assert len({view.payment_id for view in views}) == 1
        self.payments.append(views[0].payment_id)
        self.requests[views[0].payment_id] = asked | {"name": shop.name}

    def _amount(self) -> int:
        """Mostly little; what is much, fraud wants looked at."""
        return self.chance.randint(500, 5_000) if self.chance.random() < 0.15 else self.chance.randint(5, 90)

    async def retry(self) -> None:
        """The client sends its request again; or another one under the same key, which is refused."""
        payment_id = self._any()
        if payment_id is None:
            return
        asked = dict(self.requests[payment_id])
        shop = self.at(asked.pop("name"))
        self.seen["requests repeated"] += 1
        assert (await shop.start(**asked)).payment_id == payment_id
        with contextlib.suppress(service.PaymentKeyReused):
            await shop.start(**(asked | {"text": "1.00"}))
            raise AssertionError("a key stands for two requests")

    async def call_off(self) -> None:
        view = await self._some()
        if view is not None:
            with contextlib.suppress(service.NotCancellable):
                await self.shop.do(lambda tx: service.cancel(tx, payment_id=view.payment_id, user_id=view.user_id))

    async def review(self) -> None:
        """Somebody decides about a payment that waits for that; told twice is told once."""
        waiting = [view for view in await self.views() if view.in_review]
        if waiting:
            await self.decide(self.chance.choice(waiting))

    async def decide(self, view: PaymentView) -> None:
        """Decide about one that waits for that, and say it once more, otherwise."""
        for released in (self.chance.random() < 0.7, False):
            assert view.decision_id is not None
            decided = functools.partial(service.review_decided, decision_id=view.decision_id, released=released)
            await self.shop.do(functools.partial(decided, now=self.shop.clock()))

    async def take(self) -> None:
        """Whoever asked for the payment takes its money where it was meant for."""
        view = await self._some(PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED, PaymentState.DISPUTED)
        if view is not None:
            with contextlib.suppress(ledger.InsufficientFunds):
                await self.shop.settle(view)

    async def give_back(self) -> None:
        """One or two refunds at once, from the wallet or the escrow."""
        view = await self._some(PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED)
        if view is None:
            return
        shop = self.at(view.gateway or GatewayName.STRIPE)
        more: dict[str, Any] = {}
        if self.chance.random() < 0.3:
            more["source"] = service.escrow(payment_id=view.payment_id, currency=view.amount.currency)
        texts = [f"{self.chance.randint(1, 60)}.00" for _ in range(self.chance.choice([1, 1, 2]))]
        for result in await asyncio.gather(
            *(shop.refund(view, text, **more) for text in texts), return_exceptions=True
        ):
            if isinstance(result, BaseException) and not isinstance(result, VibeStreamError):
                raise result

    # Payers, banks and people at the gateways

    async def pay(self) -> None:
        view = await self._some(PaymentState.PENDING)
        if view is not None and view.redirect_url is not None:
            with contextlib.suppress(PageRefused), refused_by_the_sandbox():
                self.shop.click(view, card=self.chance.choice(CARDS))

    def there(self, view: PaymentView) -> dict[str, Any]:
        """Return how the sandbox's switches name a payment whose money came."""
        if view.payment_id not in self.names:
            self.names[view.payment_id] = self.shop.there(view)
        return self.names[view.payment_id]

    async def refund_there(self) -> None:
        view = await self._some(PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED)
        if view is not None and view.gateway is not None:
            amount: int | str = "2.00" if view.gateway is GatewayName.COINBASE else 200
            with refused_by_the_sandbox():
                self.sandbox.refund(view.gateway, **self.there(view), amount=amount)
                self.refunded_there[view.payment_id] += 1

    async def dispute_there(self) -> None:
        if self.disputes and self.chance.random() < 0.5:
            gateway, ref = self.disputes.pop(self.chance.randrange(len(self.disputes)))
            with refused_by_the_sandbox():
                self.sandbox.dispute(gateway, dispute=ref, outcome=self.chance.choice(["won", "lost"]))
            return
        view = await self._some(PaymentState.CAPTURED)
        if view is not None and view.gateway in {GatewayName.STRIPE, GatewayName.PAYPAL}:
            with refused_by_the_sandbox():
                made = self.sandbox.dispute(view.gateway, **self.there(view))
                self.disputes.append((view.gateway, made.get("id") or made["dispute_id"]))

    async def settle_there(self) -> None:
        self.sandbox.settle(self.chance.choice(list(GatewayName)))

    async def break_something(self) -> None:
        kind, options = self.chance.choice(FAULTS)
        self.sandbox.fault(self.chance.choice(list(GatewayName)), kind, on=self.chance.choice(ACTS), **options)

    # Webhooks, jobs, and processes that die

    async def tell(self) -> None:
        """A webhook's note is handed on, once or several times, by the payment's id or by another that the gateway has."""
        view = await self._some()
        if view is None or view.gateway is None or view.payment_ref is None:
            return
        ref = view.payment_ref
        if view.gateway is GatewayName.STRIPE and view.captured.minor and self.chance.random() < 0.5:
            ref = self.there(view)["payment_intent"]
        times = self.chance.choice([1, 1, 1, 3])
        self.seen["webhooks repeated"] += times - 1
        for _ in range(times):
            await self.note(view.gateway, ref)

    async def note(self, gateway: GatewayName, payment_ref: str) -> None:
        """Hand a webhook's note on."""
        await self.shop.do(lambda tx: service.note_changed(tx, gateway=gateway, payment_ref=payment_ref))

    async def work_on(self) -> None:
        """Workers run some of the waiting jobs, in any order, at the same time."""
        await self.run_some(self.chance.choice([1, 1, 2, 3]))

    async def run_some(self, most: int) -> None:
        """Run so many of the waiting jobs, at the same time."""
        jobs = await self.shop.do(list_jobs)
        chosen = self.chance.sample(jobs, min(len(jobs), most))
        await asyncio.gather(*(self._run(self.shop, *job) for job in chosen))

    async def _run(self, shop: Shop, number: int, name: str, arguments: dict[str, Any]) -> None:
        """Run a job as a worker does: one that ends with an error the outside can cause stays, and is run again."""
        with contextlib.suppress(VibeStreamError):
            await shop.perform(name, arguments)
            await shop.do(functools.partial(drop_job, number=number))

    async def die(self) -> None:
        """A process is killed somewhere in a job; another one comes after it."""
        jobs = await self.shop.do(list_jobs)
        if not jobs:
            return
        job = self.chance.choice(jobs)
        busy = await self.shop.do(self._count_busy)
        opened = open_gateways(self.sandbox, clock=self.time.seconds)
        async with Database(self.shop.runtime.database.dsn, application="victim") as database:
            runtime = replace(self.shop.runtime, database=database, parts={**self.shop.runtime.parts, Gateways: opened})
            victim = replace(self.shop, runtime=runtime)
            killed = await KilledAt(self._run(victim, *job), self.chance.randint(0, 60), self._cut)
        with contextlib.suppress(RuntimeError, anyio.ClosedResourceError):  # a stream that was killed cannot be closed
            await opened.close()
        del victim, runtime, opened
        gc.collect()  # what it leaves behind is found now, where it is expected
        self.seen["killed"] += killed
        self.seen["killed while asking"] += await self.shop.do(self._count_busy) > busy

    async def _count_busy(self, tx: Tx) -> int:
        """Return how many payments have a call stored whose answer is not: between steps, those whose process died."""
        return len(await tx.values("SELECT 1 FROM payment.payment WHERE busy_until > %s", [self.time.now()]))

    async def _cut(self) -> None:
        # Without awaiting: a scope of the victim's, in this very task, may be about to cancel what waits in it.
        with psycopg.connect(self.owner_dsn, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'victim'"
            )

    async def look(self) -> None:
        payment_id = self._any()
        if payment_id is not None:
            await self.shop.look(payment_id)

    async def tidy(self) -> None:
        """The janitor comes round."""
        await self.shop.do(lambda tx: service.drive_due(tx, now=self.shop.clock(), most=20))

    async def views(self) -> list[PaymentView]:
        """Return how every payment stands."""
        found: list[PaymentView] = await self.shop.do(lambda tx: service.payments(tx, limit=len(self.payments) + 1))
        assert len(found) == len(self.payments)
        return found

    def _any(self) -> PaymentId | None:
        """Return a payment, mostly one of the newest."""
        if not self.payments:
            return None
        return self.chance.choice(self.payments[-12:] if self.chance.random() < 0.8 else self.payments)

    async def _some(self, *states: PaymentState) -> PaymentView | None:
        for _ in range(8):
            payment_id = self._any()
            if payment_id is None:
                return None
            view = await self.shop.view(payment_id)
            if not states or view.state in states:
                return view
        return None


@contextlib.contextmanager
def refused_by_the_sandbox() -> Iterator[None]:
    """Do something that the gateway may rightly refuse, such as refunding what was refunded."""
    try:
        yield
    except AssertionError as error:
        if re.search(r": 4\d\d ", str(error)) is None:
            raise
