"""When passwords are being guessed at many accounts, which neither an address nor a network of its own can show.

What is counted is of browsers that the account in question does not know: how often a password was wrong, at most three times
at an address in a quarter of an hour, and how many accounts a right one let them into, each counted once a day. People who
mistype get in after; whoever goes through a list of stolen passwords is wrong ninety-eight times in a hundred or more. So it
is an attack when many were wrong, and more than were let in.

A burst is noticed at once and held for an hour from its last sign. A trickle counts what was looked at while nothing was
held, and holds for a day: in whatever rhythm an attacker stops and begins again, no more than `TRICKLE.least` of what counts is
answered in a day as it is in quiet times, or as much as people were let in on that day. Who hides more has as many accounts of
their own to enter every day; who tries ten passwords at each address has ten thirds of it, at a sixth of the people.

Source: OWASP Credential Stuffing Prevention Cheat Sheet; NIST SP 800-63B-4, 3.2.2.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final


class Window(enum.StrEnum):
    """What is counted together. The values are stored; they are never renamed."""

    BURST = "burst"
    TRICKLE = "trickle"


@dataclass(frozen=True, slots=True)
class Threshold:
    """An attack is at least so many wrong within so long; browsers are asked for more until so long after."""

    least: int
    within: timedelta
    holds: timedelta


BURST: Final = Threshold(100, timedelta(minutes=10), timedelta(hours=1))
TRICKLE: Final = Threshold(500, timedelta(days=1), timedelta(days=1))
LET_IN_ONCE: Final = TRICKLE.within
"""An account that a browser was let into counts once within so long, however often it is entered."""


@dataclass(frozen=True, slots=True)
class Count:
    """How often a password was wrong, and how many accounts were entered, within a window."""

    refused: int
    let_in: int


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack that has begun, and until when it is held to last."""

    began_at: datetime
    until: datetime


def is_attack(count: Count, threshold: Threshold) -> bool:
    """Say whether what was counted is an attack: many wrong, and more than were let in."""
    return count.refused >= threshold.least and count.refused > count.let_in
