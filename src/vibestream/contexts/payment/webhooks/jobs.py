"""What webhooks do by the clock."""

from __future__ import annotations

from vibestream.contexts.payment.webhooks import service
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime


@periodic("payment.take_up_webhooks", every_s=60)
async def take_up_webhooks(runtime: Runtime) -> None:
    """Process what was received and got stuck."""
    await service.take_up(runtime, now=utc_now())
