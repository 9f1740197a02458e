"""Honest populations. Sizes, hours and tastes are assumptions; the ones that look most like farms were chosen on purpose."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from vibestream.contexts.listen_reward.scoring.domain.statistics.features import DAY_S, HOUR_S
from vibestream.sandbox.listeners.catalogue import Catalogue, Song
from vibestream.sandbox.listeners.players import Player, app, background, browser, lossy
from vibestream.sandbox.listeners.world import Visit

PAUSE_S: Final = 4
DAYS: Final = 5


@dataclass(slots=True)
class Cast:
    """What a world hands out: numbers for accounts, networks and devices, and its songs."""

    rng: random.Random
    catalogue: Catalogue
    scale: float
    """How many of each group there are, of what its docstring says."""
    numbers: count[int]
    farm: int = 1_000
    """Accounts of the large farm."""
    targets: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """By strategy: the artists for whom it is done."""

    def some(self, number: int) -> range:
        """Return so many, scaled; at least two."""
        return range(max(round(number * self.scale), 2))

    def new(self) -> int:
        """Return a number that nothing else has."""
        return next(self.numbers)


@dataclass(slots=True)
class Person:
    """Somebody with a taste."""

    group: str
    account: int
    network: int
    device: int
    favourites: list[int]
    player: Player = browser
    loyal: float = 0.6
    """How often it is one of the favourites rather than what is popular."""
    skips: float = 0.2

    def choose(self, cast: Cast) -> Song:
        """Return what they put on next."""
        if self.favourites and cast.rng.random() < self.loyal:
            return cast.catalogue.of(cast.rng.choice(self.favourites), cast.rng)
        return cast.catalogue.popular(cast.rng)

    def plays_ms(self, cast: Cast, song: Song) -> int:
        """Return how much of it they hear: all, or they skip somewhere."""
        if cast.rng.random() < self.skips:
            return cast.rng.randint(5_000, song.duration_ms)
        return song.duration_ms


def sitting(cast: Cast, person: Person, *, start_s: float, songs: int, pause_s: float = PAUSE_S) -> Iterator[Visit]:
    """Play songs one after the other."""
    at = start_s
    for _ in range(songs):
        song = person.choose(cast)
        plays = person.plays_ms(cast, song)
        yield Visit(at, person.group, person.account, song, person.network, person.device, plays, person.player)
        at += plays / 1000 + cast.rng.uniform(1, 2 * pause_s)


def evenings(cast: Cast, person: Person, *, days: int = DAYS, mean: float = 12) -> Iterator[Visit]:
    """Listen most days, some more and some less, mostly in the evening."""
    for day in range(days):
        if cast.rng.random() < 0.8:  # noqa: PLR2004 - four days of five
            start = day * DAY_S + min(max(cast.rng.gauss(19, 3), 6), 22) * HOUR_S
            yield from sitting(cast, person, start_s=start, songs=1 + round(cast.rng.expovariate(1 / mean)))


def taste(cast: Cast, artists: int = 12) -> list[int]:
    """Return some favourite artists."""
    return [cast.catalogue.popular(cast.rng).artist for _ in range(artists)]


def casual(cast: Cast) -> Iterator[Visit]:
    """250 people at home, each on a network of their own."""
    for _ in cast.some(250):
        yield from evenings(cast, Person("casual", cast.new(), cast.new(), cast.new(), taste(cast)))


def family(cast: Cast) -> Iterator[Visit]:
    """40 families of two to five on one network, some on one device; children hear the same artist."""
    for _ in cast.some(40):
        network, shared, idol = cast.new(), cast.new(), taste(cast, 1)
        for member in range(cast.rng.randint(2, 5)):
            own = shared if cast.rng.random() < 0.5 else cast.new()  # noqa: PLR2004 - half of them
            likes = idol if member % 2 else taste(cast)
            yield from evenings(cast, Person("family", cast.new(), network, own, likes, loyal=0.7), mean=9)


def office(cast: Cast) -> Iterator[Visit]:
    """5 offices of 40 behind one address; most have the browser that their employer gave them."""
    for _ in cast.some(5):
        network, standard = cast.new(), cast.new()
        for _ in range(40):
            device = standard if cast.rng.random() < 0.7 else cast.new()  # noqa: PLR2004 - most
            person = Person("office", cast.new(), network, device, taste(cast), player=background)
            for day in range(DAYS):
                start = day * DAY_S + cast.rng.uniform(8, 11) * HOUR_S
                yield from sitting(cast, person, start_s=start, songs=cast.rng.randint(2, 20), pause_s=60)


def heavy_fan(cast: Cast) -> Iterator[Visit]:
    """40 people who hear one artist for most of the day, one song again and again among them."""
    for _ in cast.some(40):
        idol = taste(cast, 1)
        person = Person("heavy_fan", cast.new(), cast.new(), cast.new(), idol, loyal=0.85, skips=0.1)
        for day in range(DAYS):
            start = day * DAY_S + cast.rng.uniform(8, 12) * HOUR_S
            yield from sitting(cast, person, start_s=start, songs=cast.rng.randint(30, 90), pause_s=90)


def sleep_playlist(cast: Cast) -> Iterator[Visit]:
    """40 people who fall asleep to one playlist that plays until morning, and hear music by day as well."""
    for _ in cast.some(40):
        account, network, device = cast.new(), cast.new(), cast.new()
        night = Person("sleep_playlist", account, network, device, taste(cast, 1), background, loyal=1, skips=0)
        day_time = Person("sleep_playlist", account, network, device, taste(cast))
        for day in range(DAYS):
            yield from sitting(cast, night, start_s=day * DAY_S, songs=cast.rng.randint(70, 110), pause_s=1)
            yield from sitting(cast, day_time, start_s=day * DAY_S + 12 * HOUR_S, songs=cast.rng.randint(0, 12))


def commuter(cast: Cast) -> Iterator[Visit]:
    """80 people on trains, whose carrier has six addresses for all of them; the connection is lost and comes back."""
    addresses = [cast.new() for _ in range(6)]
    for _ in cast.some(80):
        person = Person("commuter", cast.new(), 0, cast.new(), taste(cast), lossy, skips=0.35)
        for day in range(DAYS):
            for hour in (7.5, 17.5):
                person.network = cast.rng.choice(addresses)
                start = day * DAY_S + cast.rng.gauss(hour, 0.4) * HOUR_S
                yield from sitting(cast, person, start_s=max(start, 0), songs=cast.rng.randint(3, 9))


def newcomer(cast: Cast) -> Iterator[Visit]:
    """120 people on the day on which they found us, most by one artist."""
    for _ in cast.some(120):
        person = Person("newcomer", cast.new(), cast.new(), cast.new(), taste(cast, 1), loyal=0.7, skips=0.4)
        start = cast.rng.uniform(0, DAYS) * DAY_S
        yield from sitting(cast, person, start_s=start, songs=cast.rng.randint(1, 14))


def own_player(cast: Cast) -> Iterator[Visit]:
    """50 people whose player is an app of somebody else, exact to the millisecond, without pauses."""
    for _ in cast.some(50):
        person = Person("own_player", cast.new(), cast.new(), cast.new(), taste(cast), app, skips=0.1)
        yield from evenings(cast, person, mean=18)


def release_day(cast: Cast) -> Iterator[Visit]:
    """60 friends and fans of an artist nobody knew, half of them new here, on the day of the first release and after."""
    artist = cast.rng.randrange(len(cast.catalogue.by_artist) // 2, len(cast.catalogue.by_artist))
    for number in cast.some(60):
        person = Person("release_day", cast.new(), cast.new(), cast.new(), [artist], loyal=0.8, skips=0.15)
        start = (2 * DAY_S if number % 2 else 0) + cast.rng.uniform(17, 23) * HOUR_S
        yield from sitting(cast, person, start_s=start, songs=cast.rng.randint(4, 20))


def scene(cast: Cast) -> Iterator[Visit]:
    """5 circles of three to five artists who know one another: each hears all the others' music among much else."""
    known = cast.rng.sample(range(len(cast.catalogue.by_artist) // 3), len(cast.some(5)) * 5)
    for number in cast.some(5):
        circle = known[number * 5 :][: cast.rng.randint(3, 5)]
        for own in circle:
            likes = [artist for artist in circle if artist != own] + taste(cast, 3)
            person = Person("scene", -own - 1, cast.new(), cast.new(), likes, loyal=0.5)
            yield from evenings(cast, person, mean=14)


POPULATIONS: Final[dict[str, Callable[[Cast], Iterator[Visit]]]] = {
    one.__name__: one
    for one in (
        casual,
        family,
        office,
        heavy_fan,
        sleep_playlist,
        commuter,
        newcomer,
        own_player,
        release_day,
        scene,
    )
}
