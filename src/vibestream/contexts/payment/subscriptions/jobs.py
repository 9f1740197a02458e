"""Work that no request does: renewing, reminding and ending subscriptions by the clock."""

from __future__ import annotations

from typing import Final

import structlog

from vibestream.contexts.payment.subscriptions import service
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import SubscriptionId
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_AT_ONCE: Final = 200
_log = structlog.get_logger()


@periodic("payment.renew_subscriptions", every_s=60)
async def renew_subscriptions(runtime: Runtime) -> None:
    """Do with each subscription what time asks for, each in a transaction of its own; one that fails waits for the next round."""
    now = utc_now()
    after: SubscriptionId | None = None
    while True:
        async with runtime.database.begin(read_only=True) as tx:
            due = await service.list_due(tx, now=now, after=after, limit=_AT_ONCE)
        for subscription_id in due:
            try:
                async with runtime.database.begin() as tx:
                    await service.do_next(tx, subscription_id=subscription_id, now=now)
            except VibeStreamError as error:
                _log.warning("payment.subscription.stuck", subscription_id=str(subscription_id), code=error.code)
        if len(due) < _AT_ONCE:
            return
        after = due[-1]
