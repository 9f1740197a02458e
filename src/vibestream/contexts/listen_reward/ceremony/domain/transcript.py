"""Who added to a ceremony's two halves, in which order, and whether that is enough.

The halves: the *powers* of a secret number, which any circuit of the size could use, and the *key* of our circuit that is
made on them. Each is contributed to in turns and ended by a beacon: a public number that nobody could know before the last
contribution was published, so that whoever came last could not try until it suited.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vibestream.kernel.errors import InvalidInput

FEWEST: Final = 3
"""Contributors to each half, below which keys are not installed: one who kept nothing is enough, but which is it?"""
BEACON_EXPONENT: Final = 10
"""The beacon's value is hashed two to this many times, as snarkjs does at least."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,59}")
_BEACON: Final = re.compile(r"(?:[0-9a-f]{2}){32,64}")
_POWERS: Final = re.compile(r"Contribution #([0-9]+): (.*)")
_KEY: Final = re.compile(r"contribution #([0-9]+) (.*):")
_GENERATOR: Final = re.compile(r"Beacon generator: ([0-9a-f]+)")
_RESPONSE: Final = "Response Hash:"


class Half(enum.StrEnum):
    """Which half of a ceremony."""

    POWERS = "powers"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One turn, as the file itself proves it."""

    half: Half
    number: int
    """From 1, the first."""
    name: str
    digest: str
    """What its contributor published: BLAKE2b of what they proved to have added, 128 hexadecimal digits."""
    beacon: str | None
    """The public number that it was made from; None for a person's."""


class NotAName(InvalidInput):
    """A contributor's name cannot stand in a transcript."""

    code = "ceremony.not_a_name"


class NotABeacon(InvalidInput):
    """A beacon's value is no number of 32 to 64 bytes."""

    code = "ceremony.not_a_beacon"


def checked_name(name: str) -> str:
    """Return a contributor's name when it is one.

    Raises:
        NotAName: it is not.
    """
    if not _NAME.fullmatch(name):
        raise NotAName("A name is 1 to 60 letters, digits, spaces and ._@- and begins with a letter or digit.")
    return name


def checked_beacon(value: str) -> str:
    """Return a beacon's value, in small letters, when it is one.

    Raises:
        NotABeacon: it is not.
    """
    if not _BEACON.fullmatch(value.lower()):
        raise NotABeacon("A beacon is 32 to 64 bytes written in hexadecimal, such as a block's hash.")
    return value.lower()


def read_transcript(half: Half, said: Sequence[str]) -> tuple[Contribution, ...]:
    """Return the contributions that snarkjs named while it verified a file, the first first.

    Source: snarkjs 0.7.6, `powersoftau_verify.js` and `zkey_verify_frominit.js`, which say them last first.
    """
    found: list[Contribution] = []
    for place, line in enumerate(said):
        head, _, rest = line.partition("\n")
        named = (_POWERS if half is Half.POWERS else _KEY).fullmatch(head)
        if named is None:
            continue
        following = _until_next(half, said[place + 1 :])
        if half is Half.POWERS:
            # The first is the contribution's own; a second under the same heading is of the one before.
            rest = next(one for one in following if one.startswith(_RESPONSE)).partition("\n")[2]
        beacon = next((one[1] for line in following if (one := _GENERATOR.fullmatch(line))), None)
        found.append(Contribution(half, int(named[1]), named[2], "".join(rest.split()), beacon))
    return tuple(sorted(found, key=lambda one: one.number))


def _until_next(half: Half, said: Sequence[str]) -> Sequence[str]:
    heads = _POWERS if half is Half.POWERS else _KEY
    end = next((place for place, line in enumerate(said) if heads.fullmatch(line.partition("\n")[0])), len(said))
    return said[:end]


def people(contributions: Sequence[Contribution]) -> tuple[str, ...]:
    """Return the names of the people who contributed, each once, in their order."""
    return tuple(dict.fromkeys(one.name for one in contributions if one.beacon is None))


def is_ended(contributions: Sequence[Contribution]) -> bool:
    """Return whether a half was ended by a beacon, after which nothing is added."""
    return bool(contributions) and contributions[-1].beacon is not None


def lacks(powers: Sequence[Contribution], key: Sequence[Contribution]) -> tuple[str, ...]:
    """Return what keeps a ceremony's keys from being believed, as sentences; nothing when they may be."""
    found = []
    for half, contributions in ((Half.POWERS, powers), (Half.KEY, key)):
        if (count := len(people(contributions))) < FEWEST:
            found.append(f"{count} of at least {FEWEST} people contributed to the {half.value}.")
        if not is_ended(contributions):
            found.append(f"No beacon ended the {half.value}.")
        if any(one.beacon for one in contributions[:-1]):
            found.append(f"Somebody contributed to the {half.value} after a beacon, which then decides nothing.")
    return tuple(found)
