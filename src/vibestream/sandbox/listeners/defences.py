"""Economic defences, and what the listens of a group are paid under them: what an adversary loses, and what people do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.listen_reward.scoring.domain.policy import Verdict
from vibestream.contexts.listen_reward.scoring.domain.statistics.features import DAY_S
from vibestream.sandbox.listeners.judging import Judged

_NONE: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Defences:
    """Rules about rewards beside the scoring. The first two are in force everywhere."""

    track_cap: int = 5
    """Listens of one track by one account that are rewarded, a day."""
    listener_cap: int = 400
    network_cap: int = _NONE
    """Listens from one network that are rewarded, a day."""
    device_cap: int = _NONE
    warm_up_days: int = 0
    """What an account earns in its first so many days is paid when they are over, if it is not held by then."""


IN_FORCE: Final = Defences()
ADOPTED: Final = "warm-up of 3 days"
"""What a policy of a pool is proposed with, unless somebody says otherwise: see decision 30."""
TRIED: Final[Mapping[str, Defences]] = {
    "as it is": IN_FORCE,
    "listener cap 100": Defences(listener_cap=100),
    "listener cap 40": Defences(listener_cap=40),
    "network cap 200": Defences(network_cap=200),
    "network cap 60": Defences(network_cap=60),
    "device cap 60": Defences(device_cap=60),
    "warm-up of 1 day": Defences(warm_up_days=1),
    "warm-up of 3 days": Defences(warm_up_days=3),
    "listener cap 100, warm-up of 3 days": Defences(listener_cap=100, warm_up_days=3),
}


@dataclass(frozen=True, slots=True)
class Income:
    """Rewarded listens of a group over the horizon, by account."""

    paid: Mapping[int, int]
    """What is or will be paid; of whoever is held, what was paid before."""
    waiting: Mapping[int, int]
    """What would have been paid at once and waits for the account to be older, of those who are not held."""

    @property
    def total(self) -> int:
        """Return all rewarded listens."""
        return sum(self.paid.values())


def income_of(
    judged: Sequence[Judged], *, defences: Defences, horizon_days: int, budget_listens_day: int = _NONE
) -> Income:
    """Return what a group is paid: what was seen, and whoever was never held goes on as on the group's last day."""
    days = max((one.listen.at_s // DAY_S for one in judged), default=0) + 1
    by_day = [Counter[int]() for _ in range(days)]
    caps: dict[int, Counter[tuple[object, ...]]] = defaultdict(Counter)
    for one in judged:
        if one.verdict is Verdict.ACCEPT and _takes(one, caps[one.listen.at_s // DAY_S], defences, budget_listens_day):
            by_day[one.listen.at_s // DAY_S][one.listen.account] += 1
    first, held = _bounds(judged)
    paid: Counter[int] = Counter()
    waiting: Counter[int] = Counter()
    for account, began in first.items():
        mature = began + defences.warm_up_days * DAY_S
        if account in held and held[account] < mature:
            continue
        more = 0 if account in held else max(horizon_days - days, 0)
        paid[account] = sum(day[account] for day in by_day) + more * by_day[-1][account]
        young = [count[account] for number, count in enumerate(by_day) if number * DAY_S < mature]
        waiting[account] = sum(young) if defences.warm_up_days else 0
    return Income(dict(paid), dict(waiting))


def _takes(one: Judged, today: Counter[tuple[object, ...]], defences: Defences, budget: int) -> bool:
    """Count a listen of a day when each cap leaves room for it, and return whether."""
    listen = one.listen
    caps: tuple[tuple[tuple[object, ...], int], ...] = (
        (("all",), budget),
        (("track", listen.account, listen.track), defences.track_cap),
        (("account", listen.account), defences.listener_cap),
        (("network", listen.network), defences.network_cap),
        (("device", listen.device), defences.device_cap),
    )
    if any(today[key] >= cap for key, cap in caps):
        return False
    today.update(key for key, _ in caps)
    return True


def _bounds(judged: Sequence[Judged]) -> tuple[dict[int, int], dict[int, int]]:
    """Return when each account was first proven to listen, and when it was held, of those who were."""
    first: dict[int, int] = {}
    held: dict[int, int] = {}
    for one in judged:
        first.setdefault(one.listen.account, one.listen.at_s)
        if one.verdict is not Verdict.ACCEPT:
            held.setdefault(one.listen.account, one.listen.at_s)
    return first, held
