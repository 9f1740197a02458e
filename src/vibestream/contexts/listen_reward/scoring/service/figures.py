"""What operators watch of scoring: how much is held, why, and from how few places many accounts listen."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vibestream.contexts.listen_reward.scoring.store import figures as store
from vibestream.contexts.listen_reward.scoring.store.figures import Clusters, Crowds, ReasonCount, Verdicts
from vibestream.platform.database import Tx

__all__ = ["CLUSTER", "Clusters", "Crowds", "ReasonCount", "Verdicts"]

CLUSTER: Final = 10
"""So many accounts that listen from one place are a cluster: an office, a dormitory or a farm."""


async def verdicts(tx: Tx, *, since: datetime) -> list[Verdicts]:
    """Return what was decided on each day in UTC since an instant, days without any left out."""
    return await store.list_verdicts(tx, since=since)


async def reasons(tx: Tx, *, since: datetime, limit: int) -> list[ReasonCount]:
    """Return the reasons of what did not count at once, the most frequent first."""
    return await store.list_reasons(tx, since=since, limit=limit)


async def crowds(tx: Tx, *, since: datetime) -> Crowds:
    """Return how many accounts at most share one network, one device, and one course of heartbeats; nought where none is known.

    Of networks and devices only keyed hashes are kept, for thirty days: this counts them and cannot say which they are.
    """
    return await store.load_crowds(tx, since=since)


async def new_clusters(tx: Tx, *, since: datetime, now: datetime) -> Clusters:
    """Return how many networks and devices ten accounts or more listen from since an instant, and did not in as long before it."""
    return await store.load_clusters(tx, since=since, before=since - (now - since), least=CLUSTER)
