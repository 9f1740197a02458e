"""What there is to listen to, and how somebody chooses from it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

ARTISTS: Final = 500
TRACKS: Final = 8
"""Of each artist."""


@dataclass(frozen=True, slots=True)
class Song:
    """A track; `owner` is the account whose artist it is."""

    track: int
    artist: int
    owner: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All songs, by artist, with how popular each artist is."""

    by_artist: tuple[tuple[Song, ...], ...]
    popularity: tuple[float, ...]
    """Summed up, the most popular first: Zipf with exponent 0.9."""

    def popular(self, rng: random.Random) -> Song:
        """Return a song by popularity."""
        artist = rng.choices(range(len(self.by_artist)), cum_weights=self.popularity)[0]
        return rng.choice(self.by_artist[artist])

    def of(self, artist: int, rng: random.Random) -> Song:
        """Return some song of an artist."""
        return rng.choice(self.by_artist[artist])


def make_catalogue(rng: random.Random, *, artists: int = ARTISTS) -> Catalogue:
    """Return a catalogue whose artists are numbered from 0; their owners are accounts below zero."""
    songs = tuple(
        tuple(
            Song(artist * TRACKS + number, artist, -artist - 1, max(round(rng.gauss(210, 50) * 1000), 45_000))
            for number in range(TRACKS)
        )
        for artist in range(artists)
    )
    return Catalogue(songs, tuple(accumulate((rank + 1) ** -0.9 for rank in range(artists))))
