"""A notification as it is kept, and how a mail of it stands."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain.kinds import Facts, Kind
from vibestream.kernel.ids import UserId


class State(enum.StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    UNWANTED = "unwanted"
    """Its kind was turned off before it was sent."""
    UNREACHABLE = "unreachable"
    """There is no address, or mail to it comes back."""
    REFUSED = "refused"
    """The server does not take this message; the address may well be good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What somebody was told. `seq` is its place in their list, None when it is not in it; `count` facts are in it."""

    notification_id: UUID
    user_id: UserId
    kind: Kind
    facts: Facts
    count: int
    seq: int | None
    told_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What somebody is to be told: the key and the facts of what happened, `count` of them."""

    user_id: UserId
    key: str
    facts: Facts
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """Mail to somebody's address came back: since when, and what the server said."""

    bounced_at: datetime
    reply: str


_REASONED: Final = re.compile(r"5\d\d[ -]5\.(\d+)\.\d+\b", re.ASCII)
_ADDRESSING: Final = "1"
_PLAIN: Final = re.compile(r"(?:550|551|553)\b", re.ASCII)


def is_bounce(reply: str) -> bool:
    """Say whether a server's refusal means that there is no such mailbox, and not that it dislikes this message.

    An enhanced status code decides where there is one: only 5.1.x is about the address. Else 550, 551 and 553 are.
    Source: RFC 5321, 4.2.3; RFC 3463, 3.2.
    """
    reasoned = _REASONED.match(reply)
    return reasoned[1] == _ADDRESSING if reasoned else _PLAIN.match(reply) is not None


def is_no_mailbox(status: str) -> bool:
    """Say whether an enhanced status code means for good that there is no such mailbox. Source: RFC 3463, 3.2."""
    return status.startswith("5.1.")
