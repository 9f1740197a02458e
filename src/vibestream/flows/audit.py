"""Every invariant of every context: what `vibestream audit`, the worker's schedule and the tests check."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.listening import invariants as listening
from vibestream.contexts.listen_reward.pools import invariants as pools
from vibestream.platform.events import invariants as events
from vibestream.platform.invariants import Invariant
from vibestream.platform.sagas import invariants as sagas

INVARIANTS: Final[tuple[Invariant, ...]] = (
    *listening.INVARIANTS,
    *pools.INVARIANTS,
    *events.INVARIANTS,
    *sagas.INVARIANTS,
)
