"""Personal data: what each capability holds of a person, as one value that can be exported and erased.

A capability that holds a person's data exposes `PERSONAL` in its `personal.py`, a module of the same layer as its
service; the composition root lists them all. A test that fills every table and searches them proves the list complete.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


@dataclass(frozen=True)
class PersonalData:
    """What one capability holds of people."""

    name: str
    """Stable, `context.capability`; it names the capability's files in an export."""
    export: Callable[[Tx, UUID], Awaitable[Sequence[Mapping[str, JsonValue]]]]
    """Returns what is held of one person, as JSON-able records, and nothing of anybody else; it changes nothing."""
    erase: Callable[[Tx, UUID], Awaitable[None]]
    """Erases what is held of one person, in the transaction given, so that nothing kept tells who it was. Rows that
    others or the books need stay, with what is personal in them emptied. Doing it again changes nothing, and for a
    person of whom nothing is held it does nothing."""


async def stays(_tx: Tx, _user_id: UUID) -> None:
    """Erase nothing: for rows that the books or a proof need, in which a person is no more than an id.

    What is personal in them besides is under the person's key, and goes with it; an id leads to nobody once everything
    else has forgotten. Whoever uses this says what its rows are needed for.
    """
