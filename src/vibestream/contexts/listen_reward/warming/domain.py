"""Which accepted listens wait, and until when: pure decisions over when an account was first proven to listen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vibestream.kernel.ids import ListenId, TrackId, UserId


@dataclass(frozen=True, slots=True)
class Heard:
    """An accepted listen, as far as what it earns depends on it."""

    listen_id: ListenId
    user_id: UserId
    owner_user_id: UserId
    track_id: TrackId
    accepted_at: datetime
    heard_s: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A listen whose reward is decided from an instant on."""

    heard: Heard
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Total:
    """What waits of an account: how many listens, and when the last of them is decided."""

    listens: int
    due_at: datetime


def split(
    accepted: Sequence[Heard], *, first: Mapping[UserId, datetime], days: int
) -> tuple[list[Heard], list[Waiting]]:
    """Return the listens that are decided now, and those that wait, each in their order.

    Args:
        accepted: listens that count.
        first: when each listener was first proven to listen; whoever is not in it listens for the first time.
        days: how long an account is new; 0: nobody waits.
    """
    at_once: list[Heard] = []
    waiting: list[Waiting] = []
    for one in accepted:
        due_at = min(first.get(one.user_id, one.accepted_at), one.accepted_at) + timedelta(days=days)
        if one.accepted_at < due_at:
            waiting.append(Waiting(one, due_at))
        else:
            at_once.append(one)
    return at_once, waiting
