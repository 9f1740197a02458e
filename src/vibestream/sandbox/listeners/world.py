"""A world: visits of accounts, played in order through the platform's own rules of listening and its own features."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

import numpy as np

from vibestream.contexts.listen_reward.listening.domain import (
    Beat,
    Listen,
    State,
    Track,
    enough_ms,
    take_beats,
)
from vibestream.contexts.listen_reward.scoring.domain.statistics import features as known
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import Facts, History, Past
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Examples
from vibestream.contexts.listen_reward.scoring.domain.statistics.signals import Heartbeat, signals_of
from vibestream.kernel.ids import ArtistId, ListenId, TrackId, UserId
from vibestream.sandbox.listeners.catalogue import Song
from vibestream.sandbox.listeners.players import Player

EPOCH: Final = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday, midnight."""
_MONTH_S: Final = 30 * known.DAY_S
_AHEAD_MS: Final = 8_000
"""Two segments of four seconds: the least that a player keeps ahead."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody plays a song from an instant on, for a while."""

    start_s: float
    group: str
    account: int
    song: Song
    network: int
    device: int
    plays_ms: int
    player: Player
    fetched: bool = True
    """Whether the song's segments were fetched where the server sees it."""
    attributed: bool = False
    """Whether the server sees it: a network of caches in front hides it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A listen that was proven, with its features."""

    group: str
    account: int
    artist: int
    track: int
    at_s: int
    vector: list[float]
    network: int
    device: int
    fetched_ms: int
    """Audio that whoever played it had to fetch where the server sees it."""


@dataclass(slots=True)
class World:
    """What was scored of a world, and what never got so far."""

    scored: list[Scored] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Listens that the rules of listening did not take, by group."""
    opened: Counter[str] = field(default_factory=Counter)
    accounts: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    targets: dict[str, set[int]] = field(default_factory=dict)
    """By strategy: the artists for whom it is done."""


@dataclass(slots=True)
class _Ago:
    """What came before, as the database would tell it."""

    own: dict[int, deque[Past]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=known.OWN)))
    network: dict[int, deque[Past]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=known.NETWORK)))
    device: dict[int, deque[Past]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=known.DEVICE)))
    artist: dict[int, deque[Past]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=known.ARTIST)))
    times: dict[int, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    first: dict[int, int] = field(default_factory=dict)
    steps: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """By signature: accounts, and when each sent it last."""
    between: dict[tuple[int, int], deque[int]] = field(default_factory=lambda: defaultdict(deque))
    """By listener and owner."""
    owners: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """By listener: owners, and when each was heard last."""


def play(visits: Iterable[Visit], *, seed: int) -> World:
    """Play visits in the order in which they count, and return what was scored; the same visits and seed give the same."""
    rng = random.Random(seed)  # noqa: S311 - repeatable is what it is for
    world, ago = World(), _Ago()
    for visit in sorted(visits, key=lambda one: (one.start_s, one.account)):
        world.opened[visit.group] += 1
        world.accounts[visit.group].add(visit.account)
        beats = visit.player(rng, visit.plays_ms, visit.song.duration_ms)
        listen, taken = _proven(visit, beats)
        if listen is None:
            world.refused[visit.group] += 1
            continue
        at_s = round(visit.start_s + taken[-1].at_ms / 1000)
        facts = _facts(visit, listen, taken, at_s)
        history = _history(ago, visit, facts)
        world.scored.append(
            Scored(
                *(visit.group, visit.account, visit.song.artist, visit.song.track, at_s),
                vector=known.vector_of(facts, history),
                network=visit.network,
                device=visit.device,
                fetched_ms=_fetched_ms(visit),
            )
        )
        _remember(ago, visit, facts, history)
    return world


def examples_of(worlds: Iterable[World], *, artificial: frozenset[str]) -> Examples:
    """Return worlds as examples.

    Each strategy weighs as much as the others, so that the largest does not teach alone. A small honest population weighs
    more than its number, by the root of how much smaller it is than the mean of them: else few people are few mistakes.
    """
    rows = [one for world in worlds for one in world.scored]
    labels = np.array([one.group in artificial for one in rows])
    weights = _weights(Counter(one.group for one in rows), artificial)
    return Examples(np.array([one.vector for one in rows]), labels, np.array([weights[one.group] for one in rows]))


def _weights(counts: Counter[str], artificial: frozenset[str]) -> dict[str, float]:
    """Return what a listen of each group weighs."""
    strategies = {group: number for group, number in counts.items() if group in artificial}
    people = {group: number for group, number in counts.items() if group not in artificial}
    out = {group: sum(strategies.values()) / len(strategies) / number for group, number in strategies.items()}
    for group, number in people.items():
        out[group] = max(math.sqrt(sum(people.values()) / len(people) / number), 1.0)
    return out


def _proven(visit: Visit, beats: list[Beat]) -> tuple[Listen | None, list[Beat]]:
    served = ((0, visit.song.duration_ms),) if visit.fetched else ()
    listen = Listen(
        ListenId(UUID(int=0)),
        UserId(UUID(int=0)),
        _track(visit.song),
        EPOCH,
        attributed=visit.attributed,
        served=served,
    )
    taken: list[Beat] = []
    for beat in beats:
        # Heartbeats arrive when they are sent; the clock is the player's own, as good as ours but for a forger's.
        now = EPOCH + timedelta(milliseconds=beat.at_ms)
        listen, more = take_beats(listen, (beat,), now=now)
        taken += more
        if listen.state is State.ACCEPTED:
            return listen, taken
    return None, taken


def _fetched_ms(visit: Visit) -> int:
    """Return how much audio was fetched: what was played, and what a player has ahead of it when it is left."""
    return min(visit.plays_ms + _AHEAD_MS, visit.song.duration_ms) if visit.fetched else 0


@cache
def _track(song: Song) -> Track:
    return Track(TrackId(UUID(int=song.track)), ArtistId(UUID(int=song.artist)), UserId(UUID(int=0)), song.duration_ms)


def _facts(visit: Visit, listen: Listen, taken: list[Beat], at_s: int) -> Facts:
    beats = [Heartbeat(one.at_ms, one.position_ms, one.state.value, one.muted, one.visible) for one in taken]
    return Facts(
        at_s=at_s,
        user=visit.account,
        track=visit.song.track,
        artist=visit.song.artist,
        network=visit.network,
        device=visit.device,
        duration_ms=visit.song.duration_ms,
        oddities=listen.oddities,
        signals=signals_of(beats, enough_ms=enough_ms(visit.song.duration_ms)),
    )


def _history(ago: _Ago, visit: Visit, facts: Facts) -> History:
    now = facts.at_s
    windows = (
        _window(ago.own[visit.account], now - known.WEEK_S),
        _window(ago.network[visit.network], now - known.DAY_S),
        _window(ago.device[visit.device], now - known.WEEK_S),
        _window(ago.artist[visit.song.artist], now - known.WEEK_S),
    )
    times = ago.times[visit.account]
    while times and times[0] <= now - known.DAY_S:
        times.popleft()
    return History(
        *windows,
        own_24h=len(times),
        own_hours=len({one // known.HOUR_S for one in times}),
        first_s=ago.first.get(visit.account),
        replay_accounts=_replays(ago, facts),
        reciprocal=_reciprocal(ago, visit, now),
        peers=_peers(ago, visit, now),
    )


def _window(past: deque[Past], after_s: int) -> list[Past]:
    while past and past[0].at_s <= after_s:
        past.popleft()
    return list(reversed(past))


def _replays(ago: _Ago, facts: Facts) -> int:
    signature = facts.signals.signature
    if signature is None or signature not in ago.steps:
        return 0
    senders = ago.steps[signature]
    return sum(user != facts.user and at > facts.at_s - _MONTH_S for user, at in senders.items())


def _reciprocal(ago: _Ago, visit: Visit, now: int) -> int:
    heard = ago.between.get((visit.song.owner, visit.account))
    return 0 if heard is None else sum(at > now - known.WEEK_S for at in heard)


def _peers(ago: _Ago, visit: Visit, now: int) -> int:
    heard = {owner for owner, at in ago.owners[visit.account].items() if at > now - known.WEEK_S} | {visit.song.owner}
    back = (ago.between.get((owner, visit.account)) for owner in heard if owner != visit.account)
    return sum(times is not None and times[-1] > now - known.WEEK_S for times in back)


def _remember(ago: _Ago, visit: Visit, facts: Facts, history: History) -> None:
    heard_ms = min(visit.plays_ms, visit.song.duration_ms)
    past = Past(
        at_s=facts.at_s,
        user=visit.account,
        track=facts.track,
        artist=facts.artist,
        network=facts.network,
        device=facts.device,
        pair_pm=known.pair_pm(facts, history.own),
        quick_pm=known.quick_pm(history.own),
        age_h=known.age_h(facts, history),
        hidden_pm=facts.signals.hidden_pm,
        quick=heard_ms < enough_ms(visit.song.duration_ms) + known.QUICK_MS,
    )
    ago.own[visit.account].append(past)
    ago.network[visit.network].append(past)
    ago.device[visit.device].append(past)
    ago.artist[visit.song.artist].append(past)
    ago.times[visit.account].append(facts.at_s)
    ago.first.setdefault(visit.account, facts.at_s)
    if facts.signals.signature is not None:
        ago.steps[facts.signals.signature][visit.account] = facts.at_s
    ago.between[visit.account, visit.song.owner].append(facts.at_s)
    ago.owners[visit.account][visit.song.owner] = facts.at_s
