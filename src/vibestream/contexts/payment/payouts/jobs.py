"""What payouts do by the clock."""

from __future__ import annotations

from vibestream.contexts.payment.payouts import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime


@periodic("payment.run_payouts", every_s=86_400)
async def run_payouts(runtime: Runtime) -> None:
    """Request this month's payouts of everybody who can be paid and was not yet."""
    await service.run_month(runtime, now=utc_now())


@periodic("payment.poll_payouts", every_s=300)
async def poll_payouts(runtime: Runtime) -> None:
    """Ask again about payouts of which nobody knows whether they were sent."""
    await service.poll(runtime, now=utc_now())


@periodic("payment.watch_payouts", every_s=3600)
async def watch_payouts(runtime: Runtime) -> None:
    """Read the payouts anew that gateways have: what webhooks missed."""
    await service.watch(runtime, now=utc_now())
