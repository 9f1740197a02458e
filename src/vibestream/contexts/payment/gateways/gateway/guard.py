"""The guard around each gateway: a deadline, retries within a budget, a circuit breaker, metrics and a log.

An attempt that may have happened is tried again with the same key and nothing else; once an attempt was unknown, only a clear
answer ends that: a later attempt that could not be made leaves it unknown.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import structlog

from vibestream.contexts.payment.gateways.domain import breaker, budget
from vibestream.contexts.payment.gateways.domain.port import (
    BookLine,
    Capability,
    ChargeRequest,
    CheckoutRequest,
    GatewayDeclined,
    GatewayName,
    GatewayUnavailable,
    OutcomeUnknown,
    PaymentGateway,
    PayoutRequest,
    ProviderPayment,
    ProviderPayout,
    ProviderRefund,
    Webhook,
)
from vibestream.contexts.payment.gateways.gateway.certainty import unavailable, unclear, unknown
from vibestream.contexts.payment.gateways.gateway.metrics import CALLS, HELD_BACK, RETRIES, SECONDS
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.money import Money

ATTEMPT_S: Final = 40.0
"""For one attempt as a whole, however many requests it makes; a server that drips bytes is no exception."""
PATIENCE_S: Final = 30.0
"""No further attempt is begun after this long."""

BOOK_PAGE: Final = 100
"""Lines of a gateway's books that are read within one deadline."""

T = TypeVar("T")

_log = structlog.get_logger()


class Guarded:
    """A gateway behind its guard, and itself a `PaymentGateway`."""

    def __init__(
        self,
        gateway: PaymentGateway,
        *,
        attempt_s: float = ATTEMPT_S,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._gateway = gateway
        self._attempt_s, self._patience_s = attempt_s, patience_s
        self._clock, self._sleep = clock, sleep
        self._breaker = breaker.Breaker()
        self._budget = budget.Budget()
        HELD_BACK.labels(self.name).set(0)

    @property
    def name(self) -> GatewayName:
        """Which one it is."""
        return self._gateway.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        return self._gateway.capabilities

    @property
    def healthy(self) -> bool:
        """Whether a call would go through now."""
        return breaker.would_admit(self._breaker, now_ms=self._now_ms())

    async def create_checkout(self, request: CheckoutRequest) -> ProviderPayment:
        """Open a payment."""
        made = await self.call("create_checkout", lambda: self._gateway.create_checkout(request))
        return self._as_asked(made, made.amount, request.amount, made.payment_id, request.payment_id)

    async def charge(self, request: ChargeRequest) -> ProviderPayment:
        """Charge a stored method."""
        made = await self.call("charge", lambda: self._gateway.charge(request))
        return self._as_asked(made, made.amount, request.amount, made.payment_id, request.payment_id)

    async def retrieve(self, payment_ref: str) -> ProviderPayment | None:
        """Return a payment as it stands now."""
        return await self.call("retrieve", lambda: self._gateway.retrieve(payment_ref), changes=False)

    async def capture(self, payment_ref: str, *, key: str, amount: Money) -> ProviderPayment:
        """Capture what was authorised."""
        return await self.call("capture", lambda: self._gateway.capture(payment_ref, key=key, amount=amount))

    async def cancel(self, payment_ref: str, *, key: str) -> ProviderPayment:
        """Give up a payment that was not captured."""
        return await self.call("cancel", lambda: self._gateway.cancel(payment_ref, key=key))

    async def refund(self, payment_ref: str, *, key: str, amount: Money, reason: str) -> ProviderRefund:
        """Give back some or all of what was captured."""
        made = await self.call(
            "refund", lambda: self._gateway.refund(payment_ref, key=key, amount=amount, reason=reason)
        )
        return self._as_asked(made, made.amount, amount)

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        """Send money to a payee."""
        made = await self.call("pay_out", lambda: self._gateway.pay_out(request))
        return self._as_asked(made, made.amount, request.amount, made.payout_id, request.payout_id)

    async def retrieve_payout(self, payout_ref: str) -> ProviderPayout | None:
        """Return a payout as it stands now."""
        return await self.call("retrieve_payout", lambda: self._gateway.retrieve_payout(payout_ref), changes=False)

    async def verify_webhook(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        """Return what a delivery proves. Not for the breaker: who sends rubbish must not open it."""
        return await self._gateway.verify_webhook(headers=headers, body=body, now=now)

    async def list_book(self, *, since: datetime, until: datetime) -> AsyncIterator[BookLine]:
        """Yield the movements of the gateway's own books; each page has a deadline, and none is asked for twice."""
        lines = self._gateway.list_book(since=since, until=until)

        async def page() -> list[BookLine]:
            taken: list[BookLine] = []
            async for line in lines:
                taken.append(line)
                if len(taken) == BOOK_PAGE:
                    break
            return taken

        while found := await self.call("list_book", page, changes=False, again=False):
            for line in found:
                yield line

    async def close(self) -> None:
        """End its connections."""
        await self._gateway.close()

    async def call(
        self, operation: str, attempt: Callable[[], Awaitable[T]], *, changes: bool = True, again: bool = True
    ) -> T:
        """Make a call of this gateway, guarded. `attempt` begins one attempt; all of them use the same key.

        Raises:
            GatewayUnavailable: certainly nothing happened.
            OutcomeUnknown: it changes something, and one of the attempts may have.
        """
        begun, number = self._clock(), 1
        self._budget = budget.earn(self._budget)
        doubt: OutcomeUnknown | None = None
        failure: OutcomeUnknown | GatewayUnavailable
        while True:
            try:
                return await self._attempt(operation, attempt, changes=changes)
            except OutcomeUnknown as error:
                doubt = failure = error
            except GatewayUnavailable as error:
                failure = doubt or error
            if not (again and self._may_retry(number, begun)):
                raise failure
            number += 1
            await self._sleep(budget.pause_ms(attempt=number, jitter_bp=secrets.randbelow(10_001)) / 1000)

    def _as_asked(
        self, made: T, amount: Money, asked: Money, ref: UUID | None = None, asked_ref: UUID | None = None
    ) -> T:
        """Return what was made when it is what was asked for.

        Raises:
            OutcomeUnknown: the key was used for something else before, and what was asked for now was not done under it.
        """
        if amount != asked or ref not in (None, asked_ref):
            raise unknown(self.name, "something else was done under this key")
        return made

    async def _attempt(self, operation: str, attempt: Callable[[], Awaitable[T]], *, changes: bool) -> T:
        ticket = self._admit(operation)
        begun, error, settled = self._clock(), None, False
        try:
            try:
                async with asyncio.timeout(self._attempt_s):
                    answer = await attempt()
            except TimeoutError:
                raise unclear(self.name, f"no answer within {self._attempt_s} s", changes=changes) from None
        except VibeStreamError as caught:
            error, settled = caught, True
            raise
        else:
            settled = True
            return answer
        finally:
            if settled:
                self._over(operation, ticket, begun, error)
            else:  # its task was cancelled, or a defect: says nothing about the gateway
                self._breaker = breaker.give_up(self._breaker, ticket, now_ms=self._now_ms())

    def _admit(self, operation: str) -> breaker.Ticket:
        self._breaker, ticket = breaker.admit(self._breaker, now_ms=self._now_ms())
        if ticket is None:
            CALLS.labels(self.name, operation, "held_back").inc()
            raise unavailable(self.name, "held back by the breaker")
        return ticket

    def _over(self, operation: str, ticket: breaker.Ticket, begun: float, error: VibeStreamError | None) -> None:
        before, outcome = self._breaker.state, _outcome(error)
        well = outcome not in ("unavailable", "unknown")
        self._breaker = breaker.report(self._breaker, ticket, well=well, now_ms=self._now_ms())
        CALLS.labels(self.name, operation, outcome).inc()
        SECONDS.labels(self.name, operation).observe(self._clock() - begun)
        if not well and error is not None:
            _log.warning("gateway.failed", gateway=self.name, operation=operation, outcome=outcome, why=_why(error))
        if self._breaker.state is not before:
            HELD_BACK.labels(self.name).set(self._breaker.state is not breaker.State.CLOSED)
            _log.warning("gateway.breaker", gateway=self.name, state=self._breaker.state)

    def _may_retry(self, number: int, begun: float) -> bool:
        if number >= budget.MOST_ATTEMPTS or self._clock() - begun >= self._patience_s or not self.healthy:
            return False
        self._budget, granted = budget.spend(self._budget)
        RETRIES.labels(self.name, "yes" if granted else "no").inc()
        return granted

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _outcome(error: VibeStreamError | None) -> str:
    match error:
        case None:
            return "well"
        case GatewayDeclined():
            return "declined"
        case GatewayUnavailable():
            return "unavailable"
        case OutcomeUnknown():
            return "unknown"
        case _:
            return "unsupported"


def _why(error: BaseException) -> str:
    return "; ".join(getattr(error, "__notes__", ())) or type(error).__name__
