"""Features of a proven listen, as of the instant of its decision: its own signals, and what came before it.

What came before are windows of *past* listens that were decided about: the listener's own, those from the same network and
device, those of the same artist. Artists and listeners are the two sides of a graph; `pair`, `devotion`, `per_listener`,
`top_listener`, `reciprocal` and `peers` are its edges counted: a few peers are friends, a dozen a ring. A feature that cannot be known is -1, so the trees see a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from vibestream.contexts.listen_reward.scoring.domain.statistics.signals import Signals

FEATURE_SET: Final = 1
"""Raised whenever a feature changes its meaning: a model of another set is not used."""
OWN: Final = 60
NETWORK: Final = 100
DEVICE: Final = 60
ARTIST: Final = 100
"""The most past listens that a window holds, the latest."""
WEEK_S: Final = 7 * 86_400
DAY_S: Final = 86_400
HOUR_S: Final = 3_600
UNKNOWN: Final = -1.0
QUICK_MS: Final = 8_000
"""A listen that was left within so much audio after it had counted was left at once."""

FEATURES: Final = (
    "beats",
    "jitter_ms",
    "lag_ms",
    "exact_pm",
    "muted_pm",
    "hidden_pm",
    "seeks",
    "oddities",
    "start_ms",
    "duration_s",
    "replay.accounts",
    "own.count",
    "own.1h",
    "own.24h",
    "own.hours",
    "own.tracks",
    "own.top_track",
    "own.artists",
    "own.top_artist",
    "own.pair",
    "own.quick",
    "own.gap_s",
    "own.gap_spread",
    "own.age_h",
    "own.networks",
    "own.devices",
    "own.hidden",
    "network.count",
    "network.1h",
    "network.accounts",
    "network.per_account",
    "network.top_artist",
    "network.pair",
    "network.quick",
    "network.young",
    "device.count",
    "device.accounts",
    "device.top_artist",
    "artist.count",
    "artist.listeners",
    "artist.top_listener",
    "artist.networks",
    "artist.top_network",
    "artist.devotion",
    "artist.quick",
    "artist.young",
    "reciprocal",
    "own.peers",
)


class Past(NamedTuple):
    """A listen that was decided about before. Ids are compared and nothing else; None is no network or device known."""

    at_s: int
    user: Hashable
    track: Hashable
    artist: Hashable
    network: Hashable | None
    device: Hashable | None
    pair_pm: int
    """The listener's share of listens to this artist, then."""
    quick_pm: int
    """The listener's share of listens that were left at once, then."""
    age_h: int
    hidden_pm: int
    quick: bool = False
    """Whether this one was left at once; known of the listener's own only."""


class Facts(NamedTuple):
    """The listen that is decided about."""

    at_s: int
    user: Hashable
    track: Hashable
    artist: Hashable
    network: Hashable | None
    device: Hashable | None
    duration_ms: int
    oddities: int
    signals: Signals


class History(NamedTuple):
    """What came before, each window with the latest first; nothing in them is later than the listen."""

    own: Sequence[Past]
    network: Sequence[Past]
    """Of the last 24 hours; the others are of the last 7 days."""
    device: Sequence[Past]
    artist: Sequence[Past]
    own_24h: int
    own_hours: int
    """Hours of the last 24 in which the account listened."""
    first_s: int | None
    """When the account's first listen of all was decided about."""
    replay_accounts: int
    """Other accounts that sent the very same steps in the last 30 days."""
    reciprocal: int
    """Listens of the artist's owner to what this listener owns, in the last 7 days."""
    peers: int
    """Other owners whom this listener heard in the last 7 days, with this listen, and who heard what this listener owns."""


def vector_of(facts: Facts, history: History) -> list[float]:
    """Return the features, in the order of FEATURES."""
    signals = facts.signals
    found = [
        float(signals.beats),
        signals.jitter_ms,
        signals.lag_ms,
        float(signals.exact_pm),
        float(signals.muted_pm),
        float(signals.hidden_pm),
        float(signals.seeks),
        float(facts.oddities),
        float(signals.start_ms),
        facts.duration_ms / 1000,
        float(history.replay_accounts),
        *_own(facts, history),
        *_network(facts, history.network),
        *_device(facts, history.device),
        *_artist(facts, history.artist),
        float(history.reciprocal),
        float(history.peers),
    ]
    assert len(found) == len(FEATURES)  # noqa: S101 - a feature without a name would shift all that follow
    return found


def pair_pm(facts: Facts, own: Sequence[Past]) -> int:
    """Return the share of a listener's listens, with this one, that are of this artist, per mille."""
    return 1000 * (1 + sum(one.artist == facts.artist for one in own)) // (len(own) + 1)


def quick_pm(own: Sequence[Past]) -> int:
    """Return the share of a listener's past listens that were left at once, per mille; 0 of a newcomer."""
    return 1000 * sum(one.quick for one in own) // len(own) if own else 0


def age_h(facts: Facts, history: History) -> int:
    """Return for how many hours the account has been listening."""
    return 0 if history.first_s is None else (facts.at_s - history.first_s) // HOUR_S


def _own(facts: Facts, history: History) -> list[float]:
    own = history.own
    times = [facts.at_s, *(one.at_s for one in own)]
    gaps = [later - earlier for later, earlier in pairwise(times)]
    middle = median(gaps) if gaps else UNKNOWN
    spread = sum(abs(gap - middle) for gap in gaps) / len(gaps) if gaps else UNKNOWN
    return [
        float(len(own)),
        float(_since(own, facts.at_s - HOUR_S)),
        float(history.own_24h),
        float(history.own_hours),
        float(len({one.track for one in own})),
        _top([one.track for one in own]),
        float(len({one.artist for one in own})),
        _top([one.artist for one in own]),
        float(pair_pm(facts, own)),
        float(quick_pm(own)) if own else UNKNOWN,
        float(middle),
        float(spread),
        float(age_h(facts, history)),
        float(len({one.network for one in own})),
        float(len({one.device for one in own})),
        sum(one.hidden_pm for one in own) / len(own) if own else UNKNOWN,
    ]


def _network(facts: Facts, past: Sequence[Past]) -> list[float]:
    accounts = len({one.user for one in past} | {facts.user})
    return [
        float(len(past)),
        float(_since(past, facts.at_s - HOUR_S)),
        float(accounts),
        len(past) / accounts,
        _top([one.artist for one in past]),
        _share([one.artist == facts.artist for one in past]),
        _share([one.quick_pm >= 900 for one in past]),  # noqa: PLR2004 - nearly all of what that account heard then
        _share([one.age_h < 72 for one in past]),  # noqa: PLR2004 - three days
    ]


def _device(facts: Facts, past: Sequence[Past]) -> list[float]:
    return [
        float(len(past)),
        float(len({one.user for one in past} | {facts.user})),
        _top([one.artist for one in past]),
    ]


def _artist(facts: Facts, past: Sequence[Past]) -> list[float]:
    return [
        float(len(past)),
        float(len({one.user for one in past} | {facts.user})),
        _top([one.user for one in past]),
        float(len({one.network for one in past} | {facts.network})),
        _top([one.network for one in past]),
        sum(one.pair_pm for one in past) / len(past) if past else UNKNOWN,
        sum(one.quick_pm for one in past) / len(past) if past else UNKNOWN,
        _share([one.age_h < 72 for one in past]),  # noqa: PLR2004 - three days
    ]


def _since(past: Sequence[Past], start_s: int) -> int:
    return sum(one.at_s > start_s for one in past)


def _top(values: Sequence[Hashable | None]) -> float:
    """Return the share of the commonest value, per mille."""
    return 1000 * Counter(values).most_common(1)[0][1] / len(values) if values else UNKNOWN


def _share(values: Sequence[bool]) -> float:
    return 1000 * sum(values) / len(values) if values else UNKNOWN
