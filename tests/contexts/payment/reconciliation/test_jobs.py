"""What the clock does for payouts, webhooks and reconciliation, run as the worker runs it."""

from __future__ import annotations

from datetime import timedelta

import vibestream.contexts.payment.payouts.jobs
import vibestream.contexts.payment.webhooks.jobs  # noqa: F401 - declares the jobs that are run here
from tests.factories.gateways import Sandbox
from vibestream.contexts.payment.reconciliation import service
from vibestream.contexts.payment.reconciliation.jobs import reconcile_all, reconcile_day
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import declared_jobs
from vibestream.platform.runtime import Runtime


async def test_the_last_five_days_of_every_gateway_are_compared_later(paying: Runtime, own_gateways: Sandbox):
    await reconcile_all(paying)
    async with paying.database.begin() as tx:
        rows = await tx.values(
            "SELECT args ->> 'gateway' || ' ' || (args ->> 'day') FROM jobs.procrastinate_jobs"
            " WHERE task_name = 'payment.reconcile_day' AND scheduled_at > now() + interval '5 hours' ORDER BY id"
        )
    today = utc_now().date()
    days = [(today - timedelta(days=ago)).isoformat() for ago in range(1, 6)]
    assert rows == [f"{gateway} {day}" for gateway in ("coinbase", "paypal", "stripe") for day in days]


async def test_a_day_is_compared_and_written_down(paying: Runtime, own_gateways: Sandbox):
    for gateway in ("stripe", "paypal", "coinbase"):
        await reconcile_day(paying, gateway=gateway, day="2026-02-28")
    async with paying.database.begin() as tx:
        runs = await service.runs(tx, limit=10)
    assert [(run.gateway.value, run.day.isoformat(), run.differing) for run in runs] == [
        (gateway, "2026-02-28", 0) for gateway in ("coinbase", "paypal", "stripe")
    ]


async def test_the_other_ticks_find_nothing_to_do(paying: Runtime, own_gateways: Sandbox):
    names = ("run_payouts", "poll_payouts", "watch_payouts", "take_up_webhooks")
    for name in names:
        await declared_jobs()[f"payment.{name}"](paying)
    async with paying.database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs") == 0
