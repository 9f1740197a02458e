"""Epochs of receipts are closed: by schedule when their day is over, or by command.

Three steps, of which each may be cut off: the budget is spread by the epoch's policy and the leaves end, the root is computed, the root is signed and published. Whoever goes
on, at whichever step, ends at the same root.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar, Final

import structlog

from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.service import Closed, EpochNotOver
from vibestream.flows.fund_epochs import fund_epoch
from vibestream.kernel.errors import Unavailable
from vibestream.kernel.signing import SigningKey
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database, Tx
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

GRACE: Final = timedelta(hours=1)
"""After midnight, for listens of the day that are still being settled. What comes later is of the next epoch."""
_log = structlog.get_logger()


class EpochKeyMissing(Unavailable):
    """There is no private key to sign epochs with: give this process VIBESTREAM_EPOCH_KEY."""

    code: ClassVar[str] = "epochs.key_missing"


@periodic("listen_reward.close_epochs", every_s=300)
async def close_epochs(runtime: Runtime) -> None:
    """Close the epochs whose day is over.

    Raises:
        EpochKeyMissing: there are such, and no key to sign them with.
    """
    until = (utc_now() - GRACE).date() - timedelta(days=1)
    for epoch in await runtime.database.run(partial(_open_until, until=until)):
        await close_epoch(runtime.database, settings=runtime.settings, epoch=epoch, now=utc_now())
    await keep_trees(runtime.database)


async def _open_until(tx: Tx, *, until: date) -> list[date]:
    return sorted({*await receipts.unclosed(tx, until=until), *await pools.unsettled(tx, until=until)})


async def keep_trees(database: Database) -> None:
    """Keep the trees of epochs that were closed before trees were kept."""
    for epoch in await database.run(receipts.unkept):
        leaves = await database.run(partial(receipts.leaves_of, epoch=epoch))
        tree = await asyncio.to_thread(receipts.final_tree, leaves)
        await database.run(partial(receipts.keep_tree, epoch=epoch, tree=tree))


async def close_epoch(
    database: Database, *, settings: Settings, epoch: date, now: datetime, early: bool = False
) -> Closed:
    """Close an epoch, or return it when it is closed already.

    Raises:
        EpochNotOver: its day is not over and it is not `early`; or it has not begun.
        EpochKeyMissing: there is no key to sign it with.
    """
    if epoch > now.date() or (epoch == now.date() and not early):
        raise EpochNotOver("An epoch is closed when its day, in UTC, is over.")
    key = epoch_key(settings)
    await database.run(partial(end_leaves, epoch=epoch, now=now))
    leaves = await database.run(partial(receipts.leaves_of, epoch=epoch))
    tree = await asyncio.to_thread(receipts.final_tree, leaves)
    window = timedelta(days=settings.claim_window_days)
    closed = await database.run(partial(receipts.finish_close, epoch=epoch, tree=tree, key=key, window=window, now=now))
    _log.info("epoch.closed", epoch=str(epoch), leaves=closed.leaves, root=f"{closed.root:064x}")
    return closed


async def end_leaves(tx: Tx, *, epoch: date, now: datetime) -> None:
    """Let the epoch's sources, where they did not, give what they have and its policy spread it; then end its leaves, with the worth of a unit that came out."""
    await receipts.lock(tx, epoch=epoch)
    await fund_epoch(tx, epoch=epoch)
    pool = await pools.settle(tx, epoch=epoch, now=now)
    await receipts.begin_close(tx, epoch=epoch, per_listen=0 if pool is None else pool.worth.minor)


def epoch_key(settings: Settings) -> SigningKey:
    """Return the key that epochs are signed with.

    Raises:
        EpochKeyMissing: production without one.
        KeyMalformed: the setting is no key.
    """
    text = settings.epoch_signing_key()
    if text is None:
        raise EpochKeyMissing("There is no key to sign epochs with: set VIBESTREAM_EPOCH_KEY.")
    return SigningKey.parse(text)
