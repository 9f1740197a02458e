"""Listeners are told that a person looks at their listens, and that it was decided; where they may speak stands with it."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.listen_reward.events import ListensDecided, ListensHeld
from vibestream.contexts.user.notifications.service import Kind
from vibestream.flows.telling import Told, on
from vibestream.platform.events.subscriptions import Subscription

_CONSUMER: Final = "tell_listeners"


def _held(event: ListensHeld) -> Told:
    """Say that listens wait, and until when; of what they are suspected is not said."""
    facts = {"when": event.due_at.isoformat()}
    return Told(user_id=event.user_id, kind=Kind.LISTENS_HELD, key=str(event.case_id), facts=facts)


def _decided(event: ListensDecided) -> Told:
    """Say that a person decided; how, stands at one's own page."""
    facts = {"when": event.occurred_at.isoformat()}
    return Told(user_id=event.user_id, kind=Kind.LISTENS_DECIDED, key=str(event.case_id), facts=facts)


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    on(ListensHeld, _held, consumer=_CONSUMER),
    on(ListensDecided, _decided, consumer=_CONSUMER),
)
