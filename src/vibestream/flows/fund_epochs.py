"""A day's pool is filled from the sources that its policy names, when the day begins: from each as much as it has.

What is taken and what is noted are one transaction. A source without cover does not hold the day up: it opens with what there
is, says so in the log and in a figure that operators are alerted by, and pays no more than it was given.
"""

from __future__ import annotations

from datetime import date
from functools import partial

import structlog

from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.pools.service import Sourced
from vibestream.contexts.payment.pool_sources import service as pool_sources
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_log = structlog.get_logger()


@periodic("listen_reward.fund_epochs", every_s=60)
async def fund_epochs(runtime: Runtime) -> None:
    """Fill the pools of days that have begun, each in a transaction of its own, the earliest first."""
    for epoch in await runtime.database.run(partial(pools.unfunded, until=utc_now().date())):
        await runtime.database.run(partial(fund_epoch, epoch=epoch))


async def fund_epoch(tx: Tx, *, epoch: date) -> list[Sourced]:
    """Take what an epoch's sources are to give it, or as much as they have, once; return what each gave.

    Nothing is done, and nothing returned, where its policy names none or they gave before.
    """
    wanted = await pools.wanted(tx, epoch=epoch)
    if not wanted:
        return []
    given = [
        Sourced(epoch, one.source, one.wanted, one.given)
        for one in await pool_sources.fund_pool(tx, epoch=epoch, wanted=wanted)
    ]
    await pools.fund(tx, epoch=epoch, given=given)
    for one in given:
        if one.short.minor > 0:
            _log.warning(
                "pool.source_short", epoch=str(epoch), source=one.source, wanted=one.wanted.minor, given=one.given.minor
            )
    return given
