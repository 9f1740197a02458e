"""Driving a payment: doing whatever has to be done about it next, until it is somebody else's turn.

Commands only record what is wanted and defer `drive`. The job looks at the payment as it stands, stores what it is about to
ask, asks, records the answer, and looks again. It does not matter which process does which of these, or how often: a job
that is run again, or one by the janitor after its process was killed, goes on from what is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain.acting import (
    AskAgain,
    Assess,
    Cancel,
    Capture,
    GiveBack,
    Look,
    Step,
    Try,
    look_again_after,
    next_step,
)
from vibestream.contexts.payment.checkout.domain.errors import PaymentKeyReused, UnknownPayment
from vibestream.contexts.payment.checkout.domain.payment import Attempt, Payment, Refund
from vibestream.contexts.payment.checkout.domain.states import Act
from vibestream.contexts.payment.checkout.service import risk
from vibestream.contexts.payment.checkout.service.asking import Answer, Call, ask, look
from vibestream.contexts.payment.checkout.service.recording import Locked, carry_out, lock
from vibestream.contexts.payment.checkout.store import keys, streams
from vibestream.contexts.payment.fraud.service.signals import Signals
from vibestream.contexts.payment.gateways.service import Capability, GatewayName, Gateways
from vibestream.kernel.ids import PaymentId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime

MOST_STEPS: Final = 12
"""A payment that wants more at once is left to the janitor: something is wrong, and it is not to be hammered."""
BUSY_FOR: Final = timedelta(seconds=90)
"""Longer than any one call takes with all its retries."""
_log = structlog.get_logger()


@job("payment.drive", queue="payments", attempts=20)
async def drive(runtime: Runtime, *, payment_id: str, look_first: bool = False) -> None:
    """Do what has to be done about a payment; with `look_first`, fetch it from its gateway before."""
    await work(runtime, payment_id=PaymentId(UUID(payment_id)), look_first=look_first)


async def go_on(tx: Tx, *, payment_id: PaymentId) -> None:
    """Have a worker do what has to be done about a payment, once the transaction has committed."""
    await defer(tx, drive, payment_id=str(payment_id))


async def work(
    runtime: Runtime, *, payment_id: PaymentId, look_first: bool = False, clock: Callable[[], datetime] = utc_now
) -> None:
    """Do what has to be done about a payment until it is somebody else's turn.

    Safe to run any number of times, also at once: each act has one key, and one effect at the gateway.

    Args:
        runtime: the process's, with its `Gateways` and `Signals`.
        payment_id: which payment; nothing is done about one that does not exist.
        look_first: fetch it from its gateway before.
        clock: tells the instants that the events bear.
    """
    turn = _Turn(runtime, runtime.part(Gateways), payment_id, clock)
    try:
        going = await turn.look() if look_first else True
        for _ in range(MOST_STEPS):
            if not going:
                return
            going = await turn.step()
    except UnknownPayment:
        _log.warning("checkout.unknown_payment", payment_id=str(payment_id))


@dataclass(frozen=True, slots=True)
class _Turn:
    """One run of `work`."""

    runtime: Runtime
    gateways: Gateways
    payment_id: PaymentId
    clock: Callable[[], datetime]

    async def step(self) -> bool:
        """Do one thing, and return whether there may be another to do at once."""
        prepared = await self.runtime.database.run(self._prepare)
        if isinstance(prepared, Look):
            return await self.look()
        if isinstance(prepared, Assess):
            await self._assess()
            return True
        if prepared is None:
            return False
        answer = await ask(self.gateways, call=prepared)
        await self.runtime.database.run(lambda tx: self._record(tx, prepared, answer))
        return answer.settled or (prepared.act in {Act.OPEN, Act.CHARGE} and prepared.first and not answer.lost)

    async def _assess(self) -> None:
        """Have fraud look at the payment; outside parties are asked before that, when nobody waits for the transaction."""
        locked = await self.runtime.database.run(lambda tx: lock(tx, payment_id=self.payment_id))
        signals: dict[str, float | str] = {}
        if locked.payment.verdict is None:
            facts = risk.facts_of(locked.payment, at=locked.started_at)
            signals = await self.runtime.part(Signals).gather(facts=facts)
        await self.runtime.database.run(lambda tx: self._judge(tx, signals))

    async def _judge(self, tx: Tx, signals: dict[str, float | str]) -> None:
        locked, now = await lock(tx, payment_id=self.payment_id), self.clock()
        payment = locked.payment
        if not isinstance(next_step(payment, now=now), Assess):
            return  # somebody else has, or it was called off
        told = await risk.screen(tx, payment=payment, started_at=locked.started_at, signals=signals, now=now)
        await carry_out(tx, told, locked=locked, now=now)

    async def look(self) -> bool:
        """Fetch the payment as its gateway has it, and return whether that was learnt."""
        stands = await self.runtime.database.run(self._whereabouts)
        if stands is None:
            return True
        gateway, payment_ref = stands
        answer = await look(self.gateways, gateway=gateway, payment_ref=payment_ref)
        await self.runtime.database.run(lambda tx: self._observe(tx, gateway, answer))
        return answer.seen is not None

    async def _whereabouts(self, tx: Tx) -> tuple[GatewayName, str] | None:
        """Return where it stands; one that stands nowhere has been looked at by that.

        In one transaction: whoever notes when to look again at what it was a moment ago may note that nobody ever has to,
        just after its review has let it go on.
        """
        locked = await lock(tx, payment_id=self.payment_id)
        gateway, payment_ref = locked.payment.gateway, locked.payment.payment_ref
        if gateway is not None and payment_ref is not None:
            return gateway, payment_ref
        await _looked(tx, locked, now=self.clock())
        return None

    async def _observe(self, tx: Tx, gateway: GatewayName, answer: Answer) -> None:
        locked, now = await lock(tx, payment_id=self.payment_id), self.clock()
        after = locked
        if answer.seen is not None:
            after = await carry_out(tx, c.Observe(gateway=gateway, seen=answer.seen), locked=locked, now=now)
        if after is locked:
            await _looked(tx, locked, now=now)

    async def _prepare(self, tx: Tx) -> Call | Look | Assess | None:
        """Decide what to ask, and store its key before anything is asked."""
        locked, now = await lock(tx, payment_id=self.payment_id), self.clock()
        step = next_step(locked.payment, now=now)
        if step is None or isinstance(step, Look | Assess):
            return step
        if locked.busy(now):
            return None
        until = now + BUSY_FOR
        after = await self._want(tx, locked, step, now=now, busy_until=until)
        call = _call(after.payment, next_step(after.payment, now=now))
        if call is None:
            return None
        if after is locked:
            await streams.note_busy(tx, self.payment_id, busy_until=until)
        new = await keys.store_attempt(
            tx,
            key=call.key,
            payment_id=self.payment_id,
            gateway=call.gateway,
            act=call.act,
            request_hash=call.request_hash,
            at=now,
        )
        if new is None:
            raise PaymentKeyReused(key=call.key)
        return replace(call, first=new)

    async def _want(self, tx: Tx, locked: Locked, step: Step, *, now: datetime, busy_until: datetime) -> Locked:
        """Record the intent, where the step needs one that is not recorded yet."""
        match step:
            case Try():
                command: c.Command = self._attempt(locked.payment, now)
            case Capture():
                command = c.AskCapture()
            case _:
                return locked
        return await carry_out(tx, command, locked=locked, now=now, busy_until=busy_until)

    def _attempt(self, payment: Payment, now: datetime) -> c.Attempt:
        route = _route(self.gateways, payment)
        later = frozenset(name for name in route if Capability.SEPARATE_CAPTURE in self.gateways.get(name).capabilities)
        site = self.runtime.settings.base_url.rstrip("/")
        return c.Attempt(route=route, captures_later=later, site=site, at=now)

    async def _record(self, tx: Tx, call: Call, answer: Answer) -> None:
        """Record what came of asking."""
        locked, now = await lock(tx, payment_id=self.payment_id), self.clock()
        told = list[c.Command]()
        if answer.seen is not None:
            told.append(c.Observe(gateway=call.gateway, seen=answer.seen))
        told += _told(call, answer)
        after = await carry_out(tx, *told, locked=locked, now=now)
        if after is locked:
            await streams.note_busy(tx, self.payment_id, busy_until=None)
        if not answer.settled:
            await _looked(tx, after, now=now)
        ref = after.payment.payment_ref
        if ref is not None and locked.payment.payment_ref is None:
            owner = await keys.store_ref(tx, gateway=call.gateway, payment_ref=ref, payment_id=self.payment_id)
            if owner != self.payment_id:
                raise PaymentKeyReused(key=call.key)


def _told(call: Call, answer: Answer) -> list[c.Command]:
    """Return what an answer tells the payment beside how it stands at the gateway."""
    match call.act:
        case Act.OPEN | Act.CHARGE:
            return _told_attempt(call, answer)
        case Act.CAPTURE | Act.CANCEL:
            if answer.lost:
                return [c.LoseOutcome(act=call.act)]
            if answer.declined is None:
                return []
            return [c.RefuseCapture(reason=answer.declined) if call.act is Act.CAPTURE else c.RefuseCancel()]
        case _:
            return _told_refund(call, answer)


def _told_attempt(call: Call, answer: Answer) -> list[c.Command]:
    number = call.attempt.number
    if answer.declined is not None:
        return [c.FailAttempt(number=number, reason=answer.declined, unavailable=False)]
    if answer.unavailable is not None and call.first:
        return [c.FailAttempt(number=number, reason=answer.unavailable, unavailable=True)]
    # That it cannot be asked again says nothing of what an earlier asking has done.
    return [] if answer.settled else [c.LoseOutcome(act=call.act)]


def _told_refund(call: Call, answer: Answer) -> list[c.Command]:
    assert call.refund is not None  # noqa: S101 - made so
    refund_id = call.refund.refund_id
    if answer.refund is not None:
        return [c.TellRefund(refund_id=refund_id, refund_ref=answer.refund.refund_ref, state=answer.refund.state)]
    if answer.declined is not None:
        return [c.RefuseRefund(refund_id=refund_id, reason=answer.declined)]
    return [c.LoseRefund(refund_id=refund_id)] if answer.lost else []


def _call(payment: Payment, step: Step | None) -> Call | None:
    """Return what to ask of the gateway for a step whose intent is recorded; None when that made another step of it."""
    attempt = payment.attempt
    if attempt is None:
        return None
    match step:
        case AskAgain():
            return _of(payment, attempt, attempt.act, attempt.key)
        case Capture() if payment.capture_key is not None:
            return _of(payment, attempt, Act.CAPTURE, payment.capture_key)
        case Cancel() if payment.cancel_key is not None:
            return _of(payment, attempt, Act.CANCEL, payment.cancel_key)
        case GiveBack(refund) if refund.key is not None:
            return _of(payment, attempt, Act.REFUND, refund.key, refund)
        case _:
            return None


def _of(payment: Payment, attempt: Attempt, act: Act, key: str, refund: Refund | None = None) -> Call:
    return Call(gateway=attempt.gateway, act=act, key=key, payment=payment, attempt=attempt, refund=refund, first=False)


def _route(gateways: Gateways, payment: Payment) -> tuple[GatewayName, ...]:
    """Return the gateways that may be asked, the best first."""
    started, wish = payment.started, payment.started.wish
    if started.stored is not None:
        return (started.stored.gateway,) if started.stored.gateway in gateways.configured else ()
    anyone = gateways.route(amount=started.amount, country=started.country, preferred=wish)
    if not payment.in_review:
        return anyone
    need = frozenset({Capability.SEPARATE_CAPTURE})
    later = gateways.route(amount=started.amount, country=started.country, need=need, preferred=wish)
    # The payer's choice waits for the review where it cannot capture later: it is not replaced because of that.
    chosen_waits = wish is not None and wish in anyone and wish not in later
    return anyone if chosen_waits or not later else later


async def _looked(tx: Tx, locked: Locked, *, now: datetime) -> None:
    """Note that a payment was looked at in vain, and when to look again."""
    looks = locked.looks + 1
    pause = look_again_after(locked.payment, looks=looks)
    look_at = None if pause is None else now + pause
    await streams.note_look(tx, locked.payment.payment_id, look_at=look_at, looks=looks)
