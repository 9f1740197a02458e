"""Named strategies of those who pretend to listen. Each says what it hopes for; none knows the thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from vibestream.contexts.listen_reward.scoring.domain.statistics.features import DAY_S, HOUR_S
from vibestream.sandbox.listeners.catalogue import Song
from vibestream.sandbox.listeners.people import Cast, Person, evenings, sitting, taste
from vibestream.sandbox.listeners.players import Player, browser, faster, replaying, scripted
from vibestream.sandbox.listeners.world import Visit

FARM_DAYS: Final = 2
FARM_A_DAY: Final = 20


def single_account_loop(cast: Cast) -> Iterator[Visit]:
    """12 accounts, each playing one song of its own artist again and again, nearly without a pause."""
    for _ in cast.some(12):
        target = _target(cast, "single_account_loop")
        song = cast.catalogue.of(target, cast.rng)
        account, network, device = cast.new(), cast.new(), cast.new()
        at = cast.rng.uniform(0, 4) * HOUR_S
        while at < 2 * DAY_S:
            yield Visit(at, "single_account_loop", account, song, network, device, song.duration_ms, scripted)
            at += song.duration_ms / 1000 + cast.rng.uniform(0.5, 3)


def skipper_30s(cast: Cast) -> Iterator[Visit]:
    """12 accounts that leave each song of a few artists as soon as it has counted."""
    for _ in cast.some(12):
        targets = [_target(cast, "skipper_30s") for _ in range(3)]
        account, network, device = cast.new(), cast.new(), cast.new()
        for day in range(2):
            at = day * DAY_S + cast.rng.uniform(7, 12) * HOUR_S
            for _ in range(200):
                song = cast.catalogue.of(cast.rng.choice(targets), cast.rng)
                plays = cast.rng.randint(31_000, 36_000)
                yield Visit(at, "skipper_30s", account, song, network, device, plays, browser)
                at += plays / 1000 + cast.rng.uniform(1, 20)


def farm_1000(cast: Cast) -> Iterator[Visit]:
    """1,000 accounts behind 40 proxies: 20 listens a day each, 60 % of them of five artists; half by a script."""
    targets = [_target(cast, "farm_1000") for _ in range(5)]
    networks = [cast.new() for _ in range(40)]
    for number in range(cast.farm):
        player = scripted if number % 2 else browser
        person = Person("farm_1000", cast.new(), networks[number % 40], cast.new(), targets, player, loyal=0.6)
        yield from _farmed(cast, person, days=FARM_DAYS, a_day=FARM_A_DAY, longest_ms=70_000)


def shared_device_farm(cast: Cast) -> Iterator[Visit]:
    """60 accounts on three telephones at one address, one after the other."""
    targets = [_target(cast, "shared_device_farm") for _ in range(2)]
    network, devices = cast.new(), [cast.new() for _ in range(3)]
    for number in cast.some(60):
        person = Person("shared_device_farm", cast.new(), network, devices[number % 3], targets, browser, loyal=0.7)
        yield from _farmed(cast, person, days=2, a_day=25, longest_ms=120_000)


def slow_drip_farm(cast: Cast) -> Iterator[Visit]:
    """150 accounts at homes of others: eight listens a day, half of them of three artists; half by a script."""
    targets = [_target(cast, "slow_drip_farm") for _ in range(3)]
    for number in cast.some(150):
        player = scripted if number % 2 else browser
        person = Person("slow_drip_farm", cast.new(), cast.new(), cast.new(), targets, player, loyal=0.5)
        yield from _farmed(cast, person, days=5, a_day=8, longest_ms=150_000)


def collusion_ring(cast: Cast) -> Iterator[Visit]:
    """15 artists who hear each other, as people would, 30 songs a day."""
    artists = [_target(cast, "collusion_ring") for _ in cast.some(15)]
    for own in artists:
        others = [artist for artist in artists if artist != own]
        person = Person("collusion_ring", -own - 1, cast.new(), cast.new(), others, browser, loyal=0.85, skips=0.1)
        for day in range(5):
            start = day * DAY_S + cast.rng.uniform(9, 14) * HOUR_S
            yield from sitting(cast, person, start_s=start, songs=30, pause_s=20)


def heartbeat_forger(cast: Cast) -> Iterator[Visit]:
    """30 accounts that play nothing: a third faster than time, a third without fetching, a third where none can see it."""
    targets = [_target(cast, "heartbeat_forger") for _ in range(3)]
    for number in cast.some(30):
        account, network, device = cast.new(), cast.new(), cast.new()
        at = cast.rng.uniform(0, 6) * HOUR_S
        for _ in range(150):
            song = cast.catalogue.of(cast.rng.choice(targets), cast.rng)
            player: Player = faster if number % 3 == 1 else scripted
            yield Visit(
                *(at, "heartbeat_forger", account, song, network, device, 40_000, player),
                fetched=False,
                attributed=number % 3 == 2,  # noqa: PLR2004 - the third of three
            )
            at += 45 + cast.rng.uniform(0, 60)


def replayed_session(cast: Cast) -> Iterator[Visit]:
    """40 accounts that send one recorded session of a real player again and again."""
    recorded = browser(cast.rng, 40_000, 200_000, hidden=0)
    targets = [_target(cast, "replayed_session") for _ in range(3)]
    for _ in cast.some(40):
        person = Person("replayed_session", cast.new(), cast.new(), cast.new(), targets, replaying(recorded), loyal=0.7)
        yield from _farmed(cast, person, days=2, a_day=40, longest_ms=60_000)


def human_mimic(cast: Cast) -> Iterator[Visit]:
    """80 accounts at homes of others that listen as people do, in a real browser, a third of it to two artists."""
    targets = [_target(cast, "human_mimic") for _ in range(2)]
    for _ in cast.some(80):
        likes = [*targets, *taste(cast, 4)]
        person = Person("human_mimic", cast.new(), cast.new(), cast.new(), likes, browser, loyal=0.85)
        yield from evenings(cast, person, mean=15)


STRATEGIES: Final[dict[str, Callable[[Cast], Iterator[Visit]]]] = {
    one.__name__: one
    for one in (
        single_account_loop,
        skipper_30s,
        farm_1000,
        shared_device_farm,
        slow_drip_farm,
        collusion_ring,
        heartbeat_forger,
        replayed_session,
        human_mimic,
    )
}


def _target(cast: Cast, strategy: str) -> int:
    """Return an artist that few know, and note that this strategy is done for them."""
    artists: list[tuple[Song, ...]] = list(cast.catalogue.by_artist)
    target = cast.rng.randrange(len(artists) // 3, len(artists))
    cast.targets[strategy].add(target)
    return target


def _farmed(cast: Cast, person: Person, *, days: int, a_day: int, longest_ms: int) -> Iterator[Visit]:
    """Play so many songs a day at even distances, each for a little longer than counts."""
    step = 16 * HOUR_S / a_day
    for day in range(days):
        at = day * DAY_S + cast.rng.uniform(0, 8) * HOUR_S
        for _ in range(a_day):
            song = person.choose(cast)
            plays = min(cast.rng.randint(32_000, longest_ms), song.duration_ms)
            yield Visit(at, person.group, person.account, song, person.network, person.device, plays, person.player)
            at += max(step * cast.rng.uniform(0.6, 1.4), plays / 1000 + 1)
