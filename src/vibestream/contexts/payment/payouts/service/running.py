"""What the clock does: the monthly run, and asking after payouts that nobody was told the end of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from vibestream.contexts.payment.gateways.service import GatewayUnavailable
from vibestream.contexts.payment.ledger.service import InsufficientFunds
from vibestream.contexts.payment.payouts.domain.payouts import PayoutState, may_ask
from vibestream.contexts.payment.payouts.domain.terms import AboveAvailable, BelowMinimum, NotPayable
from vibestream.contexts.payment.payouts.service.requesting import request_payout
from vibestream.contexts.payment.payouts.service.screening import screen_later
from vibestream.contexts.payment.payouts.service.sending import ask_later, refresh_payout
from vibestream.contexts.payment.payouts.store import payouts as store
from vibestream.contexts.payment.payouts.store import terms as terms_store
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime

RUN_FROM_DAY: Final = 5
"""The monthly run begins on this day, when the royalties of the month before have been reckoned, and goes on to the end of
the month for those who become payable later; each payee once a month and currency."""
_AT_ONCE: Final = 200
_ASKED_AFTER: Final = timedelta(minutes=5)
_WATCHED_AFTER: Final = timedelta(hours=1)
_log = structlog.get_logger()


async def run_month(runtime: Runtime, *, now: datetime) -> int:
    """Request this month's payouts of everybody who can be paid, each in a transaction of its own; return how many are new.

    Killed at any moment and run again, nobody is paid twice for one month: the month is part of the key.
    """
    if now.day < RUN_FROM_DAY:
        return 0
    prefix = f"payout_run:{now:%Y-%m}:"
    made, after = 0, None
    while True:
        async with runtime.database.begin() as tx:
            due = await terms_store.list_due(tx, after=after, request_prefix=prefix, limit=_AT_ONCE)
        for user_id, currency in due:
            made += await _pay(runtime, user_id, currency, prefix=prefix, now=now)
        if len(due) < _AT_ONCE:
            return made
        after = (due[-1][0], due[-1][1].code)


async def poll(runtime: Runtime, *, now: datetime) -> int:
    """Have every payout taken up again that waits for a job, or whose end nobody told us, and return how many those were.

    Those that nobody checked are checked. Those of which nobody knows whether they were sent are asked for again under their key, as long as the gateway
    remembers it; those that it has are read anew.
    """
    waiting = {PayoutState.SCREENING, PayoutState.APPROVED, PayoutState.SENDING, PayoutState.UNKNOWN}
    async with runtime.database.begin() as tx:
        stuck = [
            payout
            for payout in await store.list_unfinished(
                tx, states=waiting, changed_before=now - _ASKED_AFTER, limit=_AT_ONCE
            )
            if payout.state is PayoutState.SCREENING or may_ask(payout, now=now)
        ]
        for payout in stuck:
            if payout.state is PayoutState.SCREENING:
                await screen_later(tx, payout_id=payout.payout_id)
            else:
                await ask_later(tx, payout=payout)
    return len(stuck)


async def watch(runtime: Runtime, *, now: datetime) -> int:
    """Read every payout anew that its gateway has had for more than an hour, and return how many could be read."""
    async with runtime.database.begin() as tx:
        sent = await store.list_unfinished(
            tx, states={PayoutState.IN_TRANSIT}, changed_before=now - _WATCHED_AFTER, limit=10 * _AT_ONCE
        )
    away: set[str] = set()
    read = 0
    for payout in sent:
        if payout.payout_ref is None or payout.method in away:
            continue
        try:
            await refresh_payout(runtime, gateway=payout.method.value, payout_ref=payout.payout_ref)
            read += 1
        except GatewayUnavailable:
            away.add(payout.method)
    return read


async def _pay(runtime: Runtime, user_id: UserId, currency: Currency, *, prefix: str, now: datetime) -> int:
    async def request(tx: Tx) -> int:
        await request_payout(
            tx,
            key=f"{prefix}{user_id}:{currency.code}",
            user_id=user_id,
            currency=currency,
            requested_by=None,
            now=now,
        )
        return 1

    try:
        return await runtime.database.run(request)
    except (NotPayable, BelowMinimum, AboveAvailable, InsufficientFunds) as reason:
        # What they owe, a change that waits, or a payout a moment ago: next time.
        _log.info("payouts.run.passed_over", user_id=str(user_id), currency=currency.code, reason=reason.code)
        return 0
