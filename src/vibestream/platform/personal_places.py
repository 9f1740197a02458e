"""What platform itself holds of people: events that tell of them, answers kept for requests sent again, jobs about them.

None of it is for anybody to read, and none of it is only here: an export leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.kernel.events import Event
from vibestream.platform.database import Tx
from vibestream.platform.personal_data import PersonalData


async def nothing_of_its_own(_tx: Tx, _user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return nothing: what is here is a copy of what others tell."""
    return []


async def erase_from_events(tx: Tx, user_id: UUID) -> None:
    """Empty what is personal in the events that name a person, delivered or not; that it happened stays."""
    for event_class in _personal_events(Event):
        await tx.execute(
            "SELECT platform.forget_announced(%s, %s, %s)", [event_class.type, user_id, list(event_class.personal)]
        )


async def erase_from_answers(tx: Tx, user_id: UUID) -> None:
    """Delete the answers that are kept for a person's requests."""
    await tx.execute("DELETE FROM platform.idempotency_key WHERE user_id = %s", [user_id])


async def erase_from_jobs(tx: Tx, user_id: UUID) -> None:
    """Delete the jobs that name a person, unless one runs just now, with what their last tries ended with."""
    await tx.execute(
        "DELETE FROM jobs.procrastinate_jobs WHERE args ->> 'user_id' = %s AND status <> 'doing'", [str(user_id)]
    )


def _personal_events(base: type[Event]) -> Iterator[type[Event]]:
    for event_class in base.__subclasses__():
        if event_class.personal:
            yield event_class
        yield from _personal_events(event_class)


PERSONAL: Final = (
    PersonalData(name="platform.events", export=nothing_of_its_own, erase=erase_from_events),
    PersonalData(name="platform.answers", export=nothing_of_its_own, erase=erase_from_answers),
    PersonalData(name="platform.jobs", export=nothing_of_its_own, erase=erase_from_jobs),
)
