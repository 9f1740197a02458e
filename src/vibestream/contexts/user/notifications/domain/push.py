"""How notifications are pushed: which browsers, in which manner, for how long it is tried."""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain.kinds import RULES, Kind
from vibestream.contexts.user.notifications.domain.told import Notification
from vibestream.contexts.user.notifications.domain.words import Said
from vibestream.kernel.errors import InvalidInput

MOST_BROWSERS: Final = 10
"""Browsers of one account that are told; a further one takes the place of the oldest."""
MOST_TRIES: Final = 8
_FIRST_PAUSE_S: Final = 30
_LONGEST_PAUSE_S: Final = 6 * 3600
_TOPIC_CHARACTERS: Final = 32
_BODY_CHARACTERS: Final = 500
_URGENT: Final = frozenset(
    {Kind.NEW_DEVICE, Kind.APP_ENDED, Kind.EMAIL_CHANGED, Kind.EMAIL_RESTORED, Kind.DESTINATION_SET,
     Kind.DESTINATION_CHANGED}
)  # fmt: skip
"""What an owner can still stop, when they hear of it at once."""


class SubscriptionInvalid(InvalidInput):
    """What the browser reported is no subscription that anything can be sent to."""

    code: ClassVar[str] = "notification.subscription_invalid"


class PushState(enum.StrEnum):
    """How a push to one browser stands."""

    WAITING = "waiting"
    SENT = "sent"
    UNWANTED = "unwanted"
    """Its kind was turned off before it was sent."""
    GAVE_UP = "gave_up"
    """The service did not take it as often as it was tried, or until it was too old to matter."""
    REFUSED = "refused"
    """The service takes nothing of the kind; the subscription may well be good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A browser that is told: which session it is signed in by, since when, and what it is."""

    subscription_id: UUID
    session_id: UUID
    user_agent: str
    subscribed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """How a notification is carried: how urgently, for how many seconds it is kept, and what a later one takes the place of."""

    urgency: str
    ttl_s: int
    topic: str


class Outcome(enum.Enum):
    """What a push service said."""

    TAKEN = enum.auto()
    BUSY = enum.auto()
    """It did not answer, or may take it later."""
    REFUSED = enum.auto()


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of a push after an answer: it is settled, or tried again at an instant."""

    state: PushState
    again_at: datetime | None = None


def carriage_of(notification: Notification, *, subscription_id: UUID, secret: bytes) -> Carriage:
    """Return how a notification is carried to a browser.

    What is told by the day has one topic for each kind: a later day takes the place of one that nobody has fetched. The
    rest has one for each notification, so that a push that is sent again is not shown twice.
    """
    kind = notification.kind
    by_day = RULES[kind].by_day
    about = f"{subscription_id}:{kind.value if by_day else notification.notification_id}"
    made = hmac.digest(secret, f"vibestream push topic v1:{about}".encode(), hashlib.sha256)
    topic = base64.urlsafe_b64encode(made).decode()
    urgency = "high" if kind in _URGENT else "low" if by_day else "normal"
    return Carriage(urgency=urgency, ttl_s=int(kept_for(kind).total_seconds()), topic=topic[:_TOPIC_CHARACTERS])


def kept_for(kind: Kind) -> timedelta:
    """Return for how long what happened is worth being shown to a browser that was away."""
    if kind in _URGENT:
        return timedelta(days=3)
    return timedelta(hours=12) if RULES[kind].by_day else timedelta(days=1)


def message_of(notification: Notification, said: Said, *, locale: str) -> bytes:
    """Return what a browser shows, as JSON: nothing but what the list of notifications shows as well."""
    message: Mapping[str, str] = {
        "title": said.title,
        "body": said.body[:_BODY_CHARACTERS],
        "path": said.path,
        "tag": str(notification.notification_id),
        "lang": locale,
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def after(outcome: Outcome, *, retry_after_s: int = 0, tries: int, due_at: datetime, kind: Kind, now: datetime) -> Next:
    """Return what becomes of a push that was tried so many times, this one among them.

    The pause doubles from half a minute on, and is never shorter than what the service asks for.
    """
    match outcome:
        case Outcome.TAKEN:
            return Next(PushState.SENT)
        case Outcome.REFUSED:
            return Next(PushState.REFUSED)
        case Outcome.BUSY:
            pause_s = max(min(_FIRST_PAUSE_S * 2 ** (tries - 1), _LONGEST_PAUSE_S), retry_after_s)
            again_at = now + timedelta(seconds=pause_s)
            if tries >= MOST_TRIES or again_at > due_at + kept_for(kind):
                return Next(PushState.GAVE_UP)
            return Next(PushState.WAITING, again_at)
